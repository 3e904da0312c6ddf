"""What every metric gives: scores and their intervals, a signature to quote, and how two systems differ.

Drawing n questions with replacement and counting how many of each distinct score came up is one draw from a
multinomial distribution; flipping the signs of differences of equal size is one binomial draw. Scores take
few values, so that a thousand resamples of 214,354 questions cost milliseconds. Sources: Koehn 2004 (paired
bootstrap), Riezler and Maxwell 2005 (approximate randomisation), Noreen 1989.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder.errors import VQABuilderError
from vqa_builder.metrics.references import References

NOT_GIVEN = "(not given)"
DECIMALS = 2
VERSION = "1"
LEVEL = 0.95
_BLOCK = 100
_ROUNDED_TO = 12

Floats = NDArray[np.float64]


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


class Paired(NamedTuple):
    """Two systems on the same questions; differences are first minus second, in percentage points.

    Attributes:
        difference: of the two scores.
        low, high: the percentile interval of the difference.
        p_bootstrap: two-sided, of the paired bootstrap.
        p_randomisation: two-sided, of the approximate randomisation test.
        better, worse, equal: on how many questions the first system is.
        signature: tests, resamples and seed.
    """

    difference: float
    low: float
    high: float
    p_bootstrap: float
    p_randomisation: float
    better: int
    worse: int
    equal: int
    signature: str


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
    low, high = intervals(scores, groups, resamples=resamples, seed=seed)
    return {
        name: Score(
            round(100 * float(means[group]) / int(sizes[group]), DECIMALS),
            round(100 * float(low[group]), DECIMALS),
            round(100 * float(high[group]), DECIMALS),
            int(sizes[group]),
        )
        for group, name in enumerate(encoded.dictionary.to_pylist())
    }


def intervals(
    scores: Floats, groups: NDArray[np.int64], *, resamples: int, seed: int
) -> tuple[Floats, Floats]:
    """Percentile intervals of the mean score of every group, all questions resampled together.

    Args:
        scores: one per question.
        groups: the group of each question, 0, 1, 2, ... without gaps; all zeros for the overall mean.
        resamples: how many bootstrap samples.
        seed: of NumPy's default generator.

    Returns:
        Low and high end per group.

    >>> scores = np.array([0.0, 1.0] * 200)
    >>> low, high = intervals(scores, np.zeros(400, np.int64), resamples=1000, seed=0)
    >>> bool(0.44 < low[0] < 0.5 < high[0] < 0.56)
    True
    """
    cells, counts = np.unique(np.stack([groups, np.round(scores, _ROUNDED_TO)]), axis=1, return_counts=True)
    starts = np.flatnonzero(np.diff(cells[0], prepend=-1))
    generator = np.random.default_rng(seed)

    def means(size: int) -> Floats:
        drawn = generator.multinomial(len(scores), counts / len(scores), size=size).astype(np.float64)
        sizes = np.add.reduceat(drawn, starts, axis=1)
        sums = np.add.reduceat(drawn * cells[1], starts, axis=1)
        return np.divide(sums, sizes, out=np.full_like(sums, np.nan), where=sizes > 0)

    tail = 50 * (1 - LEVEL)
    low, high = np.nanpercentile(_in_blocks(means, resamples), [tail, 100 - tail], axis=0)
    return low, high


def paired(first: Result, second: Result, *, resamples: int = 10_000, seed: int = 0) -> Paired:
    """Compare two systems on the same questions.

    Args:
        first, second: results of the same metric over the same references.
        resamples: of each test.
        seed: of NumPy's default generator.

    Raises:
        VQABuilderError: the two results are of other questions or of another metric.
    """
    _refuse_unlike(first, second)
    change = np.round(first.scores - second.scores, _ROUNDED_TO)
    mean = change.mean()
    values, counts = np.unique(change, return_counts=True)
    sizes, numbers = np.unique(np.abs(change[change != 0]), return_counts=True)
    generator = np.random.default_rng(seed)

    def resampled(size: int) -> Floats:
        drawn = generator.multinomial(len(change), counts / len(change), size=size)
        means: Floats = drawn @ values / len(change)
        return means

    def flipped(size: int) -> Floats:
        signs = 2.0 * generator.binomial(numbers, 0.5, size=(size, len(numbers))) - numbers
        means: Floats = signs @ sizes / len(change)
        return means

    differences, by_chance = _in_blocks(resampled, resamples), _in_blocks(flipped, resamples)
    tail = 50 * (1 - LEVEL)
    low, high = np.percentile(differences, [tail, 100 - tail])
    return Paired(
        difference=round(100 * float(mean), 2),
        low=round(100 * float(low), 2),
        high=round(100 * float(high), 2),
        p_bootstrap=_share_at_least(differences - differences.mean(), mean),
        p_randomisation=_share_at_least(by_chance, mean),
        better=int((change > 0).sum()),
        worse=int((change < 0).sum()),
        equal=int((change == 0).sum()),
        signature=f"paired:bootstrap,randomisation|version:{VERSION}|resamples:{resamples}|seed:{seed}",
    )


def _in_blocks(draw: Callable[[int], Floats], resamples: int) -> Floats:
    """All resamples, drawn some at a time so that memory stays small whatever values the scores take."""
    return np.concatenate([draw(min(_BLOCK, resamples - start)) for start in range(0, resamples, _BLOCK)])


def _share_at_least(sampled: Floats, observed: float) -> float:
    """The p-value: how often chance alone makes a difference as large; never 0 from finitely many samples."""
    extreme = np.abs(sampled) >= abs(observed) - 10.0**-_ROUNDED_TO
    return float((extreme.sum() + 1) / (len(sampled) + 1))


def _refuse_unlike(first: Result, second: Result) -> None:
    same = len(first.scores) == len(second.scores) and first.question_ids.equals(second.question_ids)
    if not same or first.metric != second.metric:
        raise VQABuilderError(
            "The two results cannot be compared",
            expected=f"{first.metric} over the same {first.n:,} questions in the same order",
            found=f"{second.metric} over {second.n:,} questions",
        )
