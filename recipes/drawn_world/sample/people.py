"""Pictures 27 to 38: sports, weather and seasons."""

from __future__ import annotations

from collections.abc import Callable

from recipes.drawn_world.figures import (
    animals,
    colours as c,
    objects,
    outdoors as out,
    people,
    rooms,
)
from recipes.drawn_world.figures.canvas import Box, Canvas
from recipes.drawn_world.figures.people import Look, Pose


def baseball_batter(canvas: Canvas) -> None:
    """A man with a red cap swings a bat at a baseball."""
    out.draw_ground(canvas, c.SKY, c.GRASS, horizon=110)
    out.draw_fence(canvas, Box(0, 74, 320, 40), c.DARK_GREEN)
    canvas.ellipse(110, 212, 120, 26, "#c99962")
    look = Look(shirt="#f2f2ee", pants="#d5d9de", hat=c.RED, shoes=c.RED)
    people.draw_person(canvas, Box(54, 24, 100, 192), look, people.SWING)
    objects.draw_baseball_bat(canvas, 130, 92, 190, 30, 15)
    objects.draw_baseball(canvas, Box(238, 66, 24, 24))
    for y in (72, 79, 86):
        canvas.line([(268, y), (292, y - 2)], c.WHITE, 2)


def bat_and_ball(canvas: Canvas) -> None:
    """A wooden bat, a baseball and a brown glove lie on the grass."""
    canvas.rectangle(0, 0, 320, 240, c.GRASS)
    out.draw_grass_tufts(canvas, 4)
    objects.draw_baseball_bat(canvas, 30, 206, 216, 40, 34)
    objects.draw_baseball_glove(canvas, Box(186, 110, 116, 116))
    objects.draw_baseball(canvas, Box(66, 34, 60, 60))


def tennis_woman(canvas: Canvas) -> None:
    """A woman in a white dress plays tennis on a green court."""
    canvas.rectangle(0, 0, 320, 84, c.DARK_GREEN)
    canvas.rectangle(0, 84, 320, 156, "#4f9f8a")
    canvas.line([(0, 132), (320, 132)], c.WHITE, 3)
    canvas.line([(30, 240), (80, 132)], c.WHITE, 3)
    look = Look(shirt="#f5f4ee", dress=True, long_hair=True, hair="#a8622f", shoes=c.WHITE)
    people.draw_person(canvas, Box(92, 28, 98, 192), look, people.HIT)
    objects.draw_racket(canvas, 180, 66, 28, 50)
    canvas.circle(262, 66, 8, "#d9ec3c")
    canvas.arc(262, 58, 8, 8, 40, 140, c.WHITE, 1.5)


def skateboard_boy(canvas: Canvas) -> None:
    """A boy with a blue helmet rides a skateboard and keeps his balance."""
    out.draw_ground(canvas, c.SKY, "#c9ccd0", horizon=150)
    out.draw_tree(canvas, Box(236, 26, 84, 130))
    out.draw_house(canvas, Box(6, 40, 84, 114))
    look = Look(shirt=c.YELLOW, pants=c.BROWN, shorts=True, helmet=c.BLUE, shoes=c.RED)
    people.draw_person(canvas, Box(108, 24, 104, 176), look, people.BALANCE)
    objects.draw_skateboard(canvas, Box(100, 198, 118, 24), c.ORANGE)


def surfer(canvas: Canvas) -> None:
    """A man surfs a big wave on a yellow board."""
    out.draw_ground(canvas, c.SKY, horizon=120)
    out.draw_sun(canvas, 46, 40)
    out.draw_sea(canvas, 118, "#2f86bf")
    canvas.blob(
        [(320, 20), (262, 42), (236, 92), (190, 150), (60, 200), (0, 216), (0, 250), (320, 250)], "#4da3d8"
    )
    canvas.curve([(320, 24), (264, 44), (238, 92), (194, 148), (70, 198), (0, 216)], c.WHITE, 11)
    objects.draw_surfboard(canvas, Box(76, 176, 160, 44), c.YELLOW, tilt=0)
    look = Look(shirt=c.NAVY, pants=c.NAVY, shoes=c.SKIN, hair="#caa04a")
    people.draw_person(canvas, Box(106, 46, 96, 150), look, people.BALANCE)


