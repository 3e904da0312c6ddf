"""Scores of a few pairs, without the tables around them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import pyarrow as pa
import pytest

from vqa_builder.quality import scoring
from vqa_builder.quality.scorers.base import PAIRS

Measure: TypeAlias = Callable[..., list[Any]]


def pairs(rows: Sequence[tuple[str | None, ...]], role: str = "question") -> pa.Table:
    """(source, translation[, back-translation]) rows as schema ``PAIRS``."""
    records = [
        {
            "segment_id": f"s{number}",
            "role": role,
            "source": row[0],
            "translation": row[1],
            "back_translation": row[2] if len(row) > 2 else None,
        }
        for number, row in enumerate(rows)
    ]
    return pa.Table.from_pylist(records, PAIRS)


@pytest.fixture
def make_pairs() -> Callable[..., pa.Table]:
    """``pairs`` as a fixture, since test modules do not import each other."""
    return pairs


@pytest.fixture
def measure() -> Measure:
    """``measure(scorer, language, rows, role="question", column=None, **options)`` -> the column's values."""

    def scores(
        scorer: str,
        language: str,
        rows: Sequence[tuple[str | None, ...]],
        *,
        role: str = "question",
        column: str | None = None,
        **options: Any,
    ) -> list[Any]:
        table = scoring.build(scorer, options, language).score(pairs(rows, role))
        values: list[Any] = table[column or scorer].to_pylist()
        return values

    return scores
