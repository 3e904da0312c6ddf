"""A small vector canvas over Pillow: every shape is a polygon in the local units of a box.

A figure draws in its own frame (0..100 wide, 0..100 high unless it says otherwise); `Canvas.within` places
that frame on the picture, stretched and mirrored as asked. Pictures are drawn four times too large and
reduced once at the end, which is all the anti-aliasing there is.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 320, 240
OVERSAMPLING = 4
PALETTE_SIZE = 128

Point = tuple[float, float]


class Box(NamedTuple):
    """A rectangle of the parent frame: its left top corner and its size."""

    x: float
    y: float
    width: float
    height: float


def shade(colour: str, factor: float) -> str:
    """Darken (factor below 1) or lighten (above 1, towards white) a colour like ``#aabbcc``."""
    channels = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    if factor <= 1:
        mixed = (round(c * factor) for c in channels)
    else:
        mixed = (round(255 - (255 - c) / factor) for c in channels)
    return "#" + "".join(f"{c:02x}" for c in mixed)


@dataclass(frozen=True)
class Canvas:
    """A picture and the frame (origin and scale, in device pixels) in which coordinates are read."""

    image: Image.Image
    draw: ImageDraw.ImageDraw
    origin: Point = (0.0, 0.0)
    scale: Point = (float(OVERSAMPLING), float(OVERSAMPLING))

    @classmethod
    def blank(cls, background: str = "#ffffff") -> Canvas:
        """A new picture of the standard size."""
        image = Image.new("RGB", (WIDTH * OVERSAMPLING, HEIGHT * OVERSAMPLING), background)
        return cls(image, ImageDraw.Draw(image))

    def within(self, box: Box, *, units: Point = (100.0, 100.0), flip: bool = False) -> Canvas:
        """The frame of a box of this frame; `flip` mirrors it left to right."""
        sx, sy = self.scale[0] * box.width / units[0], self.scale[1] * box.height / units[1]
        x, y = self._device((box.x + box.width if flip else box.x, box.y))
        return replace(self, origin=(x, y), scale=(-sx if flip else sx, sy))

    def finish(self) -> Image.Image:
        """The picture at its final size, with few colours so that the file is small."""
        small = self.image.reduce(OVERSAMPLING)
        return small.quantize(PALETTE_SIZE, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)

    def polygon(self, points: Sequence[Point], fill: str) -> None:
        """A filled polygon."""
        self.draw.polygon([self._device(p) for p in points], fill=fill)

    def rectangle(self, x: float, y: float, width: float, height: float, fill: str) -> None:
        """A filled rectangle."""
        self.polygon([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], fill)

    def rounded(self, x: float, y: float, width: float, height: float, radius: float, fill: str) -> None:
        """A filled rectangle with round corners."""
        points: list[Point] = []
        corners = ((x + width, y + height, 0), (x, y + height, 90), (x, y, 180), (x + width, y, 270))
        for cx, cy, start in corners:
            inner = (
                cx - math.copysign(radius, cx - x - width / 2),
                cy - math.copysign(radius, cy - y - height / 2),
            )
            points += _arc_points(*inner, radius, radius, start, start + 90)
        self.polygon(points, fill)

    def ellipse(self, cx: float, cy: float, rx: float, ry: float, fill: str, *, tilt: float = 0) -> None:
        """A filled ellipse, turned clockwise by `tilt` degrees."""
        cos, sin = math.cos(math.radians(tilt)), math.sin(math.radians(tilt))
        around = _arc_points(0, 0, rx, ry, 0, 360)
        self.polygon([(cx + x * cos - y * sin, cy + x * sin + y * cos) for x, y in around], fill)

    def circle(self, cx: float, cy: float, radius: float, fill: str) -> None:
        """A filled circle (an ellipse where the frame is stretched)."""
        self.ellipse(cx, cy, radius, radius, fill)

    def ring(self, cx: float, cy: float, rx: float, ry: float, colour: str, width: float) -> None:
        """An ellipse without filling."""
        self.line(_arc_points(cx, cy, rx, ry, 0, 360), colour, width)

    def pie(self, cx: float, cy: float, rx: float, ry: float, start: float, end: float, fill: str) -> None:
        """A slice of an ellipse; angles in degrees, clockwise from the right."""
        self.polygon([(cx, cy), *_arc_points(cx, cy, rx, ry, start, end)], fill)

    def chord(self, cx: float, cy: float, rx: float, ry: float, start: float, end: float, fill: str) -> None:
        """The part of an ellipse that a straight cut leaves."""
        self.polygon(_arc_points(cx, cy, rx, ry, start, end), fill)

    def arc(
        self, cx: float, cy: float, rx: float, ry: float, start: float, end: float, colour: str, width: float
    ) -> None:
        """A curved line along an ellipse."""
        self.line(_arc_points(cx, cy, rx, ry, start, end), colour, width)

    def line(self, points: Sequence[Point], colour: str, width: float) -> None:
        """A line through all points, with round ends and joints."""
        device = [self._device(p) for p in points]
        thick = max(1.0, width * self._stroke())
        for (x0, y0), (x1, y1) in itertools.pairwise(device):
            length = math.hypot(x1 - x0, y1 - y0) or 1.0
            dx, dy = (y1 - y0) / length * thick / 2, (x0 - x1) / length * thick / 2
            self.draw.polygon(
                [(x0 + dx, y0 + dy), (x1 + dx, y1 + dy), (x1 - dx, y1 - dy), (x0 - dx, y0 - dy)], fill=colour
            )
        for x, y in device:
            self.draw.ellipse((x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2), fill=colour)

    def curve(self, points: Sequence[Point], colour: str, width: float) -> None:
        """A smooth line through all points."""
        self.line(_smooth(points, closed=False), colour, width)

    def blob(self, points: Sequence[Point], fill: str) -> None:
        """A filled smooth shape through all points."""
        self.polygon(_smooth(points, closed=True), fill)

    def text(self, cx: float, cy: float, words: str, size: float, colour: str) -> None:
        """Words centred on a point; never mirrored."""
        font = ImageFont.load_default(size * self._stroke())
        self.draw.text(
            self._device((cx, cy)),
            words,
            fill=colour,
            font=font,
            anchor="mm",
            stroke_width=3,
            stroke_fill=colour,
        )

    def _device(self, point: Point) -> Point:
        return self.origin[0] + point[0] * self.scale[0], self.origin[1] + point[1] * self.scale[1]

    def _stroke(self) -> float:
        return math.sqrt(abs(self.scale[0] * self.scale[1]))


def _arc_points(cx: float, cy: float, rx: float, ry: float, start: float, end: float) -> list[Point]:
    steps = max(8, int(abs(end - start) / 5))
    angles = (math.radians(start + (end - start) * i / steps) for i in range(steps + 1))
    return [(cx + rx * math.cos(a), cy + ry * math.sin(a)) for a in angles]


def _smooth(points: Sequence[Point], *, closed: bool, steps: int = 10) -> list[Point]:
    """Catmull-Rom spline through the points."""
    count = len(points)
    segments = count if closed else count - 1
    smooth: list[Point] = []
    for i in range(segments):
        picks = [i - 1, i, i + 1, i + 2]
        four = [points[p % count] if closed else points[min(max(p, 0), count - 1)] for p in picks]
        smooth += [_spline(four, step / steps) for step in range(steps)]
    return smooth if closed else [*smooth, points[-1]]


def _spline(four: Sequence[Point], t: float) -> Point:
    def axis(k: int) -> float:
        a, b, c, d = (p[k] for p in four)
        return (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3) / 2

    return axis(0), axis(1)
