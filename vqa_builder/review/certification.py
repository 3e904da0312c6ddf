"""Certified quality: how many kept rows are wrong at most, from as few judgements as it takes.

Rows are drawn one by one, with replacement, from strata of answer type and score band; strata in which more
is likely to be wrong are drawn more often, and a draw counts by its stratum's share over that of its draws
(Horvitz and Thompson). The mean of these numbers is the share of wrong rows at every draw, so that a betting
confidence sequence bounds it however often one looks and whenever one stops (``quality.confidence``).

The draws follow from the release and the seed alone. A sheet holds those that are still to be judged; what
was judged stands in the sheets that came back, of any number of judges.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from vqa_builder.errors import ReleaseError
from vqa_builder.quality.confidence import betting_bounds
from vqa_builder.release.certificate import MOST_DRAWS, Certificate
from vqa_builder.report.measures import kept
from vqa_builder.review.sheet import Questions

BANDS = (0.25, 0.6)
RISK = (4.0, 2.0, 1.0)
MIXED = 0.5


@dataclass(frozen=True)
class Draws:
    """The draws of a release, in their order.

    Attributes:
        rows: the row of each draw, a place in the release's questions.
        weights: what a wrong row counts: the share of its stratum over that of the stratum's draws.
        largest: the largest weight that a draw can have.
        strata: name -> how many kept rows it has.
    """

    rows: NDArray[np.int64]
    weights: NDArray[np.float64]
    largest: float
    strata: Mapping[str, int]


def draw(questions: Questions, seed: int = 0) -> Draws:
    """The draws of a release: always the same for the same release and seed, however many are used.

    Raises:
        ReleaseError: the release keeps no row.
    """
    places = np.flatnonzero(kept(questions.rows))
    if not len(places):
        raise ReleaseError("The release keeps no row", where=questions.name, expected="rows to judge")
    names, risks = _strata(questions, places)
    strata, of_row, sizes = np.unique(names, return_inverse=True, return_counts=True)
    share = sizes / len(places)
    risk = np.array([risks[of_row == number].mean() for number in range(len(strata))])
    chosen = MIXED * share + (1 - MIXED) * share * risk / (share * risk).sum()
    random = np.random.default_rng([seed, 2])
    order = np.argsort(of_row, kind="stable")
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    stratum = np.searchsorted(np.cumsum(chosen), random.random(MOST_DRAWS)).clip(max=len(strata) - 1)
    inside = (random.random(MOST_DRAWS) * sizes[stratum]).astype(np.int64)
    weights = share / chosen
    return Draws(
        places[order[starts[stratum] + inside]],
        weights[stratum],
        float(weights.max()),
        dict(zip(strata.tolist(), sizes.tolist(), strict=True)),
    )


def certify(
    questions: Questions,
    labels: Mapping[str, Mapping[str, bool]],
    *,
    confidence: float = 0.95,
    seed: int = 0,
    judged_by: str = "",
    flaw_is_wrong: bool = False,
) -> Certificate:
    """What the judgements so far say.

    Draws count in their order up to the first that nobody has judged; where judges differ, most of them
    decide, and a tie is wrong.

    Args:
        questions: of the release.
        labels: segment id -> judge -> whether the row is wrong.
        confidence: of each bound.
        seed: of the draws.
        judged_by: who judged, in words for the card.
        flaw_is_wrong: whether the labels count a flaw as wrong, as of ``votes``.
    """
    drawn = draw(questions, seed)
    segments = questions.rows["segment_id"].to_pylist()
    values: list[float] = []
    used: dict[str, Mapping[str, bool]] = {}
    for row, weight in zip(drawn.rows.tolist(), drawn.weights.tolist(), strict=True):
        votes = labels.get(segments[row])
        if not votes:
            break
        used[segments[row]] = votes
        values.append(weight * (2 * sum(votes.values()) >= len(votes)))
    bounds = betting_bounds(values, confidence, drawn.largest)
    return Certificate(
        release=questions.name,
        language=questions.language,
        rows=sum(drawn.strata.values()),
        high=min(bounds.high, 1.0),
        low=bounds.low,
        estimate=bounds.estimate,
        confidence=confidence,
        draws=len(values),
        judgements=sum(len(votes) for votes in used.values()),
        judges=len({judge for votes in used.values() for judge in votes}),
        alpha=krippendorff_alpha(used.values()),
        seed=seed,
        wrong=tuple((place, value) for place, value in enumerate(values) if value),
        largest=drawn.largest,
        judged_by=judged_by,
        flaw_is_wrong=flaw_is_wrong,
        tables=questions.kept_tables,
    )


def next_rows(
    questions: Questions, labels: Mapping[str, Mapping[str, bool]], count: int, seed: int = 0
) -> list[int]:
    """The rows to judge next: those of the next draws whose question nobody has judged, each once."""
    segments = questions.rows["segment_id"].to_pylist()
    found: dict[str, int] = {}
    for row in draw(questions, seed).rows.tolist():
        if segments[row] not in labels:
            found.setdefault(segments[row], row)
        if len(found) == count:
            break
    return list(found.values())


def krippendorff_alpha(units: Iterable[Mapping[str, bool]]) -> float | None:
    """Krippendorff's alpha of yes/no judgements: 1 for perfect agreement, 0 for that of chance.

    Args:
        units: per row, judge -> judgement; rows of one judge tell nothing of agreement.

    Returns:
        None where no row has two judgements; 1 where all judgements are alike.

    >>> krippendorff_alpha([{"a": True, "b": True}, {"a": False, "b": False}, {"a": True, "b": False}])
    0.4444444444444444
    """
    counts: Counter[bool] = Counter()
    differing = 0.0
    for votes in (list(unit.values()) for unit in units):
        if len(votes) > 1:
            counts.update(votes)
            differing += sum(one != other for one, other in combinations(votes, 2)) * 2 / (len(votes) - 1)
    total = counts.total()
    if not total:
        return None
    expected = 2 * counts[True] * counts[False] / (total - 1)
    return 1 - differing / expected if expected else 1.0


def _strata(questions: Questions, places: NDArray[np.int64]) -> tuple[NDArray[np.str_], NDArray[np.float64]]:
    """The stratum of each kept row, and how risky its band is: by chrF where there is one."""
    rows = questions.rows
    kinds = ["any"] * len(places)
    if "answer_type" in rows.column_names:
        kinds = [kind or "any" for kind in rows["answer_type"].take(places).to_pylist()]
    bands = np.zeros(len(places), np.int64) + len(BANDS)
    if "chrf" in questions.scores.column_names:
        chrf = np.nan_to_num(questions.scores["chrf"].take(places).to_numpy().astype(np.float64))
        bands = np.searchsorted(np.quantile(chrf, BANDS), chrf, side="right")
    names = np.array([f"{kind}, band {band}" for kind, band in zip(kinds, bands.tolist(), strict=True)])
    return names, np.array(RISK)[bands]


def votes(
    judged: Sequence[tuple[str, str, str]], *, flaw_is_wrong: bool = False
) -> dict[str, dict[str, bool]]:
    """Labels as ``certify`` takes them; the last word of each judge on each row counts.

    Args:
        judged: segment id, judge, label.
        flaw_is_wrong: whether a row labelled ``flaw`` is wrong.

    >>> votes([("1", "ann", "good"), ("1", "bob", "bad"), ("2", "ann", "")])
    {'1': {'ann': False, 'bob': True}}
    """
    found: defaultdict[str, dict[str, bool]] = defaultdict(dict)
    for segment, judge, label in judged:
        if label:
            found[segment][judge] = label == "bad" or (flaw_is_wrong and label == "flaw")
    return dict(found)
