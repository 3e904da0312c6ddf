"""People: one jointed figure, dressed by a `Look` and bent by a `Pose`.

The frame of a person is 100 wide and 200 high; the soles stand near y = 196.
"""

from __future__ import annotations

from dataclasses import dataclass

from recipes.drawn_world.figures import colours as c
from recipes.drawn_world.figures.canvas import Box, Canvas, Point, shade

UNITS: Point = (100.0, 200.0)


@dataclass(frozen=True)
class Look:
    """What a person looks like."""

    shirt: str = c.BLUE
    pants: str = c.NAVY
    skin: str = c.SKIN
    hair: str = c.DARK_BROWN
    shoes: str = c.BLACK
    long_hair: bool = False
    dress: bool = False
    shorts: bool = False
    long_sleeves: bool = False
    glasses: bool = False
    hat: str | None = None
    """A colour means a cap of that colour."""
    helmet: str | None = None


@dataclass(frozen=True)
class Pose:
    """Where the joints are; an arm is (elbow, hand), a leg is (knee, foot), left and right as we see them."""

    head: Point = (50, 22)
    neck: Point = (50, 50)
    hip: Point = (50, 104)
    left_arm: tuple[Point, Point] = ((27, 78), (24, 106))
    right_arm: tuple[Point, Point] = ((73, 78), (76, 106))
    left_leg: tuple[Point, Point] = ((42, 148), (40, 190))
    right_leg: tuple[Point, Point] = ((58, 148), (60, 190))


STAND = Pose()
HOLD_UP = Pose(right_arm=((76, 72), (80, 44)))
POINT_LEFT = Pose(left_arm=((24, 62), (2, 50)))
SIT = Pose(
    hip=(50, 112),
    left_leg=((38, 136), (36, 188)),
    right_leg=((62, 136), (64, 188)),
    left_arm=((28, 86), (36, 118)),
    right_arm=((72, 86), (64, 118)),
)
READ = Pose(
    hip=(50, 112),
    left_leg=((38, 136), (36, 188)),
    right_leg=((62, 136), (64, 188)),
    left_arm=((26, 86), (40, 90)),
    right_arm=((74, 86), (60, 90)),
)
SWING = Pose(
    head=(44, 24),
    neck=(46, 52),
    hip=(52, 106),
    left_arm=((56, 64), (76, 62)),
    right_arm=((70, 74), (80, 60)),
    left_leg=((34, 146), (18, 188)),
    right_leg=((68, 146), (80, 190)),
)
HIT = Pose(
    head=(48, 24),
    neck=(50, 52),
    left_arm=((26, 72), (8, 78)),
    right_arm=((76, 58), (90, 40)),
    left_leg=((34, 144), (22, 188)),
    right_leg=((66, 146), (78, 190)),
)
BALANCE = Pose(
    head=(50, 34),
    neck=(50, 60),
    hip=(50, 112),
    left_arm=((22, 62), (0, 50)),
    right_arm=((78, 64), (100, 72)),
    left_leg=((26, 142), (24, 188)),
    right_leg=((74, 142), (78, 188)),
)
REACH = Pose(
    head=(54, 24),
    neck=(52, 52),
    left_arm=((26, 70), (14, 92)),
    right_arm=((78, 38), (92, 12)),
    left_leg=((30, 140), (10, 170)),
    right_leg=((64, 146), (72, 190)),
)
RIDE = Pose(
    head=(56, 22),
    neck=(52, 50),
    hip=(38, 100),
    left_arm=((66, 80), (86, 88)),
    right_arm=((68, 82), (88, 90)),
    left_leg=((64, 124), (46, 164)),
    right_leg=((68, 128), (60, 172)),
)
SKI = Pose(
    head=(56, 30),
    neck=(52, 56),
    hip=(40, 104),
    left_arm=((34, 84), (54, 92)),
    right_arm=((70, 80), (86, 88)),
    left_leg=((60, 136), (44, 184)),
    right_leg=((66, 138), (54, 186)),
)
CLAP = Pose(left_arm=((26, 78), (40, 92)), right_arm=((74, 78), (60, 92)))


