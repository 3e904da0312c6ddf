"""What every metric gives: scores overall and per type, their intervals, and the signature to quote."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder.metrics import significance
from vqa_builder.metrics.references import References

NOT_GIVEN = "(not given)"
DECIMALS = 2


class Score(NamedTuple):
    """A mean score in per cent, with its 95 % bootstrap interval and the number of questions."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Result:
    """The outcome of one metric.

    Attributes:
        metric: ``vqa_accuracy``, ``exact_match``, ``anls`` or ``token_f1``.
        overall: the mean over all questions, in per cent, two decimals.
        low, high: ends of its 95 % percentile interval.
        n: how many questions.
        per_answer_type, per_question_type: the same by type; empty where the references have no types.
        details: further figures of the metric, in per cent.
        signature: metric, rules, versions, interval and seed; quote it with the number.
        question_ids: as text, in the order of the references.
        scores: one per question, 0 to 1.
    """

    metric: str
    overall: float
    low: float
    high: float
    n: int
    per_answer_type: dict[str, Score]
    per_question_type: dict[str, Score]
    signature: str
    details: dict[str, float] = field(default_factory=dict)
    question_ids: pa.Array = field(default_factory=lambda: pa.array([], pa.string()), repr=False)
    scores: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0), repr=False)

    def to_json(self) -> dict[str, Any]:
        """Everything but the single questions, as JSON has it."""
        return {
            "metric": self.metric,
            "overall": self.overall,
            "interval": [self.low, self.high],
            "n": self.n,
            **({"details": self.details} if self.details else {}),
            "per_answer_type": {name: score._asdict() for name, score in self.per_answer_type.items()},
            "per_question_type": {name: score._asdict() for name, score in self.per_question_type.items()},
            "signature": self.signature,
        }


def summarise(
    metric: str,
    scores: NDArray[np.float64],
    references: References,
    *,
    signature: str,
    resamples: int,
    seed: int,
    details: dict[str, float] | None = None,
) -> Result:
    """The result of scores that stand in the order of the references.

    Sums run in this order and without compensation, as the official evaluation adds them up.
    """
    means = {
        column: _scores_by(references.rows[column], scores, resamples, seed)
        for column in ("answer_type", "question_type")
    }
    overall = _scores_by(pa.chunked_array([pa.repeat("", len(scores))]), scores, resamples, seed)[""]
    return Result(
        metric=metric,
        overall=overall.value,
        low=overall.low,
        high=overall.high,
        n=overall.n,
        per_answer_type=means["answer_type"],
        per_question_type=means["question_type"],
        signature=f"{signature}|ci:percentile-bootstrap,95%,{resamples}|seed:{seed}",
        details=details or {},
        question_ids=references.question_ids,
        scores=scores,
    )


def _scores_by(
    types: pa.ChunkedArray, scores: NDArray[np.float64], resamples: int, seed: int
) -> dict[str, Score]:
    """Type -> mean, in the order in which the types first appear; nothing where no type is given."""
    if types.null_count == len(types):
        return {}
    encoded = pc.fill_null(types, NOT_GIVEN).combine_chunks().dictionary_encode()
    groups = encoded.indices.to_numpy().astype(np.int64)
    sizes = np.bincount(groups)
    means = np.bincount(groups, weights=scores)
    low, high = significance.intervals(scores, groups, resamples=resamples, seed=seed)
    return {
        name: Score(
            round(100 * float(means[group]) / int(sizes[group]), DECIMALS),
            round(100 * float(low[group]), DECIMALS),
            round(100 * float(high[group]), DECIMALS),
            int(sizes[group]),
        )
        for group, name in enumerate(encoded.dictionary.to_pylist())
    }
