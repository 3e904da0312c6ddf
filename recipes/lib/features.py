"""The feature store: what the models see of every image, in Arrow files that are mapped, never loaded.

A store is a folder of shards and a ``features.json``. A shard holds one Arrow record batch, so that each of
its columns is one flat array: the float16 regions of all its images end to end, and the offsets where an
image begins. A batch of a thousand regions is then one fancy index, with no Python per image.

``python -m recipes.lib.features --help`` fills stores: from VinVL's TSV files, from the ``.pt`` files of
Oscar and cViL, or from images with models of transformers. Each way is one module beside this one, and gives
the same store.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recipes.lib.buffers import Buffers
from recipes.lib.features_shards import (
    BOX_VALUES,
    FORMAT,
    ImageFeatures,
    Shard,
    finish_store,
    some,
    write_shard,
)
from vqa_builder.errors import SourceError
from vqa_builder.store import atomic_folder

__all__ = ["FeatureStore", "ImageFeatures", "write_store"]

SHARD_BYTES = 256 << 20


class FeatureStore:
    """An opened store; rows are numbered over all shards.

    In a recipe::

        store = FeatureStore.open(Path("features/scenes"))
        rows = store.rows(questions.image_id)      # once; raises if images are missing
        regions, mask = store.regions(rows[:96], count=8)   # (96, 8, D + 6), (96, 8)
    """

    def __init__(self, folder: Path, facts: dict[str, Any], shards: list[Shard]) -> None:
        self.folder, self.source = folder, str(facts["source"])
        self.region_width: int = facts["region_width"] + BOX_VALUES
        self.patch_count: int | None = facts["patch_count"]
        self.patch_width: int | None = facts["patch_width"]
        self._shards, self._buffers = shards, Buffers()
        self._firsts = np.cumsum([0, *(shard.images for shard in shards)])
        self._ids = pa.chunked_array([shard.ids for shard in shards]).combine_chunks()

    @classmethod
    def open(cls, folder: Path) -> FeatureStore:
        """Map a store's files.

        Raises:
            SourceError: the folder holds no store, or an incomplete one.
        """
        folder = Path(folder)
        facts = _read_facts(folder)
        try:
            return cls(folder, facts, [Shard(folder / name, facts) for name in facts["shards"]])
        except (AttributeError, LookupError, OSError, TypeError, ValueError) as error:
            raise SourceError(
                "The feature store is damaged",
                where=folder,
                expected="the files that the store was filled with, unchanged",
                found=f"{type(error).__name__}: {error}",
                remedy="fill it again",
            ) from error

    def __reduce__(self) -> tuple[Callable[[Path], FeatureStore], tuple[Path]]:
        return FeatureStore.open, (self.folder,)

    def __len__(self) -> int:
        return int(self._firsts[-1])

    @property
    def image_ids(self) -> list[int] | list[str]:
        """The images, in the order of the rows."""
        ids: list[int] | list[str] = self._ids.to_pylist()
        return ids

    def rows(self, image_ids: Sequence[Any] | NDArray[Any]) -> NDArray[np.int64]:
        """The rows of images, repeats welcome; ``"42"`` finds the image 42 and the reverse.

        Raises:
            SourceError: some images are not here; says how many and which.
        """
        wanted = _id_array(list(image_ids), self._ids.type)
        found = pc.index_in(wanted, value_set=self._ids)
        if found.null_count:
            here = found.is_valid().to_pylist()
            missing = list(dict.fromkeys(name for name, has in zip(image_ids, here, strict=True) if not has))
            raise SourceError(
                f"The feature store misses {len(missing):,} of the images asked for",
                where=self.folder,
                expected=f"every image of the questions (the store has {len(self):,})",
                found="none for image_id " + some(missing),
                remedy="extract features for these images too, or leave their questions out",
            )
        return np.asarray(found, dtype=np.int64)

    def regions(
        self, rows: NDArray[np.int64], count: int, dtype: type[np.floating[Any]] = np.float32
    ) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """The first ``count`` regions of images, zero-padded; in float16 they are read without a conversion.

        Returns:
            (B, count, D + 6) values, of which the last six are x0/W, y0/H, x1/W, y1/H, w/W, h/H; and
            (B, count), true where there is a region.
        """
        rows = np.asarray(rows, dtype=np.int64)
        values = self._buffers.empty((len(rows), count, self.region_width), dtype)
        mask = np.zeros((len(rows), count), dtype=np.bool_)
        for shard, local, places in self._by_shard(rows):
            shard.fill_regions(local, places, values, mask)
        return values, mask

    def patches(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """The patch grids of images: (B, P, D2).

        Raises:
            SourceError: the store has no patches.
        """
        if self.patch_count is None or self.patch_width is None:
            raise SourceError(
                "The feature store has no patches",
                where=self.folder,
                remedy="fill it with the way `transformers`, which writes patches",
            )
        rows = np.asarray(rows, dtype=np.int64)
        values = np.empty((len(rows), self.patch_count, self.patch_width), dtype=np.float32)
        for shard, local, places in self._by_shard(rows):
            values[places] = shard.patches[local]
        return values

    def tags(self, row: int) -> list[str]:
        """The known tags of an image, each once, in the order of its regions."""
        number = int(np.searchsorted(self._firsts, row, side="right")) - 1
        tags = self._shards[number].tags(int(row - self._firsts[number]))
        return list(dict.fromkeys(tag for tag in tags if tag))

    def image(self, row: int) -> ImageFeatures:
        """Everything about one image."""
        [(shard, local, _)] = self._by_shard(np.array([row]))
        return shard.image(int(local[0]))

    def _by_shard(
        self, rows: NDArray[np.int64]
    ) -> Iterator[tuple[Shard, NDArray[np.int64], NDArray[np.int64]]]:
        """For every shard that rows lie in: the rows within it, and their places in the batch."""
        of = np.searchsorted(self._firsts, rows, side="right") - 1
        for number in np.unique(of):
            places = np.flatnonzero(of == number)
            yield self._shards[number], rows[places] - self._firsts[number], places


def write_store(folder: Path, images: Iterable[ImageFeatures], *, source: str) -> FeatureStore:
    """Write a store, whole or not at all; only one shard is in memory at a time.

    Args:
        folder: replaced if it is there.
        images: each image once, all of the same widths.
        source: where the features come from, for people.

    Raises:
        SourceError: no images, one twice, widths that differ, or values that float16 cannot hold.
    """
    with atomic_folder(Path(folder)) as partial:
        for number, shard in enumerate(_in_shards(images)):
            write_shard(partial, number, shard)
        finish_store(partial, source=source)
    return FeatureStore.open(folder)


def _read_facts(folder: Path) -> dict[str, Any]:
    path = folder / "features.json"
    try:
        facts = dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, TypeError, ValueError) as error:
        raise SourceError(
            "The folder holds no feature store",
            where=path,
            found=str(error),
            remedy="fill one with `python -m recipes.lib.features` (--help lists the ways)",
        ) from error
    missing = [name for name in facts.get("shards", []) if not (folder / name).exists()]
    if facts.get("format") != FORMAT or missing:
        raise SourceError(
            "The feature store cannot be read",
            where=path,
            expected=f"format {FORMAT}, and every shard beside it",
            found=f"missing {some(missing)}" if missing else f"format {facts.get('format')}",
            remedy="fill it again",
        )
    checked: dict[str, Any] = facts
    return checked


def _in_shards(images: Iterable[ImageFeatures]) -> Iterator[list[ImageFeatures]]:
    shard: list[ImageFeatures] = []
    size = 0
    for image in images:
        shard.append(image)
        size += 2 * (np.size(image.regions) + (0 if image.patches is None else np.size(image.patches)))
        if size >= SHARD_BYTES:
            yield shard
            shard, size = [], 0
    if shard:
        yield shard


def _id_array(ids: list[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_string(kind):
        return pa.array([str(name) for name in ids], kind)
    return pa.array([int(name) if str(name).removeprefix("-").isdecimal() else None for name in ids], kind)


if __name__ == "__main__":
    from recipes.lib.features_command import main

    raise SystemExit(main())
