"""Pictures 15 to 26: vehicles, streets and signs."""

from __future__ import annotations

from collections.abc import Callable

from recipes.drawn_world.figures import (
    colours as c,
    food,
    outdoors as out,
    people,
    vehicles,
)
from recipes.drawn_world.figures.canvas import Box, Canvas
from recipes.drawn_world.figures.people import Look


def school_bus(canvas: Canvas) -> None:
    """A yellow bus drives to the left; a man and a girl wait on the sidewalk."""
    out.draw_ground(canvas, c.SKY, "#bfc3c7", horizon=120)
    out.draw_tree(canvas, Box(250, 10, 70, 118))
    out.draw_road(canvas, 150, 206)
    vehicles.draw_bus(canvas, Box(14, 44, 220, 140), c.YELLOW)
    people.draw_person(canvas, Box(236, 98, 54, 112), Look(shirt=c.GREEN, pants=c.NAVY))
    people.draw_person(canvas, Box(282, 132, 38, 80), Look(shirt=c.PINK, dress=True, long_hair=True))


def red_car(canvas: Canvas) -> None:
    """A red car is parked in front of a house."""
    out.draw_ground(canvas, horizon=140)
    out.draw_house(canvas, Box(150, 20, 150, 130), c.BEIGE, "#5c6b7a")
    out.draw_tree(canvas, Box(18, 26, 90, 124))
    out.draw_road(canvas, 170, 240)
    vehicles.draw_car(canvas, Box(50, 120, 180, 92), c.RED)


def green_train(canvas: Canvas) -> None:
    """A green train with the number 7 runs to the left in front of mountains."""
    out.draw_ground(canvas, c.SKY, c.GRASS, horizon=130)
    for peak in ((60, 30, 70), (170, 16, 90), (270, 40, 70)):
        canvas.polygon([(peak[0] - peak[2], 130), (peak[0], peak[1]), (peak[0] + peak[2], 130)], "#8796a8")
        canvas.polygon(
            [(peak[0] - 14, peak[1] + 20), (peak[0], peak[1]), (peak[0] + 14, peak[1] + 20)], c.WHITE
        )
    for x in range(0, 320, 18):
        canvas.rectangle(x, 204, 10, 12, c.DARK_BROWN)
    canvas.rectangle(0, 202, 320, 4, c.DARK_GRAY)
    vehicles.draw_train(canvas, Box(10, 92, 300, 122), c.GREEN)


def red_bicycle(canvas: Canvas) -> None:
    """A red bicycle leans against a brick wall."""
    out.draw_brick_wall(canvas, 176)
    canvas.rectangle(0, 176, 320, 64, "#b9bcc0")
    vehicles.draw_bicycle(canvas, Box(54, 66, 220, 146), c.RED)


def white_airplane(canvas: Canvas) -> None:
    """A white airplane with a red tail flies to the left between clouds."""
    canvas.rectangle(0, 0, 320, 240, "#7fc0ea")
    out.draw_cloud(canvas, Box(14, 18, 92, 44))
    out.draw_cloud(canvas, Box(206, 166, 104, 50))
    out.draw_cloud(canvas, Box(30, 188, 80, 36))
    vehicles.draw_airplane(canvas, Box(34, 62, 256, 116))


def two_sailboats(canvas: Canvas) -> None:
    """Two sailboats on the sea, a big one with a red hull and a small blue one."""
    out.draw_ground(canvas, c.SKY, horizon=140)
    out.draw_sun(canvas, 276, 38)
    out.draw_sea(canvas, 136)
    vehicles.draw_sailboat(canvas, Box(236, 82, 66, 76), c.YELLOW, c.BLUE)
    vehicles.draw_sailboat(canvas, Box(48, 22, 150, 170), c.WHITE, c.RED)


def red_light(canvas: Canvas) -> None:
    """Two cars, one blue and one white, wait before a red traffic light in the city."""
    out.draw_ground(canvas, c.SKY, "#bfc3c7", horizon=150)
    out.draw_city(canvas, 150)
    out.draw_road(canvas, 168, 240)
    vehicles.draw_car(canvas, Box(84, 128, 112, 66), c.BLUE)
    vehicles.draw_car(canvas, Box(204, 128, 112, 66), "#f0f0ec")
    out.draw_traffic_light(canvas, Box(14, 14, 58, 180), "red")


def stop_sign(canvas: Canvas) -> None:
    """A stop sign stands beside an empty road."""
    out.draw_ground(canvas, c.SKY, c.GRASS, horizon=150)
    out.draw_tree(canvas, Box(10, 30, 100, 140))
    out.draw_cloud(canvas, Box(110, 14, 70, 34))
    out.draw_road(canvas, 176, 232)
    out.draw_stop_sign(canvas, Box(186, 24, 96, 190))


def orange_truck(canvas: Canvas) -> None:
    """A blue truck carries oranges to the left."""
    out.draw_ground(canvas, "#f3dfb6", "#c9b079", horizon=160)
    out.draw_road(canvas, 176, 240)
    for row, count in ((0, 7), (1, 6), (2, 4)):
        for i in range(count):
            food.draw_orange(canvas, Box(124 + row * 12 + i * 23, 104 - row * 20, 27, 27), leaf=False)
    vehicles.draw_truck(canvas, Box(22, 68, 280, 138), c.BLUE)


def woman_on_motorcycle(canvas: Canvas) -> None:
    """A woman with a helmet rides a black motorcycle to the right."""
    out.draw_ground(canvas, c.SKY, c.GRASS, horizon=120)
    out.draw_tree(canvas, Box(6, 20, 70, 110))
    out.draw_road(canvas, 160, 236)
    vehicles.draw_motorcycle(canvas, Box(76, 116, 172, 98), c.BLACK)
    look = Look(shirt=c.RED, pants=c.NAVY, long_hair=True, long_sleeves=True, helmet=c.WHITE)
    people.draw_person(canvas, Box(106, 36, 86, 162), look, people.RIDE)


def double_decker(canvas: Canvas) -> None:
    """A red double decker bus drives to the right through a city."""
    out.draw_ground(canvas, "#dfe6ec", "#bfc3c7", horizon=160)
    out.draw_city(canvas, 160, "#a4adb8")
    out.draw_road(canvas, 180, 240)
    vehicles.draw_bus(canvas, Box(58, 46, 206, 162), c.RED, decks=2, flip=True)


def one_way(canvas: Canvas) -> None:
    """A one way sign whose arrow points to the right, over a street with a yellow car."""
    out.draw_ground(canvas, c.SKY, "#bfc3c7", horizon=150)
    out.draw_city(canvas, 150, "#c0a58c")
    out.draw_road(canvas, 176, 240)
    out.draw_one_way_sign(canvas, Box(74, 22, 176, 150))
    vehicles.draw_car(canvas, Box(20, 146, 104, 60), c.YELLOW, flip=True)


SCENES: dict[int, Callable[[Canvas], None]] = {
    15: school_bus,
    16: red_car,
    17: green_train,
    18: red_bicycle,
    19: white_airplane,
    20: two_sailboats,
    21: red_light,
    22: stop_sign,
    23: orange_truck,
    24: woman_on_motorcycle,
    25: double_decker,
    26: one_way,
}
