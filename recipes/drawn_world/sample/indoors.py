"""Pictures 40 to 57: food, rooms and things."""

from __future__ import annotations

from collections.abc import Callable

from recipes.drawn_world.figures import (
    animals,
    colours as c,
    food,
    objects,
    people,
    rooms,
)
from recipes.drawn_world.figures.canvas import Box, Canvas, shade
from recipes.drawn_world.figures.people import Look


def bowl_of_oranges(canvas: Canvas) -> None:
    """Five oranges in a blue bowl on a wooden table."""
    canvas.rectangle(0, 0, 320, 240, "#eef3e6")
    rooms.draw_table_top(canvas, "#b98350", horizon=150)
    for x, y in ((106, 46), (158, 42), (78, 82), (132, 78), (186, 82)):
        food.draw_orange(canvas, Box(x, y, 62, 62))
    food.draw_bowl(canvas, Box(52, 96, 220, 116), c.BLUE)


def cut_orange(canvas: Canvas) -> None:
    """A whole orange, two halves and a knife on a cutting board."""
    canvas.rectangle(0, 0, 320, 240, "#d7e5ea")
    canvas.rounded(22, 30, 276, 184, 16, c.TAN)
    canvas.rounded(30, 36, 260, 170, 12, "#e4c596")
    food.draw_orange(canvas, Box(44, 44, 96, 96))
    food.draw_orange_half(canvas, Box(146, 60, 84, 84))
    food.draw_orange_half(canvas, Box(90, 128, 72, 72))
    food.draw_knife(canvas, Box(236, 50, 44, 144))


def bananas(canvas: Canvas) -> None:
    """Three bananas and a red apple on a white plate."""
    canvas.rectangle(0, 0, 320, 240, "#87a7b8")
    food.draw_plate(canvas, Box(20, 20, 280, 204))
    food.draw_bananas(canvas, Box(58, 62, 150, 116))
    food.draw_apple(canvas, Box(200, 96, 66, 68))


def pizza(canvas: Canvas) -> None:
    """A round pizza of which one slice is gone, with a fork and a knife."""
    canvas.rectangle(0, 0, 320, 240, "#a23b3b")
    for i in range(0, 320, 40):
        canvas.rectangle(i, 0, 20, 240, "#b65252")
    food.draw_plate(canvas, Box(52, 10, 222, 222))
    food.draw_pizza(canvas, Box(66, 22, 194, 194))
    food.draw_fork(canvas, Box(12, 60, 28, 130))
    food.draw_knife(canvas, Box(284, 56, 26, 134))


def birthday(canvas: Canvas) -> None:
    """A happy girl behind a pink birthday cake with four candles."""
    canvas.rectangle(0, 0, 320, 240, "#cfe3f3")
    for x, y, colour in ((40, 50, c.RED), (84, 32, c.YELLOW), (262, 44, c.GREEN), (294, 80, c.PURPLE)):
        canvas.line([(x, y), (x + 4, 150)], c.GRAY, 1)
        canvas.ellipse(x, y, 19, 24, colour)
        canvas.ellipse(x - 6, y - 8, 4, 6, shade(colour, 1.8))
    people.draw_person(canvas, Box(106, 26, 112, 220), Look(shirt=c.BLUE, long_hair=True), people.CLAP)
    rooms.draw_table_top(canvas, "#f0ede4", horizon=184)
    food.draw_cake(canvas, Box(84, 106, 156, 118))


def breakfast(canvas: Canvas) -> None:
    """Two fried eggs and a toast on a plate, a glass of orange juice, fork and knife."""
    canvas.rectangle(0, 0, 320, 240, "#7d5a3c")
    canvas.rounded(6, 8, 308, 224, 8, "#9dbf8f")
    food.draw_plate(canvas, Box(50, 30, 180, 180))
    food.draw_fried_egg(canvas, Box(70, 58, 70, 66))
    food.draw_fried_egg(canvas, Box(128, 82, 72, 68))
    food.draw_toast(canvas, Box(84, 126, 66, 62))
    food.draw_fork(canvas, Box(16, 64, 26, 124))
    food.draw_knife(canvas, Box(234, 92, 24, 118))
    food.draw_drink(canvas, Box(252, 26, 56, 84), "#f7a325", 0.8)


def three_glasses(canvas: Canvas) -> None:
    """Three drinking glasses: a full one, a half full one and an empty one."""
    canvas.rectangle(0, 0, 320, 240, "#f2e3c9")
    rooms.draw_table_top(canvas, "#8a5f3c", horizon=170)
    for x, level in ((24, 0.9), (118, 0.45), (212, 0.0)):
        food.draw_drink(canvas, Box(x, 56, 84, 148), "#74b9e8" if level else None, level)


