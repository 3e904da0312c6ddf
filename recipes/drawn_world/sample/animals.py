"""Pictures 1 to 13: animals."""

from __future__ import annotations

from collections.abc import Callable

from recipes.drawn_world.figures import (
    animals,
    colours as c,
    objects,
    outdoors as out,
    rooms,
)
from recipes.drawn_world.figures.canvas import Box, Canvas


def orange_cat(canvas: Canvas) -> None:
    """An orange cat sits on a green couch beside a window."""
    rooms.draw_room(canvas, c.BEIGE, c.TAN)
    rooms.draw_window(canvas, Box(20, 16, 84, 84))
    rooms.draw_couch(canvas, Box(84, 60, 226, 156), c.GREEN)
    animals.draw_cat(canvas, Box(140, 52, 120, 134), c.ORANGE)


def brown_dog(canvas: Canvas) -> None:
    """A brown dog with a red collar stands on grass behind a yellow ball."""
    out.draw_ground(canvas)
    out.draw_cloud(canvas, Box(20, 14, 80, 40))
    out.draw_tree(canvas, Box(220, 8, 96, 150))
    out.draw_grass_tufts(canvas, 150)
    animals.draw_dog(canvas, Box(70, 70, 160, 140), c.BROWN)
    canvas.circle(52, 206, 13, "#dcd92b")


def brown_horse(canvas: Canvas) -> None:
    """A brown horse stands in front of a white fence and looks to the right."""
    out.draw_ground(canvas, horizon=130)
    out.draw_cloud(canvas, Box(210, 12, 86, 40))
    out.draw_fence(canvas, Box(0, 100, 320, 60))
    out.draw_grass_tufts(canvas, 165)
    animals.draw_horse(canvas, Box(60, 28, 200, 190), c.BROWN, flip=True)


def blue_bird(canvas: Canvas) -> None:
    """A blue bird sits on a branch."""
    canvas.rectangle(0, 0, 320, 240, "#dff1e4")
    canvas.curve([(0, 204), (120, 188), (220, 196), (320, 176)], c.BROWN, 12)
    canvas.curve([(210, 195), (250, 160), (290, 140)], c.BROWN, 7)
    for x, y, tilt in (
        (262, 146, 40),
        (288, 128, -30),
        (304, 160, 20),
        (30, 186, -40),
        (52, 214, 30),
        (296, 196, 40),
    ):
        out.draw_leaf(canvas, x, y, c.GREEN, tilt, 16)
    animals.draw_bird(canvas, Box(84, 44, 150, 154), c.BLUE)


def two_elephants(canvas: Canvas) -> None:
    """A big elephant and a baby elephant walk to the left under the sun."""
    out.draw_ground(canvas, c.SKY, "#d8c07a", horizon=150)
    out.draw_sun(canvas, 286, 36)
    out.draw_tree(canvas, Box(4, 60, 70, 100), "#6f9a48")
    animals.draw_elephant(canvas, Box(46, 50, 180, 164))
    animals.draw_elephant(canvas, Box(226, 132, 88, 84), "#a0a6ae")


def flying_bat(canvas: Canvas) -> None:
    """A black bat flies in front of the moon."""
    canvas.rectangle(0, 0, 320, 240, c.NIGHT)
    out.draw_moon(canvas, 160, 104, 88)
    canvas.polygon([(0, 240), (0, 206), (60, 190), (140, 214), (230, 188), (320, 210), (320, 240)], "#0d1426")
    animals.draw_bat(canvas, Box(50, 34, 220, 140))


def hanging_bats(canvas: Canvas) -> None:
    """Three brown bats hang from a branch at dusk."""
    canvas.rectangle(0, 0, 320, 240, "#b9a2cf")
    canvas.polygon([(0, 240), (0, 214), (90, 196), (190, 218), (320, 194), (320, 240)], "#5f5580")
    canvas.curve([(0, 40), (120, 48), (230, 40), (320, 52)], "#3c2818", 13)
    for x, y, tilt in ((24, 26, -40), (290, 36, -50), (112, 34, -60)):
        out.draw_leaf(canvas, x, y, c.DARK_GREEN, tilt, 13)
    for x in (24, 120, 216):
        animals.draw_hanging_bat(canvas, Box(x, 44, 84, 142))


