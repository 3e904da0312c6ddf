"""Features of a scenes world: one is drawn here, learnt and encoded; what is seen is what was drawn."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from recipes.drawn_world import features
from recipes.drawn_world.features import extract_scenes, train_encoders
from recipes.drawn_world.labels import World
from recipes.lib.features import FeatureStore
from vqa_builder.errors import SourceError

PAINT = {"red": (210, 40, 40), "blue": (40, 60, 210), "green": (40, 160, 60)}
GROUND = {"beach": (240, 220, 170), "street": (150, 150, 160)}
KINDS = ("ball", "box")


def draw_thing(canvas: ImageDraw.ImageDraw, kind: str, colour: str, box: list[int]) -> None:
    draw = canvas.ellipse if kind == "ball" else canvas.rectangle
    draw(tuple(box), fill=PAINT[colour])


def write_world(folder: Path, images: int) -> Path:
    """Balls and boxes of three colours, large or small, on the beach or in the street."""
    rng = np.random.default_rng(7)
    (folder / "images").mkdir(parents=True)
    scenes: list[dict[str, Any]] = []
    for image_id in range(1, images + 1):
        place = str(rng.choice(list(GROUND)))
        picture = Image.new("RGB", (160, 120), GROUND[place])
        things = []
        for column in range(int(rng.integers(1, 4))):
            kind, colour, size = (
                str(rng.choice(list(names))) for names in (KINDS, PAINT, ("large", "small"))
            )
            side = 40 if size == "large" else 18
            left, top = 5 + 52 * column, int(rng.integers(5, 70))
            box = [left, top, left + side, top + side]
            draw_thing(ImageDraw.Draw(picture), kind, colour, box)
            things.append({"kind": kind, "colour": colour, "size": size, "action": None, "box": box})
        picture.save(folder / "images" / f"SCENE_{image_id:012}.png")
        split = "train" if image_id <= 0.75 * images else "validation"
        scenes.append({"image_id": image_id, "split": split, "width": 160, "height": 120, "place": place,
                       "weather": None, "objects": things})  # fmt: skip
    lines = "".join(json.dumps(scene) + "\n" for scene in scenes)
    (folder / "scenes.jsonl").write_text(lines, encoding="utf-8")
    return folder


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Small networks gain nothing from more, and a busy machine loses."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_world(tmp_path_factory.mktemp("scenes") / "world", 160)


@pytest.fixture(scope="module")
def store(world: Path) -> FeatureStore:
    return extract_scenes(world, world.parent / "features", seed=1, epochs=6)


def scenes_of(world: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (world / "scenes.jsonl").read_text().splitlines()]


def test_every_image_has_the_picture_its_things_and_a_grid(world: Path, store: FeatureStore) -> None:
    scenes = scenes_of(world)
    assert store.image_ids == [scene["image_id"] for scene in scenes]
    assert (store.region_width, store.patch_count, store.patch_width) == (70, 20, 64)
    found = 0
    for row, scene in enumerate(scenes):
        image = store.image(row)
        assert image.boxes[0].tolist() == [0, 0, 160, 120]
        assert 1 <= len(image.boxes) <= len(scene["objects"]) + 1
        drawn = np.array([thing["box"] for thing in scene["objects"]])
        for box in image.boxes[1:]:
            nearest = np.abs(drawn - box).max(axis=1).min()
            assert nearest <= 0.12 * 40 + 1e-3
        found += len(image.boxes) - 1
    drawn_in_all = sum(len(scene["objects"]) for scene in scenes)
    assert 0.9 * drawn_in_all < found <= drawn_in_all


def test_tags_are_believed_and_mostly_right_on_new_images(world: Path, store: FeatureStore) -> None:
    right = []
    for row, scene in enumerate(scenes_of(world)):
        if scene["split"] == "validation":
            image = store.image(row)
            right.append(image.tags[0] == scene["place"])
            names = {tuple(thing["box"]): f"{thing['colour']} {thing['kind']}" for thing in scene["objects"]}
            for box, tag in zip(image.boxes[1:], image.tags[1:], strict=True):
                nearest = min(names, key=lambda drawn: float(np.abs(np.array(drawn) - box).max()))
                right.append(tag == names[nearest])
    assert np.mean(right) > 0.8


def test_patches_tell_where_things_are(world: Path, store: FeatureStore) -> None:
    """A linear probe on the grid finds the cells of a colour in images it has not seen."""
    read = World.read(world)
    rows = np.arange(len(read.ids))
    red = features._presence(read, rows, (4, 5))["colour"][..., read.names["colour"].index("red")]
    cells = store.patches(rows)
    design = np.concatenate([cells, np.ones((*cells.shape[:2], 1))], axis=-1)
    train = read.is_train
    weights = np.linalg.lstsq(design[train].reshape(-1, 65), red[train].ravel(), rcond=None)[0]
    guess = design[~train].reshape(-1, 65) @ weights
    truth = red[~train].ravel()
    assert guess[truth == 1].mean() > guess[truth == 0].mean() + 0.25


def test_the_same_seed_gives_the_same_features(world: Path, store: FeatureStore, tmp_path: Path) -> None:
    torch.manual_seed(99)
    again = extract_scenes(world, tmp_path / "again", seed=1, epochs=6)
    rows = np.arange(len(store))
    np.testing.assert_array_equal(again.regions(rows, 4)[0], store.regions(rows, 4)[0])
    np.testing.assert_array_equal(again.patches(rows), store.patches(rows))


def test_only_training_images_are_learnt_from(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = World.read(world)
    loaded: list[int] = []
    load = World.load

    def spy(self: World, rows: Any) -> Any:
        loaded.extend(rows.tolist())
        return load(self, rows)

    monkeypatch.setattr(World, "load", spy)
    train_encoders(read, seed=0, epochs=1)
    assert loaded
    assert read.is_train[loaded].all()


def test_labels_of_a_world(world: Path) -> None:
    read = World.read(world)
    assert read.names["colour"] == ["blue", "green", "red"]
    assert read.names["action"] == ["none"]
    assert set(read.pictures) == {"place"}
    assert len(read.boxes) == read.offsets[-1] == len(read.things["kind"])


def test_the_command(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert features.main([str(world), str(tmp_path / "store"), "--epochs", "1", "--seed", "3"]) == 0
    assert "160 images" in capsys.readouterr().err
    assert FeatureStore.open(tmp_path / "store").source == "scenes, seed 3"
    assert features.main([str(tmp_path), str(tmp_path / "other")]) == 2
    assert "holds no scenes world" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()


def test_folders_that_hold_no_world_are_told(world: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds no scenes world"):
        World.read(tmp_path)
    (tmp_path / "scenes.jsonl").write_text('{"image_id": 1}\n')
    with pytest.raises(SourceError, match="holds no scenes world") as caught:
        World.read(tmp_path)
    assert "split" in caught.value.details["found"]
    (tmp_path / "scenes.jsonl").write_text("")
    with pytest.raises(SourceError, match="no images"):
        World.read(tmp_path)
    kept = [scene | {"split": "validation"} for scene in scenes_of(world)]
    (tmp_path / "scenes.jsonl").write_text("".join(json.dumps(scene) + "\n" for scene in kept))
    with pytest.raises(SourceError, match="no training images"):
        extract_scenes(tmp_path, tmp_path / "store")
