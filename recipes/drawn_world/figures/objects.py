"""Things to hold, wear and look at."""

from __future__ import annotations

import math

from recipes.drawn_world.figures import colours as c
from recipes.drawn_world.figures.canvas import Box, Canvas, shade


def draw_clock(
    canvas: Canvas, box: Box, hour: int = 10, minute: int = 10, colour: str = c.BLACK, face: str = c.WHITE
) -> None:
    """A round clock with the twelve numbers; also the face of a wrist watch."""
    pen = canvas.within(box)
    pen.circle(50, 50, 49, colour)
    pen.circle(50, 50, 42, face)
    for number in range(1, 13):
        angle = math.radians(number * 30 - 90)
        pen.text(50 + 34 * math.cos(angle), 50 + 34 * math.sin(angle), str(number), 9, c.BLACK)
    for turn, length, width in (((hour + minute / 60) * 30, 20, 5), (minute * 6, 30, 3)):
        angle = math.radians(turn - 90)
        pen.line([(50, 50), (50 + length * math.cos(angle), 50 + length * math.sin(angle))], c.BLACK, width)
    pen.circle(50, 50, 4, c.RED)


def draw_watch(
    canvas: Canvas, box: Box, hour: int = 3, minute: int = 0, strap: str = c.BROWN, case: str = c.GOLD
) -> None:
    """A wrist watch, strap spread up and down; its box should be twice as high as wide."""
    pen = canvas.within(box, units=(100, 200))
    pen.rounded(28, 2, 44, 196, 10, strap)
    for x in (33, 66):
        pen.line([(x, 8), (x, 192)], shade(strap, 1.3), 1.5)
    for y in (160, 170, 180):
        pen.circle(50, y, 2.6, shade(strap, 0.5))
    pen.rounded(38, 8, 24, 14, 3, case)
    pen.rounded(88, 94, 12, 12, 3, case)
    draw_clock(pen, Box(6, 56, 88, 88), hour, minute, case)


def draw_glasses(canvas: Canvas, box: Box, colour: str = c.BLACK) -> None:
    """Eye glasses that lie unfolded; three times as wide as high."""
    pen = canvas.within(box, units=(300, 100))
    for x in (92, 208):
        pen.ellipse(x, 62, 44, 32, "#dff0f8")
        pen.line([(x - 18, 72), (x + 4, 46)], c.WHITE, 7)
        pen.ring(x, 62, 46, 33, colour, 10)
    pen.arc(150, 60, 14, 12, 190, 350, colour, 10)
    pen.curve([(48, 50), (30, 26), (14, 12), (2, 18)], colour, 9)
    pen.curve([(252, 50), (270, 26), (286, 12), (298, 18)], colour, 9)


def draw_laptop(canvas: Canvas, box: Box, screen: str = c.LIGHT_BLUE, *, flip: bool = False) -> None:
    """An open laptop."""
    pen = canvas.within(box, flip=flip)
    pen.rounded(14, 2, 72, 64, 4, c.DARK_GRAY)
    pen.rectangle(19, 7, 62, 53, screen)
    pen.rectangle(26, 16, 32, 4, c.WHITE)
    for y in (26, 33, 40, 47):
        pen.rectangle(26, y, 46 - (y % 5) * 5, 2.5, c.WHITE)
    pen.polygon([(12, 67), (88, 67), (99, 94), (1, 94)], c.SILVER)
    for row in range(3):
        left, step = 15 - row * 2.2, (70 + row * 4.4) / 10
        for key in range(10):
            pen.rectangle(left + key * step + 0.8, 70 + row * 5, step - 1.5, 3.6, c.BLACK)
    pen.polygon([(40, 86), (60, 86), (62, 92), (38, 92)], c.GRAY)
    pen.rounded(1, 93, 98, 4, 2, c.GRAY)


def draw_umbrella(canvas: Canvas, box: Box, colour: str = c.RED) -> None:
    """An open umbrella with its handle down."""
    pen, dark = canvas.within(box), shade(colour, 0.8)
    pen.line([(50, 2), (50, 86)], c.DARK_BROWN, 3)
    pen.arc(44, 86, 6, 8, 0, 180, c.DARK_BROWN, 4)
    pen.chord(50, 46, 49, 42, 180, 360, colour)
    pen.chord(50, 46, 18, 42, 180, 360, dark)
    for x in (9.5, 26, 50, 74, 90.5):
        pen.pie(x, 46, 8.6 if x in (9.5, 90.5, 26, 74) else 18, 5, 180, 360, shade(colour, 0.6))


