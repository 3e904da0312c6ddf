"""The world outside: ground, sky, plants, streets and signs."""

from __future__ import annotations

import math

from recipes.drawn_world.figures import colours as c
from recipes.drawn_world.figures.canvas import HEIGHT, WIDTH, Box, Canvas, Point, shade


def draw_ground(canvas: Canvas, sky: str = c.SKY, ground: str = c.GRASS, *, horizon: float = 140) -> None:
    """Sky above, ground below, over the whole picture."""
    canvas.rectangle(0, 0, WIDTH, horizon, sky)
    canvas.rectangle(0, horizon, WIDTH, HEIGHT - horizon, ground)


def draw_grass_tufts(canvas: Canvas, top: float, colour: str = c.GREEN) -> None:
    """Blades of grass here and there below a height."""
    for i in range(26):
        x, y = (i * 71 + 13) % WIDTH, top + (i * 37) % (HEIGHT - top - 6)
        for lean in (-3, 0, 3):
            canvas.line([(x, y + 6), (x + lean, y)], colour, 1)


def draw_sun(canvas: Canvas, x: float, y: float, radius: float = 18, *, rays: bool = True) -> None:
    """The sun."""
    for i in range(12 if rays else 0):
        angle = math.radians(i * 30)
        dx, dy = math.cos(angle), math.sin(angle)
        start, end = radius * 1.2, radius * 1.6
        canvas.line([(x + dx * start, y + dy * start), (x + dx * end, y + dy * end)], c.YELLOW, 3)
    canvas.circle(x, y, radius, c.YELLOW)


def draw_moon(canvas: Canvas, x: float, y: float, radius: float = 26) -> None:
    """The full moon and some stars around the picture."""
    for i in range(22):
        canvas.circle((i * 97 + 31) % WIDTH, (i * 53 + 11) % 190, 0.8 + i % 3 * 0.4, c.WHITE)
    canvas.circle(x, y, radius, "#f6efc4")
    for dx, dy, size in ((-8, -6, 5), (7, 5, 6), (4, -12, 3)):
        canvas.circle(x + dx, y + dy, size, "#e2d79c")


def draw_cloud(canvas: Canvas, box: Box, colour: str = c.WHITE) -> None:
    """A cloud."""
    pen = canvas.within(box)
    for x, y, rx, ry in ((26, 62, 24, 30), (50, 42, 26, 38), (74, 60, 24, 32)):
        pen.ellipse(x, y, rx, ry, colour)
    pen.rounded(6, 60, 90, 34, 16, colour)


def draw_rain(canvas: Canvas, colour: str = "#6d8fb3") -> None:
    """Rain over the whole picture."""
    for i in range(90):
        x, y = (i * 73 + 7) % WIDTH, (i * 47 + 5) % HEIGHT
        canvas.line([(x, y), (x - 3, y + 10)], colour, 1.1)


def draw_snowflakes(canvas: Canvas) -> None:
    """Snow that falls over the whole picture."""
    for i in range(60):
        canvas.circle((i * 73 + 7) % WIDTH, (i * 47 + 5) % HEIGHT, 1.3 + i % 3 * 0.5, c.WHITE)


def draw_tree(canvas: Canvas, box: Box, leaves: str = c.DARK_GREEN, blossom: str | None = None) -> None:
    """A round tree, perhaps in blossom."""
    pen = canvas.within(box)
    pen.polygon([(44, 50), (56, 50), (60, 99), (40, 99)], c.DARK_BROWN)
    for x, y, rx, ry in ((28, 42, 26, 24), (72, 42, 26, 24), (50, 24, 30, 24), (50, 48, 32, 20)):
        pen.ellipse(x, y, rx, ry, leaves)
    for i in range(40 if blossom else 0):
        angle, reach = i * 2.4, 40 * math.sqrt((i + 0.5) / 40)
        pen.circle(50 + reach * math.cos(angle), 36 + reach * 0.75 * math.sin(angle), 3.4, blossom or leaves)


def draw_palm(canvas: Canvas, box: Box) -> None:
    """A palm tree."""
    pen = canvas.within(box)
    for i, width in enumerate((10, 9, 8, 7)):
        pen.line([(56 - i * 2.5, 98 - i * 17), (53.5 - i * 2.5, 81 - i * 17)], c.BROWN, width)
    for x, y in ((8, 44), (4, 22), (28, 6), (68, 4), (94, 20), (90, 46)):
        middle: Point = ((46 + x) / 2, min(y, 30) - 2)
        pen.blob([(46, 28), middle, (x, y), (middle[0], middle[1] + 12)], c.DARK_GREEN)
    for x in (42, 51):
        pen.circle(x, 34, 4, c.DARK_BROWN)


def draw_leaf(
    canvas: Canvas, x: float, y: float, colour: str = c.ORANGE, tilt: float = 0, size: float = 6
) -> None:
    """A single leaf."""
    canvas.ellipse(x, y, size, size * 0.5, colour, tilt=tilt)
    cos, sin = math.cos(math.radians(tilt)), math.sin(math.radians(tilt))
    canvas.line(
        [(x - size * 1.5 * cos, y - size * 1.5 * sin), (x + size * 0.5 * cos, y + size * 0.5 * sin)],
        shade(colour, 0.7),
        0.8,
    )


