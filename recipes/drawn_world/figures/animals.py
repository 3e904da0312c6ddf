"""Animals. Side views look to the left; `flip` turns them to the right."""

from __future__ import annotations

from recipes.drawn_world.figures import colours as c
from recipes.drawn_world.figures.canvas import Box, Canvas, Point, shade


def draw_cat(canvas: Canvas, box: Box, colour: str = c.ORANGE, *, flip: bool = False) -> None:
    """A cat that sits and looks at us."""
    pen, dark = canvas.within(box, flip=flip), shade(colour, 0.75)
    pen.curve([(68, 92), (90, 90), (95, 72), (86, 58)], dark, 8)
    pen.blob([(50, 48), (68, 60), (75, 85), (66, 97), (50, 98), (34, 97), (25, 85), (32, 60)], colour)
    pen.ellipse(50, 74, 11, 20, shade(colour, 1.7))
    for x in (42, 58):
        pen.line([(x, 74), (x, 93)], dark, 2)
        pen.ellipse(x, 95, 8, 4, shade(colour, 1.5))
    for y in (68, 76, 84):
        pen.line([(29, y), (36, y + 1)], dark, 2.5)
        pen.line([(71, y), (64, y + 1)], dark, 2.5)
    _cat_head(pen, 50, 33, colour, asleep=False)


def draw_sleeping_cat(canvas: Canvas, box: Box, colour: str = c.BLACK, *, flip: bool = False) -> None:
    """A cat curled up with closed eyes."""
    pen, dark = canvas.within(box, flip=flip), shade(colour, 0.75)
    pen.blob([(20, 75), (35, 45), (62, 36), (88, 52), (95, 78), (75, 94), (35, 94)], colour)
    pen.arc(62, 66, 26, 26, 300, 400, dark, 3)
    pen.curve([(92, 84), (70, 96), (45, 93), (30, 88)], dark, 9)
    _cat_head(pen, 27, 60, colour, asleep=True)


def _cat_head(pen: Canvas, x: float, y: float, colour: str, *, asleep: bool) -> None:
    light = c.WHITE if colour == c.BLACK else c.BLACK
    for side in (-1, 1):
        pen.polygon([(x + side * 22, y - 29), (x + side * 22, y), (x + side * 5, y - 17)], colour)
        pen.polygon([(x + side * 19, y - 23), (x + side * 18, y - 9), (x + side * 9, y - 16)], c.PINK)
    pen.ellipse(x, y, 24, 20, colour)
    for side in (-1, 1):
        if asleep:
            pen.arc(x + side * 10, y - 3, 5, 3, 20, 160, light, 1.8)
        else:
            pen.ellipse(x + side * 10, y - 3, 5.5, 5, "#b9e05a")
            pen.ellipse(x + side * 10, y - 3, 2, 4.5, c.BLACK)
        for slope in (-3, 1, 5):
            pen.line([(x + side * 10, y + 8), (x + side * 31, y + 6 + slope)], light, 0.8)
    pen.polygon([(x - 3.5, y + 4), (x + 3.5, y + 4), (x, y + 8)], c.PINK)
    pen.arc(x - 3.5, y + 9, 3.5, 3, 10, 170, light, 1)
    pen.arc(x + 3.5, y + 9, 3.5, 3, 10, 170, light, 1)


def draw_dog(
    canvas: Canvas, box: Box, colour: str = c.BROWN, collar: str | None = c.RED, *, flip: bool = False
) -> None:
    """A dog that stands, tongue out."""
    pen, dark = canvas.within(box, flip=flip), shade(colour, 0.7)
    pen.curve([(82, 48), (93, 38), (95, 24)], colour, 7)
    _legs(pen, (44, 80), 62, 95, 9, dark, dark)
    pen.blob([(34, 44), (60, 44), (84, 44), (88, 58), (80, 70), (58, 66), (42, 72), (32, 60)], colour)
    _legs(pen, (38, 76), 60, 96, 10, colour, dark)
    pen.polygon([(24, 30), (42, 32), (46, 56), (32, 60)], colour)
    pen.circle(28, 28, 15, colour)
    pen.rounded(5, 27, 24, 14, 6, colour)
    pen.ellipse(7, 29, 4.5, 3.5, c.BLACK)
    pen.ellipse(14, 44, 4, 6, "#e86a7c")
    pen.line([(9, 40), (24, 40)], dark, 1.5)
    pen.circle(22, 23, 2.8, c.BLACK)
    pen.blob([(30, 15), (41, 20), (44, 40), (38, 47), (31, 38)], dark)
    if collar:
        pen.line([(31, 47), (44, 43)], collar, 5)
        pen.circle(32, 52, 3, c.YELLOW)


