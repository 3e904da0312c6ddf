"""Betting confidence sequences: known bounds, coverage whenever one stops, and what they save."""

import math

import numpy as np
import pytest

from vqa_builder.quality.confidence import betting_bounds


def test_nothing_is_known_before_the_first_draw() -> None:
    found = betting_bounds([], largest=2.0)
    assert math.isnan(found.estimate) and (found.low, found.high) == (0.0, 2.0)


@pytest.mark.parametrize("rate", [0.0, 0.03, 0.2, 1.0])
def test_bounds_lie_around_the_estimate_and_narrow(rate: float) -> None:
    random = np.random.default_rng(0)
    draws = (random.random(600) < rate).astype(float)
    short, long = betting_bounds(draws[:100]), betting_bounds(draws)
    assert short.low <= short.estimate <= short.high
    assert long.low <= long.estimate <= long.high
    assert long.high - long.low < short.high - short.low


def test_a_scale_changes_nothing_but_the_scale() -> None:
    draws = (np.random.default_rng(1).random(200) < 0.1).astype(float)
    one, three = betting_bounds(draws), betting_bounds(3 * draws, largest=3.0)
    assert [3 * part for part in one] == pytest.approx(list(three))


def test_more_confidence_says_less() -> None:
    draws = (np.random.default_rng(2).random(300) < 0.05).astype(float)
    assert betting_bounds(draws, 0.99).high > betting_bounds(draws, 0.9).high


def test_the_bound_holds_even_for_those_who_stop_when_it_suits_them() -> None:
    """200 reviews, each stopped at the look whose bound is lowest."""
    random = np.random.default_rng(3)
    broken = 0
    for _ in range(200):
        draws = (random.random(240) < 0.08).astype(float)
        broken += min(betting_bounds(draws[:end]).high for end in (60, 120, 180, 240)) < 0.08
    assert broken <= 200 * 0.05 + 3
