"""Pictures on their way from a source to a release: tables hold SHA-256 sums, a folder holds the bytes once.

A picture in a row is the struct of ``datasets.Image``. Wherever a table is in memory, ``bytes`` is the sum of
the picture, 32 bytes; the picture itself is read when a file is written that needs it.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import io
import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder.batches import Batches
from vqa_builder.errors import StorageError
from vqa_builder.schema import IMAGE
from vqa_builder.store import file_hash

MOST_BYTES = MOST_PIXELS = 50_000_000
"""Of pictures that are looked at; larger ones are neither shown nor sent."""
COLUMNS = ("image", "images")
"""The columns of a release that hold pictures: one in each row, or a list of them."""


class Pictures:
    """Pictures by their SHA-256: those that were added, in a folder, and those that lie in files anyway.

    Args:
        root: the folder; made when the first picture is added.

    Example:
        >>> pictures = Pictures(Path("work/pictures"))
        >>> key = pictures.add(b"GIF89a")
        >>> pictures.read(key), pictures.size(key)
        (b'GIF89a', 6)
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._elsewhere: dict[bytes, Path] = {}

    def add(self, data: bytes) -> bytes:
        """Keep a picture; one that is there already costs nothing. Returns its SHA-256."""
        key = hashlib.sha256(data).digest()
        path = self.path(key)
        if not path.is_file() or path.stat().st_size != len(data):
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(".partial")
            partial.write_bytes(data)
            partial.replace(path)
        return key

    def add_file(self, path: Path) -> bytes:
        """Remember where a picture lies, without a copy. Returns its SHA-256."""
        key = bytes.fromhex(file_hash(path))
        self._elsewhere.setdefault(key, path)
        return key

    def path(self, key: bytes) -> Path:
        """The file of a picture."""
        name = key.hex()
        return self._elsewhere.get(key) or self.root / name[:2] / name

    def size(self, key: bytes) -> int:
        """Bytes of a picture; raises as ``read`` does where it is not there."""
        try:
            return self.path(key).stat().st_size
        except OSError as error:
            raise self._lost(key, error) from error

    def read(self, key: bytes) -> bytes:
        """The bytes of a picture.

        Raises:
            StorageError: it is not there, or no longer what it was.
        """
        try:
            data = self.path(key).read_bytes()
        except OSError as error:
            raise self._lost(key, error) from error
        if hashlib.sha256(data).digest() != key:
            raise self._lost(key, "other bytes")
        return data

    def prune(self, tables: Iterable[Path]) -> None:
        """Drop the pictures in the folder that none of some tables names; these hold sums for bytes."""
        if not self.root.is_dir():
            return
        named: set[str] = set()
        for path in tables:
            rows = Batches.arrow_file(path)
            for piece in rows.read(held) if (held := picture_columns(rows.schema)) else ():
                for name in held:
                    flat = (
                        pc.list_flatten(piece[name])
                        if pa.types.is_list(piece.schema.field(name).type)
                        else piece[name]
                    )
                    named.update(key.hex() for key in pc.struct_field(flat, "bytes").to_pylist() if key)
        for path in self.root.glob("??/*"):
            if path.name not in named:
                path.unlink(missing_ok=True)

    def _lost(self, key: bytes, found: object) -> StorageError:
        steps = self.root.parent / "steps"
        return StorageError(
            "A picture that was read from the source is gone or damaged",
            where=self.path(key),
            expected=f"SHA-256 {key.hex()}",
            found=found,
            remedy=f"remove {steps}, and build again: the source is read anew, and nothing is paid twice",
        )


class Shown(Protocol):
    """What a page asks for pictures."""

    def __call__(self, rows: Sequence[int], side: int, most: int, /) -> dict[int, str]:
        """Row -> a ``data:`` address with its picture, or the web address of it; rows without are missing.

        Args:
            rows: of the tables of kept and rejected rows, one after the other, those wanted most in front.
            side: pixels of the longer side.
            most: pictures at most; web addresses do not count.
        """


