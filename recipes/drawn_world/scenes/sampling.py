"""Scenes at random: a place, a time, and in each third of the picture something worth asking about."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from recipes.drawn_world.scenes import kinds
from recipes.drawn_world.scenes.kinds import KINDS, SMALL
from recipes.drawn_world.scenes.making import COLUMN, Making
from recipes.drawn_world.scenes.making_people import person_doing, rider
from recipes.drawn_world.scenes.making_things import allowed, furnished, group, on_top, pair, single
from recipes.drawn_world.scenes.views import View
from recipes.drawn_world.scenes.world import WIDTH, Scene


def sample_scene(
    rng: np.random.Generator,
    *,
    image_id: int = 0,
    split: str = "train",
    place: str | None = None,
) -> Scene:
    """A scene of two to eight things in two to four groups.

    Args:
        rng: all randomness there is.
        image_id: its number.
        split: scenes of any split but "train" may show held-out pairs of kind and colour.
        place: a key of ``words.PLACES``; any, if None.
    """
    every = (*kinds.OUTDOORS, *kinds.INDOORS)
    making = Making(rng, place or every[int(rng.integers(len(every)))], split != "train")
    time, weather = _sky(making)
    mirrored = making.chance(0.5)
    while True:
        making.things, making.groups = [], 0
        _fill(making)
        scene = Scene(image_id, split, making.place, time, weather, tuple(making.things), mirrored)
        if len(View(scene).referents) >= 2:
            return scene


def _sky(making: Making) -> tuple[str, str | None]:
    time = making.pick(("day", "evening", "night"), (0.46, 0.14, 0.4))
    if making.indoors or time != "day":
        return time, None
    cold = making.place in ("ski slope", "street", "field", "forest")
    return time, making.pick(("sunny", "cloudy", "raining", "snowing")[: 4 if cold else 3])


def _fill(making: Making) -> None:
    """Furnish the thirds of the picture from left to right, one or two at a time."""
    column = 0
    empty = making.pick(("none", "0", "1", "2"), (0.55, 0.15, 0.15, 0.15))
    bed = making.place == "bedroom" and making.chance(0.8)
    while column < 3:
        if str(column) == empty:
            column += 1
            continue
        wide = column < 2 and str(column + 1) != empty and making.chance(0.42)
        span = 2 if wide else 1
        centre = (column + span / 2) * COLUMN
        making.next_group()
        if bed and not wide:
            _bed(making, centre)
            bed = False
        elif wide and making.room >= 3:
            _wide(making, centre)
        else:
            _narrow(making, centre)
        column += span
    if not making.indoors and making.chance(0.22) and making.room:
        making.next_group()
        _in_the_sky(making)


def _narrow(making: Making, centre: float) -> None:
    options: dict[Callable[[Making, float], None], float] = {
        single: 5,
        person_doing: 3.6,
        furnished: 2.0 if making.indoors else 0.35,
        pair: 0.5,
    }
    if not making.indoors and making.room >= 2:
        options[rider] = 1.6
    choices = list(options)
    weights = np.asarray(list(options.values()))
    choices[int(making.rng.choice(len(choices), p=weights / weights.sum()))](making, centre)


def _wide(making: Making, centre: float) -> None:
    if making.chance(0.45 if making.indoors else 0.2):
        furnished(making, centre, most=5)
    else:
        group(making, centre)


def _bed(making: Making, centre: float) -> None:
    width, height = KINDS["bed"].width * 1.1, KINDS["bed"].height
    top = 108 - height
    carrier = making.add("bed", (centre - width / 2, top, width, height), colour=making.colour("bed"))
    what = making.pick(("person", "top", "nothing"))
    if what == "person" and making.room:
        making.next_group()
        person = making.pick(allowed(making, kinds.PEOPLE))
        head = (centre - width * 0.46, top + height * 0.06, width * 0.3, height * 0.5)
        making.add(person, head, action="sleeping", on=carrier, side=making.things[carrier].side)
    elif what == "top" and making.room:
        kind = making.pick(kinds.TOPS["bed"])
        on_top(making, carrier, kind, 1)


def _in_the_sky(making: Making) -> None:
    """A plane, or birds that fly, above everything else."""
    kind = making.pick(("plane", "bird"))
    if any(thing.kind == kind or thing.kind == "kite" for thing in making.things):
        return
    large = kind == "plane" and making.chance(0.5)
    scale = 1.0 if large else 0.7 if kind == "bird" else SMALL
    width, height = KINDS[kind].width * scale, KINDS[kind].height * scale
    count = 1 if large else int(making.rng.integers(1, min(4, making.room + 1)))
    colour, facing = making.colour(kind), making.pick(("left", "right"))
    start = (WIDTH - count * (width + 6)) * making.rng.random()
    for i in range(count):
        y = 3 + 10 * making.rng.random()
        making.add(
            kind,
            (start + i * (width + 6), y, width, height),
            colour=colour,
            size="large" if large else "small",
            action="flying" if kind == "bird" else None,
            facing=facing,
        )
