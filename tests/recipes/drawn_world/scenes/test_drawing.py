"""Pictures: what the scene says can be seen in the pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recipes.drawn_world.scenes import Scene, Thing, draw, sample_scene
from recipes.drawn_world.scenes.kinds import ACTIONS, KINDS
from recipes.drawn_world.scenes.words import PLACES


def scene_of(*things: Thing, place: str = "kitchen", time: str = "day", weather: str | None = None) -> Scene:
    return Scene(1, "train", place, time, weather, things)


def pixels(scene: Scene) -> np.ndarray:
    return np.asarray(draw(scene)).astype(int)


def test_pictures_have_their_size_and_repeat() -> None:
    scene = sample_scene(np.random.default_rng(2))
    picture = draw(scene)
    assert (picture.size, picture.mode) == ((160, 120), "RGB")
    assert picture.tobytes() == draw(scene).tobytes()


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_drawn_in_its_box_and_each_colour_differs(kind: str) -> None:
    empty = pixels(scene_of())
    action = ACTIONS.get(kind, (None,))[0] or (
        "standing" if kind in ("man", "woman", "boy", "girl") else None
    )
    seen = []
    for colour in KINDS[kind].colours:
        drawn = pixels(scene_of(Thing(kind, colour, "large", action, (60, 40, 100, 100))))
        changed = np.abs(drawn - empty).sum(axis=2) > 0
        assert changed[40:100, 60:100].sum() > 150
        rows, columns = np.nonzero(changed)
        assert columns.min() > 40
        assert columns.max() < 120
        assert rows.min() > 20
        seen.append(drawn.tobytes())
    assert len(set(seen)) == len(seen)


def test_actions_facing_and_hats_show() -> None:
    dog = Thing("dog", "brown", "large", "standing", (60, 60, 100, 100))
    drawn = [pixels(scene_of(replace(dog, action=action))).tobytes() for action in ACTIONS["dog"]]
    assert len(set(drawn)) == len(drawn)
    assert pixels(scene_of(dog)).tobytes() != pixels(scene_of(replace(dog, facing="right"))).tobytes()
    man = Thing("man", "red", "large", "standing", (60, 40, 94, 106))
    assert pixels(scene_of(man)).tobytes() != pixels(scene_of(replace(man, hat="green"))).tobytes()


def test_places_times_and_weathers_show() -> None:
    drawn = [
        pixels(scene_of(place=place, time=time)) for place in PLACES for time in ("day", "evening", "night")
    ]
    drawn += [
        pixels(scene_of(place="street", weather=each)) for each in ("sunny", "cloudy", "raining", "snowing")
    ]
    for index, one in enumerate(drawn):
        for other in drawn[:index]:
            assert np.abs(one - other).sum(axis=2).astype(bool).mean() > 0.01