def frisbee_dog(canvas: Canvas) -> None:
    """A man throws a red frisbee to a white dog in a park."""
    out.draw_ground(canvas, horizon=130)
    out.draw_tree(canvas, Box(124, 18, 80, 124))
    out.draw_grass_tufts(canvas, 146)
    people.draw_person(canvas, Box(16, 50, 84, 168), Look(shirt=c.PURPLE, pants=c.BLACK), people.REACH)
    objects.draw_frisbee(canvas, Box(114, 46, 46, 24), c.RED)
    animals.draw_dog(canvas, Box(196, 116, 110, 104), "#efe9dd", c.BLUE)


def skier(canvas: Canvas) -> None:
    """A woman skis down a slope while it snows."""
    canvas.rectangle(0, 0, 320, 240, "#b8cbdd")
    canvas.polygon([(0, 120), (110, 40), (200, 110), (270, 66), (320, 100), (320, 240), (0, 240)], "#93a9bf")
    canvas.polygon([(0, 150), (320, 214), (320, 240), (0, 240)], "#f4f8fb")
    for x, y, size in ((6, 78, 60), (54, 96, 50)):
        for k in (0, 1, 2):
            top = y + k * size * 0.3
            canvas.polygon(
                [(x + size / 2, top), (x + size * 0.9, top + size * 0.5), (x + size * 0.1, top + size * 0.5)],
                c.DARK_GREEN,
            )
    look = Look(shirt=c.RED, pants=c.BLACK, long_sleeves=True, helmet=c.ORANGE, long_hair=True)
    canvas.line([(182, 122), (150, 206)], c.DARK_GRAY, 3)
    canvas.line([(216, 120), (196, 216)], c.DARK_GRAY, 3)
    people.draw_person(canvas, Box(128, 48, 100, 152), look, people.SKI)
    canvas.line([(118, 182), (236, 208), (246, 204)], c.BLUE, 5)
    canvas.line([(128, 192), (244, 218), (254, 214)], c.BLUE, 5)
    out.draw_snowflakes(canvas)


def kite_girl(canvas: Canvas) -> None:
    """A girl flies a red and yellow kite on the beach."""
    out.draw_ground(canvas, c.SKY, "#ecd9a3", horizon=150)
    canvas.rectangle(0, 126, 320, 30, c.WATER)
    out.draw_palm(canvas, Box(4, 40, 90, 150))
    canvas.curve([(176, 126), (214, 110), (252, 76)], c.BLACK, 1)
    objects.draw_kite(canvas, Box(218, 10, 78, 100))
    look = Look(shirt=c.PURPLE, dress=True, long_hair=True, skin=c.DARK_SKIN, hair=c.BLACK, shoes=c.DARK_SKIN)
    people.draw_person(canvas, Box(112, 84, 72, 136), look, people.HOLD_UP)


def horse_rider(canvas: Canvas) -> None:
    """A woman rides a white horse to the right."""
    out.draw_ground(canvas, horizon=130)
    out.draw_tree(canvas, Box(8, 16, 84, 124))
    out.draw_grass_tufts(canvas, 150)
    animals.draw_horse(canvas, Box(66, 54, 190, 172), "#f1eee6", flip=True)
    pose = Pose(
        hip=(46, 104),
        left_arm=((58, 84), (84, 88)),
        right_arm=((70, 80), (88, 86)),
        left_leg=((62, 134), (52, 176)),
        right_leg=((64, 136), (56, 178)),
    )
    look = Look(shirt=c.BLUE, pants=c.TAN, long_sleeves=True, helmet=c.BLACK, long_hair=True, hair="#caa04a")
    people.draw_person(canvas, Box(106, 16, 80, 150), look, pose)


