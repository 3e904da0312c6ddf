"""How wrong a population is at most, from draws that may end at any time: betting confidence sequences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from vqa_builder.quality.text import Floats

GRID = 1000
_LARGEST_BET = 0.75
_MEANS = 128
_DRAWS = 32  # each makes the capital at most 1e9 times as large, and a float holds 1e308


class Bounds(NamedTuple):
    """What is known of a mean after some draws.

    Attributes:
        estimate: the mean of the draws.
        low: what it is at least; the bound holds at every number of draws at once.
        high: what it is at most, likewise.
    """

    estimate: float
    low: float
    high: float


def betting_bounds(
    values: Sequence[float] | Floats, confidence: float = 0.95, largest: float = 1.0
) -> Bounds:
    """One-sided bounds on the mean of draws, each with the confidence, valid whenever one stops.

    For every candidate mean m a gambler bets against it, draw by draw, on what the draws before suggest; the
    capital is a martingale if m is true, so that it exceeds 1 / (1 - confidence) with the probability
    1 - confidence at most, ever (Ville). The bound is what is not lost to a gambler yet: Waudby-Smith and
    Ramdas, Estimating means of bounded random variables by betting (JRSS B 2024), with their aGRAPA bets.

    Args:
        values: independent draws of one mean, in their order, from 0 to ``largest``.
        confidence: of each bound.
        largest: the largest value that a draw can have.

    >>> found = betting_bounds([0.0] * 100)
    >>> found.estimate, found.low, round(found.high, 3)
    (0.0, 0.0, 0.046)
    """
    draws = np.asarray(values, np.float64) / largest
    if not len(draws):
        return Bounds(float("nan"), 0.0, largest)
    low = 1.0 - _upper(1.0 - draws, confidence)
    return Bounds(float(draws.mean()) * largest, max(low, 0.0) * largest, _upper(draws, confidence) * largest)


def _upper(draws: Floats, confidence: float) -> float:
    """The lowest mean that those who bet on less have ruled out; 1 where they have ruled out none."""
    counts = np.arange(1, len(draws) + 1)
    totals = np.cumsum([0.5, *draws])
    squares = (draws - totals[1:] / (counts + 1)) ** 2
    estimates, variances = totals[:-1] / counts, np.cumsum([0.25, *squares[:-1]]) / counts
    means = np.arange(1, GRID + 1) / GRID
    means = means[means > estimates.min()]  # nobody bets against a mean that no estimate is below
    for start in range(0, len(means), _MEANS):
        some = means[start : start + _MEANS]
        ruled_out = np.flatnonzero(_most(some, draws, estimates, variances) >= -np.log1p(-confidence))
        if len(ruled_out):
            return float(some[ruled_out[0]])
    return 1.0


def _most(means: Floats, draws: Floats, estimates: Floats, variances: Floats) -> Floats:
    """The most that the logarithm of the capital of those who bet against each mean has ever been."""
    largest_bets = _LARGEST_BET / np.maximum(1 - means, 1e-9)
    capital = np.zeros(len(means))
    most = np.full(len(means), -np.inf)
    for start in range(0, len(draws), _DRAWS):
        part = slice(start, start + _DRAWS)
        beyond = means - estimates[part, None]
        bets = np.minimum(np.maximum(beyond, 0.0) / (variances[part, None] + beyond**2), largest_bets)
        grown = np.multiply.accumulate(1 + bets * (means - draws[part, None]), axis=0)
        np.maximum(most, capital + np.log(grown.max(axis=0)), out=most)
        capital += np.log(grown[-1])
    return most
