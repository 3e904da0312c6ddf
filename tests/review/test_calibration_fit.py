"""The arithmetic of calibration, against closed forms, brute force and scikit-learn where it is installed."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from vqa_builder.review import calibration_fit as fit
from vqa_builder.review.calibration_fit import Flags, Floats


def logit_data(count: int = 400) -> tuple[Floats, Flags, Floats]:
    """Three features on different scales, of which the last is noise, and uneven weights."""
    chance = np.random.default_rng(3)
    features = chance.normal(size=(count, 3)) * [30, 0.2, 1] + [50, 0.5, 0]
    odds = 0.08 * (features[:, 0] - 50) + 4 * (features[:, 1] - 0.5) + 0.3
    return features, chance.random(count) < fit.logistic(odds), chance.uniform(0.2, 5, count)


@pytest.mark.parametrize("counts", [(30, 10, 20, 60), (5, 1, 1, 5), (1000, 3, 7, 9)])
def test_one_feature_of_two_values_has_a_closed_form(counts: tuple[int, ...]) -> None:
    features, good = np.array([[0.0], [0], [1], [1]]), np.array([True, False, True, False])
    a, b, c, d = counts
    found = fit.fit_logistic(features, good, np.array(counts, float), ridge=0)
    assert found.bias == pytest.approx(np.log(a / b), abs=1e-7)
    assert found.weights[0] == pytest.approx(np.log(c / d) - np.log(a / b), abs=1e-7)


@pytest.mark.parametrize("ridge", [0.0, 1.0, 25.0])
def test_the_loss_is_at_its_minimum(ridge: float) -> None:
    features, good, weights = logit_data()
    found = fit.fit_logistic(features, good, weights, ridge)
    centre = np.average(features, axis=0, weights=weights)
    spread = np.sqrt(np.average((features - centre) ** 2, axis=0, weights=weights))
    rest = weights * (found.probabilities(features) - good)
    gradient = ((features - centre) / spread).T @ rest + ridge * found.weights * spread
    assert np.abs(gradient).max() < 1e-6
    assert abs(rest.sum()) < 1e-6


@pytest.mark.parametrize("ridge", [0.5, 10.0])
def test_scikit_learn_finds_the_same(ridge: float) -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    features, good, weights = logit_data()
    centre = np.average(features, axis=0, weights=weights)
    spread = np.sqrt(np.average((features - centre) ** 2, axis=0, weights=weights))
    model = linear.LogisticRegression(C=1 / ridge, tol=1e-10, max_iter=10_000)
    model.fit((features - centre) / spread, good, sample_weight=weights)
    found = fit.fit_logistic(features, good, weights, ridge)
    assert found.weights * spread == pytest.approx(model.coef_[0], abs=1e-5)
    assert found.bias + found.weights @ centre == pytest.approx(model.intercept_[0], abs=1e-5)


def test_a_weight_of_two_is_a_row_twice() -> None:
    features, good, _ = logit_data(60)
    times = np.arange(60) % 3 + 1
    weighted = fit.fit_logistic(features, good, times.astype(float))
    repeated = fit.fit_logistic(features.repeat(times, axis=0), good.repeat(times), np.ones(times.sum()))
    assert weighted.weights == pytest.approx(repeated.weights, rel=1e-6)


def test_classes_that_a_score_separates_give_finite_weights_and_constants_none() -> None:
    features = np.column_stack([np.arange(20.0), np.full(20, 7.0)])
    found = fit.fit_logistic(features, np.arange(20) >= 10, np.ones(20))
    assert np.isfinite(found.weights).all() and np.isfinite(found.bias)
    assert found.weights[0] > 0 and found.weights[1] == 0
    assert ((found.probabilities(features) >= 0.5) == (np.arange(20) >= 10)).all()


def test_a_feature_that_counts_the_wrong_way_round_is_left_out() -> None:
    features, good, weights = logit_data()
    features = np.column_stack([features, -features[:, 0] + np.random.default_rng(0).normal(size=400)])
    found = fit.fit_with_signs(features, good, weights)
    assert (found.weights >= 0).all()
    assert found.weights[0] > 0 and found.weights[3] == 0


def brute_auc(values: Floats, good: Flags, weights: Floats) -> float:
    wins = total = 0.0
    for one, other in itertools.product(np.flatnonzero(good), np.flatnonzero(~good)):
        if np.isnan(values[one]) or np.isnan(values[other]):
            continue
        weight = weights[one] * weights[other]
        total += weight
        wins += weight * (float(values[one] > values[other]) + 0.5 * float(values[one] == values[other]))
    return wins / total


def test_auc_counts_pairs() -> None:
    chance = np.random.default_rng(5)
    values = chance.integers(0, 8, 60).astype(float)
    values[::9] = np.nan
    good, weights = chance.random(60) < 0.6, chance.uniform(0.1, 9, 60)
    assert fit.auc(values, good, weights) == pytest.approx(brute_auc(values, good, weights))
    assert np.isnan(fit.auc(np.full(60, np.nan), good, weights))


def test_intervals_are_repeatable_hold_the_figure_and_shrink_with_more_rows() -> None:
    def width(count: int) -> float:
        features, good, weights = logit_data(count)
        found = fit.auc_interval(features[:, 0], good, weights, np.arange(count), seed=1)
        assert found == fit.auc_interval(features[:, 0], good, weights, np.arange(count), seed=1)
        assert found.low < found.value < found.high
        return found.high - found.low

    assert width(2000) < width(100) / 2


def test_rows_of_one_group_are_drawn_together() -> None:
    groups = np.array([0, 0, 1, 2, 2, 2])
    counts = np.concatenate(list(fit.resampled(groups, seed=0, draws=70)))
    assert counts.shape == (70, 6)
    assert (counts[:, 0] == counts[:, 1]).all() and (counts[:, 3] == counts[:, 5]).all()
    assert (counts[:, [0, 2, 3]].sum(axis=1) == 3).all()


def test_the_interval_of_a_share_covers_as_often_as_it_says() -> None:
    """95 % intervals of a share of 0.8 out of 200 rows; 200 of them."""
    chance = np.random.default_rng(2)
    groups, every = np.arange(200), np.ones(200, bool)
    covered = 0
    for seed in range(200):
        part = chance.random(200) < 0.8
        found = fit.share_interval(part, every, np.ones(200), groups, seed)
        covered += found.low <= 0.8 <= found.high
    assert 0.90 < covered / 200 < 0.99


VALUES = np.array([5.0, 1, 4, 3, 2] * 6)
GOOD = VALUES >= 3


@pytest.mark.parametrize(("target", "bound"), [(0.6, -np.inf), (0.7, 2.0), (0.76, 3.0), (1.0, 3.0)])
def test_the_loosest_bound_of_a_precision(target: float, bound: float) -> None:
    assert fit.bound_for_precision(VALUES, GOOD, np.ones(30), target) == bound


def test_a_precision_out_of_reach() -> None:
    assert fit.bound_for_precision(-VALUES, GOOD, np.ones(30), 0.9) is None
    assert fit.best_precision(-VALUES, GOOD, np.ones(30)) == pytest.approx(0.6)
    assert fit.bound_for_precision(VALUES[:9], GOOD[:9], np.ones(9), 0.9) is None  # too few rows to judge


def test_a_missing_score_is_kept_and_counts_against_the_bound() -> None:
    values = np.append(VALUES, np.full(10, np.nan))
    good = np.append(GOOD, np.zeros(10, bool))
    assert fit.bound_for_precision(values, good, np.ones(40), 0.7) is None
    assert fit.bound_for_precision(values, good, np.ones(40), 0.64) == 3.0


def test_weights_move_the_bound() -> None:
    weights = np.where(VALUES == 3, 100.0, 1.0)
    good = GOOD & (VALUES != 3)
    assert fit.bound_for_precision(VALUES, good, np.ones(30), 0.6) == 3.0
    assert fit.bound_for_precision(VALUES, good, weights, 0.6) == 4.0


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.83, 1.0])
def test_a_share_is_kept_and_no_more_than_it_takes(keep: float) -> None:
    values = np.random.default_rng(0).permutation(100.0 + np.arange(97))
    bound = fit.bound_for_share(values, keep)
    assert (values >= bound).mean() >= keep > (values > bound).mean()


def test_folds_hold_groups_together_and_spread_classes() -> None:
    groups = np.repeat(np.arange(50), 2)
    good = groups < 10
    fold = fit.folds(good, groups, 5, seed=0)
    assert (fold[::2] == fold[1::2]).all()
    assert np.bincount(fold[good]).tolist() == [4] * 5
    assert np.bincount(fold).tolist() == [20] * 5


def test_nothing_is_fitted_to_the_rows_it_decides() -> None:
    fold = np.arange(10) % 5

    def fitted(train: Flags) -> Callable[[Flags], Floats]:
        seen = set(np.flatnonzero(train).tolist())
        return lambda rows: np.array([float(row in seen) for row in np.flatnonzero(rows)])

    assert fit.held_out(fold, fitted).tolist() == [0.0] * 10


def test_bounds_are_found_together() -> None:
    """Bad rows are low on the first score or on the second, never on both."""
    chance = np.random.default_rng(1)
    first, second = chance.uniform(0, 1, (2, 900))
    good = (first > 0.2) & (second > 0.3)
    noise = chance.uniform(0, 1, 900)
    columns = [first, second, noise]
    found = fit.joint_bounds(columns, good, np.ones(900), target=0.99)
    assert found is not None
    assert found[0] == pytest.approx(0.2, abs=0.03)
    assert found[1] == pytest.approx(0.3, abs=0.03)
    assert found[2] == -np.inf
    kept = fit.joint_bounds(columns, good, np.ones(900), target=None, keep=0.8)
    assert kept is not None
    left = np.all([values >= bound for values, bound in zip(columns, kept, strict=True)], axis=0).mean()
    assert 0.8 <= left < 0.83
    assert fit.joint_bounds([noise], first > 0.5, np.ones(900), target=0.99) is None
