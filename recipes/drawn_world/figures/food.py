"""Food and what it is served on."""

from __future__ import annotations

import math

from recipes.drawn_world.figures import colours as c
from recipes.drawn_world.figures.canvas import Box, Canvas, shade


def draw_orange(canvas: Canvas, box: Box, *, leaf: bool = True) -> None:
    """An orange, the fruit."""
    pen = canvas.within(box)
    pen.circle(50, 54, 44, shade(c.ORANGE, 0.86))
    pen.circle(47, 51, 40, c.ORANGE)
    pen.ellipse(34, 36, 10, 7, shade(c.ORANGE, 1.7), tilt=-35)
    for x, y in ((60, 46), (52, 66), (70, 62), (40, 58), (64, 76), (46, 80)):
        pen.circle(x, y, 1.6, shade(c.ORANGE, 0.86))
    pen.circle(50, 14, 4, c.DARK_GREEN)
    if leaf:
        pen.blob([(51, 14), (66, 2), (84, 4), (70, 16)], c.GREEN)


def draw_orange_half(canvas: Canvas, box: Box) -> None:
    """An orange cut open."""
    pen = canvas.within(box)
    pen.circle(50, 50, 46, c.ORANGE)
    pen.circle(50, 50, 41, "#fdeccb")
    for i in range(9):
        pen.pie(50, 50, 37, 37, i * 40 + 3, i * 40 + 37, "#f7a63c")
    pen.circle(50, 50, 5, "#fdeccb")


def draw_apple(canvas: Canvas, box: Box, colour: str = c.RED) -> None:
    """An apple with a leaf."""
    pen = canvas.within(box)
    pen.blob(
        [(50, 24), (72, 16), (94, 38), (86, 74), (66, 95), (50, 90), (34, 95), (14, 74), (6, 38), (28, 16)],
        colour,
    )
    pen.curve([(50, 28), (50, 14), (56, 2)], c.DARK_BROWN, 5)
    pen.blob([(54, 14), (70, 0), (88, 4), (72, 16)], c.GREEN)
    pen.ellipse(27, 42, 7, 12, shade(colour, 1.6), tilt=20)


def draw_bananas(canvas: Canvas, box: Box, count: int = 3) -> None:
    """A bunch of bananas, one behind the other."""
    pen = canvas.within(box)
    for i in range(count):
        lift = (count - 1 - i) * 15
        top = [(6, 24), (18, 54 - lift), (46, 76 - lift), (76, 78 - lift), (96, 60 - lift)]
        low = [(90, 74 - lift), (72, 96 - lift), (40, 96 - lift), (12, 72 - lift), (2, 34)]
        pen.blob([*top, *low], shade(c.YELLOW, 0.8))
        inner = [(x + 1, y - 2) for x, y in low[:-1]]
        pen.blob([*[(x, y + 2) for x, y in top[1:]], *[(x, y - 5) for x, y in inner]], c.YELLOW)
        pen.ellipse(95, 65 - lift, 4, 5, c.DARK_BROWN, tilt=30)
    pen.line([(4, 32), (2, 12)], c.DARK_BROWN, 8)


def draw_pizza(canvas: Canvas, box: Box, slices: int = 8, missing: int = 1) -> None:
    """A pizza with sausage and olives, seen from above; the missing slices show the plate."""
    pen = canvas.within(box)
    step = 360 / slices
    for i in range(missing, slices):
        start, end = i * step, (i + 1) * step
        pen.pie(50, 50, 48, 48, start, end, "#c98a3d")
        pen.pie(50, 50, 42, 42, start, end, "#d8402b")
        pen.pie(50, 50, 39, 39, start, end, "#f8d568")
        middle = math.radians(start + step / 2)
        for radius, turn, size, colour in (
            (28, 0.0, 6.5, "#b8321f"),
            (16, 0.05, 3, c.BLACK),
            (33, 0.28, 2.6, c.GREEN),
        ):
            pen.circle(
                50 + radius * math.cos(middle + turn), 50 + radius * math.sin(middle + turn), size, colour
            )
    for i in range(missing, slices + 1):
        angle = math.radians(i * step)
        pen.line([(50, 50), (50 + 47 * math.cos(angle), 50 + 47 * math.sin(angle))], "#a8712c", 0.9)


def draw_cake(canvas: Canvas, box: Box, colour: str = c.PINK, candles: int = 4) -> None:
    """A birthday cake with lit candles."""
    pen, dark = canvas.within(box), shade(colour, 0.8)
    pen.ellipse(50, 92, 49, 8, c.LIGHT_GRAY)
    pen.rectangle(12, 50, 76, 40, "#f6e3c0")
    pen.ellipse(50, 90, 38, 6, "#f6e3c0")
    pen.rectangle(12, 68, 76, 6, dark)
    pen.rectangle(12, 46, 76, 12, colour)
    for i in range(7):
        pen.ellipse(17.5 + i * 10.9, 58, 5.5, 6 + i % 2 * 4, colour)
    pen.ellipse(50, 46, 38, 8, shade(colour, 1.5))
    for i in range(candles):
        x = 50 + (i - (candles - 1) / 2) * 54 / max(candles - 1, 1)
        pen.line([(x, 44), (x, 22)], c.BLUE, 4)
        pen.blob([(x, 4), (x + 4, 14), (x, 20), (x - 4, 14)], c.ORANGE)
        pen.ellipse(x, 15, 1.8, 4, c.YELLOW)


