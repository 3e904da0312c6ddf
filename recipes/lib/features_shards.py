"""One file of a feature store: how images become flat Arrow columns, and how those are read back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder.errors import SourceError
from vqa_builder.store import atomic_file, write_json

FORMAT = 1
BOX_VALUES = 6
NAMED_IMAGES = 5


@dataclass(frozen=True)
class ImageFeatures:
    """What is known of one image.

    Args:
        image_id: as in the source of the questions.
        width: in pixels; 1 where only relative boxes are known.
        height: in pixels; 1 where only relative boxes are known.
        boxes: (R, 4) corners x0, y0, x1, y1 in pixels, best region first.
        regions: (R, D) visual features.
        tags: English object tags, one per region ("" unknown) where the source has it so.
        patches: (P, D2) features of a grid over the whole image, row by row, or None.
    """

    image_id: int | str
    width: int
    height: int
    boxes: NDArray[Any]
    regions: NDArray[Any]
    tags: Sequence[str]
    patches: NDArray[Any] | None = None


class Shard:
    """One mapped file: flat arrays and offsets."""

    def __init__(self, path: Path, facts: dict[str, Any]) -> None:
        batch = pa.ipc.open_file(pa.memory_map(str(path))).get_batch(0)
        self._batch = batch
        width = batch.schema.field("regions").type.value_type.list_size
        if width != facts["region_width"]:
            raise ValueError(f"{path.name} has regions of {width} values, not {facts['region_width']}")
        self.ids = batch.column("image_id")
        self.images = batch.num_rows
        self.offsets = np.asarray(batch.column("regions").offsets).astype(np.int64)
        self.values = _flat(batch.column("regions").values, np.float16).reshape(-1, facts["region_width"])
        self.boxes = _flat(batch.column("boxes").values, np.float32).reshape(-1, 4)
        sizes = [np.asarray(batch.column(name)).astype(np.float32) for name in ("width", "height")]
        self.sizes = np.stack(sizes * 2, axis=1)
        if facts["patch_count"] is not None:
            shape = (-1, facts["patch_count"], facts["patch_width"])
            self.patches = _flat(batch.column("patches"), np.float16).reshape(shape)

    def fill_regions(
        self,
        local: NDArray[np.int64],
        places: NDArray[np.int64],
        values: NDArray[np.floating[Any]],
        mask: NDArray[np.bool_],
    ) -> None:
        """Write the regions of rows ``local`` to ``places`` of a batch, and zeros where there are none.

        Image by image: taking all regions at once would copy them twice.
        """
        starts = self.offsets[local]
        counts = np.minimum(self.offsets[local + 1] - starts, mask.shape[1])
        real = np.arange(mask.shape[1]) < counts[:, None]
        mask[places] = real
        for place, start, count in zip(places, starts, counts, strict=True):
            values[place, :count, :-BOX_VALUES] = self.values[start : start + count]
            values[place, count:] = 0
        image, slot = np.nonzero(real)
        corners = self.boxes[starts[image] + slot] / self.sizes[local[image]]
        values[places[image], slot, -BOX_VALUES:-2] = corners
        values[places[image], slot, -2:] = corners[:, 2:] - corners[:, :2]

    def tags(self, row: int) -> list[str]:
        """The tags of one image as they were written."""
        tags: list[str] = self._batch.column("tags")[row].as_py()
        return tags

    def image(self, row: int) -> ImageFeatures:
        """One record."""
        here = slice(self.offsets[row], self.offsets[row + 1])
        return ImageFeatures(
            image_id=self.ids[row].as_py(),
            width=self._batch.column("width")[row].as_py(),
            height=self._batch.column("height")[row].as_py(),
            boxes=self.boxes[here],
            regions=self.values[here],
            tags=self.tags(row),
            patches=self.patches[row] if hasattr(self, "patches") else None,
        )


def write_shard(folder: Path, number: int, images: Sequence[ImageFeatures]) -> None:
    """Write one shard of an unfinished store, whole or not at all."""
    regions = [_finite(np.asarray(image.regions), image) for image in images]
    offsets = np.cumsum([0, *(len(rows) for rows in regions)], dtype=np.int32)
    columns = {
        "image_id": _own_ids(images),
        "width": pa.array([image.width for image in images], pa.int32()),
        "height": pa.array([image.height for image in images], pa.int32()),
        "boxes": _lists(offsets, [np.asarray(i.boxes, np.float32).reshape(-1, 4) for i in images]),
        "regions": _lists(offsets, regions),
        "tags": pa.array([list(image.tags) for image in images], pa.list_(pa.string())),
    }
    grids = [_finite(np.asarray(i.patches), i) for i in images if i.patches is not None]
    if grids:
        _same_shape(grids, images)
        stacked = np.stack(grids)
        width = int(np.prod(stacked.shape[1:]))
        columns["patches"] = pa.FixedSizeListArray.from_arrays(pa.array(stacked.ravel()), width)
    batch = pa.record_batch(columns)
    facts = json.dumps({"patch_shape": list(grids[0].shape) if grids else None})
    schema = batch.schema.with_metadata({"vqa_features": facts})
    with atomic_file(folder / shard_name(number)) as partial, pa.ipc.new_file(partial, schema) as writer:
        writer.write_batch(batch.replace_schema_metadata(schema.metadata))


def shard_name(number: int) -> str:
    """The file of a shard."""
    return f"features-{number:05}.arrow"


def finish_store(folder: Path, *, source: str) -> None:
    """Check all shards of a folder against each other and write its ``features.json``.

    Raises:
        SourceError: there are none, their widths differ, or an image is there twice.
    """
    paths = sorted(folder.glob("features-*.arrow"))
    if not paths:
        raise SourceError("There are no images to write features of", where=source)
    batches = [pa.ipc.open_file(pa.memory_map(str(path))).get_batch(0) for path in paths]
    shapes = {_shape(batch.schema) for batch in batches}
    if len(shapes) > 1:
        raise SourceError(
            "The features of the images have different widths",
            where=source,
            found=" and ".join(str(shape) for shape in sorted(shapes, key=str)),
            expected="one (region width, patch grid) for all images",
        )
    _check_unique(pa.chunked_array([batch.column("image_id") for batch in batches]), source)
    (region_width, patches) = shapes.pop()
    facts = {
        "format": FORMAT,
        "source": source,
        "images": sum(batch.num_rows for batch in batches),
        "region_width": region_width,
        "patch_count": patches[0] if patches else None,
        "patch_width": patches[1] if patches else None,
        "shards": [path.name for path in paths],
    }
    if empty := [each for batch in batches for each in _without_regions(batch)]:
        facts["set_aside"] = empty
    write_json(folder / "features.json", facts)


def _without_regions(batch: pa.RecordBatch) -> list[int | str]:
    none = pc.equal(pc.list_value_length(batch.column("regions")), 0)
    ids: list[int | str] = batch.column("image_id").filter(none).to_pylist()
    return ids


def some(names: Sequence[object]) -> str:
    """The first few names, and how many more there are."""
    shown = ", ".join(str(name) for name in names[:NAMED_IMAGES])
    return shown + (f" and {len(names) - NAMED_IMAGES:,} more" if len(names) > NAMED_IMAGES else "")


def _finite(values: NDArray[Any], image: ImageFeatures) -> NDArray[np.float16]:
    with np.errstate(over="ignore"):
        halves = values.astype(np.float16)
    if not np.isfinite(halves).all():
        raise SourceError(
            "Features are not finite, or too large for float16",
            where=f"image {image.image_id}",
            expected="values within 65504",
            found=f"largest {np.abs(values).max()}",
        )
    return halves


def _own_ids(images: Sequence[ImageFeatures]) -> pa.Array:
    kinds = {type(image.image_id) for image in images}
    if len(kinds) > 1:
        raise SourceError(
            "Image ids are numbers and strings at once", found=some([i.image_id for i in images])
        )
    return pa.array([image.image_id for image in images], pa.string() if str in kinds else pa.int64())


def _lists(offsets: NDArray[np.int32], rows: Sequence[NDArray[Any]]) -> pa.Array:
    lengths = [len(array) for array in rows]
    rows = [array for array in rows if len(array)] or list(rows[:1])
    widths = {array.shape[1] for array in rows}
    if len(widths) > 1 or lengths != list(np.diff(offsets)):
        raise SourceError(
            "Boxes and regions of the images do not fit together",
            expected="one row per region, of one width in all images",
            found=f"widths {sorted(widths)}",
        )
    flat = pa.array(np.concatenate(rows).ravel())
    return pa.ListArray.from_arrays(offsets, pa.FixedSizeListArray.from_arrays(flat, widths.pop()))


def _same_shape(grids: Sequence[NDArray[Any]], images: Sequence[ImageFeatures]) -> None:
    shapes = {grid.shape for grid in grids}
    if len(shapes) > 1 or len(grids) < len(images):
        raise SourceError(
            "The patch grids of the images differ",
            expected="the same (patches, width) for every image, or none at all",
            found=f"{sorted(shapes)} in {len(grids)} of {len(images)} images",
        )


def _shape(schema: pa.Schema) -> tuple[int, tuple[int, int] | None]:
    patches = json.loads(schema.metadata[b"vqa_features"])["patch_shape"]
    return schema.field("regions").type.value_type.list_size, tuple(patches) if patches else None


def _check_unique(ids: pa.ChunkedArray, source: str) -> None:
    counts = pc.value_counts(ids)
    twice = counts.filter(pc.greater(counts.field("counts"), 1)).field("values").to_pylist()
    if twice:
        raise SourceError(f"{len(twice):,} images are there more than once", where=source, found=some(twice))


def _flat(column: Any, kind: type[np.generic]) -> NDArray[Any]:
    """The values of a fixed-size list column as one array, without a copy."""
    flat: NDArray[Any] = column.flatten().to_numpy(zero_copy_only=True)
    return flat.view(kind)
