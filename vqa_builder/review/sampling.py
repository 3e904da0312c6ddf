"""Which questions people are asked to judge: few, and enough of every band of every score.

Questions are drawn with unequal probabilities. A score's bands are cut at its quintiles and at the policy's
bounds, for kept and rejected questions apart; a question's probability is what it takes for every band of
every score to get the same expected share of the sample. Its weight is one over that probability (Horvitz and
Thompson, 1952), so that weighted figures of the sample are unbiased for the release. The draw is systematic
(Madow, 1949): the size of the sample is fixed, and kept and rejected questions get their shares exactly.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vqa_builder.report.measures import Measure

QUANTILES = (0.2, 0.4, 0.6, 0.8)


def bands(measure: Measure, keep: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The band of every question on one score; questions without the score have one of their own.

    >>> values = np.array([10, 40, np.nan, 90], np.float32)
    >>> bands(Measure("chrf", values, low=35.0), np.array([False, True, True, True])).tolist()
    [0, 1, 3, 2]
    """
    values = measure.values
    there = ~np.isnan(values)
    edges = list(np.quantile(values[there], QUANTILES, method="higher")) if there.any() else []
    if measure.low is not None:
        edges.append(np.float32(measure.low))
    if measure.high is not None:
        edges.append(np.nextafter(np.float32(measure.high), np.float32(np.inf)))
    place = np.searchsorted(np.unique(np.array(edges, np.float32)), values, side="right")
    place = np.where(there, place, len(edges) + 1)
    _, codes = np.unique(place * 2 + keep, return_inverse=True)
    return codes.astype(np.int64)


def probabilities(codes: Sequence[NDArray[np.int64]], size: int) -> NDArray[np.float64]:
    """How probably every question is drawn; the sum is ``size``, or all are 1 where there are no more.

    Args:
        codes: for each score the band of every question.
        size: how many questions to draw.

    >>> probabilities([np.array([0, 0, 0, 1])], 2).tolist()
    [0.3333333333333333, 0.3333333333333333, 0.3333333333333333, 1.0]
    """
    count = len(codes[0])
    if size >= count:
        return np.ones(count)
    wanted = np.zeros(count)
    for code in codes:
        rows = np.bincount(code)
        wanted += 1 / (len(rows) * rows[code])
    certain = np.zeros(count, bool)
    while True:
        rest = size - certain.sum()
        found = np.where(certain, 1.0, rest * wanted / wanted[~certain].sum())
        more = ~certain & (found >= 1)
        if not more.any():
            return found
        certain |= more


def draw(probability: NDArray[np.float64], keep: NDArray[np.bool_], seed: int) -> NDArray[np.int64]:
    """The drawn questions, in random order: whoever stops early has judged a smaller sample.

    Args:
        probability: of every question.
        keep: whether the policy keeps it.
        seed: the same seed draws the same questions.
    """
    random = np.random.default_rng(seed)
    order = random.permutation(len(probability))
    order = order[np.argsort(keep[order], kind="stable")]
    steps = np.floor(np.cumsum(probability[order]) + random.uniform(1e-6, 1 - 1e-6))
    drawn = order[np.diff(steps, prepend=0.0) > 0]
    return random.permutation(drawn)
