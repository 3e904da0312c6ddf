"""Whether two releases hold the same tables; if not, the first table, column and rows that differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from vqa_builder.errors import ReleaseError
from vqa_builder.release.diff.rows_changed import differs
from vqa_builder.release.manifest import Manifest
from vqa_builder.release.parquet import read_table

SHOWN_IDS = 3


@dataclass(frozen=True)
class Difference:
    """The first difference between the tables of two releases.

    Attributes:
        table: ``data/train``.
        column: the first column that differs; None where the table is missing or has other columns.
        detail: what was expected and found.
        rows: how many rows differ in the column, as far as it can be known.
        ids: the first of them.
    """

    table: str
    column: str | None
    detail: str
    rows: int | None = None
    ids: tuple[Any, ...] = ()

    def __str__(self) -> str:
        """One line."""
        where = f"{self.table}, column {self.column}" if self.column else self.table
        return f"{where}: {self.detail}"


def first_difference(old: Manifest, new: Manifest, old_folder: Path, new_folder: Path) -> Difference | None:
    """Compare by content hashes, and look into the files only for what differs.

    Args:
        old: what is expected.
        new: what was found.
        old_folder: its tables need not be there any more; then rows are not named.
        new_folder: where the tables of ``new`` lie.
    """
    return next(_differences(old, new, old_folder, new_folder), None)


def _differences(old: Manifest, new: Manifest, old_folder: Path, new_folder: Path) -> Iterator[Difference]:
    for key in dict.fromkeys([*old.tables, *new.tables]):
        if key not in old.tables or key not in new.tables:
            yield Difference(key, None, "not expected" if key in new.tables else "expected, and not there")
            continue
        expected, found = old.tables[key], new.tables[key]
        if expected["content_hash"] == found["content_hash"]:
            continue
        if expected["rows"] != found["rows"]:
            yield Difference(key, None, f"expected {expected['rows']:,} rows, found {found['rows']:,}")
            continue
        was, now = expected.get("columns") or {}, found.get("columns") or {}
        if [*was] != [*now]:
            detail = f"expected the columns {', '.join(was)}, found {', '.join(now)}"
            yield Difference(key, None, detail if was else "another content hash")
            continue
        column = next(name for name in was if was[name] != now[name])
        yield _rows(key, column, old_folder, new_folder)


def _rows(key: str, column: str, old_folder: Path, new_folder: Path) -> Difference:
    """Name the rows, if both tables can be read."""
    identity = "label" if key.startswith("answers/") else "question_id"
    try:
        tables = [read_table(folder, key, [identity, column]) for folder in (old_folder, new_folder)]
    except (ReleaseError, OSError, pa.ArrowException):
        return Difference(key, column, "another content hash; the original rows are not there to compare")
    old, new = (table[column].combine_chunks() for table in tables)
    places = np.flatnonzero(differs(old, new))
    ids = tuple(tables[1][identity].take(pa.array(places[:SHOWN_IDS])).to_pylist())
    named = ", ".join(map(repr, ids))
    detail = f"{len(places):,} of {len(new):,} rows, first {identity} {named}"
    return Difference(key, column, detail, len(places), ids)