def draw_horse(
    canvas: Canvas, box: Box, colour: str = c.BROWN, *, flip: bool = False, striped: bool = False
) -> None:
    """A horse; with stripes, a zebra."""
    pen, dark = canvas.within(box, flip=flip), shade(colour, 0.6)
    hair = c.BLACK if striped else c.DARK_BROWN
    pen.curve([(83, 42), (92, 50), (90, 72)], hair, 2.5 if striped else 8)
    _legs(pen, (46, 78), 58, 94, 6, shade(colour, 0.8), c.BLACK)
    pen.blob([(36, 46), (58, 38), (80, 38), (87, 48), (80, 62), (60, 62), (40, 64), (33, 54)], colour)
    pen.polygon([(27, 16), (38, 24), (50, 42), (40, 62), (32, 52), (24, 34)], colour)
    _legs(pen, (39, 82), 54, 95, 7, colour, c.BLACK)
    if striped:
        _stripes(pen)
    pen.curve([(27, 8), (35, 16), (43, 27), (49, 39)], hair, 6)
    pen.polygon([(23, 14), (25, 3), (30, 13)], colour)
    pen.blob([(21, 14), (30, 14), (32, 24), (20, 37), (11, 42), (7, 37), (12, 26)], colour)
    pen.blob([(7, 37), (12, 33), (17, 37), (11, 42)], dark)
    pen.circle(23, 20, 1.9, c.BLACK)
    pen.line([(22, 12), (19, 14)], hair, 3)


def _stripes(pen: Canvas) -> None:
    for x, top, bottom in (
        (44, 42, 62),
        (51, 40, 61),
        (58, 39, 61),
        (65, 39, 61),
        (72, 39, 61),
        (79, 40, 60),
    ):
        pen.curve([(x, top), (x - 2.5, (top + bottom) / 2), (x + 1, bottom)], c.BLACK, 2.8)
    for x, y in ((27, 32), (31, 38), (34, 45)):
        pen.line([(x - 1, y), (x + 10, y - 6)], c.BLACK, 2.4)
    for x in (39, 82):
        for y in (70, 77, 84):
            pen.line([(x - 3, y), (x + 3, y)], c.BLACK, 2)


def draw_elephant(canvas: Canvas, box: Box, colour: str = c.GRAY, *, flip: bool = False) -> None:
    """An elephant with tusks."""
    pen, dark = canvas.within(box, flip=flip), shade(colour, 0.8)
    pen.curve([(88, 40), (95, 52), (94, 64)], dark, 2.5)
    _legs(pen, (50, 76), 62, 92, 13, dark, dark)
    pen.blob([(34, 30), (58, 18), (82, 24), (92, 44), (86, 66), (60, 70), (38, 66)], colour)
    _legs(pen, (42, 83), 58, 92, 14, colour, colour)
    for x in (36, 42, 48, 77, 83, 89):
        pen.circle(x, 97, 2.2, c.WHITE)
    trunk: list[Point] = [(14, 40), (9, 54), (8, 70), (11, 82), (4, 86)]
    for i, width in enumerate((16, 13, 10, 8)):
        pen.curve(trunk[i : i + 2], colour, width)
    pen.ellipse(24, 34, 17, 18, colour)
    pen.curve([(17, 50), (14, 60), (5, 62)], c.WHITE, 4)
    pen.blob([(30, 18), (46, 20), (52, 36), (44, 54), (33, 48), (29, 34)], dark)
    pen.circle(18, 31, 2.2, c.BLACK)


