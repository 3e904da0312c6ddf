"""Vehicles, seen from the side. They drive to the left; `flip` turns them to the right."""

from __future__ import annotations

import math

from recipes.drawn_world.figures import colours as c
from recipes.drawn_world.figures.canvas import Box, Canvas, Point, shade

GLASS = "#d5ecf7"


def _wheel(pen: Canvas, x: float, y: float, rx: float, ry: float) -> None:
    pen.ellipse(x, y, rx, ry, c.BLACK)
    pen.ellipse(x, y, rx * 0.5, ry * 0.5, c.LIGHT_GRAY)


def draw_car(canvas: Canvas, box: Box, colour: str = c.RED, *, flip: bool = False) -> None:
    """A car with two doors on our side; twice as wide as high."""
    pen, dark = canvas.within(box, flip=flip), shade(colour, 0.75)
    pen.blob([(20, 48), (32, 16), (42, 12), (66, 12), (76, 18), (88, 48), (54, 52)], colour)
    pen.polygon([(28, 46), (37, 21), (51, 20), (51, 46)], GLASS)
    pen.polygon([(55, 46), (55, 20), (68, 21), (78, 46)], GLASS)
    pen.rounded(2, 42, 96, 38, 9, colour)
    pen.rectangle(2, 70, 96, 8, dark)
    pen.line([(53, 46), (53, 70)], dark, 1.5)
    pen.line([(59, 54), (65, 54)], dark, 2.5)
    pen.line([(32, 54), (38, 54)], dark, 2.5)
    pen.ellipse(5, 54, 4, 6, c.YELLOW)
    pen.rectangle(95, 50, 4, 9, "#7e1412" if colour != c.RED else c.ORANGE)
    for x in (22, 78):
        _wheel(pen, x, 80, 10.5, 19)


def draw_bus(canvas: Canvas, box: Box, colour: str = c.YELLOW, *, decks: int = 1, flip: bool = False) -> None:
    """A bus with one deck or two."""
    pen, dark = canvas.within(box, flip=flip), shade(colour, 0.7)
    pen.rounded(2, 6, 96, 82, 5, colour)
    rows = [(14, 26)] if decks == 1 else [(12, 20), (46, 20)]
    for row, (top, height) in enumerate(rows):
        first = 19 if row == len(rows) - 1 else 6
        for i in range(5 if first > 6 else 6):
            pen.rounded(first + i * 15.4, top, 12.5, height, 2, GLASS)
    pen.rectangle(2, 40 if decks == 2 else 52, 96, 3, dark)
    low = rows[-1][0]
    pen.rectangle(5, low, 11, 84 - low, dark)
    pen.rectangle(6, low + 2, 4.2, 80 - low, GLASS)
    pen.rectangle(11, low + 2, 4.2, 80 - low, GLASS)
    pen.ellipse(2.5, 74, 2, 5, c.WHITE)
    pen.rectangle(96.5, 68, 2, 9, c.RED if colour != c.RED else c.ORANGE)
    for x in (28, 78):
        _wheel(pen, x, 88, 7.5, 12)


def draw_train(
    canvas: Canvas, box: Box, colour: str = c.GREEN, number: str = "7", *, flip: bool = False
) -> None:
    """An engine with a slanted nose and one passenger car."""
    pen, dark = canvas.within(box, flip=flip), shade(colour, 0.7)
    pen.polygon([(2, 80), (6, 44), (14, 18), (46, 18), (46, 80)], colour)
    pen.rounded(49, 18, 49, 62, 3, colour)
    pen.rectangle(45, 62, 6, 6, c.BLACK)
    for x, width in ((2, 44), (49, 49)):
        pen.rectangle(x, 60, width, 7, c.WHITE)
        pen.rectangle(x, 76, width, 5, dark)
    pen.polygon([(8, 44), (15, 24), (21, 24), (21, 44)], GLASS)
    for x in (36, 55, 67, 79, 90):
        pen.rounded(x, 27, 6, 17, 1.5, GLASS)
    pen.text(29, 38, number, 16, c.WHITE)
    pen.circle(5, 70, 2.6, c.YELLOW)
    for x in (12, 22, 38, 57, 67, 82, 92):
        pen.ellipse(x, 84, 3.6, 8, c.BLACK)
        pen.ellipse(x, 84, 1.4, 3.2, c.LIGHT_GRAY)


def draw_truck(canvas: Canvas, box: Box, colour: str = c.BLUE, *, flip: bool = False) -> None:
    """A truck with an open bed; the load is drawn before it, above y = 50."""
    pen, dark = canvas.within(box, flip=flip), shade(colour, 0.75)
    pen.polygon([(3, 82), (3, 54), (10, 48), (14, 22), (34, 22), (34, 82)], colour)
    pen.polygon([(13, 47), (16, 27), (29, 27), (29, 47)], GLASS)
    pen.rectangle(36, 50, 62, 26, dark)
    for x in (48, 61, 74, 87):
        pen.rectangle(x, 50, 1.5, 26, colour)
    pen.rectangle(34, 74, 64, 8, c.DARK_GRAY)
    pen.circle(5, 64, 3, c.YELLOW)
    for x in (18, 72, 88):
        _wheel(pen, x, 84, 7.5, 13)