def wine_for_two(canvas: Canvas) -> None:
    """Two wine glasses with red wine and a candle on a table, at night."""
    canvas.rectangle(0, 0, 320, 240, "#33294a")
    rooms.draw_window(canvas, Box(196, 10, 104, 110), c.NIGHT)
    canvas.circle(252, 42, 9, "#f6efc4")
    rooms.draw_table_top(canvas, "#e8e2d4", horizon=170)
    food.draw_wine_glass(canvas, Box(36, 60, 80, 152))
    food.draw_wine_glass(canvas, Box(200, 60, 80, 152))
    canvas.circle(158, 92, 34, "#56406a")
    canvas.rectangle(150, 110, 16, 90, c.WHITE)
    canvas.blob([(158, 74), (167, 94), (158, 108), (149, 94)], c.ORANGE)
    canvas.ellipse(158, 97, 4, 8, c.YELLOW)


def kitchen(canvas: Canvas) -> None:
    """A kitchen with a refrigerator, a white stove, brown cabinets and a red hanging light."""
    rooms.draw_room(canvas, "#f4e6b8", "#d8d2c4", horizon=196, tiles=True)
    rooms.draw_fridge(canvas, Box(10, 44, 76, 168))
    rooms.draw_cabinet(canvas, Box(96, 20, 88, 52), c.BROWN)
    rooms.draw_cabinet(canvas, Box(96, 134, 88, 78), c.BROWN)
    canvas.rectangle(92, 126, 96, 9, c.DARK_GRAY)
    canvas.curve([(138, 126), (138, 104), (152, 102), (154, 112)], c.GRAY, 5)
    rooms.draw_stove(canvas, Box(190, 126, 80, 86))
    canvas.rounded(210, 98, 42, 26, 4, c.RED)
    canvas.line([(252, 106), (282, 102)], c.BLACK, 5)
    objects.draw_ceiling_light(canvas, Box(204, 0, 70, 90), c.RED)


def bathroom(canvas: Canvas) -> None:
    """A blue bathroom with a bathtub, a toilet, a sink and a mirror."""
    rooms.draw_room(canvas, "#9fcfe0", "#e6e9ea", horizon=176, tiles=True)
    rooms.draw_bathtub(canvas, Box(6, 120, 136, 94))
    rooms.draw_sink(canvas, Box(156, 110, 66, 100))
    rooms.draw_mirror(canvas, Box(160, 24, 58, 74), c.BROWN)
    rooms.draw_toilet(canvas, Box(230, 114, 84, 100))
    canvas.line([(36, 42), (108, 42)], c.GRAY, 4)
    canvas.rectangle(48, 42, 48, 54, c.PINK)
    canvas.rectangle(48, 86, 48, 5, c.WHITE)


def watching_tv(canvas: Canvas) -> None:
    """Two people, seen from behind, watch soccer from a brown couch in a living room."""
    rooms.draw_room(canvas, "#cdd9c3", "#a97c50", horizon=150)
    rooms.draw_picture(canvas, Box(14, 22, 60, 48))
    rooms.draw_cabinet(canvas, Box(84, 132, 152, 28), c.DARK_BROWN)
    objects.draw_tv(canvas, Box(86, 20, 148, 116))
    objects.draw_lamp(canvas, Box(252, 66, 62, 96), c.YELLOW, on=False)
    canvas.rounded(104, 142, 46, 54, 16, c.RED)
    canvas.circle(127, 128, 21, c.BLACK)
    canvas.rounded(178, 148, 42, 50, 16, c.BLUE)
    canvas.blob([(199, 112), (221, 124), (224, 164), (199, 170), (174, 164), (177, 124)], "#a8622f")
    canvas.rounded(34, 170, 252, 66, 12, "#7a5132")
    canvas.rounded(42, 178, 115, 54, 8, "#936544")
    canvas.rounded(163, 178, 115, 54, 8, "#936544")


def bedroom(canvas: Canvas) -> None:
    """A black cat sleeps on a blue bed; the lamp on the nightstand is off."""
    rooms.draw_room(canvas, "#f3d9d2", "#b58a5a", horizon=180)
    rooms.draw_window(canvas, Box(186, 16, 100, 88), c.SKY, curtain=c.PURPLE)
    rooms.draw_picture(canvas, Box(70, 24, 66, 50))
    rooms.draw_cabinet(canvas, Box(4, 152, 44, 60), c.BROWN, doors=1)
    objects.draw_lamp(canvas, Box(2, 92, 48, 64), c.GREEN, on=False)
    rooms.draw_bed(canvas, Box(54, 98, 258, 122), c.BLUE)
    animals.draw_sleeping_cat(canvas, Box(176, 92, 100, 64), c.BLACK)