def draw_tv(canvas: Canvas, box: Box, *, on: bool = True) -> None:
    """A flat television on its foot; it shows a soccer field when on."""
    pen = canvas.within(box)
    pen.rectangle(44, 82, 12, 12, c.BLACK)
    pen.rounded(28, 92, 44, 6, 2, c.BLACK)
    pen.rounded(1, 2, 98, 82, 4, c.BLACK)
    pen.rectangle(5, 8, 90, 68, c.GRASS if on else "#3a4049")
    if on:
        pen.line([(50, 8), (50, 76)], c.WHITE, 1)
        pen.ring(50, 42, 11, 13, c.WHITE, 1)
        pen.rectangle(5, 28, 10, 28, "#8fc766")
        pen.rectangle(85, 28, 10, 28, "#8fc766")
        for x, y, shirt in ((30, 30, c.RED), (38, 56, c.RED), (66, 38, c.BLUE), (72, 60, c.BLUE)):
            pen.circle(x, y - 6, 2.6, c.SKIN)
            pen.rectangle(x - 3, y - 4, 6, 8, shirt)
            pen.rectangle(x - 2.5, y + 4, 5, 6, c.WHITE)
        pen.circle(50, 47, 2.4, c.WHITE)


def draw_book(canvas: Canvas, box: Box, colour: str = c.RED) -> None:
    """An open book seen from above."""
    pen = canvas.within(box)
    pen.rounded(1, 8, 98, 88, 3, colour)
    for x0, x1 in ((50, 5), (50, 95)):
        pen.blob([(x0, 16), ((x0 + x1) / 2, 8), (x1, 12), (x1, 86), ((x0 + x1) / 2, 83), (x0, 90)], "#fdf8ea")
    for y in range(24, 80, 9):
        pen.line([(12, y), (42, y)], c.GRAY, 1)
        pen.line([(58, y), (88, y)], c.GRAY, 1)
    pen.line([(50, 16), (50, 90)], c.TAN, 1.5)


def draw_baseball_bat(canvas: Canvas, x0: float, y0: float, x1: float, y1: float, size: float = 10) -> None:
    """A baseball bat from its knob to its thick end, in the units of the frame given."""
    steps = 24
    for i in range(steps + 1):
        t = i / steps
        radius = size * (0.2 + 0.3 * min(1.0, max(0.0, (t - 0.25) * 1.6)))
        colour = c.BLACK if t < 0.25 else "#d79a52"
        step = 1 / steps
        tail = min(1.0, t + step)
        start, end = (x0 + (x1 - x0) * t, y0 + (y1 - y0) * t), (x0 + (x1 - x0) * tail, y0 + (y1 - y0) * tail)
        canvas.line([start, end], colour, 2 * radius)
    canvas.circle(x0, y0, size * 0.3, c.BLACK)


def draw_baseball(canvas: Canvas, box: Box) -> None:
    """A baseball with its red seams."""
    pen = canvas.within(box)
    pen.circle(50, 50, 48, c.LIGHT_GRAY)
    pen.circle(48, 48, 46, c.WHITE)
    for cx, start in ((-8, -42), (104, 138)):
        pen.arc(cx, 50, 38, 46, start, start + 84, c.RED, 4)


def draw_baseball_glove(canvas: Canvas, box: Box) -> None:
    """A leather catcher's glove, palm up."""
    pen, leather, dark = canvas.within(box), "#a8622f", "#7a431d"
    for x, y, tilt in ((22, 32, -18), (40, 22, -6), (58, 22, 6), (75, 32, 18)):
        pen.ellipse(x, y, 11, 23, dark, tilt=tilt)
        pen.ellipse(x, y + 1, 9, 21, leather, tilt=tilt)
    pen.ellipse(10, 64, 12, 22, leather, tilt=-35)
    pen.blob([(20, 44), (50, 36), (82, 46), (86, 74), (68, 94), (38, 96), (16, 78)], leather)
    pen.ellipse(52, 66, 22, 18, dark)
    pen.line([(14, 52), (26, 40)], c.TAN, 3)
    pen.line([(34, 92), (68, 92)], c.TAN, 3)


def draw_racket(canvas: Canvas, x: float, y: float, tilt: float = 30, size: float = 40) -> None:
    """A tennis racket held at a point, its head `size` away under a clockwise angle from upright."""
    cos, sin = math.cos(math.radians(tilt)), math.sin(math.radians(tilt))

    def turned(dx: float, dy: float) -> tuple[float, float]:
        return x + dx * cos - dy * sin, y + dx * sin + dy * cos

    canvas.line([turned(0, 4), turned(0, -size * 0.62)], c.BLACK, size * 0.09)
    cx, cy = turned(0, -size)
    canvas.ellipse(cx, cy, size * 0.32, size * 0.42, c.RED, tilt=tilt)
    canvas.ellipse(cx, cy, size * 0.26, size * 0.36, "#f3f6ea", tilt=tilt)
    for k in (-2, -1, 0, 1, 2):
        reach = math.sqrt(1 - (k / 3) ** 2)
        across, along = size * 0.26, size * 0.36
        for a, b in (
            (turned(k / 3 * across, -size - along * reach), turned(k / 3 * across, -size + along * reach)),
            (turned(-across * reach, -size + k / 3 * along), turned(across * reach, -size + k / 3 * along)),
        ):
            canvas.line([a, b], c.GRAY, size * 0.015)