def draw_bicycle(canvas: Canvas, box: Box, colour: str = c.RED, *, flip: bool = False) -> None:
    """A bicycle with its front wheel to the right."""
    pen = canvas.within(box, flip=flip)
    rear, front, crank, seat, head = (21, 68), (79, 68), (44, 68), (37, 32), (70, 30)
    for x, y in (rear, front):
        for spoke in range(8):
            angle = math.pi * spoke / 8
            dx, dy = 18 * math.cos(angle), 28 * math.sin(angle)
            pen.line([(x - dx, y - dy), (x + dx, y + dy)], c.LIGHT_GRAY, 0.7)
        pen.ring(x, y, 19, 29, c.BLACK, 3)
    for bar in ((rear, crank), (rear, seat), (seat, crank), (crank, head), (seat, head), (head, front)):
        pen.line(bar, colour, 3)
    pen.line([seat, (35, 24)], c.DARK_GRAY, 2.5)
    pen.ellipse(35, 22, 9, 3.5, c.BLACK)
    pen.curve([head, (68, 16), (76, 12), (83, 18)], c.DARK_GRAY, 2.8)
    pen.circle(*crank, 5, c.DARK_GRAY)
    pen.line([(41, 78), (47, 58)], c.BLACK, 2)


def draw_motorcycle(canvas: Canvas, box: Box, colour: str = c.BLACK, *, flip: bool = False) -> None:
    """A motorcycle with its front wheel to the right."""
    pen = canvas.within(box, flip=flip)
    for x in (20, 80):
        pen.ellipse(x, 70, 18, 28, c.BLACK)
        pen.ellipse(x, 70, 11, 17, c.LIGHT_GRAY)
        pen.ellipse(x, 70, 4, 6, c.DARK_GRAY)
    pen.polygon([(34, 48), (64, 48), (60, 82), (38, 82)], c.DARK_GRAY)
    pen.line([(20, 70), (40, 76)], c.SILVER, 5)
    pen.line([(68, 26), (80, 70)], c.SILVER, 4)
    pen.blob([(42, 30), (62, 28), (72, 38), (60, 52), (42, 50)], colour)
    pen.blob([(8, 38), (26, 40), (44, 38), (42, 50), (22, 50)], c.DARK_BROWN)
    pen.curve([(70, 32), (64, 14), (54, 12)], c.DARK_GRAY, 3)
    pen.circle(74, 28, 6, c.YELLOW)
    pen.line([(38, 84), (6, 86)], c.SILVER, 5)


def draw_airplane(
    canvas: Canvas, box: Box, colour: str = c.WHITE, tail: str = c.RED, *, flip: bool = False
) -> None:
    """An airliner in flight."""
    pen, dark = canvas.within(box, flip=flip), shade(colour, 0.82)
    pen.polygon([(40, 44), (62, 6), (72, 6), (60, 46)], dark)
    pen.polygon([(80, 42), (92, 8), (99, 8), (96, 46)], tail)
    pen.blob([(1, 54), (12, 42), (40, 38), (80, 40), (99, 44), (84, 58), (50, 66), (14, 64)], colour)
    pen.polygon([(8, 46), (15, 43), (15, 49), (5, 51)], c.NAVY)
    for i in range(9):
        pen.ellipse(24 + i * 6.4, 48, 1.6, 3, c.NAVY)
    pen.polygon([(36, 56), (60, 56), (88, 96), (76, 97)], shade(colour, 0.72))
    pen.rounded(46, 72, 16, 11, 4, c.DARK_GRAY)
    pen.polygon([(82, 50), (94, 50), (99, 62), (92, 62)], tail)


def draw_sailboat(canvas: Canvas, box: Box, sail: str = c.WHITE, hull: str = c.RED) -> None:
    """A sailing boat with two sails."""
    pen = canvas.within(box)
    pen.line([(50, 4), (50, 80)], c.DARK_BROWN, 2.5)
    pen.polygon([(53, 6), (53, 70), (92, 70)], sail)
    pen.polygon([(47, 12), (47, 70), (14, 70)], shade(sail, 0.9))
    pen.polygon([(50, 2), (50, 10), (62, 6)], hull)
    hull_points: list[Point] = [(6, 76), (96, 76), (82, 96), (20, 96)]
    pen.polygon(hull_points, hull)
    pen.rectangle(9, 80, 84, 3, c.WHITE)
