"""A small model learns to see from the labels of a drawn world, and then English with the tower as it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from recipes.drawn_world.labels import World
from recipes.drawn_world.scenes.write import write
from recipes.lib.config import validate
from recipes.vlm import train as recipe
from recipes.vlm.adapters import load_model
from recipes.vlm.config import Config, Lesson
from recipes.vlm.english import DESCRIBE, lessons
from recipes.vlm.tower import named
from tests.recipes.vlm.conftest import TINY, png


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world") / "world"
    write(folder, images=8, seed=3, workers=1, simple=True)
    return folder


def test_lessons_ask_all_about_a_picture_and_describe_it(world: Path) -> None:
    found = lessons(world)
    assert len(found) == 6  # the other two pictures are for validation
    for place, each in enumerate(found):
        users = [text for who, text in each.turns if who == "user"]
        assert users.index(DESCRIBE) == (0 if place % 2 else len(users) - 1)
        assert sum(text.startswith("Question: ") for text in users) == 1


def test_patches_are_named_by_what_lies_in_them(world: Path) -> None:
    read = World.read(world)
    rows = np.flatnonzero(read.is_train)
    words, present = named(read, rows, 8)
    assert present.shape == (len(rows), 64, len(words))
    for place, row in enumerate(rows):
        for thing in range(*read.offsets[row : row + 2]):
            kind = read.names["kind"][read.things["kind"][thing]]
            left, top, right, bottom = read.boxes[thing] / np.array([20, 15, 20, 15])
            middle = 8 * min(7, int((top + bottom) / 2)) + min(7, int((left + right) / 2))
            assert present[place, middle, words.index(kind)]
    assert present[:, :, [words.index(each) for each in read.names["place"]]].any(-1).all()


def test_the_tower_learns_first_and_then_stays_as_it_is(
    world: Path, releases: dict[str, Path], tmp_path: Path
) -> None:
    pictures = {"images": world / "images", "image_name": "SCENE_{:012d}.png"}
    (world / "images" / "SCENE_000000000009.png").write_bytes(png("red"))  # which the releases ask about too
    lesson = Lesson(epochs=1, batch_size=4)
    small = TINY.model_copy(update={"world": world, "tower": lesson, "english": lesson})
    content = {"row": "x", "small": small.model_dump(), "releases": {"ja": str(releases["ja"])}, **pictures}
    config = validate(Config, {**content, "quiet": True, "out": tmp_path}, "here")
    trained = recipe.english_model(config)
    (begun,), (seeing,) = tmp_path.glob("steps/beginning-*/begun"), tmp_path.glob("steps/beginning-*/seeing")
    first, sees, speaks = (load_model(str(each), "float32")[0] for each in (begun, seeing, trained))
    for name, value in sees.model.vision_tower.state_dict().items():
        assert torch.equal(value, speaks.model.vision_tower.state_dict()[name]), name
    convolution = "vision_tower.patch_embeddings.embedding_layer_1.convolution.weight"
    assert not torch.equal(*(dict(each.model.named_parameters())[convolution] for each in (first, sees)))
    assert not torch.equal(speaks.lm_head.weight, sees.lm_head.weight)