def wall_clock(canvas: Canvas) -> None:
    """A round black and white clock on a green wall; it is ten past ten."""
    canvas.rectangle(0, 0, 320, 240, "#93b58f")
    canvas.circle(166, 126, 96, "#7d9d7a")
    objects.draw_clock(canvas, Box(64, 22, 192, 192), 10, 10)


def glasses_on_book(canvas: Canvas) -> None:
    """Black eye glasses lie on an open red book."""
    rooms.draw_table_top(canvas, "#b98350", horizon=0)
    objects.draw_book(canvas, Box(26, 18, 268, 204), c.RED)
    objects.draw_glasses(canvas, Box(68, 86, 186, 66))


def wrist_watch(canvas: Canvas) -> None:
    """A wrist watch with a brown strap that shows three o'clock."""
    canvas.rectangle(0, 0, 320, 240, "#d5dde6")
    canvas.ellipse(166, 124, 82, 108, "#c0c9d4")
    objects.draw_watch(canvas, Box(100, 4, 120, 232), 3, 0)


def laptop_desk(canvas: Canvas) -> None:
    """A laptop and a red mug of coffee on a desk; the mug is to the right."""
    canvas.rectangle(0, 0, 320, 240, "#e2e6ea")
    rooms.draw_table_top(canvas, "#c79a63", horizon=140)
    objects.draw_laptop(canvas, Box(20, 44, 196, 158))
    food.draw_mug(canvas, Box(232, 88, 76, 100), c.RED)


def heavy_and_light(canvas: Canvas) -> None:
    """An iron dumbbell to the left of a white feather."""
    canvas.rectangle(0, 0, 320, 240, "#b7d3e6")
    rooms.draw_table_top(canvas, "#9a6b41", horizon=150)
    objects.draw_dumbbell(canvas, Box(18, 108, 140, 84))
    objects.draw_feather(canvas, Box(194, 90, 108, 108), "#fbfbf8")


def reading_man(canvas: Canvas) -> None:
    """A man with glasses reads a book under a lamp that is on; it is night."""
    rooms.draw_room(canvas, "#c9b18f", "#7a5a3c", horizon=186)
    rooms.draw_window(canvas, Box(18, 24, 84, 88), c.NIGHT)
    canvas.circle(80, 48, 7, "#f6efc4")
    rooms.draw_cabinet(canvas, Box(252, 146, 60, 64), c.DARK_BROWN)
    objects.draw_lamp(canvas, Box(236, 44, 90, 106), c.YELLOW)
    canvas.rounded(106, 74, 124, 136, 20, c.DARK_GREEN)
    canvas.rounded(96, 134, 24, 80, 8, shade(c.DARK_GREEN, 0.8))
    canvas.rounded(216, 134, 24, 80, 8, shade(c.DARK_GREEN, 0.8))
    look = Look(shirt=c.BLUE, pants=c.DARK_GRAY, glasses=True, hair=c.GRAY, long_sleeves=True)
    people.draw_person(canvas, Box(116, 36, 104, 198), look, people.READ)
    canvas.polygon([(138, 112), (168, 120), (198, 112), (198, 146), (168, 154), (138, 146)], c.RED)
    canvas.line([(168, 120), (168, 154)], c.BLACK, 1.5)


def flower_vase(canvas: Canvas) -> None:
    """Three red flowers in a blue vase on a table, between a white cup and an apple."""
    canvas.rectangle(0, 0, 320, 240, "#f6ecd6")
    rooms.draw_table_top(canvas, "#a8744a", horizon=168)
    objects.draw_flowers(canvas, Box(84, 20, 152, 180), c.BLUE, c.RED)
    food.draw_mug(canvas, Box(22, 120, 70, 80), "#f2f2ee", steam=False)
    food.draw_apple(canvas, Box(246, 144, 54, 56), c.GREEN)


SCENES: dict[int, Callable[[Canvas], None]] = {
    40: bowl_of_oranges,
    41: cut_orange,
    42: bananas,
    43: pizza,
    44: birthday,
    45: breakfast,
    46: three_glasses,
    47: wine_for_two,
    48: kitchen,
    49: bathroom,
    50: watching_tv,
    51: bedroom,
    52: wall_clock,
    53: glasses_on_book,
    54: wrist_watch,
    55: laptop_desk,
    56: heavy_and_light,
    57: reading_man,
    58: flower_vase,
}