def rainy_day(canvas: Canvas) -> None:
    """A woman with a red umbrella and a boy with a blue one walk in the rain."""
    out.draw_ground(canvas, "#aab4bf", "#8e969e", horizon=150)
    out.draw_city(canvas, 150, "#7f8b99")
    for x, y in ((60, 216), (240, 224), (290, 196)):
        canvas.ellipse(x, y, 34, 6, "#b9cddd")
    woman = Look(shirt=c.YELLOW, long_sleeves=True, long_hair=True, pants=c.NAVY, shoes=c.BLACK)
    people.draw_person(canvas, Box(84, 64, 80, 156), woman, people.HOLD_UP)
    objects.draw_umbrella(canvas, Box(80, 6, 134, 104), c.RED)
    people.draw_person(canvas, Box(212, 116, 54, 106), Look(shirt=c.GREEN, pants=c.BROWN), people.HOLD_UP)
    objects.draw_umbrella(canvas, Box(208, 78, 94, 66), c.BLUE)
    out.draw_rain(canvas)


def autumn_tree(canvas: Canvas) -> None:
    """Leaves fall from an orange tree; a man in a jacket stands beside it."""
    out.draw_ground(canvas, "#cfe0ea", "#b7a15a", horizon=160)
    out.draw_tree(canvas, Box(10, 6, 180, 190), c.ORANGE)
    for i in range(34):
        x, y = (i * 61 + 9) % 320, 170 + (i * 29) % 66
        out.draw_leaf(canvas, x, y, (c.ORANGE, c.RED, c.YELLOW)[i % 3], i * 40)
    for x, y, tilt in (
        (190, 60, 30),
        (206, 104, -30),
        (176, 132, 60),
        (30, 138, 20),
        (288, 60, 80),
        (240, 36, 10),
    ):
        out.draw_leaf(canvas, x, y, c.ORANGE, tilt, 7)
    look = Look(shirt="#3f6f5a", pants=c.DARK_BROWN, long_sleeves=True, hair=c.GRAY)
    people.draw_person(canvas, Box(206, 66, 76, 152), look)


def spring_garden(canvas: Canvas) -> None:
    """A girl with a yellow dress under a tree with pink blossom, flowers in the grass."""
    out.draw_ground(canvas, c.SKY, "#8fcf5f", horizon=150)
    out.draw_tree(canvas, Box(6, 8, 170, 180), "#f3b3cb", "#fbe3ec")
    for i in range(18):
        x, y = (i * 67 + 20) % 320, 176 + (i * 31) % 58
        canvas.line([(x, y), (x, y + 10)], c.DARK_GREEN, 1.5)
        canvas.circle(x, y, 4, (c.RED, c.WHITE, c.PURPLE)[i % 3])
        canvas.circle(x, y, 1.6, c.YELLOW)
    look = Look(shirt=c.YELLOW, dress=True, long_hair=True, shoes=c.RED)
    people.draw_person(canvas, Box(200, 78, 70, 138), look, people.HOLD_UP)
    objects.draw_flowers(canvas, Box(246, 88, 24, 24), c.GREEN, c.RED)


def math_teacher(canvas: Canvas) -> None:
    """A teacher stands to the right of a blackboard with one right sum and one wrong sum."""
    rooms.draw_room(canvas, "#e7dfcb", "#b58a5a", horizon=190)
    rooms.draw_blackboard(canvas, Box(14, 24, 200, 130), ("2 + 3 = 5", "4 + 2 = 7"))
    look = Look(shirt=c.PURPLE, pants=c.BLACK, long_hair=True, glasses=True, long_sleeves=True, hair=c.BLACK)
    people.draw_person(canvas, Box(216, 50, 88, 178), look, people.POINT_LEFT)


SCENES: dict[int, Callable[[Canvas], None]] = {
    27: baseball_batter,
    28: bat_and_ball,
    29: tennis_woman,
    30: skateboard_boy,
    31: surfer,
    32: frisbee_dog,
    33: skier,
    34: kite_girl,
    35: horse_rider,
    36: rainy_day,
    37: autumn_tree,
    38: spring_garden,
    39: math_teacher,
}
