"""Features from images with models of transformers: a detector for boxes and tags, CLIP or SigLIP for values.

Every box is cut out, warped to the vision model's square and encoded on its own; the whole picture, warped
the same way, is the first region and gives the patch grid. Without a detector the boxes are fixed windows and
there are no tags.

The images are cut into shards of a fixed order. A shard is written whole or not at all, so an extraction that
was stopped goes on where it was; several workers (``--worker 0/4``) share the shards between them. Pictures
are read and prepared in threads while the models work.
"""

from __future__ import annotations

import argparse
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from filelock import FileLock
from numpy.typing import NDArray
from torch import Tensor

from recipes.lib.features import FeatureStore
from recipes.lib.features_models import Detector, Vision, windows
from recipes.lib.features_pictures import UNREADABLE, Picture, find_pictures, read_pixels
from recipes.lib.features_shards import ImageFeatures, finish_store, shard_name, write_shard
from vqa_builder.errors import SourceError, SpecError
from vqa_builder.store import fingerprint, remove, write_json

AHEAD = 4
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Extraction:
    """What is extracted, and how.

    Args:
        vision: a CLIP or SigLIP (or other vision) model of transformers, by name or folder.
        detector: an object detection model of transformers; None for fixed windows.
        regions: at most so many boxes besides the whole picture.
        least: at least so many, however unsure the detector is.
        threshold: score that further boxes need.
        patches: also keep the patch grid of the whole picture.
        shard: images per shard.
    """

    vision: str
    detector: str | None = None
    regions: int = 36
    least: int = 10
    threshold: float = 0.3
    patches: bool = True
    shard: int = 512


@dataclass(frozen=True)
class Read:
    """The pictures of a batch that could be read, of one size, and the detector's input of them."""

    pixels: dict[Picture, NDArray[np.uint8]]
    inputs: dict[str, Tensor]


def extract(
    images: Path,
    folder: Path,
    settings: Extraction,
    *,
    batch: int = 8,
    device: str | None = None,
    worker: tuple[int, int] = (0, 1),
    readers: int = 2,
    say: Callable[[str], None] = lambda line: None,
) -> FeatureStore | None:
    """Extract the features of a folder of images.

    Args:
        images: searched for pictures, subfolders included.
        folder: the store, there when the last shard is.
        settings: the models and limits.
        batch: pictures per pass of the detector.
        device: "cuda", "cpu"; the best there is if None.
        worker: number of this worker, and how many there are.
        readers: threads that read and prepare pictures.
        say: gets a line of news per shard.

    A picture that cannot be read is named and set aside: it has no region in the store, zeros for patches,
    and stands in its ``features.json``. Questions about it are then answered by their text.

    Returns:
        The store, or None while other workers have shards to do.

    Raises:
        SourceError: no pictures, none of a shard that can be read, or a model that cannot be loaded.
        SpecError: an extraction with other settings was begun here.
    """
    folder = Path(folder)
    pictures = find_pictures(Path(images), say)
    plan = {**asdict(settings), "images": fingerprint([str(picture.image_id) for picture in pictures])}
    if _read_plan(folder) == plan:
        return FeatureStore.open(folder)
    parts = _begin(folder, plan)
    shards = [pictures[first : first + settings.shard] for first in range(0, len(pictures), settings.shard)]
    todo = [
        number
        for number in range(worker[0], len(shards), worker[1])
        if not (parts / shard_name(number)).exists()
    ]
    if todo:
        where = device or ("cuda" if torch.cuda.is_available() else "cpu")
        models = Models.load(settings, where)
        for number in todo:
            write_shard(parts, number, models.encode(shards[number], batch=batch, readers=readers, say=say))
            say(f"shard {number + 1} of {len(shards)}: {len(shards[number])} images")
    return _finish(folder, parts, settings, len(shards))


@dataclass(frozen=True)
class Models:
    """The loaded models."""

    settings: Extraction
    detector: Detector | None
    vision: Vision

    @classmethod
    def load(cls, settings: Extraction, device: str) -> Models:
        """Load what the settings name."""
        detector = Detector(settings.detector, device) if settings.detector else None
        return cls(settings, detector, Vision(settings.vision, device))

    def encode(
        self, pictures: Sequence[Picture], *, batch: int, readers: int, say: Callable[[str], None]
    ) -> list[ImageFeatures]:
        """The features of pictures, in their order; those that cannot be read are told and have none."""
        by_size: dict[tuple[int, int], list[Picture]] = {}
        for picture in pictures:
            if picture.size != UNREADABLE:
                by_size.setdefault(picture.size, []).append(picture)
        batches = [
            group[first : first + batch]
            for group in by_size.values()
            for first in range(0, len(group), batch)
        ]
        done: dict[int | str, ImageFeatures] = {}
        for read, broken in ahead(self.prepare, batches, readers):
            for error in broken:
                say(f"Set aside: {error}")
            if read.pixels:
                done |= {found.image_id: found for found in self.encode_batch(read)}
        if not done:
            raise SourceError(
                "No picture of a shard can be read", where=pictures[0].path, found=f"{len(pictures):,} broken"
            )
        like = next(iter(done.values()))
        return [done.get(picture.image_id) or nothing_of(picture, like) for picture in pictures]

    def prepare(self, group: Sequence[Picture]) -> tuple[Read, list[SourceError]]:
        """Read pictures of one size and make the detector's input; runs in threads."""
        pixels, broken = {}, []
        for picture in group:
            try:
                pixels[picture] = read_pixels(picture.path)
            except SourceError as error:
                broken.append(error)
        inputs = self.detector.prepare([*pixels.values()]) if self.detector and pixels else {}
        return Read(pixels, inputs), broken

    def encode_batch(self, read: Read) -> Iterator[ImageFeatures]:
        """Boxes and tags of a batch, then the features of every box."""
        group, inputs = [*read.pixels], read.inputs
        width, height = group[0].size
        limits = self.settings
        if self.detector:
            found = self.detector.find(
                inputs, (width, height), len(group), limits.regions, limits.least, limits.threshold
            )
        else:
            found = [(windows(width, height)[: limits.regions], [""] * limits.regions)] * len(group)
        for (picture, values), (boxes, tags) in zip(read.pixels.items(), found, strict=True):
            every = np.concatenate([np.array([[0, 0, width, height]], dtype=np.float32), boxes])
            regions, patches = self.vision.encode(values, every)
            yield ImageFeatures(
                picture.image_id,
                width,
                height,
                every,
                regions,
                ["", *tags[: len(boxes)]],
                patches if limits.patches else None,
            )


