"""Pictures in the rows of a source, as they are read: kept once each, looked at once each."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from vqa_builder.batches import Batches
from vqa_builder.errors import SourceError
from vqa_builder.pictures import Pictures
from vqa_builder.release.images import ImageProblem, look
from vqa_builder.schema import IMAGE
from vqa_builder.spec import Images, Spec

PROBLEMS = b"image_problems"
VERSION = "1"


def parameters(spec: Spec) -> list[object]:
    """What the column ``image`` of examples, and its problems, depend on."""
    images = spec.release.images or Images()
    return [VERSION, spec.source_pictures, images.max_bytes, images.max_pixels, _can_look()]


def problems(notes: Mapping[bytes, bytes]) -> list[ImageProblem]:
    """The pictures of the source that are not as expected; they travel in the notes of the examples."""
    found = json.loads(notes.get(PROBLEMS, b"[]"))
    return [ImageProblem(*each) for each in found]


class Keeper:
    """Puts the pictures of batches into a folder, and their SHA-256 into the rows.

    Args:
        pictures: the folder.
        settings: the spec's ``release.images``.

    Attributes:
        problems: the pictures that are not as expected, by file and row; none is left out for that.
    """

    def __init__(self, pictures: Pictures, settings: Images | None) -> None:
        self.problems: list[ImageProblem] = []
        self._pictures, self._settings = pictures, settings or Images()
        self._seen: dict[bytes, list[tuple[str, str]]] = {}
        self._workers = ThreadPoolExecutor() if _can_look() else None

    def keep(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """A batch of examples, its column ``image``, where it has one, of ``schema.IMAGE`` or lists of it."""
        place = batch.schema.get_field_index("image")
        if place < 0:
            return batch
        values = batch.column(place)
        listed = pa.types.is_list(values.type)
        flat = values.flatten() if listed else values
        data, path, where = flat.flatten()
        keys = [None if each is None else self._pictures.add(each) for each in data.to_pylist()]
        self._look(dict(zip(keys, data, strict=True)))
        owners = values.value_parent_indices().to_pylist() if listed else range(len(values))
        for row, key, at in zip(owners, keys, where.to_pylist(), strict=True):
            if key and self._seen.get(key):
                split, image_id = batch["split"][row].as_py(), batch["image_id"][row].as_py()
                self.problems += [ImageProblem(split, image_id, at, *each) for each in self._seen[key]]
        summed = pa.StructArray.from_arrays(
            [pa.array(keys, pa.binary()), path], fields=list(IMAGE), mask=flat.is_null()
        )
        return batch.set_column(place, "image", _like(values, summed) if listed else summed)

    def _look(self, pictures: dict[bytes | None, pa.Scalar]) -> None:
        """Look at those that were not seen before, several at once."""
        new = [key for key in pictures if key is not None and key not in self._seen]
        if self._workers is None:
            return
        found = self._workers.map(
            lambda key: list(look(pictures[key].as_buffer(), len(pictures[key].as_buffer()), self._settings)),
            new,
        )
        self._seen |= zip(new, found, strict=True)


def in_one_schema(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Batches as tables; rows without the column ``image``, where others have it, have a null there.

    Raises:
        SourceError: some rows hold one picture, others a list.
    """
    kind = None
    with ExitStack() as opened, TemporaryDirectory(prefix="vqa-builder-") as folder:
        early, writer = Path(folder) / "early.arrow", None
        for batch in batches:
            own = batch.schema.field("image").type if "image" in batch.schema.names else None
            if kind is None and own is None:
                writer = writer or opened.enter_context(pa.ipc.new_file(str(early), batch.schema))
                writer.write_batch(batch)
                continue
            if kind is None:
                kind = own
                yield from _earlier(early, writer, kind)
            elif own not in (kind, None):
                raise _two_kinds(kind, own)
            yield _with_column(batch, kind)
        if kind is None:
            yield from _earlier(early, writer, None)


def _earlier(path: Path, writer: Any, kind: pa.DataType | None) -> Iterator[pa.Table]:
    """Batches that came before it was known whether any has pictures."""
    if writer is not None:
        writer.close()
        for piece in Batches.arrow_file(path).read():
            (batch,) = piece.to_batches()
            yield _with_column(batch, kind)


def _with_column(batch: pa.RecordBatch, kind: pa.DataType | None) -> pa.Table:
    if kind is not None and "image" not in batch.schema.names:
        place = batch.schema.get_field_index("image_id") + 1
        batch = batch.add_column(place, "image", pa.nulls(batch.num_rows, kind))
    return pa.Table.from_batches([batch])


def _two_kinds(*kinds: pa.DataType) -> SourceError:
    return SourceError(
        "Some files of the source hold one picture in a row, others a list",
        expected="one of them in all files",
        found=", ".join(sorted(map(str, kinds))),
        remedy="name a column that all files have in the same form: columns: {image: COLUMN}",
    )


def _like(lists: pa.ListArray, values: pa.Array) -> pa.ListArray:
    """Lists of the same lengths, with other values."""
    lengths: list[int] = [length or 0 for length in lists.value_lengths().to_pylist()]
    offsets = [0]
    for length in lengths:
        offsets.append(offsets[-1] + length)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values, mask=lists.is_null())


def _can_look() -> bool:
    return importlib.util.find_spec("PIL") is not None
