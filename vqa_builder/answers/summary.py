"""What a manifest and a card say about the answers: coverage, methods, merges and drift."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.answers import winners
from vqa_builder.answers.vocabulary import normalised
from vqa_builder.languages.base import Language

VERSION = "1"


def summary(rows: pa.Table, answer_map: pa.Table, language: Language) -> dict[str, Any]:
    """Counts, as JSON.

    Args:
        rows: all rows, kept and rejected, as ``assemble`` makes them.
        answer_map: a table of schema ``ANSWER_MAP``.
        language: the target language.

    Returns:
        ``coverage``: split and answer type -> rows with answers, and of these the rows whose winner is a
        label; ``methods`` and ``merges``: method, or verdict -> entries of the map and annotators' answers;
        ``drift``: kind -> rows.
    """
    answered = rows.filter(pc.is_valid(rows["answers"]))
    kinds = winners.drift(answered, language)["kind"]
    return {
        "coverage": {name: _coverage(answered, name, answer_map) for name in ("split", "answer_type")},
        "methods": _mass(answer_map, "method"),
        "merges": _mass(answer_map, "merge"),
        "drift": {
            kind: pc.sum(pc.equal(kinds, kind)).as_py() or 0
            for kind in (winners.CHANGED, winners.ROSE, winners.FELL)
        },
    }


def _coverage(answered: pa.Table, column: str, answer_map: pa.Table) -> dict[str, dict[str, int]]:
    winners = answered["multiple_choice_answer_en"].combine_chunks().dictionary_encode()
    labels = set(answer_map["answer_en"].to_pylist())
    known = pa.array([normalised(text) in labels for text in winners.dictionary.to_pylist()], pa.bool_())
    table = pa.table({"name": answered[column], "inside": known.take(winners.indices).cast(pa.int64())})
    counted = (
        table.filter(pc.is_valid(table["name"]))
        .group_by("name")
        .aggregate([("inside", "count"), ("inside", "sum")])
    )
    return {
        row["name"]: {"rows": row["inside_count"], "inside": row["inside_sum"]}
        for row in counted.sort_by("name").to_pylist()
    }


def _mass(answer_map: pa.Table, column: str) -> dict[str, dict[str, int]]:
    """Value -> entries and annotators' answers, by falling number of answers, then by value."""
    filled = answer_map.set_column(
        answer_map.schema.get_field_index(column), column, pc.fill_null(answer_map[column], "")
    )
    counted = filled.group_by(column).aggregate([("label", "count"), ("support", "sum")]).to_pylist()
    return {
        row[column]: {"entries": row["label_count"], "answers": row["support_sum"] or 0}
        for row in sorted(counted, key=lambda row: (-(row["support_sum"] or 0), row[column]))
    }
