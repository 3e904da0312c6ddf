"""The pictures of some rows of a release, made small enough to stand in a page beside their rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from vqa_builder.pictures import COLUMNS, MOST_BYTES, Shown, are_pictures, thumbnail
from vqa_builder.release.parquet import table_files, table_schema


def shown_pictures(release: Path, keys: Sequence[str], folder: Path | None = None) -> Shown:
    """What gives the pictures of a release's rows.

    Args:
        release: the release's folder, its tables written.
        keys: the tables, in the order in which the page counts their rows.
        folder: where pictures lie that the rows name by their file; files elsewhere are never opened.

    >>> shown_pictures(Path("out/vqa-ja"), ["data/train"])([0, 1], 96, 400)
    {}
    """

    def found(rows: Sequence[int], side: int, most: int) -> dict[int, str]:
        pictures: dict[int, str] = {}
        left = most
        for row, value in _values(release, keys, rows, folder is not None, most):
            if isinstance(value, str) and value.startswith(("http://", "https://")):
                pictures[row] = value
                continue
            data = _file(value, folder) if isinstance(value, str) else value
            small = thumbnail(data, side) if data and left else None
            if small:
                pictures[row], left = small, left - 1
        return pictures

    return found


def _values(
    release: Path, keys: Sequence[str], rows: Sequence[int], files: bool, most: int
) -> Iterator[tuple[int, bytes | str]]:
    """The first picture of each row: its bytes or what refers to it; row group after row group."""
    start = 0
    for key in keys:
        name = _column(table_schema(release, key))
        for path in table_files(release, key):
            with pq.ParquetFile(path, pre_buffer=False) as file:
                end = start + file.metadata.num_rows
                of_file = [row for row in rows if start <= row < end]
                if name and of_file:
                    if are_pictures(file.schema_arrow.field(name).type) or files:
                        of_file = of_file[: max(1, most // len(keys))]
                    yield from _of_file(file, name, of_file, start)
                start = end


def _of_file(
    file: pq.ParquetFile, name: str, rows: Sequence[int], start: int
) -> Iterator[tuple[int, bytes | str]]:
    wanted = sorted(rows)
    for group in range(file.num_row_groups):
        end = start + file.metadata.row_group(group).num_rows
        mine = [row for row in wanted if start <= row < end]
        if mine:
            column = file.read_row_group(group, columns=[name])[name]
            for row in mine:
                value = _first(column[row - start].as_py())
                if value:
                    yield row, value
        start = end


def _column(found: pa.Schema) -> str | None:
    """The column of pictures, else the one that refers to them."""
    held = [field.name for field in found if are_pictures(field.type)]
    return next(iter([*held, *(name for name in COLUMNS if name in found.names)]), None)


def _first(value: Any) -> bytes | str | None:
    value = value[0] if isinstance(value, list) and value else value
    if isinstance(value, Mapping):
        value = value.get("bytes") or value.get("path")
    return value if isinstance(value, bytes | str) else None


def _file(name: str, folder: Path | None) -> bytes | None:
    """A file inside a folder; None where it is not there, or lies elsewhere."""
    if folder is None:
        return None
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file() or path.stat().st_size > MOST_BYTES:
        return None
    return path.read_bytes()
