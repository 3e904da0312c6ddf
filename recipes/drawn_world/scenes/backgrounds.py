"""The eleven places, drawn once for each time of day and weather and then copied."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from PIL import Image, ImageDraw, ImageOps

from recipes.drawn_world.figures import colours as c, outdoors, rooms
from recipes.drawn_world.figures.canvas import HEIGHT, WIDTH, Box, Canvas, shade

SKIES = {
    "day": "#a9d8f2",
    "sunny": "#8fd0f5",
    "cloudy": "#b9c3cc",
    "raining": "#93a1af",
    "snowing": "#ced6de",
    "evening": "#f3a76b",
    "night": c.NIGHT,
}
HORIZON = 118.0


def canvas_over(image: Image.Image) -> Canvas:
    """A canvas whose frame is the sample's, 320 by 240, on a picture of that many device pixels."""
    return Canvas(image, ImageDraw.Draw(image), (0.0, 0.0), (1.0, 1.0))


@lru_cache(maxsize=256)
def background(place: str, time: str, weather: str | None, mirrored: bool) -> Image.Image:
    """A place without things, 320 by 240; callers copy it before they draw on it."""
    image = Image.new("RGB", (WIDTH, HEIGHT), SKIES[weather or time])
    canvas = canvas_over(image)
    if place in _ROOMS:
        _ROOMS[place](canvas, SKIES[time], time == "night")
    else:
        _heaven(canvas, time, weather)
        _GROUNDS[place](canvas, time == "night")
    return ImageOps.mirror(image) if mirrored else image


def weather_over(canvas: Canvas, weather: str | None) -> None:
    """Rain or snow before everything else."""
    if weather == "raining":
        for i in range(70):
            x, y = (i * 73 + 7) % WIDTH, (i * 47 + 5) % HEIGHT
            canvas.polygon([(x, y), (x + 2, y), (x - 3, y + 13), (x - 5, y + 13)], "#5f86b0")
    elif weather == "snowing":
        for i in range(60):
            x, y = (i * 73 + 7) % WIDTH, (i * 47 + 5) % HEIGHT
            canvas.rectangle(x, y, 4, 4, c.WHITE)


def _heaven(canvas: Canvas, time: str, weather: str | None) -> None:
    if time == "night":
        outdoors.draw_moon(canvas, 270, 36, 18)
    elif time == "evening":
        canvas.rectangle(0, HORIZON - 34, WIDTH, 40, "#f7c77e")
        canvas.circle(60, HORIZON - 6, 24, "#ef5b35")
    elif weather == "sunny":
        outdoors.draw_sun(canvas, 280, 34, 18)
    else:
        for x, y in ((14, 14), (120, 6), (226, 18)):
            outdoors.draw_cloud(canvas, Box(x, y, 80, 34), "#e4e8ec" if weather == "snowing" else "#8b97a3")


def _ground(canvas: Canvas, colour: str, night: bool) -> None:
    canvas.rectangle(0, HORIZON, WIDTH, HEIGHT - HORIZON, shade(colour, 0.6) if night else colour)


def _beach(canvas: Canvas, night: bool) -> None:
    _ground(canvas, "#f0dca0", night)
    water = shade(c.WATER, 0.6) if night else c.WATER
    canvas.rectangle(0, HORIZON - 18, WIDTH, 58, water)
    for row in range(3):
        for x in range(-20 + row % 2 * 24, WIDTH, 48):
            y = HORIZON - 8 + row * 16
            canvas.line([(x, y), (x + 8, y - 3), (x + 16, y)], shade(water, 1.5), 1.5)
    outdoors.draw_palm(canvas, Box(-8, 34, 70, 130))


def _street(canvas: Canvas, night: bool) -> None:
    outdoors.draw_city(canvas, HORIZON + 8, shade("#8fa0b5", 0.55) if night else "#8fa0b5")
    canvas.rectangle(0, HORIZON + 8, WIDTH, 26, shade("#c9c2b6", 0.6) if night else "#c9c2b6")
    outdoors.draw_road(canvas, HORIZON + 30)
    outdoors.draw_traffic_light(canvas, Box(296, 62, 20, 84), "green")


def _field(canvas: Canvas, night: bool) -> None:
    _ground(canvas, c.GRASS, night)
    outdoors.draw_fence(canvas, Box(0, HORIZON - 16, WIDTH, 32), "#d8d2c4")
    for x, y in ((24, 200), (90, 224), (150, 170), (214, 214), (290, 190)):
        canvas.circle(x, y, 3, c.WHITE)
        canvas.circle(x, y, 1.2, c.YELLOW)


def _forest(canvas: Canvas, night: bool) -> None:
    _ground(canvas, "#5f8f4e", night)
    for i, x in enumerate((-26, 30, 84, 140, 196, 250)):
        leaves = (c.DARK_GREEN, "#37794a", "#24583a")[i % 3]
        box = Box(x, 6 + i % 2 * 12, 92, 150)
        outdoors.draw_tree(canvas, box, shade(leaves, 0.7) if night else leaves)