def tall_giraffe(canvas: Canvas) -> None:
    """A giraffe stands beside a tree."""
    out.draw_ground(canvas, c.SKY, "#b9c766", horizon=170)
    out.draw_tree(canvas, Box(4, 30, 110, 170))
    out.draw_grass_tufts(canvas, 180)
    animals.draw_giraffe(canvas, Box(104, 8, 160, 218))


def three_zebras(canvas: Canvas) -> None:
    """Three zebras on dry grass; two look left and one looks right."""
    out.draw_ground(canvas, c.SKY, "#cdbf6a", horizon=110)
    out.draw_grass_tufts(canvas, 120, "#8f8a3a")
    animals.draw_horse(canvas, Box(10, 44, 130, 116), c.WHITE, striped=True)
    animals.draw_horse(canvas, Box(180, 40, 130, 116), c.WHITE, striped=True, flip=True)
    animals.draw_horse(canvas, Box(88, 92, 150, 136), c.WHITE, striped=True)


def two_cows(canvas: Canvas) -> None:
    """Two black and white cows on a meadow near a red barn."""
    out.draw_ground(canvas, horizon=110)
    out.draw_house(canvas, Box(214, 30, 100, 90), "#b8352c", "#7c2a22")
    out.draw_cloud(canvas, Box(30, 12, 80, 36))
    out.draw_grass_tufts(canvas, 124)
    animals.draw_cow(canvas, Box(14, 84, 146, 126))
    animals.draw_cow(canvas, Box(176, 112, 130, 112), flip=True)


def four_ducks(canvas: Canvas) -> None:
    """Four yellow ducks swim in a pond."""
    out.draw_ground(canvas, c.SKY, c.GRASS, horizon=60)
    out.draw_sea(canvas, 84)
    for x, y, size in ((26, 72, 74), (186, 66, 74), (96, 134, 84), (218, 142, 84)):
        animals.draw_duck(canvas, Box(x, y, size, size * 0.84))


def black_sheep(canvas: Canvas) -> None:
    """Three white sheep and a black one on green grass."""
    out.draw_ground(canvas, horizon=90)
    out.draw_sun(canvas, 40, 36)
    out.draw_grass_tufts(canvas, 100)
    for x, y, wool in ((24, 58, c.WHITE), (186, 62, c.WHITE), (14, 136, "#3a3d44"), (174, 140, c.WHITE)):
        animals.draw_sheep(canvas, Box(x, y, 118, 92), wool)


def cat_and_dog(canvas: Canvas) -> None:
    """A white cat sits on a red rug to the left of a black dog."""
    rooms.draw_room(canvas, c.LIGHT_BLUE, "#c99e6b")
    canvas.ellipse(160, 206, 150, 28, c.RED)
    canvas.ellipse(160, 206, 134, 22, "#e4665f")
    animals.draw_cat(canvas, Box(42, 102, 92, 106), "#f4f1ea")
    animals.draw_dog(canvas, Box(150, 82, 130, 128), "#33363d", c.YELLOW)
    rooms.draw_picture(canvas, Box(128, 18, 64, 48))


def pets_watch_tv(canvas: Canvas) -> None:
    """A brown dog and an orange cat sit before a television that shows soccer."""
    rooms.draw_room(canvas, "#d9e4c8", "#b58a5a")
    rooms.draw_cabinet(canvas, Box(6, 140, 140, 50), c.DARK_BROWN)
    objects.draw_tv(canvas, Box(6, 40, 140, 104))
    animals.draw_dog(canvas, Box(178, 104, 116, 116), c.BROWN, c.BLUE)
    animals.draw_sleeping_cat(canvas, Box(84, 182, 100, 54), c.ORANGE)


SCENES: dict[int, Callable[[Canvas], None]] = {
    1: orange_cat,
    2: brown_dog,
    3: brown_horse,
    4: blue_bird,
    5: two_elephants,
    6: flying_bat,
    7: hanging_bats,
    8: tall_giraffe,
    9: three_zebras,
    10: two_cows,
    11: four_ducks,
    12: black_sheep,
    13: cat_and_dog,
    14: pets_watch_tv,
}
