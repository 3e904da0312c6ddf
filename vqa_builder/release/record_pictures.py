"""Pictures in records as the spec states them: as they are, read from a folder, or referred to."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from vqa_builder.errors import ReleaseError
from vqa_builder.pictures import picture_columns, with_bytes
from vqa_builder.spec import Images


def as_stated(table: pa.RecordBatch, settings: Images | None, root: Path | None) -> pa.RecordBatch:
    """The same rows; of their pictures, those that are files alone are read, or the others are left out.

    Args:
        table: rows of a source, pictures as ``datasets.Image`` holds them.
        settings: the spec's ``release.images``; pictures stay as they are without ``embed`` in it.
        root: the folder in which their paths lead to files; nothing outside it is read.

    Raises:
        ReleaseError: a picture is to be referred to, and has no path.
    """
    if settings is None or settings.embed is None or (settings.embed and root is None):
        return table

    def changed(data: pa.Array, path: pa.Array) -> pa.Array:
        if settings.embed:
            found = [
                one.as_py() if one.is_valid or name is None else _file(root, name, settings.max_bytes)
                for one, name in zip(data, path.to_pylist(), strict=True)
            ]
            return pa.array(found, pa.binary())
        if any(one.is_valid and not name.is_valid for one, name in zip(data, path, strict=True)):
            raise ReleaseError(
                "A picture of the source has no path by which to refer to it",
                where="release.images.embed",
                expected="a path in each picture",
                found="bytes alone",
                remedy="leave embed out, and the pictures stay in the rows",
            )
        return pa.nulls(len(data), pa.binary())

    for name in picture_columns(table.schema):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(name), with_bytes(table[name], changed))
    return table


def _file(root: Path | None, name: str, most: int) -> bytes | None:
    """A file inside the folder; None where it is not there, lies elsewhere or is too large."""
    if root is None:
        return None
    path = (root / name).resolve()
    inside = path.is_relative_to(root.resolve()) and path.is_file()
    return path.read_bytes() if inside and path.stat().st_size <= most else None
