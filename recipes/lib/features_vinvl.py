"""Features from the TSV files of VinVL and Oscar: float32 in base64, 2048 visual values and six of the box.

Three forms of a row are read, those of microsoft/Oscar and of microsoft/scene_graph_benchmark:

- ``key  num_boxes  base64`` (``features.tsv``, ``*_img_frcnn_feats.tsv``),
- ``key  {"num_boxes": n, "features": base64}`` (``train.feature.tsv`` of captioning),
- ``key  {"objects": [{"rect": [...], "class": ..., "feature": base64}, ...]}`` (one's own extraction).

Tags, and the size of the picture where it is written, come from a second file: ``predictions.tsv`` or
``label.tsv``. The last six values of a region are x0/W, y0/H, x1/W, y1/H, w/W, h/H, as the authors say in
microsoft/Oscar issue 10.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recipes.lib.features import FeatureStore, ImageFeatures, write_store
from recipes.lib.features_shards import BOX_VALUES
from vqa_builder.errors import SourceError

PADDED_NUMBER = re.compile(r"(?:^|_)(\d{12})$")
BOX_TOLERANCE = 0.02


@dataclass(frozen=True)
class Labels:
    """What a label file says of one image: classes and boxes of its objects, and its size (1 x 1 unknown)."""

    classes: tuple[str, ...] = ()
    boxes: NDArray[np.float32] | None = None
    size: tuple[int, int] = (1, 1)


def read_vinvl(
    features: Path, labels: Path | None = None, sizes: Path | None = None
) -> Iterator[ImageFeatures]:
    """The images of a feature file, in its order.

    Args:
        features: rows of one of the three forms.
        labels: ``predictions.tsv`` or ``label.tsv``; without it there are no tags.
        sizes: ``hw.tsv``, rows of ``key  [{"height": h, "width": w}]``.

    Raises:
        SourceError: a row is broken, or its last six values are no box; says which line.
    """
    known = {key: _labels(cell, where) for key, cell, where in _json_rows(labels)} if labels else {}
    size_of = {key: _size(cell, where) for key, cell, where in _json_rows(sizes)} if sizes else {}
    for number, cells in _rows(features):
        where = f"{features}:{number}"
        found = known.get(cells[0], Labels())
        try:
            values, found = _values(cells, found)
        except (ValueError, KeyError, TypeError, IndexError, binascii.Error) as error:
            raise SourceError(
                "The row holds no features",
                where=where,
                expected="key, number of boxes, base64 of float32; or key, JSON with features",
                found=repr(error),
            ) from error
        yield from_values(cells[0], values, found, size_of.get(cells[0], found.size), where)


def from_values(
    key: str, values: NDArray[np.float32], labels: Labels, size: tuple[int, int], where: str
) -> ImageFeatures:
    """One image from its (R, D + 6) values, or (R, D) where the labels know the boxes.

    Raises:
        SourceError: the last six values are no box, and the labels do not know it.
    """
    boxes = labels.boxes if labels.boxes is not None and len(labels.boxes) == len(values) else None
    if not len(values):
        boxes = np.zeros((0, 4), dtype=np.float32)
    elif _ends_in_boxes(values):
        values, six = values[:, :-BOX_VALUES], values[:, -BOX_VALUES:]
        boxes = six[:, :4] * np.array(size * 2, dtype=np.float32)
    elif boxes is None or size == (1, 1):
        raise SourceError(
            "The boxes of the regions are not known",
            where=where,
            expected="six last values x0/W, y0/H, x1/W, y1/H, w/W, h/H; or boxes and sizes in other files",
            found=f"{values.shape[1]} values, ending in {np.round(values[:1, -BOX_VALUES:], 3).tolist()}",
            remedy="name the label file (--labels) and the file of sizes (--sizes)",
        )
    return ImageFeatures(image_key(key), size[0], size[1], boxes, values, labels.classes)


def image_key(name: str) -> int | str:
    """An image's id: a number for numbers and for names that end in twelve digits, as COCO's; else the name.

    >>> image_key("42"), image_key("COCO_val2014_000000391895"), image_key("vg_12")
    (42, 391895, 'vg_12')
    """
    if match := PADDED_NUMBER.search(name):
        return int(match[1])
    return int(name) if name.isdecimal() else name


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument(
        "features", type=Path, help="features.tsv, *.feature.tsv, or predictions.tsv with features"
    )
    parser.add_argument("--labels", type=Path, help="predictions.tsv or *.label.tsv, for the tags")
    parser.add_argument(
        "--sizes", type=Path, help="*.hw.tsv, where the labels do not say the pictures' sizes"
    )


def run(arguments: argparse.Namespace, say: Callable[[str], None]) -> FeatureStore:
    """What the command does."""
    images = read_vinvl(arguments.features, arguments.labels, arguments.sizes)
    return write_store(arguments.out, counted(images, say), source=f"VinVL, {arguments.features.name}")


def counted(images: Iterator[ImageFeatures], say: Callable[[str], None]) -> Iterator[ImageFeatures]:
    """The same images, with a line of news every 5,000."""
    for number, image in enumerate(images, 1):
        yield image
        if number % 5000 == 0:
            say(f"{number:,} images")


def _ends_in_boxes(values: NDArray[np.float32]) -> bool:
    """Whether the last two of six values are the width and height of the first four."""
    if values.shape[1] <= BOX_VALUES or not (values[:, -2:] > 0).all():
        return False
    six = values[:, -BOX_VALUES:]
    corners, sides = six[:, :4], six[:, 4:]
    inside = bool((corners > -BOX_TOLERANCE).all() and (corners < 1 + BOX_TOLERANCE).all())
    return inside and bool(np.allclose(corners[:, 2:] - corners[:, :2], sides, atol=BOX_TOLERANCE))


def _values(cells: list[str], labels: Labels) -> tuple[NDArray[np.float32], Labels]:
    """The (R, D) values of a row, and its labels where it has its own."""
    if len(cells) > 2:
        return _decode(cells[-1], int(cells[1])), labels
    record = json.loads(cells[1])
    if "features" in record:
        return _decode(record["features"], record["num_boxes"]), labels
    objects = record["objects"]
    rows = [_decode(thing["feature"], 1) for thing in objects]
    own = _labels(record, "")
    size = own.size if own.size != (1, 1) else labels.size
    return np.concatenate(rows) if rows else np.zeros((0, 0), np.float32), Labels(
        own.classes, own.boxes, size
    )


def _decode(text: str, boxes: int) -> NDArray[np.float32]:
    values = np.frombuffer(base64.b64decode(text, validate=True), dtype="<f4")
    return values.reshape(boxes, -1) if boxes else values.reshape(0, 0)


def _labels(record: Any, where: str) -> Labels:
    try:
        objects = record["objects"] if isinstance(record, dict) else record
        classes = tuple(sys.intern(str(thing["class"])) for thing in objects)
        boxes = np.array([thing["rect"] for thing in objects], dtype=np.float32).reshape(-1, 4)
        size = (
            (record["image_w"], record["image_h"])
            if isinstance(record, dict) and "image_w" in record
            else (1, 1)
        )
    except (KeyError, TypeError, ValueError) as error:
        raise SourceError(
            "The row holds no labels",
            where=where,
            expected='[{"class": ..., "rect": [x0, y0, x1, y1]}]',
            found=repr(error),
        ) from error
    return Labels(classes, boxes, size)


def _size(record: Any, where: str) -> tuple[int, int]:
    try:
        first = record[0] if isinstance(record, list) else record
        return int(first["width"]), int(first["height"])
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise SourceError(
            "The row holds no size", where=where, expected='[{"height": h, "width": w}]', found=repr(error)
        ) from error


def _json_rows(path: Path) -> Iterator[tuple[str, Any, str]]:
    for number, cells in _rows(path):
        where = f"{path}:{number}"
        try:
            yield cells[0], json.loads(cells[1]), where
        except (ValueError, IndexError) as error:
            raise SourceError("The row is no key and JSON", where=where, found=repr(error)) from error


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, [cell.strip() for cell in line.split("\t")]
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError("The file cannot be read", where=path, found=str(error)) from error
