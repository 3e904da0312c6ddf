"""All questions of a release in one table, and their scores beside the thresholds that judged them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder.arrays import one_array
from vqa_builder.batches import Batches
from vqa_builder.quality.policy import round_trip_scores
from vqa_builder.quality.round_trip import Measured, fitted
from vqa_builder.translation.phrasebook import NAME as PHRASEBOOK

Floats: TypeAlias = NDArray[np.float32]

WORDS = ("question_type", "answer_type", "engine")
WORD = pa.dictionary(pa.int32(), pa.string())
TEXTS = (
    "question",
    "question_en",
    "question_back",
    "multiple_choice_answer",
    "multiple_choice_answer_en",
)
FOLDERS = {"data": True, "rejected": False}


@dataclass(frozen=True)
class Measure:
    """A numeric score of all rows and the bounds that the policy sets on it.

    Attributes:
        name: the score column, or ``combined`` for the policy's weighted sum.
        values: one float32 per row; NaN where the row has no score.
        low: the policy's ``min``, if it has one.
        high: the policy's ``max``, if it has one; 0 where it says ``reject``.
    """

    name: str
    values: Floats
    low: float | None = None
    high: float | None = None

    @property
    def limits(self) -> list[float]:
        """The bounds that there are."""
        return [limit for limit in (self.low, self.high) if limit is not None]

    @property
    def rejects(self) -> NDArray[np.bool_]:
        """Where a bound rejects, in the column's own precision: a stored 0.7 is not below 0.7."""
        rejected = np.zeros(len(self.values), bool)
        if self.low is not None:
            rejected |= self.values < np.float32(self.low)
        if self.high is not None:
            rejected |= self.values > np.float32(self.high)
        return rejected


def gather(tables: Mapping[str, pa.Table | Batches], texts: Sequence[str] = ()) -> pa.Table:
    """The questions of a release, kept and rejected, in the order of its tables.

    Args:
        tables: as ``ReleaseContents.tables`` has them: ``data/train``, ``rejected/train``, ...
        texts: columns to take along besides, which takes memory; ``texts_of`` reads those of some rows.

    Returns:
        split, keep, reasons (empty for kept rows), ``WORDS`` as dictionaries, ``texts``, ``fitted`` (whether
        the rules of the round trip were fitted for such a question), and ``scores`` if the release has any,
        their words as dictionaries.
    """
    parts = [
        _part(piece, split, keep, texts)
        for split, keep, piece in _pieces(tables, [*WORDS, "question_en", *texts])
    ]
    whole = pa.concat_tables(parts)
    del parts
    for place, name in enumerate(whole.column_names):
        if name != "scores":  # by far the largest; nobody needs it in one piece
            whole = whole.set_column(place, name, one_array(whole[name]))
    return whole


def texts_of(tables: Mapping[str, pa.Table | Batches], places: NDArray[np.int64]) -> pa.Table:
    """question_id (as text) and ``TEXTS`` of some rows of ``gather``'s table, ascending."""
    start, parts = 0, []
    for _, _, piece in _pieces(tables, TEXTS):
        here = places[(places >= start) & (places < start + piece.num_rows)] - start
        chosen = piece.take(pa.array(here)).select(["question_id", *TEXTS])
        parts.append(chosen.set_column(0, "question_id", chosen["question_id"].cast(pa.string())))
        start += piece.num_rows
    return pa.concat_tables(parts)


def measures(
    rows: pa.Table, policy: Mapping[str, Any], counted: Mapping[str, Any] | None = None
) -> list[Measure]:
    """The numeric scores in the order of the table, each with the policy's bounds for questions.

    Scores of a round trip are missing where no rule looks at them, as in the phrasebook's rows.

    Args:
        rows: as ``gather`` returns them.
        policy: as the manifest has it: score column -> ``{min, max}`` or ``reject``.
        counted: what the manifest counts of the round trip; None where it counts nothing.
    """
    if "scores" not in rows.column_names:
        return []
    scores = rows["scores"]
    forward = _judged_forward(rows, policy.get("round_trip"), Measured(**(counted or {})))
    of_round_trip = round_trip_scores()
    found = []
    for field in scores.type:
        if pa.types.is_floating(field.type) or pa.types.is_integer(field.type):
            column = pc.struct_field(scores, field.name).cast(pa.float32())
            values = column.to_numpy().astype(np.float32)
            if field.name in of_round_trip:
                values[forward] = np.nan
            found.append(Measure(field.name, values, *bounds(policy.get(field.name))))
    return found


