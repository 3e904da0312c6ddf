"""Between candidates: per string the one that the policy keeps and a score prefers, and a record of all.

A candidate is what one chain of engines made of all strings, or of some of them. All candidates are judged by
the same bounds; a share (``{keep: 0.9}``) becomes one over all candidates of all strings taken together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder.errors import SpecError, UnknownNameError
from vqa_builder.quality.policy import good_ends
from vqa_builder.schema import CANDIDATES

VERSION = "1"

Tables: TypeAlias = tuple[pa.Table, pa.Table, pa.Table]
"""Translations, scores and verdicts of one candidate, row-aligned."""


def choose(segments: pa.Table, candidates: Sequence[Tables], by: str) -> pa.Table:
    """Decide per string.

    A translation wins over none, one that the policy keeps over one that it rejects, then the better score
    over the worse, any score over none, and at last the earlier candidate over the later.

    Args:
        segments: schema ``SEGMENTS``.
        candidates: the first has a row for every segment, others may have fewer.
        by: a score column.

    Returns:
        Schema ``CANDIDATES``: the rows of the first candidate, then those of the next; exactly one row of
        each segment is ``chosen``.

    >>> segments = pa.table({"segment_id": ["1"]})
    >>> def candidate(engine, text, chrf):
    ...     keys = {"segment_id": ["1"], "language": ["ja"], "engine": [engine]}
    ...     translations = pa.table({**keys, "text": [text], "back_text": [""]})
    ...     return translations, pa.table({"chrf": [chrf]}), pa.table({"keep": [True]})
    >>> candidates = [candidate("mini", "猫？", 40.0), candidate("nllb", "猫ですか？", 90.0)]
    >>> record = choose(segments, candidates, by="chrf")
    >>> record.select(["engine", "chosen"]).to_pylist()
    [{'engine': 'mini', 'chosen': False}, {'engine': 'nllb', 'chosen': True}]
    """
    ranks = np.stack([_ranks(segments, candidate, by) for candidate in candidates])
    best = np.zeros(segments.num_rows, dtype=np.int64)
    for place in range(1, len(candidates)):
        best[_greater(ranks[place], np.take_along_axis(ranks, best[None, :, None], axis=0)[0])] = place
    return pa.concat_tables(
        _record(segments, candidate, by, place, best) for place, candidate in enumerate(candidates)
    )


def taken(record: pa.Table, segments: pa.Table, tables: Sequence[pa.Table]) -> pa.Table:
    """The chosen rows of the candidates' tables, in the order of the segments.

    Args:
        record: what ``choose`` returned.
        segments: schema ``SEGMENTS``.
        tables: one per candidate, rows as its translations.
    """
    chosen = pa.concat_tables(tables).filter(record["chosen"])
    return chosen.take(pc.index_in(segments["segment_id"], chosen["segment_id"])).combine_chunks()


def check(by: str, columns: dict[str, pa.DataType]) -> None:
    """Whether candidates can be chosen by a column.

    Raises:
        UnknownNameError: no scorer of the spec has this column.
        SpecError: it holds no numbers.
    """
    if by not in columns:
        raise UnknownNameError("score to choose by", by, columns, where="translate.choose_by")
    if not pa.types.is_floating(columns[by]):
        raise SpecError(
            "This score cannot decide between candidates",
            where="translate.choose_by",
            expected="a score that is a number",
            found=f"{by}, of type {columns[by]}",
        )


def _ranks(segments: pa.Table, candidate: Tables, by: str) -> NDArray[np.float64]:
    """Per segment: is there a translation, is it kept, has it a score, how good is it."""
    translations, scores, verdicts = candidate
    value = np.asarray(scores[by].to_numpy(), dtype=np.float64)
    good = {"high": value, "low": -value, "zero": -np.abs(value)}[good_ends().get(by, "high")]
    known = ~np.isnan(good)
    of_rows = np.column_stack(
        [
            translations["text"].is_valid().to_numpy(),
            verdicts["keep"].to_numpy(),
            known,
            np.where(known, good, 0.0),
        ]
    ).astype(np.float64)
    ranks = np.full((segments.num_rows, of_rows.shape[1]), -np.inf)
    ranks[pc.index_in(translations["segment_id"], segments["segment_id"]).to_numpy()] = of_rows
    return ranks


def _greater(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Row by row, whether the first tuple is the greater."""
    undecided = np.ones(len(one), dtype=bool)
    greater = np.zeros(len(one), dtype=bool)
    for column in range(one.shape[1]):
        greater |= undecided & (one[:, column] > other[:, column])
        undecided &= one[:, column] == other[:, column]
    return greater


def _record(segments: pa.Table, candidate: Tables, by: str, place: int, best: NDArray[np.int64]) -> pa.Table:
    translations, scores, verdicts = candidate
    rows = pc.index_in(translations["segment_id"], segments["segment_id"]).to_numpy()
    columns = {
        **{name: translations[name] for name in ("segment_id", "language", "engine", "text", "back_text")},
        "candidate": pa.repeat(pa.scalar(place, pa.int32()), len(rows)),
        "keep": verdicts["keep"],
        "score": scores[by].cast(pa.float64()),
        "chosen": pa.array(best[rows] == place),
    }
    return pa.table({name: columns[name] for name in CANDIDATES.names}, schema=CANDIDATES)
