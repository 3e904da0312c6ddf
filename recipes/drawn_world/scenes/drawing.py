"""Draws a scene: the background, then every thing from the back to the front, then the weather."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PIL import Image

from recipes.drawn_world.figures import (
    animals,
    colours as c,
    food,
    objects,
    people,
    rooms,
    vehicles,
)
from recipes.drawn_world.figures.canvas import Box, Canvas, shade
from recipes.drawn_world.figures.people import Look, Pose
from recipes.drawn_world.scenes.backgrounds import background, canvas_over, weather_over
from recipes.drawn_world.scenes.world import Scene, Thing

OVERSAMPLING = 2
PAINT = {
    "red": c.RED,
    "blue": c.BLUE,
    "green": c.GREEN,
    "yellow": c.YELLOW,
    "white": c.WHITE,
    "black": c.BLACK,
    "brown": c.BROWN,
    "gray": c.GRAY,
    "orange": c.ORANGE,
    "pink": c.PINK,
    "purple": c.PURPLE,
}
_RUN = Pose(
    head=(56, 24),
    neck=(54, 52),
    hip=(46, 106),
    left_arm=((28, 72), (40, 92)),
    right_arm=((80, 74), (92, 54)),
    left_leg=((24, 136), (2, 150)),
    right_leg=((76, 132), (84, 178)),
)
_WAVE = Pose(right_arm=((78, 44), (92, 12)))
_HOLD = Pose(right_arm=((74, 66), (78, 44)))
_POSES = {
    "running": _RUN,
    "waving": _WAVE,
    "reading": people.READ,
    "sitting": people.SIT,
    "skateboarding": people.BALANCE,
    "surfing": people.BALANCE,
    "skiing": people.SKI,
    "holding an umbrella": _HOLD,
    "flying a kite": _WAVE,
}


def draw(scene: Scene) -> Image.Image:
    """The picture of a scene, RGB, 160 by 120 pixels; the same scene gives the same pixels."""
    image = background(scene.place, scene.time, scene.weather, scene.mirrored).copy()
    canvas = canvas_over(image)
    for index in _from_back_to_front(scene):
        _draw_thing(canvas, scene, scene.things[index])
    weather_over(canvas, scene.weather)
    return image.reduce(OVERSAMPLING)


def _from_back_to_front(scene: Scene) -> list[int]:
    """By their lower edge; what is on or held by another comes after it, umbrellas before their holders."""

    def depth(index: int) -> tuple[int, int, int]:
        thing = scene.things[index]
        below = thing.on if thing.on is not None else thing.holder
        front = scene.things[below] if below is not None else thing
        behind = thing.holder is not None and thing.kind in ("umbrella", "kite")
        return front.box[3], below if below is not None else index, -1 if behind else int(below is not None)

    return sorted(range(len(scene.things)), key=depth)


def _draw_thing(canvas: Canvas, scene: Scene, thing: Thing) -> None:
    x0, y0, x1, y1 = (OVERSAMPLING * edge for edge in thing.box)
    box = Box(x0, y0, x1 - x0, y1 - y0)
    if thing.kind in _LOOKS:
        _draw_person(canvas, scene, thing, box)
    elif thing.action is not None:
        _draw_animal(canvas, thing, box)
    else:
        _plain(canvas, thing, box)
    if thing.kind == "kite" and thing.holder is not None:
        _string(canvas, scene.things[thing.holder], box)


def _plain(canvas: Canvas, thing: Thing, box: Box) -> None:
    parts = (thing.colour or "gray").split(" and ")
    first, second = PAINT[parts[0]], PAINT[parts[-1]]
    _FIGURES[thing.kind](canvas, box, first, second, thing.facing == "right")


def _draw_animal(canvas: Canvas, thing: Thing, box: Box) -> None:
    """An animal and the signs of what it does: a z for sleep, dust for haste, a bowl or grass for a meal."""
    right = thing.facing == "right"
    pen = canvas.within(box, flip=right)
    if thing.action == "sleeping":
        _sleeping(canvas, thing, box)
    elif thing.action == "eating":
        _plain(canvas, thing, box)
        if thing.kind in ("dog", "cat"):
            food.draw_bowl(pen, Box(-10, 76, 30, 24), c.SILVER)
            pen.ellipse(5, 82, 12, 5, c.DARK_BROWN)
        else:
            for x in range(-14, 18, 4):
                pen.line([(x, 100), (x + 2, 72 + x % 3 * 6)], "#2f8f3a", 3.5)
    elif thing.action == "running":
        for y, length in ((36, 26), (54, 34), (72, 26)):
            pen.line([(100, y), (100 + length, y)], "#6f7680", 3)
        for x, radius in ((96, 7), (108, 9), (120, 6)):
            pen.circle(x, 94, radius, "#d9cdb8")
        _plain(canvas, replace(thing, kind=f"running {thing.kind}"), box)
    elif thing.action == "flying":
        _flying_bird(pen, PAINT[thing.colour or "blue"])
    else:
        _plain(canvas, thing, box)


def _sleeping(canvas: Canvas, thing: Thing, box: Box) -> None:
    low = Box(box.x, box.y + box.height * 0.42, box.width, box.height * 0.58)
    paint = PAINT[(thing.colour or "gray").split(" and ")[0]]
    right = thing.facing == "right"
    if thing.kind == "cat":
        animals.draw_sleeping_cat(canvas, low, paint, flip=right)
    elif thing.kind == "dog":
        _sleeping_dog(canvas.within(low, flip=right), paint)
    else:
        _plain(canvas, thing, low)
    _snore(canvas.within(box, flip=right))


def _snore(pen: Canvas) -> None:
    for x, y, size in ((16, 32, 12), (32, 12, 18)):
        for ink, width in ((c.BLACK, 6.0), (c.WHITE, 3.4)):
            corners = [(x, y), (x + size, y), (x, y + size), (x + size, y + size)]
            pen.line(corners, ink, width)


def _sleeping_dog(pen: Canvas, colour: str) -> None:
    dark = shade(colour, 0.7)
    pen.curve([(86, 84), (98, 80), (97, 60)], colour, 8)
    pen.blob([(30, 60), (52, 34), (80, 34), (94, 66), (88, 94), (40, 94)], colour)
    pen.line([(38, 93), (14, 95)], dark, 9)
    pen.circle(27, 66, 20, colour)
    pen.rounded(0, 66, 28, 22, 8, colour)
    pen.ellipse(3, 70, 5, 5, c.BLACK)
    pen.arc(20, 62, 5, 4, 20, 160, c.WHITE if colour == c.BLACK else c.BLACK, 2.5)
    pen.blob([(30, 48), (44, 52), (46, 80), (38, 88), (32, 72)], dark)


def _flying_bird(pen: Canvas, colour: str) -> None:
    dark = shade(colour, 0.65)
    pen.polygon([(76, 50), (99, 42), (99, 66)], dark)
    pen.polygon([(42, 50), (46, 2), (72, 12), (66, 52)], dark)
    pen.ellipse(50, 56, 32, 15, colour)
    pen.circle(22, 48, 13, colour)
    pen.polygon([(11, 44), (0, 50), (11, 54)], c.ORANGE)
    pen.circle(18, 45, 3, c.BLACK)
    pen.polygon([(44, 58), (40, 98), (66, 88), (64, 58)], dark)


def _draw_person(canvas: Canvas, scene: Scene, thing: Thing, box: Box) -> None:
    look = replace(_LOOKS[thing.kind], hat=PAINT[thing.hat] if thing.hat else None)
    flip = thing.facing == "left"
    if thing.action == "sleeping":
        pen = canvas.within(box, units=(60, 60))
        people.draw_head(pen, 30, 36, look, happy=False)
        for x in (23, 37):
            pen.circle(x, 37, 3.4, look.skin)
            pen.line([(x - 3, 38), (x + 3, 38)], c.BLACK, 1.8)
        _snore(canvas.within(Box(box.x + box.width * 0.9, box.y - box.height * 0.5, 44, 44)))
        return
    look = replace(look, shirt=PAINT[thing.colour or "gray"])
    if thing.colour in ("blue", "brown"):
        look = replace(look, pants="#3a3f4a")
    pose = people.RIDE if (thing.action or "").startswith("riding") else _POSES.get(thing.action or "")
    if thing.action and thing.action.startswith("eating"):
        pose = _HOLD
    pen = canvas.within(box, units=people.UNITS, flip=flip)
    _behind(pen, thing.action)
    people.draw_person(canvas, box, look, pose or people.STAND, flip=flip)
    if thing.action == "skiing":
        for x in (52, 84):
            pen.line([(x, 88), (x + 18, 196)], c.DARK_GRAY, 3)


def _behind(pen: Canvas, action: str | None) -> None:
    """What a person stands on, and the dust of running."""
    if action == "skateboarding":
        objects.draw_skateboard(pen, Box(-14, 180, 128, 24), c.ORANGE)
    elif action == "surfing":
        pen.ellipse(50, 194, 76, 16, "#6db4e0")
        objects.draw_surfboard(pen, Box(-12, 178, 124, 26), c.YELLOW)
    elif action == "skiing":
        for y in (190, 196):
            pen.line([(-10, y), (112, y), (124, y - 8)], c.RED, 5)
    elif action == "running":
        for y, length in ((70, 22), (96, 30), (122, 22)):
            pen.line([(-2 - length, y), (-2, y)], "#6f7680", 4)
        for x, radius in ((-4, 7), (-16, 9)):
            pen.circle(x, 190, radius, "#d9cdb8")


def _string(canvas: Canvas, person: Thing, kite: Box) -> None:
    left, upper, right, lower = (OVERSAMPLING * edge for edge in person.box)
    across = 0.92 if person.facing == "right" else 0.08
    hand = (left + across * (right - left), upper + 0.06 * (lower - upper))
    canvas.line([hand, (kite.x + kite.width / 2, kite.y + kite.height * 0.7)], c.WHITE, 1.4)


_LOOKS = {
    "man": Look(pants="#2f3b57", hair=c.DARK_BROWN),
    "woman": Look(long_hair=True, dress=True, hair=c.DARK_BROWN, shoes=c.RED),
    "boy": Look(shorts=True, pants="#57657a", hair="#3a2a1c", skin="#e2ad84"),
    "girl": Look(long_hair=True, dress=True, hair="#d9a441", skin="#f3cba8"),
}

Figure = Callable[[Canvas, Box, str, str, bool], None]


def _umbrella(canvas: Canvas, box: Box, first: str, second: str, flip: bool) -> None:
    objects.draw_umbrella(canvas, box, first)
    if first != second:
        pen = canvas.within(box)
        for start, end in ((180, 225), (270, 315)):
            pen.pie(50, 46, 49, 42, start, end, second)


def _boat(canvas: Canvas, box: Box, first: str, second: str, flip: bool) -> None:
    vehicles.draw_sailboat(canvas, box, first, second)


def _lamp(canvas: Canvas, box: Box, first: str, second: str, flip: bool) -> None:
    objects.draw_lamp(canvas, box, first, on=False)


def _mug(canvas: Canvas, box: Box, first: str, second: str, flip: bool) -> None:
    food.draw_mug(canvas, box, first, steam=False)


def _zebra(canvas: Canvas, box: Box, first: str, second: str, flip: bool) -> None:
    animals.draw_horse(canvas, box, c.WHITE, flip=flip, striped=True)


def _dog(canvas: Canvas, box: Box, first: str, second: str, flip: bool) -> None:
    animals.draw_dog(canvas, box, first, None, flip=flip)


def _stretched(figure: Figure) -> Figure:
    """An animal in a hurry: longer and lower, its legs set apart by the dust."""

    def run(canvas: Canvas, box: Box, first: str, second: str, flip: bool) -> None:
        low = Box(box.x - box.width * 0.06, box.y + box.height * 0.1, box.width * 1.12, box.height * 0.86)
        figure(canvas, low, first, second, flip)

    return run


_FIGURES: dict[str, Figure] = {
    "dog": _dog,
    "cat": lambda n, b, one, two, flip: animals.draw_cat(n, b, one, flip=flip),
    "horse": lambda n, b, one, two, flip: animals.draw_horse(n, b, one, flip=flip),
    "cow": lambda n, b, one, two, flip: animals.draw_cow(n, b, flip=flip),
    "sheep": lambda n, b, one, two, flip: animals.draw_sheep(n, b, one, flip=flip),
    "elephant": lambda n, b, one, two, flip: animals.draw_elephant(n, b, one, flip=flip),
    "giraffe": lambda n, b, one, two, flip: animals.draw_giraffe(n, b, flip=flip),
    "zebra": _zebra,
    "bird": lambda n, b, one, two, flip: animals.draw_bird(n, b, one, flip=flip),
    "car": lambda n, b, one, two, flip: vehicles.draw_car(n, b, one, flip=flip),
    "bus": lambda n, b, one, two, flip: vehicles.draw_bus(n, b, one, flip=flip),
    "truck": lambda n, b, one, two, flip: vehicles.draw_truck(n, b, one, flip=flip),
    "bicycle": lambda n, b, one, two, flip: vehicles.draw_bicycle(n, b, one, flip=not flip),
    "motorcycle": lambda n, b, one, two, flip: vehicles.draw_motorcycle(n, b, one, flip=not flip),
    "boat": _boat,
    "plane": lambda n, b, one, two, flip: vehicles.draw_airplane(n, b, one, two, flip=flip),
    "apple": lambda n, b, one, two, flip: food.draw_apple(n, b, one),
    "banana": lambda n, b, one, two, flip: _banana(n, b, one),
    "orange": lambda n, b, one, two, flip: food.draw_orange(n, b),
    "pizza": lambda n, b, one, two, flip: food.draw_pizza(n, b, 6, 0),
    "cake": lambda n, b, one, two, flip: food.draw_cake(n, b, one, 3),
    "table": lambda n, b, one, two, flip: rooms.draw_table(n, b, one),
    "chair": lambda n, b, one, two, flip: rooms.draw_chair(n, b, one, flip=not flip),
    "couch": lambda n, b, one, two, flip: rooms.draw_couch(n, b, one),
    "bed": lambda n, b, one, two, flip: rooms.draw_bed(n, b, one),
    "umbrella": _umbrella,
    "kite": lambda n, b, one, two, flip: objects.draw_kite(n, b, one, two),
    "book": lambda n, b, one, two, flip: _book(n, b, one),
    "cup": _mug,
    "lamp": _lamp,
}


def _banana(canvas: Canvas, box: Box, colour: str) -> None:
    """One banana; the sample draws bunches."""
    pen = canvas.within(box)
    outer = [(4, 14), (12, 60), (40, 90), (76, 88), (98, 62)]
    inner = [(90, 58), (66, 62), (40, 50), (20, 20)]
    pen.blob([*outer, *inner], colour)
    pen.curve([(10, 24), (26, 58), (52, 74), (86, 68)], shade(colour, 0.82), 5)
    pen.line([(6, 16), (3, 2)], c.DARK_BROWN, 9)
    pen.ellipse(97, 61, 5, 6, c.DARK_BROWN, tilt=30)


def _book(canvas: Canvas, box: Box, colour: str) -> None:
    """A closed book that lies on its back, a little from above."""
    pen, dark = canvas.within(box), shade(colour, 0.7)
    pen.polygon([(14, 8), (98, 8), (84, 66), (0, 66)], colour)
    pen.polygon([(0, 66), (84, 66), (84, 94), (0, 94)], "#fdf8ea")
    pen.polygon([(84, 66), (98, 8), (98, 38), (84, 94)], "#e4dcc6")
    pen.line([(1, 94), (85, 94), (98, 38)], dark, 6)
    pen.line([(1, 66), (1, 94)], dark, 6)
    pen.polygon([(34, 22), (76, 22), (70, 44), (28, 44)], shade(colour, 2.2))


_FIGURES |= {
    f"running {kind}": _stretched(_FIGURES[kind])
    for kind in ("dog", "horse", "cow", "sheep", "elephant", "giraffe", "zebra")
}