def _desert(canvas: Canvas, night: bool) -> None:
    _ground(canvas, "#e6b566", night)
    dune = shade("#d89f4e", 0.6) if night else "#d89f4e"
    canvas.blob([(-40, 150), (40, 96), (120, 120), (190, 92), (270, 116), (360, 100), (380, 160)], dune)
    for x, y, size in ((20, 70, 1.0), (268, 86, 0.8)):
        for dx, dy, length in ((0, 0, 70), (-14, 22, 24), (14, 14, 28)):
            top = (x + dx * size, y + dy * size)
            canvas.line([top, (top[0], top[1] + length * size)], "#3d8a4d", 9 * size)
        canvas.line([(x - 14 * size, y + 44 * size), (x, y + 44 * size)], "#3d8a4d", 8 * size)
        canvas.line([(x + 14 * size, y + 40 * size), (x, y + 40 * size)], "#3d8a4d", 8 * size)


def _ski_slope(canvas: Canvas, night: bool) -> None:
    canvas.rectangle(0, HORIZON, WIDTH, HEIGHT - HORIZON, "#c3cbe0" if night else "#f4f7fb")
    rock, snow = ("#4a566b", "#aab4c4") if night else ("#7b8aa3", c.WHITE)
    for x, top, width in ((60, 22, 150), (180, 10, 180), (290, 34, 130)):
        canvas.polygon([(x - width / 2, HORIZON), (x, top), (x + width / 2, HORIZON)], rock)
        canvas.polygon([(x - width / 6, top + 32), (x, top), (x + width / 6, top + 32)], snow)
    for x in (26, 130, 236, 306):
        canvas.polygon([(x - 12, HORIZON + 10), (x, HORIZON - 34), (x + 12, HORIZON + 10)], "#2c6b4a")


def _window(canvas: Canvas, box: Box, sky: str, night: bool) -> None:
    rooms.draw_window(canvas, box, sky)
    if night:
        canvas.circle(box.x + box.width * 0.32, box.y + box.height * 0.28, 6, "#f6efc4")


def _kitchen(canvas: Canvas, sky: str, night: bool) -> None:
    rooms.draw_room(canvas, "#f3e3b8", "#cfd3d6", horizon=140, tiles=True)
    rooms.draw_fridge(canvas, Box(6, 36, 54, 118))
    rooms.draw_stove(canvas, Box(228, 84, 62, 68), "#dfe3e6")
    rooms.draw_cabinet(canvas, Box(70, 8, 84, 42), "#b98152", 3)
    _window(canvas, Box(164, 14, 62, 62), sky, night)


def _bedroom(canvas: Canvas, sky: str, night: bool) -> None:
    rooms.draw_room(canvas, "#cfc3e6", "#a9876a", horizon=140)
    _window(canvas, Box(24, 14, 74, 72), sky, night)
    rooms.draw_cabinet(canvas, Box(226, 34, 72, 112), "#9a6b46")
    rooms.draw_picture(canvas, Box(136, 22, 52, 38))
    canvas.ellipse(160, 200, 120, 26, "#c9a9c4")


def _living_room(canvas: Canvas, sky: str, night: bool) -> None:
    rooms.draw_room(canvas, "#bfe0d0", "#b98e62", horizon=140)
    _window(canvas, Box(20, 14, 78, 74), sky, night)
    canvas.rounded(130, 46, 96, 58, 4, c.BLACK)
    canvas.rectangle(136, 52, 84, 44, "#4c5d73")
    rooms.draw_cabinet(canvas, Box(122, 108, 112, 36), "#7b5233", 3)
    rooms.draw_picture(canvas, Box(252, 30, 50, 40))


def _bathroom(canvas: Canvas, sky: str, night: bool) -> None:
    rooms.draw_room(canvas, "#9fd3dd", "#dfe9ec", horizon=140, tiles=True)
    for x in range(0, WIDTH, 32):
        canvas.rectangle(x, 0, 1.5, 136, "#b9e2ea")
    for y in range(0, 136, 24):
        canvas.rectangle(0, y, WIDTH, 1.5, "#b9e2ea")
    rooms.draw_bathtub(canvas, Box(6, 92, 116, 62))
    rooms.draw_mirror(canvas, Box(196, 20, 44, 50))
    rooms.draw_sink(canvas, Box(188, 84, 60, 66))
    _window(canvas, Box(120, 12, 54, 52), sky, night)
    rooms.draw_toilet(canvas, Box(262, 84, 54, 70))


def _classroom(canvas: Canvas, sky: str, night: bool) -> None:
    rooms.draw_room(canvas, "#f0d9a4", "#b5895c", horizon=140)
    canvas.rectangle(84, 20, 150, 82, c.BROWN)
    canvas.rectangle(90, 26, 138, 70, "#2d4a3e")
    for i, width in enumerate((90, 110, 70)):
        canvas.rectangle(102, 38 + i * 18, width, 4, "#d9e4de")
    _window(canvas, Box(6, 20, 62, 70), sky, night)
    canvas.circle(276, 44, 20, c.BLACK)
    canvas.circle(276, 44, 17, c.WHITE)
    canvas.line([(276, 44), (276, 32)], c.BLACK, 2)
    canvas.line([(276, 44), (284, 48)], c.BLACK, 2)


_ROOMS: dict[str, Callable[[Canvas, str, bool], None]] = {
    "kitchen": _kitchen,
    "bedroom": _bedroom,
    "living room": _living_room,
    "bathroom": _bathroom,
    "classroom": _classroom,
}
_GROUNDS: dict[str, Callable[[Canvas, bool], None]] = {
    "beach": _beach,
    "street": _street,
    "field": _field,
    "forest": _forest,
    "desert": _desert,
    "ski slope": _ski_slope,
}
