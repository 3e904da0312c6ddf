"""Furniture and the fittings of rooms."""

from __future__ import annotations

from recipes.drawn_world.figures import colours as c
from recipes.drawn_world.figures.canvas import HEIGHT, WIDTH, Box, Canvas, shade


def draw_room(canvas: Canvas, wall: str, floor: str, *, horizon: float = 165, tiles: bool = False) -> None:
    """The wall and the floor of a room, over the whole picture."""
    canvas.rectangle(0, 0, WIDTH, horizon, wall)
    canvas.rectangle(0, horizon, WIDTH, HEIGHT - horizon, floor)
    if tiles:
        for x in range(0, WIDTH + 1, 32):
            canvas.line([(x, horizon), (160 + (x - 160) * 1.7, HEIGHT)], shade(floor, 0.8), 1)
        for y in (horizon + 14, horizon + 38):
            canvas.line([(0, y), (WIDTH, y)], shade(floor, 0.8), 1)
    canvas.rectangle(0, horizon - 4, WIDTH, 5, shade(wall, 0.8))


def draw_window(canvas: Canvas, box: Box, view: str = c.SKY, curtain: str | None = None) -> None:
    """A window with four panes, perhaps with curtains."""
    pen = canvas.within(box)
    pen.rectangle(8, 4, 84, 90, c.WHITE)
    pen.rectangle(13, 9, 74, 80, view)
    pen.rectangle(48, 6, 4, 86, c.WHITE)
    pen.rectangle(10, 46, 80, 4, c.WHITE)
    pen.rectangle(4, 92, 92, 6, c.LIGHT_GRAY)
    if curtain:
        pen.polygon([(0, 0), (30, 0), (22, 60), (18, 96), (0, 96)], curtain)
        pen.polygon([(100, 0), (70, 0), (78, 60), (82, 96), (100, 96)], curtain)
        pen.rectangle(-3, -3, 106, 4, c.DARK_BROWN)


def draw_table(canvas: Canvas, box: Box, colour: str = c.BROWN) -> None:
    """A table from the side."""
    pen = canvas.within(box)
    for x in (6, 86):
        pen.rectangle(x, 10, 8, 90, shade(colour, 0.8))
    pen.rounded(0, 0, 100, 14, 3, colour)


def draw_table_top(canvas: Canvas, colour: str = c.BROWN, *, horizon: float = 120) -> None:
    """A table surface that fills the lower part of the picture, with its grain."""
    canvas.rectangle(0, horizon, WIDTH, HEIGHT - horizon, colour)
    for i in range(5):
        y = horizon + 14 + i * (HEIGHT - horizon) / 5
        canvas.curve([(0, y), (110, y + 4), (220, y - 3), (320, y + 2)], shade(colour, 0.9), 1.2)


def draw_chair(canvas: Canvas, box: Box, colour: str = c.BROWN, *, flip: bool = False) -> None:
    """A chair from the side with its back to the left."""
    pen, dark = canvas.within(box, flip=flip), shade(colour, 0.8)
    for x in (10, 76):
        pen.rectangle(x, 56, 10, 43, dark)
    pen.rectangle(10, 2, 10, 60, dark)
    pen.rounded(8, 6, 14, 34, 4, colour)
    pen.rounded(8, 52, 82, 10, 4, colour)


def draw_couch(canvas: Canvas, box: Box, colour: str = c.GREEN) -> None:
    """A couch for two or three."""
    pen, dark = canvas.within(box), shade(colour, 0.8)
    for x in (10, 84):
        pen.rectangle(x, 88, 6, 11, c.DARK_BROWN)
    pen.rounded(8, 4, 84, 70, 8, dark)
    pen.rounded(11, 8, 38, 52, 6, colour)
    pen.rounded(51, 8, 38, 52, 6, colour)
    pen.rounded(6, 56, 88, 34, 5, shade(colour, 1.2))
    pen.line([(50, 58), (50, 88)], dark, 1.2)
    for x in (0, 86):
        pen.rounded(x, 34, 14, 58, 6, colour)


def draw_bed(canvas: Canvas, box: Box, blanket: str = c.BLUE, frame: str = c.BROWN) -> None:
    """A bed from the side, its pillow to the left."""
    pen = canvas.within(box)
    pen.rounded(0, 0, 7, 96, 3, frame)
    pen.rounded(93, 40, 7, 56, 3, frame)
    pen.rectangle(4, 72, 92, 14, frame)
    pen.rounded(6, 52, 88, 22, 5, c.WHITE)
    pen.blob([(9, 50), (12, 36), (30, 34), (34, 46), (30, 55), (12, 56)], c.WHITE)
    pen.arc(20, 45, 11, 8, 20, 160, c.LIGHT_GRAY, 1)
    pen.blob([(34, 46), (60, 42), (92, 46), (95, 60), (94, 84), (60, 82), (33, 84), (31, 62)], blanket)
    pen.polygon([(32, 48), (40, 46), (39, 83), (32, 84)], shade(blanket, 1.6))


