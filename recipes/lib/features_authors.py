"""Features from the .pt files of Oscar's and cViL's VQA folders: image key -> tensor of regions x 2054.

Either one file holds all images of a split (``train_img_frcnn_feats.pt``), or a folder holds one file per
image (``train/391895.pt``, cViL's form). Tags are those that the question files carry
(``train2014_qla_mrcnn.json``, its field ``o``). The pictures' sizes are not in these files, so boxes stay
relative to a 1 x 1 picture.
"""

from __future__ import annotations

import argparse
import json
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from recipes.lib.features import FeatureStore, ImageFeatures, write_store
from recipes.lib.features_vinvl import Labels, counted, from_values, image_key
from vqa_builder.errors import SourceError


def read_authors(paths: Iterable[Path], questions: Iterable[Path] = ()) -> Iterator[ImageFeatures]:
    """The images of feature files, in their order.

    Args:
        paths: files of all images of a split, or folders with one file per image.
        questions: JSON files of questions; their fields ``img_id`` and ``o`` (joined by ``;``) give the tags.

    Raises:
        SourceError: a file is no dict of tensors, or its tensors do not end in six box values.
    """
    tags = _tags(questions)
    for path in paths:
        for key, values in _tensors(path):
            name = image_key(str(key))
            labels = Labels(tags.get(name, ()))
            where = f"{path}, image {key}"
            if not isinstance(values, torch.Tensor) or values.ndim != 2:
                raise SourceError(
                    "The image has no tensor of regions", where=where, expected="(regions, 2054)"
                )
            yield from_values(str(key), values.float().numpy(), labels, (1, 1), where)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument(
        "features", type=Path, nargs="+", help="*_img_frcnn_feats.pt, or folders with KEY.pt files"
    )
    parser.add_argument(
        "--questions", type=Path, nargs="*", default=[], help="*_qla_mrcnn.json files, for the tags"
    )


def run(arguments: argparse.Namespace, say: Callable[[str], None]) -> FeatureStore:
    """What the command does."""
    images = read_authors(arguments.features, arguments.questions)
    names = ", ".join(path.name for path in arguments.features)
    return write_store(arguments.out, counted(images, say), source=f"the authors' files {names}")


def _tensors(path: Path) -> Iterator[tuple[Any, Any]]:
    if path.is_dir():
        for file in sorted(path.glob("*.pt")):
            yield file.stem, _load(file)
        return
    loaded = _load(path)
    if not isinstance(loaded, Mapping):
        raise SourceError("The file holds no features", where=path, expected="a dict: image key -> tensor")
    yield from loaded.items()


def _load(path: Path) -> Any:
    """What a .pt file holds, mapped where its format allows; never anything but tensors and plain values."""
    try:
        with path.open("rb") as file:
            is_zip = file.read(2) == b"PK"
        return torch.load(path, map_location="cpu", weights_only=True, mmap=is_zip)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise SourceError(
            "The features cannot be read",
            where=path,
            expected="a file of torch.save with tensors (nothing else is ever unpickled)",
            found=str(error).strip().splitlines()[0],
        ) from error


def _tags(paths: Iterable[Path]) -> dict[int | str, tuple[str, ...]]:
    tags: dict[int | str, tuple[str, ...]] = {}
    for path in paths:
        try:
            for record in json.loads(path.read_text(encoding="utf-8")):
                words = (word.strip() for word in record["o"].split(";"))
                tags[image_key(str(record["img_id"]))] = tuple(word for word in words if word)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise SourceError(
                "The question file has no tags",
                where=path,
                expected='a list of {"img_id": ..., "o": "dog;grass;sky", ...}',
                found=repr(error),
            ) from error
    return tags