def draw_skateboard(canvas: Canvas, box: Box, colour: str = c.ORANGE) -> None:
    """A skateboard from the side; five times as wide as high."""
    pen = canvas.within(box, units=(100, 20))
    pen.curve([(2, 1), (14, 7), (50, 8), (86, 7), (98, 1)], colour, 5)
    for x in (24, 76):
        pen.circle(x, 15, 4.5, c.BLACK)
        pen.circle(x, 15, 1.7, c.WHITE)


def draw_surfboard(canvas: Canvas, box: Box, colour: str = c.YELLOW, *, tilt: float = 0) -> None:
    """A surfboard seen at a slant."""
    pen = canvas.within(box)
    pen.ellipse(50, 50, 49, 30, shade(colour, 0.8), tilt=tilt)
    pen.ellipse(50, 46, 49, 28, colour, tilt=tilt)
    pen.line([(8, 46), (92, 46)], c.RED, 5)


def draw_frisbee(canvas: Canvas, box: Box, colour: str = c.RED) -> None:
    """A frisbee in the air."""
    pen = canvas.within(box)
    pen.ellipse(50, 56, 50, 40, shade(colour, 0.75), tilt=-6)
    pen.ellipse(50, 46, 50, 38, colour, tilt=-6)
    pen.ellipse(50, 44, 32, 22, shade(colour, 1.3), tilt=-6)


def draw_kite(canvas: Canvas, box: Box, colour: str = c.RED, second: str = c.YELLOW) -> None:
    """A kite with its tail; the string is the scene's."""
    pen = canvas.within(box)
    pen.polygon([(50, 2), (86, 34), (50, 74), (14, 34)], colour)
    pen.polygon([(50, 2), (86, 34), (50, 34)], second)
    pen.polygon([(50, 34), (50, 74), (14, 34)], second)
    pen.curve([(50, 74), (42, 84), (56, 90), (46, 99)], c.BLACK, 2)
    for x, y in ((44, 82), (53, 91)):
        pen.polygon([(x - 7, y - 4), (x - 7, y + 4), (x + 7, y - 4), (x + 7, y + 4)], c.BLUE)


def draw_lamp(canvas: Canvas, box: Box, colour: str = c.YELLOW, *, on: bool = True) -> None:
    """A table lamp; when on it shines."""
    pen = canvas.within(box)
    if on:
        pen.circle(50, 34, 49, "#fff3c2")
    pen.line([(50, 50), (50, 90)], c.DARK_BROWN, 6)
    pen.ellipse(50, 93, 24, 6, c.DARK_BROWN)
    pen.polygon([(34, 12), (66, 12), (84, 54), (16, 54)], colour if on else shade(colour, 0.8))


def draw_ceiling_light(canvas: Canvas, box: Box, colour: str = c.RED, *, on: bool = True) -> None:
    """A light that hangs from the ceiling on a cord."""
    pen = canvas.within(box)
    pen.line([(50, 0), (50, 46)], c.BLACK, 3)
    if on:
        pen.polygon([(30, 74), (70, 74), (100, 100), (0, 100)], "#fff3c2")
        pen.circle(50, 76, 13, "#ffe27a")
    pen.chord(50, 76, 34, 34, 180, 360, colour)


def draw_dumbbell(canvas: Canvas, box: Box) -> None:
    """An iron dumbbell."""
    pen = canvas.within(box)
    pen.rectangle(24, 42, 52, 16, c.SILVER)
    for x in (2, 76):
        pen.rounded(x, 12, 22, 76, 6, c.BLACK)
        pen.text(x + 11, 50, "10", 17, c.WHITE)


def draw_feather(canvas: Canvas, box: Box, colour: str = c.WHITE) -> None:
    """A feather that lies at a slant."""
    pen = canvas.within(box)
    pen.blob([(14, 84), (18, 58), (42, 26), (74, 8), (96, 4), (90, 28), (72, 58), (42, 82)], colour)
    for x, y in ((40, 46), (56, 30), (70, 20)):
        pen.polygon([(x - 12, y - 6), (x + 2, y + 8), (x - 16, y - 1)], shade(colour, 0.85))
    pen.curve([(2, 98), (30, 72), (60, 42), (92, 8)], c.GRAY, 2.5)


def draw_flowers(canvas: Canvas, box: Box, vase: str = c.BLUE, petals: str = c.RED) -> None:
    """Three flowers in a vase."""
    pen = canvas.within(box)
    for x, y in ((26, 22), (50, 12), (74, 22)):
        pen.curve([(50, 62), ((50 + x) / 2, 44), (x, y)], c.GREEN, 3)
        for i in range(5):
            angle = math.radians(i * 72 - 90)
            pen.circle(x + 9 * math.cos(angle), y + 7 * math.sin(angle), 6.5, petals)
        pen.circle(x, y, 4.5, c.YELLOW)
    pen.blob([(36, 56), (64, 56), (74, 80), (64, 98), (36, 98), (26, 80)], vase)
