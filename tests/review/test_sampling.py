"""Who is drawn: every band of every score, with weights that add up to the whole."""

import numpy as np
import pytest

from vqa_builder.report.measures import Measure
from vqa_builder.review.sampling import bands, draw, probabilities


def test_bands_are_cut_at_the_policys_bounds_and_by_verdict() -> None:
    values = np.array([0, 10, 34.999, 35, 35, 60, 90, np.nan], np.float32)
    keep = np.array([False, False, False, True, False, True, True, True])
    codes = bands(Measure("chrf", values, low=35.0), keep)
    assert codes[3] != codes[4]  # kept and rejected
    assert codes[2] != codes[4]  # below the bound and on it
    assert list(codes).count(codes[7]) == 1  # no score
    assert set(codes) == set(range(codes.max() + 1))


def test_an_upper_bound_keeps_what_lies_on_it() -> None:
    values = np.array([0.0, 0.3, 0.30000004, 1.0] * 10, np.float32)
    codes = bands(Measure("repetition", values, high=0.3), np.ones(40, bool))
    assert codes[1] != codes[2]


@pytest.mark.parametrize(("size", "certain"), [(3, 1), (10, 1), (50, 20), (100, 100), (500, 100)])
def test_chances_add_up_to_the_sample(size: int, certain: int) -> None:
    codes = np.array([0] + [1] * 19 + [2] * 80)
    found = probabilities([codes, np.zeros(100, np.int64)], size)
    assert found.sum() == pytest.approx(min(size, 100))
    assert (found > 0).all() and (found <= 1).all()
    assert (found == 1).sum() <= certain


def test_a_small_band_is_drawn_as_often_as_a_large_one() -> None:
    codes = np.array([0] * 50 + [1] * 950)
    found = probabilities([codes], 40)
    assert found[codes == 0].sum() == pytest.approx(20)


def test_the_sample_has_its_size_and_its_shares_of_verdicts() -> None:
    keep = np.arange(1000) % 10 > 0
    chance = probabilities([keep.astype(np.int64)], 60)
    for seed in range(5):
        drawn = draw(chance, keep, seed)
        assert len(drawn) == len(set(drawn.tolist())) == 60
        assert keep[drawn].sum() == 30
    assert draw(chance, keep, 1).tolist() == draw(chance, keep, 1).tolist()
    assert draw(chance, keep, 1).tolist() != draw(chance, keep, 2).tolist()


def test_weighted_totals_are_unbiased() -> None:
    """The mean of many samples is the total, for a subset that the draw knows nothing of."""
    chance_of = np.random.default_rng(0)
    codes = chance_of.choice(4, 2000, p=[0.01, 0.04, 0.25, 0.7])
    subset = chance_of.random(2000) < 0.3
    keep = codes > 0
    chance = probabilities([codes], 100)
    totals = [(subset[drawn] / chance[drawn]).sum() for drawn in (draw(chance, keep, s) for s in range(400))]
    assert np.mean(totals) == pytest.approx(subset.sum(), rel=0.03)