def draw_giraffe(canvas: Canvas, box: Box, *, flip: bool = False) -> None:
    """A giraffe; its box should be tall."""
    pen, coat, spot = canvas.within(box, flip=flip), "#f2c35a", "#a5642a"
    pen.curve([(86, 52), (92, 60), (91, 70)], spot, 3)
    _legs(pen, (50, 76), 62, 96, 5, shade(coat, 0.85), c.DARK_BROWN)
    pen.blob([(42, 52), (62, 46), (84, 52), (88, 60), (80, 67), (56, 68), (42, 66)], coat)
    pen.polygon([(25, 14), (34, 12), (60, 52), (44, 62)], coat)
    _legs(pen, (45, 82), 62, 97, 5.5, coat, c.DARK_BROWN)
    for x in (27, 33):
        pen.line([(x, 10), (x, 2)], spot, 2.5)
        pen.circle(x, 2, 2, c.DARK_BROWN)
    pen.polygon([(33, 10), (44, 7), (38, 14)], coat)
    pen.blob([(24, 8), (34, 8), (35, 15), (24, 19), (11, 20), (9, 16), (16, 12)], coat)
    pen.ellipse(11, 18, 4, 2.5, shade(coat, 0.8))
    pen.circle(25, 11.5, 1.6, c.BLACK)
    spots = (
        (36, 26),
        (40, 35),
        (46, 44),
        (50, 55),
        (60, 52),
        (70, 52),
        (79, 56),
        (63, 61),
        (73, 62),
        (50, 64),
    )
    for x, y in spots:
        pen.ellipse(x, y, 3.6, 3, spot, tilt=30)


def draw_cow(canvas: Canvas, box: Box, *, flip: bool = False) -> None:
    """A black and white cow."""
    pen = canvas.within(box, flip=flip)
    pen.curve([(88, 34), (95, 48), (94, 62)], c.BLACK, 2.5)
    _legs(pen, (46, 78), 62, 94, 8, c.LIGHT_GRAY, c.BLACK)
    pen.blob([(34, 32), (60, 28), (86, 30), (92, 44), (88, 64), (60, 70), (38, 66), (30, 48)], c.WHITE)
    pen.ellipse(70, 68, 8, 6, c.PINK)
    _legs(pen, (39, 85), 62, 95, 9, c.WHITE, c.BLACK)
    for x, y, rx, ry in ((50, 42, 10, 11), (74, 40, 12, 9), (84, 56, 6, 8), (60, 60, 7, 6)):
        pen.ellipse(x, y, rx, ry, c.BLACK, tilt=20)
    pen.ellipse(9, 28, 7, 3.5, c.BLACK, tilt=20)
    pen.ellipse(39, 28, 7, 3.5, c.BLACK, tilt=-20)
    for x in (15, 33):
        pen.curve([(x, 20), (x + (x - 24) * 0.5, 15), (x + (x - 24) * 0.4, 9)], c.TAN, 3.5)
    pen.blob([(14, 20), (34, 20), (35, 38), (30, 54), (18, 54), (13, 38)], c.WHITE)
    pen.blob([(14, 20), (20, 19), (21, 38), (15, 42)], c.BLACK)
    pen.ellipse(24, 53, 11, 7.5, c.PINK)
    for x in (20, 28):
        pen.circle(x, 53, 1.6, c.DARK_BROWN)
    pen.circle(18, 33, 2.2, c.WHITE)
    pen.circle(18, 33, 1.4, c.BLACK)
    pen.circle(30, 33, 2, c.BLACK)


def draw_sheep(canvas: Canvas, box: Box, wool: str = c.WHITE, *, flip: bool = False) -> None:
    """A sheep with a dark face."""
    pen = canvas.within(box, flip=flip)
    _legs(pen, (40, 52, 68, 80), 68, 95, 6, c.BLACK, c.BLACK)
    for x, y in (
        (38, 44),
        (50, 36),
        (64, 36),
        (78, 42),
        (86, 54),
        (78, 66),
        (64, 70),
        (50, 70),
        (38, 64),
        (32, 54),
    ):
        pen.circle(x, y, 13, wool)
    pen.ellipse(60, 54, 26, 18, wool)
    pen.arc(54, 50, 6, 5, 30, 200, c.LIGHT_GRAY, 1.5)
    pen.arc(72, 58, 6, 5, 30, 200, c.LIGHT_GRAY, 1.5)
    pen.ellipse(33, 44, 8, 3.5, c.BLACK, tilt=25)
    pen.ellipse(20, 48, 11, 15, c.BLACK, tilt=20)
    pen.circle(25, 33, 9, wool)
    pen.circle(17, 44, 2.4, c.WHITE)
    pen.circle(16.5, 44, 1.2, c.BLACK)


