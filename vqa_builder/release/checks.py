"""What must hold inside the tables of a release, whatever the manifest says.

A check takes a table's key, the table and the answer map, and returns the faults it found, each with the ids
of the first rows that have it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.release.contents import ANSWER_MAP_KEY, config_of
from vqa_builder.release.manifest import Manifest
from vqa_builder.release.parquet import read_table

SHOWN_IDS = 3
CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
QUESTION_TEXTS = ("question", "question_en", "question_back")
ANSWER_COLUMNS = ("multiple_choice_answer", "multiple_choice_answer_en", "labels", "soft_scores")


@dataclass(frozen=True)
class AnswerMap:
    """The labels that a release may use.

    Attributes:
        labels: known label ids; None where the answer map cannot be read, so that nothing can be said.
    """

    labels: pa.Array | None

    @classmethod
    def read(cls, folder: Path, found: Manifest) -> AnswerMap:
        """The answer map of a release; without any label where the release has none."""
        if ANSWER_MAP_KEY not in found.tables:
            return cls(pa.array([], pa.int32()))
        try:
            return cls(read_table(folder, ANSWER_MAP_KEY)["label"].combine_chunks())
        except Exception:  # the check "readable" reports why
            return cls(None)

    def unknown(self, labels: pa.Array) -> pa.Array | None:
        """Which labels are not in the map; None if nothing can be said."""
        return None if self.labels is None else pc.invert(pc.is_in(labels, self.labels))


def answer_faults(key: str, table: pa.Table, answer_map: AnswerMap) -> list[str]:
    """Labels outside the answer map, scores that do not match their labels, labels without answers."""
    if config_of(key) == "answers":
        return []
    labels, scores, answers = table["labels"], table["soft_scores"], table["answers"]
    faults = {
        "labels and soft_scores differ in length": pc.not_equal(*map(_lengths, (labels, scores))),
        "an empty list of answers, null expected": pc.equal(pc.list_value_length(answers), 0),
    }
    for name in ANSWER_COLUMNS:
        invented = pc.and_(pc.is_null(answers), pc.is_valid(table[name]))
        faults[f"no answers, so null expected in {name}"] = invented
    found = [_fault(key, table, problem, mask) for problem, mask in faults.items()]
    found.append(_nested_fault(key, table, "labels", "a label outside the answer map", answer_map.unknown))
    found.append(_nested_fault(key, table, "soft_scores", "a soft score outside 0 to 1", _outside_0_1))
    return [fault for fault in found if fault]


def text_faults(key: str, table: pa.Table, answer_map: AnswerMap) -> list[str]:
    """Missing or blank questions, control characters, bytes that are not UTF-8."""
    try:
        table.validate(full=True)
    except pa.ArrowInvalid as error:
        return [f"{key}: {error}"]
    if config_of(key) == "answers":
        return []
    needed = ("question", "question_en") if config_of(key) == "default" else ("question_en",)
    found = [_fault(key, table, f"no text in {name}", _blank(table[name])) for name in needed]
    for name in QUESTION_TEXTS:
        mask = pc.match_substring_regex(table[name], CONTROL)
        found.append(_fault(key, table, f"a control character in {name}", mask))
    return [fault for fault in found if fault]


def reason_faults(key: str, table: pa.Table, answer_map: AnswerMap) -> list[str]:
    """Rejected rows without a reason."""
    if config_of(key) != "rejected":
        return []
    fault = _fault(key, table, "rejected without a reason", pc.equal(_lengths(table["reasons"]), 0))
    return [fault] if fault else []


TABLE_CHECKS: dict[str, Callable[[str, pa.Table, AnswerMap], list[str]]] = {
    "answers": answer_faults,
    "text": text_faults,
    "reasons": reason_faults,
}


def rows_of(mask: pa.ChunkedArray, ids: pa.ChunkedArray) -> list[Any]:
    """The ids of the rows where a mask is true."""
    return ids.filter(pc.fill_null(mask, False)).to_pylist()  # type: ignore[no-any-return]


def _fault(key: str, table: pa.Table, problem: str, mask: pa.ChunkedArray) -> str | None:
    ids = rows_of(mask, table["question_id"])
    if not ids:
        return None
    named = ", ".join(repr(one) for one in ids[:SHOWN_IDS])
    return f"{key}: {problem}: {len(ids):,} of {table.num_rows:,} rows, first question_id {named}"


def _nested_fault(
    key: str, table: pa.Table, name: str, problem: str, is_wrong: Callable[[pa.Array], pa.Array | None]
) -> str | None:
    """A fault in values inside a list column."""
    column = table[name].combine_chunks()
    wrong = is_wrong(pc.list_flatten(column))
    if wrong is None:
        return None
    rows = pc.list_parent_indices(column).filter(pc.fill_null(wrong, True)).unique()
    mask = pc.is_in(pa.array(range(table.num_rows)), rows.cast(pa.int64()))
    return _fault(key, table, problem, pa.chunked_array([mask]))


def _outside_0_1(values: pa.Array) -> pa.Array:
    return pc.invert(pc.and_(pc.greater_equal(values, 0), pc.less_equal(values, 1)))


def _lengths(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.fill_null(pc.list_value_length(column), 0)


def _blank(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.fill_null(pc.equal(pc.utf8_trim_whitespace(column), ""), True)
