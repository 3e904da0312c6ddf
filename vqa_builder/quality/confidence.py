"""How wrong a population is at most, from draws that may end at any time: betting confidence sequences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from vqa_builder.quality.text import Floats

GRID = 1000
_MOST = 0.75


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
    means = np.arange(1, GRID + 1) / GRID
    capital = np.zeros(GRID)
    most = np.full(GRID, -np.inf)
    total, squares = 0.5, 0.25
    for count, draw in enumerate(draws, start=1):
        mean, variance = total / count, squares / count
        bet = np.clip(
            (means - mean) / (variance + (means - mean) ** 2), 0.0, _MOST / np.maximum(1 - means, 1e-9)
        )
        capital += np.log1p(bet * (means - draw))
        np.maximum(most, capital, out=most)
        total += draw
        squares += (draw - total / (count + 1)) ** 2
    ruled_out = np.flatnonzero(most >= -np.log1p(-confidence))
    return float(means[ruled_out[0]]) if len(ruled_out) else 1.0