def _judged_forward(rows: pa.Table, wanted: str | None, measured: Measured) -> NDArray[np.bool_]:
    """Where no rule of the round trip judges, as ``quality.policy.judge`` decides it."""
    if wanted == "never" or (wanted == "auto" and not measured.trusted):
        return np.ones(rows.num_rows, bool)
    forward = np.zeros(rows.num_rows, bool)
    if "engine" in rows.column_names:
        engines = rows["engine"].combine_chunks().dictionary_encode()
        by_phrasebook = pc.starts_with(engines.dictionary, f"{PHRASEBOOK}|").take(engines.indices)
        forward |= np.asarray(pc.fill_null(by_phrasebook, False), bool)
    if wanted == "auto":
        forward |= ~np.asarray(rows["fitted"], bool)
    return forward


def bounds(rule: Any) -> tuple[float | None, float | None]:
    """The ``min`` and ``max`` of a rule as a policy writes it.

    >>> bounds({"min": 0.5}), bounds("reject"), bounds(None)
    ((0.5, None), (None, 0.0), (None, None))
    """
    if rule == "reject":
        return None, 0.0
    if not isinstance(rule, Mapping):
        return None, None
    return rule.get("min"), rule.get("max")


def labels(rows: pa.Table) -> dict[str, pa.Array]:
    """The scores that are words, such as the language that an identifier named."""
    if "scores" not in rows.column_names:
        return {}
    scores = rows["scores"]
    return {
        field.name: one_array(pc.struct_field(scores, field.name).unify_dictionaries())
        for field in scores.type
        if pa.types.is_dictionary(field.type)
    }


def kept(rows: pa.Table) -> NDArray[np.bool_]:
    """The column ``keep`` for numpy."""
    found: NDArray[np.bool_] = rows["keep"].to_numpy().astype(bool)
    return found


def _pieces(
    tables: Mapping[str, pa.Table | Batches], columns: Sequence[str]
) -> Iterator[tuple[str, bool, pa.Table]]:
    """Split, verdict and rows, piece by piece."""
    for key, table in tables.items():
        folder, split = key.split("/", 1)
        if folder in FOLDERS:
            rows = Batches.of(table)
            there = ("question_id", "reasons", "scores", *columns)
            for piece in rows.read([name for name in rows.schema.names if name in there]):
                yield split, FOLDERS[folder], piece


def _part(table: pa.Table, split: str, keep: bool, texts: Sequence[str]) -> pa.Table:
    size = table.num_rows
    columns = {
        "split": pa.repeat(split, size).cast(WORD),
        "keep": pa.repeat(keep, size),
        "reasons": pa.array([[]] * size, pa.list_(pa.string())) if keep else table["reasons"],
        **{name: table[name].cast(WORD) for name in WORDS},
    }
    if "question_id" in texts:
        columns["question_id"] = table["question_id"].cast(pa.string())
    columns |= {name: table[name] for name in texts if name not in columns}
    questions = pa.table({"role": pa.repeat("question", size), "text": table["question_en"]})
    columns["fitted"] = pa.array(fitted(questions))
    if "scores" in table.column_names:
        scores = table["scores"].combine_chunks()
        found = {field.name: pc.struct_field(scores, field.name) for field in scores.type}
        found = {name: one.cast(WORD) if pa.types.is_string(one.type) else one for name, one in found.items()}
        columns["scores"] = pa.StructArray.from_arrays(list(found.values()), list(found))
    return pa.table(columns)
