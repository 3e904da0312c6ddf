"""The labels of a scenes world as flat arrays, its pixels, and what a detector would find in them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vqa_builder.errors import SourceError

JITTER = 0.04
MISSED = 0.01
THING_LABELS = ("kind", "colour", "size", "action", "hat")
NEEDED = ("image_id", "split", "width", "height", "objects")
NONE = "none"


@dataclass(frozen=True)
class World:
    """The labels of a world as flat arrays; the things of image i are ``offsets[i]:offsets[i + 1]``.

    Args:
        folder: where ``images/`` lies.
        ids: (N,) image ids.
        is_train: (N,) the images to learn from.
        size: width and height of every picture.
        offsets: (N + 1,).
        boxes: (O, 4) corners in pixels.
        names: for every label, its values; index 0 of an optional label is "none".
        things: for every label of things, (O,) indices into its values.
        pictures: for every label of whole pictures (place, weather ...), (N,) indices into its values.
    """

    folder: Path
    ids: NDArray[np.int64]
    is_train: NDArray[np.bool_]
    size: tuple[int, int]
    offsets: NDArray[np.int64]
    boxes: NDArray[np.float32]
    names: Mapping[str, list[str]]
    things: Mapping[str, NDArray[np.int64]]
    pictures: Mapping[str, NDArray[np.int64]]

    @classmethod
    def read(cls, folder: Path) -> World:
        """Read ``scenes.jsonl``.

        Raises:
            SourceError: it is missing, or a record lacks what is needed.
        """
        scenes = _read_scenes(folder / "scenes.jsonl")
        things = [thing for scene in scenes for thing in scene["objects"]]
        said = {key for scene in scenes for key, value in scene.items() if isinstance(value, str)}
        keys = sorted(said.difference(NEEDED))
        things_of = {key: [thing.get(key) or NONE for thing in things] for key in THING_LABELS}
        pictures_of = {key: [scene.get(key) or NONE for scene in scenes] for key in keys}
        names = {key: sorted(set(values)) for key, values in (things_of | pictures_of).items()}
        return cls(
            folder=folder,
            ids=np.array([scene["image_id"] for scene in scenes], dtype=np.int64),
            is_train=np.array([scene["split"] == "train" for scene in scenes]),
            size=(scenes[0]["width"], scenes[0]["height"]),
            offsets=np.cumsum([0, *(len(scene["objects"]) for scene in scenes)]),
            boxes=np.array([thing["box"] for thing in things], dtype=np.float32).reshape(-1, 4),
            names=names,
            things={key: _indices(values, names[key]) for key, values in things_of.items()},
            pictures={key: _indices(values, names[key]) for key, values in pictures_of.items()},
        )

    def load(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The pixels of images: (B, height, width, 3)."""
        pixels = np.empty((len(rows), self.size[1], self.size[0], 3), dtype=np.uint8)
        for place, image_id in enumerate(self.ids[rows]):
            with Image.open(self.folder / "images" / f"SCENE_{image_id:012}.png") as picture:
                pixels[place] = np.asarray(picture.convert("RGB"))
        return pixels

    def seen(self, rows: NDArray[np.int64], rng: np.random.Generator) -> Seen:
        """What a detector finds in images: most of the things, their boxes not quite right, largest first."""
        counts = np.diff(self.offsets)[rows]
        image = np.repeat(np.arange(len(rows)), counts)
        thing = np.concatenate([np.arange(*self.offsets[row : row + 2]) for row in rows]).astype(np.int64)
        found = rng.random(len(thing)) >= MISSED
        image, thing = image[found], thing[found]
        boxes = self.boxes[thing]
        sides = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
        boxes = boxes + sides * np.clip(rng.normal(0, JITTER, boxes.shape), -0.12, 0.12).astype(np.float32)
        boxes = np.clip(boxes, 0, np.tile(np.array(self.size, dtype=np.float32), 2))
        largest_first = np.lexsort((-np.prod(boxes[:, 2:] - boxes[:, :2], axis=1), image))
        return Seen(image[largest_first], thing[largest_first], boxes[largest_first])


@dataclass(frozen=True)
class Seen:
    """Found things: (M,) place of the image in the batch, (M,) index of the thing, (M, 4) box."""

    image: NDArray[np.int64]
    thing: NDArray[np.int64]
    boxes: NDArray[np.float32]


def _read_scenes(path: Path) -> list[dict[str, Any]]:
    try:
        scenes = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        needed = [scene[key] for scene in scenes for key in NEEDED]
    except (OSError, ValueError, KeyError) as error:
        raise SourceError(
            "The folder holds no scenes world",
            where=path,
            found=repr(error),
            remedy="write one with `python -m recipes.drawn_world.scenes FOLDER`",
        ) from error
    if not needed:
        raise SourceError("The world has no images", where=path)
    return scenes


def _indices(values: Sequence[str], names: Sequence[str]) -> NDArray[np.int64]:
    numbers = {name: number for number, name in enumerate(names)}
    return np.array([numbers[value] for value in values], dtype=np.int64)
