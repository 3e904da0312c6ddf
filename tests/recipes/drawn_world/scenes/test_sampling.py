"""Scenes at random: repeatable, inside the picture, and true to the hold-out."""

from __future__ import annotations

import numpy as np
import pytest

from recipes.drawn_world.scenes import Scene, sample_scene
from recipes.drawn_world.scenes.kinds import HELD_OUT, KINDS, PEOPLE
from recipes.drawn_world.scenes.views import View
from recipes.drawn_world.scenes.words import PLACES


def scenes(count: int, split: str = "train") -> list[Scene]:
    return [sample_scene(np.random.default_rng([11, i]), split=split) for i in range(count)]


def test_the_same_seed_gives_the_same_scene() -> None:
    assert scenes(5) == scenes(5)


@pytest.mark.parametrize("place", PLACES)
def test_a_place_can_be_asked_for(place: str) -> None:
    scene = sample_scene(np.random.default_rng(1), place=place)
    assert scene.place == place
    assert (scene.weather is None) or not PLACES[place].indoors


def test_things_lie_in_the_picture_and_are_few() -> None:
    for scene in scenes(200, "validation"):
        assert 2 <= len(scene.things) <= 8
        assert len(View(scene).referents) >= 2
        for thing in scene.things:
            x0, y0, x1, y1 = thing.box
            assert 0 <= x0 < x1 <= scene.width
            assert 0 <= y0 < y1 <= scene.height


def test_what_is_on_or_held_by_another_points_at_it() -> None:
    riders = 0
    for scene in scenes(300):
        for index, thing in enumerate(scene.things):
            if thing.holder is not None:
                assert scene.things[thing.holder].kind in PEOPLE
            if thing.on is not None:
                assert thing.on != index
            if thing.action and thing.action.startswith("riding"):
                riders += 1
                assert thing.on is not None
                assert scene.things[thing.on].kind == thing.action.removeprefix("riding a ")
    assert riders > 10


def test_train_scenes_never_show_a_held_out_pair_and_others_do() -> None:
    def pairs(split: str) -> set[tuple[str, str | None]]:
        return {(thing.kind, thing.colour) for scene in scenes(400, split) for thing in scene.things}

    assert not pairs("train") & HELD_OUT
    assert len(pairs("validation") & HELD_OUT) > 15


def test_held_out_pairs_leave_every_kind_and_colour_in_training() -> None:
    for kind, entry in KINDS.items():
        assert set(entry.colours) - {colour for name, colour in HELD_OUT if name == kind}