def draw_plate(canvas: Canvas, box: Box, colour: str = c.WHITE) -> None:
    """A round plate."""
    pen = canvas.within(box)
    pen.ellipse(50, 52, 50, 48, shade(colour, 0.75))
    pen.ellipse(50, 49, 50, 47, colour)
    pen.ellipse(50, 50, 37, 34, shade(colour, 0.92))


def draw_bowl(canvas: Canvas, box: Box, colour: str = c.BLUE) -> None:
    """A bowl from the side; fruit is drawn before it, above y = 40."""
    pen = canvas.within(box)
    pen.chord(50, 32, 48, 60, 0, 180, colour)
    pen.rectangle(34, 88, 32, 9, shade(colour, 0.75))
    pen.line([(3, 33), (97, 33)], shade(colour, 1.3), 5)


def draw_fried_egg(canvas: Canvas, box: Box) -> None:
    """A fried egg, sunny side up."""
    pen = canvas.within(box)
    pen.blob([(8, 46), (24, 14), (56, 8), (90, 26), (94, 60), (70, 90), (36, 88)], shade(c.WHITE, 0.82))
    pen.blob([(12, 46), (27, 17), (56, 12), (86, 29), (89, 58), (68, 84), (37, 82)], c.WHITE)
    pen.circle(50, 47, 21, "#f6b421")
    pen.ellipse(43, 39, 6, 4, "#fde08c")


def draw_toast(canvas: Canvas, box: Box) -> None:
    """A slice of bread."""
    pen = canvas.within(box)
    shape = [(8, 22), (28, 6), (72, 6), (92, 22), (86, 44), (86, 92), (50, 94), (14, 92), (14, 44)]
    pen.blob(shape, "#a86b2d")
    pen.blob([(50 + (x - 50) * 0.84, 50 + (y - 50) * 0.86) for x, y in shape], "#eac58a")


def draw_drink(canvas: Canvas, box: Box, liquid: str | None = "#8fc9ee", level: float = 0.6) -> None:
    """A drinking glass, filled up to a level between 0 and 1, or empty."""
    pen = canvas.within(box)
    pen.polygon([(12, 4), (88, 4), (76, 96), (24, 96)], "#e4f1f8")
    if liquid:
        top = 90 - 80 * level
        inset = 14 + 12 * (top - 4) / 92
        pen.polygon([(inset + 4, top), (96 - inset, top), (73, 90), (27, 90)], liquid)
        pen.ellipse(50, top, 46 - inset, 3, shade(liquid, 1.3))
    for a, b in (((12, 4), (24, 96)), ((88, 4), (76, 96)), ((24, 96), (76, 96))):
        pen.line([a, b], "#8fb3c7", 3.5)
    pen.ring(50, 5, 38, 4, "#8fb3c7", 2.5)
    pen.line([(28, 24), (33, 72)], c.WHITE, 4)


def draw_wine_glass(canvas: Canvas, box: Box, wine: str = "#8e1f37") -> None:
    """A stemmed glass with wine; its box should be tall."""
    pen = canvas.within(box)
    pen.chord(50, 10, 38, 48, 0, 180, "#e4f1f8")
    pen.chord(50, 28, 33, 29, 0, 180, wine)
    pen.line([(50, 58), (50, 92)], "#8fb3c7", 5)
    pen.ellipse(50, 94, 28, 4, "#8fb3c7")
    pen.arc(50, 10, 38, 48, 0, 180, "#8fb3c7", 3)
    pen.ring(50, 10, 38, 4, "#8fb3c7", 2.5)


def draw_mug(canvas: Canvas, box: Box, colour: str = c.RED, *, steam: bool = True) -> None:
    """A mug of coffee with its handle to the right."""
    pen = canvas.within(box)
    pen.ring(76, 62, 16, 18, shade(colour, 0.8), 8)
    pen.rounded(14, 36, 60, 60, 6, colour)
    pen.ellipse(44, 38, 30, 7, shade(colour, 0.75))
    pen.ellipse(44, 39, 26, 5, "#4a2c17")
    if steam:
        for x in (32, 44, 56):
            pen.curve([(x, 28), (x - 4, 20), (x + 4, 12), (x, 2)], c.LIGHT_GRAY, 3)


def draw_fork(canvas: Canvas, box: Box) -> None:
    """A fork that points up."""
    pen = canvas.within(box)
    pen.line([(50, 44), (50, 94)], c.GRAY, 14)
    for x in (18, 39, 61, 82):
        pen.line([(x, 6), (x, 30)], c.GRAY, 10)
    pen.chord(50, 28, 37, 22, 0, 180, c.GRAY)


def draw_knife(canvas: Canvas, box: Box) -> None:
    """A knife that points up."""
    pen = canvas.within(box)
    pen.blob([(40, 54), (40, 12), (58, 2), (76, 22), (74, 54)], c.SILVER)
    pen.line([(54, 58), (54, 94)], c.BLACK, 18)