def draw_person(
    canvas: Canvas, box: Box, look: Look, pose: Pose = STAND, *, flip: bool = False, happy: bool = True
) -> None:
    """A whole person."""
    pen = canvas.within(box, units=UNITS, flip=flip)
    x, y = pose.head
    if look.long_hair:
        pen.blob(
            [(x, y - 20), (x + 21, y - 8), (x + 22, y + 34), (x, y + 38), (x - 22, y + 34), (x - 21, y - 8)],
            look.hair,
        )
    for leg in (pose.left_leg, pose.right_leg):
        _leg(pen, pose.hip, leg, look)
    _torso(pen, pose, look)
    for shoulder, arm in ((-13, pose.left_arm), (13, pose.right_arm)):
        _arm(pen, (pose.neck[0] + shoulder, pose.neck[1] + 2), arm, look)
    draw_head(pen, x, y, look, happy=happy)


def _torso(pen: Canvas, pose: Pose, look: Look) -> None:
    (nx, ny), (hx, hy) = pose.neck, pose.hip
    pen.line([(nx, ny), (nx, ny - 14)], shade(look.skin, 0.9), 11)
    pen.line([(nx, ny + 10), (hx, hy - 8)], look.shirt, 34)
    if look.dress:
        pen.polygon(
            [(hx - 16, hy - 24), (hx + 16, hy - 24), (hx + 32, hy + 42), (hx - 32, hy + 42)], look.shirt
        )
    else:
        pen.line([(hx - 9, hy), (hx + 9, hy)], look.pants, 17)


def _arm(pen: Canvas, shoulder: Point, arm: tuple[Point, Point], look: Look) -> None:
    elbow, hand = arm
    pen.line([elbow, hand], look.shirt if look.long_sleeves else look.skin, 10)
    pen.line([shoulder, elbow], shade(look.shirt, 0.9), 12)
    pen.circle(*hand, 7, look.skin)


def _leg(pen: Canvas, hip: Point, leg: tuple[Point, Point], look: Look) -> None:
    knee, foot = leg
    side = 8 if knee[0] > hip[0] else -8
    bare = look.dress or look.shorts
    pen.line([knee, foot], look.skin if bare else look.pants, 13)
    pen.line([(hip[0] + side, hip[1]), knee], look.skin if look.dress else look.pants, 16)
    pen.ellipse(foot[0] + (3 if side > 0 else -3), foot[1] + 3, 12, 6, look.shoes)


def draw_head(pen: Canvas, x: float, y: float, look: Look, *, happy: bool = True) -> None:
    """A head around a point of the frame, 18 units in radius."""
    pen.circle(x - 18, y + 2, 4, shade(look.skin, 0.92))
    pen.circle(x + 18, y + 2, 4, shade(look.skin, 0.92))
    pen.ellipse(x, y, 18, 20, look.skin)
    pen.chord(x, y - 3, 19, 18, 185, 355, look.hair)
    if not look.long_hair:
        pen.rectangle(x - 19, y - 6, 4, 9, look.hair)
        pen.rectangle(x + 15, y - 6, 4, 9, look.hair)
    for side in (-1, 1):
        pen.circle(x + side * 7, y + 1, 2.2, c.BLACK)
        if look.glasses:
            pen.ring(x + side * 7.5, y + 1.5, 6, 5.5, c.BLACK, 1.8)
            pen.line([(x + side * 13, y), (x + side * 18, y - 2)], c.BLACK, 1.8)
    if look.glasses:
        pen.line([(x - 2, y), (x + 2, y)], c.BLACK, 1.8)
    pen.line([(x, y + 4), (x + 1.5, y + 8), (x - 1, y + 8)], shade(look.skin, 0.75), 1.4)
    if happy:
        pen.chord(x, y + 9, 7, 6, 0, 180, "#b3393a")
    else:
        pen.line([(x - 5, y + 13), (x + 5, y + 13)], "#b3393a", 1.8)
    if look.hat:
        pen.chord(x, y - 5, 20, 19, 180, 360, look.hat)
        pen.line([(x + 4, y - 6), (x + 30, y - 5)], shade(look.hat, 0.8), 5)
    if look.helmet:
        pen.chord(x, y - 3, 22, 22, 178, 362, look.helmet)
        pen.line([(x - 18, y - 2), (x - 10, y + 18), (x + 10, y + 18), (x + 18, y - 2)], c.BLACK, 1.6)