def thumbnail(data: bytes, side: int) -> str | None:
    """A picture as a small JPEG in a ``data:`` address; None where Pillow cannot read it, or is not there."""
    if importlib.util.find_spec("PIL") is None or len(data) > MOST_BYTES:
        return None
    from PIL import Image, ImageOps

    stream = io.BytesIO()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as image:
                if image.width * image.height > MOST_PIXELS:
                    return None
                image.draft("RGB", (2 * side, 2 * side))
                image.thumbnail((side, side))
                own = ImageOps.exif_transpose(image).convert("RGBA")
                small = Image.new("RGB", own.size, "white")
                small.paste(own, mask=own.getchannel("A"))
        small.save(stream, "JPEG", quality=75)
    except Exception:  # decoders raise whatever the bytes make them raise
        return None
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"


def are_pictures(kind: pa.DataType) -> bool:
    """Whether a type is that of a picture, or of a list of them.

    >>> are_pictures(pa.list_(IMAGE)), are_pictures(pa.string())
    (True, False)
    """
    return bool(kind == IMAGE or (pa.types.is_list(kind) and kind.value_type == IMAGE))


def picture_columns(found: pa.Schema) -> list[str]:
    """The columns that hold pictures."""
    return [field.name for field in found if are_pictures(field.type)]


def with_bytes(values: pa.Array, change: Callable[[pa.Array, pa.Array], pa.Array]) -> pa.Array:
    """Pictures, or lists of them, with other ``bytes``.

    Args:
        values: of a type that ``are_pictures`` knows.
        change: of ``bytes`` and ``path``, (n,) each, makes other ``bytes``.
    """
    if pa.types.is_list(values.type):
        lengths = pc.list_value_length(values).fill_null(0).to_numpy(zero_copy_only=False)
        offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
        flat = with_bytes(pc.list_flatten(values), change)
        return pa.ListArray.from_arrays(offsets, flat, mask=values.is_null())
    data, path = values.flatten()
    return pa.StructArray.from_arrays([change(data, path), path], fields=list(IMAGE), mask=values.is_null())


def with_sums(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Rows with the SHA-256 of each picture in the place of its bytes."""

    def sums(data: pa.Array, _: pa.Array) -> pa.Array:
        found = [None if each is None else hashlib.sha256(each).digest() for each in _buffers(data)]
        return pa.array(found, pa.binary())

    return _changed(batch, sums)


def filled(batch: pa.RecordBatch, pictures: Pictures) -> pa.RecordBatch:
    """The reverse: rows with the bytes of each picture in the place of its SHA-256."""

    def read(keys: pa.Array, _: pa.Array) -> pa.Array:
        return pa.array(
            [None if key is None else pictures.read(key) for key in keys.to_pylist()], pa.binary()
        )

    return _changed(batch, read)


def sizes(table: pa.Table, pictures: Pictures) -> NDArray[np.int64]:
    """Bytes of the pictures of each row, (n,) int64, of a table that holds their sums."""
    size = cache(pictures.size)
    total = np.zeros(table.num_rows, np.int64)
    for name in picture_columns(table.schema):
        for row, value in enumerate(table[name].to_pylist()):
            for one in value if isinstance(value, list) else [value]:
                if one and one["bytes"]:
                    total[row] += size(one["bytes"])
    return total


def _changed(batch: pa.RecordBatch, change: Callable[[pa.Array, pa.Array], pa.Array]) -> pa.RecordBatch:
    for name in picture_columns(batch.schema):
        place = batch.schema.get_field_index(name)
        batch = batch.set_column(place, name, with_bytes(batch.column(place), change))
    return batch


def _buffers(data: pa.Array) -> list[memoryview | None]:
    return [memoryview(each.as_buffer()) if each.is_valid else None for each in data]