def nothing_of(picture: Picture, like: ImageFeatures) -> ImageFeatures:
    """A picture that could not be read: no regions, and zeros for the patches that others have."""
    width, height = picture.size
    return ImageFeatures(
        picture.image_id,
        max(1, width),
        max(1, height),
        np.zeros((0, 4), np.float32),
        like.regions[:0],
        [],
        None if like.patches is None else np.zeros_like(like.patches),
    )


def ahead(work: Callable[[T], R], items: Iterable[T], threads: int) -> Iterator[R]:
    """The results of ``work`` in order, a few of them computed in threads before they are asked for."""
    waiting: deque[Future[R]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > threads + AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    default = Extraction(vision="")
    add = parser.add_argument
    add("images", type=Path, help="a folder of pictures, subfolders included")
    add(
        "--vision", required=True, help="CLIP, SigLIP or another vision model: a name on the hub, or a folder"
    )
    add("--detector", help="a model for object detection (DETR, YOLOS, RT-DETR ...); none: fixed windows")
    add("--regions", type=int, default=default.regions, help="most boxes a picture (default: %(default)s)")
    add("--least", type=int, default=default.least, help="fewest boxes a picture (default: %(default)s)")
    add(
        "--threshold",
        type=float,
        default=default.threshold,
        help="score of further boxes (default: %(default)s)",
    )
    add("--no-patches", action="store_true", help="leave the patch grids out")
    add("--shard", type=int, default=default.shard, help="images a shard (default: %(default)s)")
    add("--batch", type=int, default=8, help="pictures a pass of the detector (default: %(default)s)")
    add("--readers", type=int, default=2, help="threads that read pictures (default: %(default)s)")
    add("--device", help="cuda or cpu (default: the best there is)")
    add("--worker", type=_worker, default=(0, 1), metavar="I/N", help="do every N-th shard, from the I-th")


def run(arguments: argparse.Namespace, say: Callable[[str], None]) -> FeatureStore | None:
    """What the command does."""
    settings = Extraction(
        vision=arguments.vision,
        detector=arguments.detector,
        regions=arguments.regions,
        least=arguments.least,
        threshold=arguments.threshold,
        patches=not arguments.no_patches,
        shard=arguments.shard,
    )
    return extract(
        arguments.images,
        arguments.out,
        settings,
        batch=arguments.batch,
        device=arguments.device,
        worker=arguments.worker,
        readers=arguments.readers,
        say=say,
    )


def _worker(text: str) -> tuple[int, int]:
    number, _, count = text.partition("/")
    if not (number.isdecimal() and count.isdecimal() and int(number) < int(count)):
        raise argparse.ArgumentTypeError(f"expected I/N with I below N, such as 0/4, found {text!r}")
    return int(number), int(count)


def _read_plan(folder: Path) -> dict[str, Any] | None:
    """What was extracted into a folder, or is being; None where nothing is."""
    path = folder / "plan.json"
    plan: dict[str, Any] | None = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    return plan


def _begin(folder: Path, plan: dict[str, Any]) -> Path:
    """The folder of shards that becomes the store, new or as an earlier run left it."""
    parts = folder.with_name(f".{folder.name}.extracting")
    parts.mkdir(parents=True, exist_ok=True)
    with _lock(folder):
        begun = _read_plan(parts)
        if begun is None:
            write_json(parts / "plan.json", plan)
        elif changed := [key for key in plan if begun.get(key) != plan[key]]:
            raise SpecError(
                "An extraction with other settings was begun here",
                where=parts,
                expected=", ".join(f"{key} {begun.get(key)}" for key in changed),
                found=", ".join(f"{key} {plan[key]}" for key in changed),
                remedy="finish it with its settings, or delete that folder",
            )
    return parts


def _finish(folder: Path, parts: Path, settings: Extraction, shards: int) -> FeatureStore | None:
    """Turn the shards into the store once all are there."""
    with _lock(folder):
        if parts.exists():
            if any(not (parts / shard_name(number)).exists() for number in range(shards)):
                return None
            finish_store(parts, source=f"{settings.detector or 'windows'} and {settings.vision}")
            remove(folder)
            parts.replace(folder)
    remove(Path(_lock(folder).lock_file))
    return FeatureStore.open(folder)


def _lock(folder: Path) -> FileLock:
    """Workers begin and finish one at a time."""
    return FileLock(folder.with_name(f".{folder.name}.lock"))