def draw_road(canvas: Canvas, top: float, bottom: float = HEIGHT) -> None:
    """A road from left to right with a broken white line."""
    canvas.rectangle(0, top, WIDTH, bottom - top, c.ROAD)
    middle = (top + bottom) / 2
    for x in range(6, WIDTH, 48):
        canvas.rectangle(x, middle - 2, 28, 4, c.WHITE)


def draw_fence(canvas: Canvas, box: Box, colour: str = c.WHITE) -> None:
    """A fence of posts and two rails."""
    pen = canvas.within(box)
    for y in (26, 60):
        pen.rectangle(0, y, 100, 12, shade(colour, 0.88))
    for i in range(9):
        pen.rectangle(i * 12 + 0.5, 4, 3, 96, colour)


def draw_sea(canvas: Canvas, top: float, colour: str = c.WATER) -> None:
    """Water with small waves, down to the lower rim."""
    canvas.rectangle(0, top, WIDTH, HEIGHT - top, colour)
    for row in range(int((HEIGHT - top) / 14)):
        for x in range(-20 + row % 2 * 24, WIDTH, 48):
            canvas.curve(
                [(x, top + 10 + row * 14), (x + 8, top + 7 + row * 14), (x + 16, top + 10 + row * 14)],
                shade(colour, 1.5),
                1.5,
            )


def draw_house(canvas: Canvas, box: Box, wall: str = c.BEIGE, roof: str = c.RED) -> None:
    """A house with a door and two windows."""
    pen = canvas.within(box)
    pen.rectangle(72, 6, 10, 30, shade(roof, 0.7))
    pen.rectangle(8, 44, 84, 56, wall)
    pen.polygon([(0, 46), (50, 4), (100, 46)], roof)
    pen.rectangle(42, 64, 18, 36, c.BROWN)
    pen.circle(56, 83, 1.8, c.YELLOW)
    for x in (16, 70):
        pen.rectangle(x, 56, 16, 20, c.WHITE)
        pen.rectangle(x + 2, 58, 12, 16, c.LIGHT_BLUE)


def draw_brick_wall(canvas: Canvas, bottom: float, colour: str = "#b5573f") -> None:
    """Bricks from the upper rim down to a height."""
    canvas.rectangle(0, 0, WIDTH, bottom, shade(colour, 1.8))
    for row in range(int(bottom / 16) + 1):
        for x in range(-18 * (row % 2), WIDTH, 36):
            height = min(14, bottom - row * 16)
            if height > 0:
                canvas.rectangle(x, row * 16, 34, height, shade(colour, 0.92 + (x + row * 7) % 3 * 0.04))


def draw_city(canvas: Canvas, base: float, colour: str = "#8fa0b5") -> None:
    """A row of tall buildings."""
    for i, (width, height) in enumerate(
        ((46, 90), (38, 66), (52, 112), (40, 80), (48, 98), (44, 60), (54, 104))
    ):
        x, tint = i * 47 - 4, shade(colour, 0.9 + i % 3 * 0.08 if i % 3 < 2 else 1.1)
        canvas.rectangle(x, base - height, width, height, tint)
        for wy in range(int(base - height) + 8, int(base) - 8, 16):
            for wx in range(int(x) + 6, int(x + width) - 8, 12):
                canvas.rectangle(wx, wy, 6, 8, "#e9f1c9")


def draw_traffic_light(canvas: Canvas, box: Box, lit: str = "red") -> None:
    """A traffic light with one lamp lit; its box should be tall."""
    pen = canvas.within(box)
    pen.rectangle(43, 50, 14, 50, c.DARK_GRAY)
    pen.rounded(12, 0, 76, 64, 8, c.BLACK)
    for y, name, bright in ((12, "red", "#ff3b30"), (32, "yellow", "#ffd02e"), (52, "green", "#35d04f")):
        pen.ellipse(50, y, 24, 8.6, bright if name == lit else shade(bright, 0.28))


def draw_stop_sign(canvas: Canvas, box: Box) -> None:
    """A stop sign on its pole; twice as high as wide."""
    pen = canvas.within(box, units=(100, 200))
    pen.rectangle(46, 90, 8, 110, c.GRAY)
    for radius, colour in ((50, c.WHITE), (46, c.RED)):
        turns = [math.radians(22.5 + i * 45) for i in range(8)]
        pen.polygon([(50 + radius * math.cos(t), 50 + radius * math.sin(t)) for t in turns], colour)
    pen.text(50, 50, "STOP", 28, c.WHITE)


def draw_one_way_sign(canvas: Canvas, box: Box, *, flip: bool = False) -> None:
    """A black one way sign on a pole; the arrow points to the right unless flipped."""
    pen = canvas.within(box, flip=flip)
    pen.rectangle(47, 20, 6, 80, c.GRAY)
    pen.rounded(0, 4, 100, 40, 4, c.WHITE)
    pen.rounded(2, 6, 96, 36, 3, c.BLACK)
    pen.polygon([(8, 15), (66, 15), (66, 9), (94, 24), (66, 39), (66, 33), (8, 33)], c.WHITE)
    pen.text(38, 24, "ONE WAY", 9.5, c.BLACK)