def draw_stove(canvas: Canvas, box: Box, colour: str = c.WHITE) -> None:
    """A stove with an oven below."""
    pen = canvas.within(box)
    pen.rounded(0, 4, 100, 96, 3, colour)
    pen.rectangle(0, 0, 100, 8, c.BLACK)
    for x in (16, 34, 66, 84):
        pen.circle(x, 17, 5, c.DARK_GRAY)
    pen.rounded(10, 32, 80, 52, 4, c.DARK_GRAY)
    pen.rounded(18, 44, 64, 32, 3, c.BLACK)
    pen.line([(18, 37), (82, 37)], c.SILVER, 4)


def draw_fridge(canvas: Canvas, box: Box, colour: str = c.SILVER) -> None:
    """A refrigerator with two doors, one above the other."""
    pen, dark = canvas.within(box), shade(colour, 0.7)
    pen.rounded(0, 0, 100, 98, 5, colour)
    pen.line([(1, 34), (99, 34)], dark, 2)
    pen.line([(14, 14), (14, 28)], dark, 5)
    pen.line([(14, 42), (14, 66)], dark, 5)


def draw_cabinet(canvas: Canvas, box: Box, colour: str = c.BROWN, doors: int = 2) -> None:
    """A cabinet with doors side by side."""
    pen, width = canvas.within(box), 100 / doors
    pen.rectangle(0, 0, 100, 100, shade(colour, 0.75))
    for i in range(doors):
        pen.rectangle(i * width + 3, 6, width - 6, 88, colour)
        pen.circle(i * width + (width - 9 if i % 2 == 0 else 9), 50, 2.4, c.YELLOW)


def draw_sink(canvas: Canvas, box: Box, colour: str = c.WHITE) -> None:
    """A wash basin on its column, with a faucet."""
    pen = canvas.within(box)
    pen.polygon([(38, 44), (62, 44), (66, 99), (34, 99)], shade(colour, 0.85))
    pen.chord(50, 24, 50, 36, 0, 180, colour)
    pen.rounded(0, 18, 100, 12, 5, shade(colour, 0.92))
    pen.curve([(50, 20), (50, 4), (62, 2), (64, 10)], c.GRAY, 5)
    for x in (32, 74):
        pen.line([(x, 18), (x, 10)], c.GRAY, 7)


def draw_toilet(canvas: Canvas, box: Box, colour: str = c.WHITE) -> None:
    """A toilet from the side, its tank to the right, its lid up."""
    pen, dark = canvas.within(box), shade(colour, 0.82)
    pen.polygon([(34, 66), (72, 66), (70, 98), (38, 98)], dark)
    pen.rounded(68, 8, 30, 56, 4, colour)
    pen.rounded(66, 3, 34, 9, 3, dark)
    pen.line([(74, 22), (82, 22)], c.GRAY, 4)
    pen.blob([(4, 56), (40, 54), (80, 54), (80, 72), (56, 82), (24, 78), (8, 68)], colour)
    pen.rounded(2, 50, 72, 8, 4, dark)
    pen.polygon([(58, 14), (66, 12), (70, 50), (64, 50)], dark)


def draw_bathtub(canvas: Canvas, box: Box, colour: str = c.WHITE) -> None:
    """A bathtub full of foam."""
    pen = canvas.within(box)
    for x in (20, 80):
        pen.circle(x, 94, 6, c.GOLD)
    for x, y, r in ((18, 24, 12), (32, 18, 15), (48, 22, 13), (62, 19, 14), (76, 24, 12), (86, 27, 9)):
        pen.ellipse(x, y, r, r, "#e8f6fd")
    pen.blob([(4, 34), (50, 32), (96, 34), (92, 74), (78, 92), (22, 92), (8, 74)], colour)
    pen.rounded(0, 26, 100, 12, 5, shade(colour, 0.88))
    pen.curve([(94, 26), (94, 4), (84, 2), (82, 12)], c.GRAY, 4)


def draw_mirror(canvas: Canvas, box: Box, frame: str = c.GOLD) -> None:
    """An oval mirror."""
    pen = canvas.within(box)
    pen.circle(50, 50, 49, frame)
    pen.circle(50, 50, 42, "#cfe6f0")
    pen.line([(30, 56), (56, 26)], c.WHITE, 5)
    pen.line([(42, 66), (70, 36)], c.WHITE, 3)


def draw_picture(canvas: Canvas, box: Box, frame: str = c.DARK_BROWN) -> None:
    """A framed landscape."""
    pen = canvas.within(box)
    pen.rectangle(0, 0, 100, 100, frame)
    pen.rectangle(8, 10, 84, 80, c.SKY)
    pen.circle(74, 28, 9, c.YELLOW)
    pen.polygon([(8, 90), (36, 34), (64, 90)], "#7b8a9c")
    pen.polygon([(44, 90), (66, 52), (92, 90)], "#5f7c5c")


def draw_blackboard(canvas: Canvas, box: Box, lines: tuple[str, ...]) -> None:
    """A blackboard with writing."""
    pen = canvas.within(box)
    pen.rectangle(0, 0, 100, 100, c.BROWN)
    pen.rectangle(4, 6, 92, 88, "#2d4a3e")
    for i, words in enumerate(lines):
        pen.text(50, 6 + 88 * (i + 0.5) / len(lines), words, 17, c.WHITE)
    pen.rectangle(20, 94, 60, 4, c.TAN)