def draw_bird(canvas: Canvas, box: Box, colour: str = c.BLUE, *, flip: bool = False) -> None:
    """A small songbird on its feet."""
    pen, dark = canvas.within(box, flip=flip), shade(colour, 0.65)
    pen.polygon([(70, 56), (99, 70), (95, 80), (66, 70)], dark)
    for x in (46, 56):
        pen.line([(x, 76), (x, 97)], c.DARK_BROWN, 2.5)
    pen.blob([(26, 34), (44, 34), (68, 46), (76, 64), (58, 80), (38, 78), (24, 62)], colour)
    pen.blob([(26, 46), (36, 56), (46, 76), (36, 76), (24, 62)], shade(colour, 2.4))
    pen.circle(33, 32, 17, colour)
    pen.polygon([(19, 26), (4, 34), (19, 38)], c.ORANGE)
    pen.blob([(44, 48), (64, 50), (80, 68), (62, 70), (48, 62)], dark)
    pen.circle(28, 28, 4, c.WHITE)
    pen.circle(27, 28, 2.4, c.BLACK)


def draw_duck(canvas: Canvas, box: Box, colour: str = c.YELLOW, *, flip: bool = False) -> None:
    """A duck that swims: the lower rim of the box is the water line."""
    pen, dark = canvas.within(box, flip=flip), shade(colour, 0.82)
    pen.blob([(22, 62), (44, 66), (70, 62), (97, 46), (92, 76), (76, 97), (36, 97), (20, 82)], colour)
    pen.polygon([(22, 40), (44, 40), (46, 72), (22, 72)], colour)
    pen.circle(33, 30, 19, colour)
    pen.blob([(16, 26), (16, 40), (4, 42), (0, 36)], c.ORANGE)
    pen.blob([(44, 74), (66, 70), (84, 72), (70, 88), (50, 86)], dark)
    pen.circle(28, 26, 3.6, c.BLACK)


def draw_bat(canvas: Canvas, box: Box, colour: str = c.BLACK) -> None:
    """A bat that flies with its wings spread."""
    pen, light = canvas.within(box), shade(colour, 1.35)
    for side in (-1, 1):
        wing: list[Point] = [
            (0, 40),
            (12, 34),
            (24, 16),
            (50, 22),
            (46, 66),
            (38, 54),
            (28, 70),
            (20, 54),
            (6, 68),
        ]
        wing = [(50 + side * x, y) for x, y in wing]
        pen.polygon(wing, light)
        joint = (50 + side * 24, 16.0)
        for tip in (wing[0], *(wing[i] for i in (3, 4, 6))):
            pen.line([joint, tip], colour, 2)
    pen.ellipse(50, 56, 10, 20, colour)
    _bat_head(pen, 50, 34, 11, colour, up=1)


def draw_hanging_bat(canvas: Canvas, box: Box, colour: str = c.DARK_BROWN) -> None:
    """A bat that hangs head down from the upper rim of its box, wrapped in its wings."""
    pen, light = canvas.within(box), shade(colour, 1.4)
    for x in (42, 58):
        pen.line([(x, 0), (x, 18)], colour, 5)
    pen.ellipse(50, 42, 20, 30, colour)
    _bat_head(pen, 50, 72, 16, colour, up=-1)
    for side in (-1, 1):
        pen.blob([(50 + side * x, y) for x, y in ((14, 12), (30, 30), (26, 56), (6, 74), (4, 36))], light)
        pen.curve([(50 + side * x, y) for x, y in ((16, 14), (18, 40), (8, 70))], colour, 2)


def _bat_head(pen: Canvas, x: float, y: float, size: float, colour: str, *, up: int) -> None:
    for side in (-1, 1):
        tip = (x + side * size, y - up * size * 1.9)
        pen.polygon([(x + side * size, y), tip, (x + side * 1, y - up * size * 0.8)], colour)
    pen.circle(x, y, size, colour)
    for side in (-1, 1):
        pen.circle(x + side * size * 0.4, y - up * size * 0.15, size * 0.24, c.YELLOW)
        pen.circle(x + side * size * 0.4, y - up * size * 0.15, size * 0.1, c.BLACK)
        fang = y + up * size * 0.4
        pen.polygon([(x + side * 4, fang), (x + side * 1.4, fang), (x + side * 2.7, fang + up * 4)], c.WHITE)


def _legs(
    pen: Canvas, xs: tuple[float, ...], top: float, bottom: float, width: float, colour: str, foot: str
) -> None:
    for x in xs:
        pen.rectangle(x - width / 2, top, width, bottom - top, colour)
        pen.rectangle(x - width / 2 - 0.6, bottom - 1, width + 1.2, 4.5, foot)
