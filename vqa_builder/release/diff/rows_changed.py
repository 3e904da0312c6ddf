"""The rows of two releases side by side: joined by split and question_id, compared column by column.

A column of both releases is in memory at a time, so the cost in memory is that of the widest column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder.errors import ReleaseError
from vqa_builder.quality.rules import reason_codes
from vqa_builder.release.manifest import Manifest
from vqa_builder.release.parquet import config_of, read_table, table_schema
from vqa_builder.sources.records import ROW_ID

Mask = NDArray[np.bool_]
Places = NDArray[np.int64]
SHOWN_EXAMPLES = 5
KINDS = {
    "image_id": "image",
    "image": "image reference",
    "language": "language",
    "question": "question text",
    "question_en": "English question",
    "question_back": "back-translation",
    "question_type": "question type",
    "answer_type": "answer type",
    "multiple_choice_answer": "most common answer",
    "multiple_choice_answer_en": "English most common answer",
    "multiple_choice_answer_method": "method of the most common answer",
    "answers": "answers",
    "labels": "labels",
    "soft_scores": "soft scores",
    "alignment": "word alignment",
    "engine": "engine",
}
_SCORE = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class RowGroup:
    """Rows that differ in the same way.

    Attributes:
        kind: ``added``, ``removed``, ``question text``, ``now rejected: chrf<30 (score changed)``, ...
        rows: how many.
        examples: the first of them: ``split``, ``question_id`` and, where there are some, ``question_en``,
            ``old`` and ``new``.
    """

    kind: str
    rows: int
    examples: tuple[dict[str, Any], ...]


class Rows:
    """All rows of a release, kept and rejected, a column at a time.

    Args:
        folder: the release.
        found: its manifest.

    Raises:
        ReleaseError: a question id stands twice in a split.
    """

    def __init__(self, folder: Path, found: Manifest) -> None:
        self.folder = folder
        self.schemas = {key: table_schema(folder, key) for key in found.tables if config_of(key) != "answers"}
        self.rows = {key: found.tables[key]["rows"] for key in self.schemas}
        self.is_records = any(ROW_ID in columns.names for columns in self.schemas.values())
        self.split = self._repeated(lambda key: key.split("/")[1], pa.string())
        self.kept = self._repeated(lambda key: config_of(key) == "default", pa.bool_())
        self.ids = self.column(ROW_ID if self.is_records else "question_id")
        self.keys = pc.binary_join_element_wise(self.split, self.ids.cast(pa.string()), "\t")
        if len(self.keys.unique()) != len(self.keys):
            raise ReleaseError(
                "Two rows of a split have the same question_id, so rows cannot be compared",
                where=folder,
                remedy=f"vqa-builder verify {folder} names them",
            )

    @property
    def columns(self) -> list[str]:
        """The names of all columns, those of the rejected rows included."""
        return list(dict.fromkeys(name for found in self.schemas.values() for name in found.names))

    @cached_property
    def english(self) -> pa.Array | None:
        """The questions in English, for people; None where the release has none."""
        return self.column("question_en") if "question_en" in self.columns else None

    def column(self, name: str) -> pa.Array:
        """One column over all rows; null where a table does not have it."""
        parts = []
        for key, found in self.schemas.items():
            if name in found.names:
                parts.append(read_table(self.folder, key, [name])[name])
            else:
                parts.append(pa.chunked_array([pa.nulls(self.rows[key])]))
        kind = next((part.type for part in parts if not pa.types.is_null(part.type)), pa.null())
        return _one([chunk for part in parts for chunk in part.cast(kind).chunks], kind)

    def _repeated(self, value: Callable[[str], Any], kind: pa.DataType) -> pa.Array:
        return _one([pa.repeat(pa.scalar(value(key), kind), self.rows[key]) for key in self.schemas], kind)


def compare(old: Rows, new: Rows) -> list[RowGroup]:
    """Every way in which rows differ, in the order of the columns; nothing if they do not.

    Ids are compared by their text, so int64 and string ids of the same value meet. A row that went to another
    split stands under ``moved to another split`` alone, and its columns are not compared.
    """
    place = pc.index_in(new.keys, old.keys)
    both = _mask(place.is_valid())
    pair = _Pair(old, new, place.drop_null().to_numpy().astype(np.int64), np.flatnonzero(both))
    added, removed = np.flatnonzero(~both), np.flatnonzero(~_mask(pc.is_in(old.keys, new.keys)))
    moved = _mask(pc.is_in(_texts(new.ids, added), _texts(old.ids, removed)))
    left = _mask(pc.is_in(_texts(old.ids, removed), _texts(new.ids, added)))
    groups = [
        _found("added", new, added[~moved]),
        _found("removed", old, removed[~left]),
        _found("moved to another split", new, added[moved]),
        *_flips(pair),
        *(group for name in pair.names for group in pair.group(name)),
        *_score_groups(pair),
    ]
    return [group for group in groups if group.rows]


def differs(old: pa.Array, new: pa.Array) -> Mask:
    """Where two arrays of the same length say different things; NaN equals NaN.

    >>> differs(pa.array([[1, 2], None, [3]]), pa.array([[1, 2], [], [4]])).tolist()
    [False, True, True]
    """
    found: Mask = _mask(old.is_valid()) != _mask(new.is_valid())
    if pa.types.is_struct(old.type) and pa.types.is_struct(new.type):
        for name in {field.name for field in old.type} & {field.name for field in new.type}:
            found |= differs(pc.struct_field(old, name), pc.struct_field(new, name))
        return found
    if pa.types.is_nested(old.type) or pa.types.is_nested(new.type):
        return found | _lists_differ(old, new)
    if old.type != new.type:
        old, new = old.cast(pa.string()), new.cast(pa.string())
    unequal = _mask(pc.fill_null(pc.not_equal(old, new), False))
    if pa.types.is_floating(old.type):
        unequal &= ~_mask(pc.fill_null(pc.and_(pc.is_nan(old), pc.is_nan(new)), False))
    return found | unequal


def _lists_differ(old: pa.Array, new: pa.Array) -> Mask:
    lengths = [pc.fill_null(pc.list_value_length(one), -1).to_numpy() for one in (old, new)]
    found: Mask = lengths[0] != lengths[1]
    same = np.flatnonzero(~found)
    old, new = (one.take(pa.array(same)) for one in (old, new))
    inside = differs(pc.list_flatten(old), pc.list_flatten(new))
    rows = pc.list_parent_indices(new).to_numpy()[inside]
    found[same[np.unique(rows)]] = True
    return found


@dataclass(frozen=True)
class _Pair:
    """The rows that both releases have: ``old_places[i]`` and ``new_places[i]`` are the same question."""

    old: Rows
    new: Rows
    old_places: Places
    new_places: Places

    @property
    def names(self) -> list[str]:
        """The columns that are compared, scores and reasons apart; of records, all that are no id."""
        if not self.new.is_records:
            return list(KINDS)
        return [name for name in self.new.columns if name not in (ROW_ID, "scores", "reasons")]

    def columns(self, name: str) -> tuple[pa.Array, pa.Array] | None:
        """A column of both, row by row; None where one does not have it."""
        if name not in self.old.columns or name not in self.new.columns:
            return None
        columns = self.old.column(name), self.new.column(name)
        return columns[0].take(pa.array(self.old_places)), columns[1].take(pa.array(self.new_places))

    def group(self, name: str) -> Iterator[RowGroup]:
        """The rows whose value in a column differs."""
        if columns := self.columns(name):
            yield self.named(KINDS.get(name, name), differs(*columns), *columns)

    def named(self, kind: str, mask: Mask, old: pa.Array, new: pa.Array) -> RowGroup:
        """A group with the values before and after."""
        places = np.flatnonzero(mask)
        group = _found(kind, self.new, self.new_places[places])
        shown = pa.array(places[: len(group.examples)], pa.int64())
        values = zip(old.take(shown).to_pylist(), new.take(shown).to_pylist(), strict=True)
        examples = [
            {**row, **_shown(before, after)}
            for row, (before, after) in zip(group.examples, values, strict=True)
        ]
        return RowGroup(kind, group.rows, tuple(examples))


def _flips(pair: _Pair) -> Iterator[RowGroup]:
    """Verdicts that turned, by reason, and whether the score or the rule is what changed."""
    kept_old = _mask(pair.old.kept.take(pa.array(pair.old_places)))
    kept_new = _mask(pair.new.kept.take(pa.array(pair.new_places)))
    reasons = _sides(pair, "reasons")
    scores = pair.columns("scores")
    turned = {
        "now rejected": (kept_old & ~kept_new, reasons[1]),
        "now kept": (~kept_old & kept_new, reasons[0]),
    }
    for verdict, (mask, why) in turned.items():
        yield _found(verdict, pair.new, pair.new_places[mask])
        if not mask.any() or why is None:
            continue
        codes = pc.unique(reason_codes(pc.list_flatten(why.filter(pa.array(mask))))).to_pylist()
        for code in sorted(codes):
            of_code = mask & _holds(why, code)
            yield from _by_cause(pair, f"{verdict}: {code}", of_code, code, scores)
    if None not in reasons:
        both = ~kept_old & ~kept_new
        yield pair.named("reasons of rejected rows", both & differs(*reasons), *reasons)


def _by_cause(
    pair: _Pair, kind: str, mask: Mask, code: str, scores: tuple[pa.Array, pa.Array] | None
) -> Iterator[RowGroup]:
    """Split rows of one reason by whether the score behind it changed."""
    name = match[0] if (match := _SCORE.match(code)) else ""
    if scores is None or any(one.type.get_field_index(name) < 0 for one in scores):
        yield _found(kind, pair.new, pair.new_places[mask])
        return
    old, new = (pc.struct_field(one, name) for one in scores)
    changed = differs(old, new)
    yield pair.named(f"{kind} (score changed)", mask & changed, old, new)
    yield pair.named(f"{kind} (rule changed)", mask & ~changed, old, new)


def _score_groups(pair: _Pair) -> Iterator[RowGroup]:
    scores = pair.columns("scores")
    if scores is None:
        return
    for field in scores[1].type:
        if scores[0].type.get_field_index(field.name) >= 0:
            old, new = (pc.struct_field(one, field.name) for one in scores)
            yield pair.named(f"score {field.name}", differs(old, new), old, new)


def _shown(old: Any, new: Any) -> dict[str, Any]:
    """Two values without the members that they share, floats without digits that float32 does not have."""
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        differing = [pair for pair in zip(old, new, strict=True) if pair[0] != pair[1]]
        old, new = [before for before, _ in differing], [after for _, after in differing]
    return {"old": _rounded(old), "new": _rounded(new)}


def _rounded(value: Any) -> Any:
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if isinstance(value, dict):
        return {name: _rounded(item) for name, item in value.items()}
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _sides(pair: _Pair, name: str) -> tuple[pa.Array | None, pa.Array | None]:
    """A column of each release, None where it has none; row-aligned."""
    sides = ((pair.old, pair.old_places), (pair.new, pair.new_places))
    old, new = (
        rows.column(name).take(pa.array(places)) if name in rows.columns else None for rows, places in sides
    )
    return old, new


def _holds(lists: pa.Array, value: str) -> Mask:
    """Which lists of reasons hold a code."""
    found = np.zeros(len(lists), dtype=bool)
    hits = _mask(pc.equal(reason_codes(pc.list_flatten(lists)), value))
    found[pc.list_parent_indices(lists).to_numpy()[hits]] = True
    return found


def _found(kind: str, rows: Rows, places: Places) -> RowGroup:
    shown = pa.array(places[:SHOWN_EXAMPLES], pa.int64())
    pairs = zip(rows.split.take(shown).to_pylist(), rows.ids.take(shown).to_pylist(), strict=True)
    examples = [{"split": split, "question_id": identity} for split, identity in pairs]
    if rows.english is not None:
        for example, text in zip(examples, rows.english.take(shown).to_pylist(), strict=True):
            example["question_en"] = text
    return RowGroup(kind, len(places), tuple(examples))


def _texts(ids: pa.Array, places: Places) -> pa.Array:
    return ids.take(pa.array(places)).cast(pa.string())


def _mask(values: pa.Array) -> Mask:
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=bool)


def _one(chunks: list[pa.Array], kind: pa.DataType) -> pa.Array:
    return pa.concat_arrays(chunks) if chunks else pa.array([], kind)
