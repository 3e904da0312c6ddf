"""The arithmetic of calibration, over scikit-learn: regression, bounds, and figures with their intervals.

Everything is weighted: a label that stands for 40 rows counts as 40. A value of NaN is a score that is
missing; no bound rejects it, as in a policy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]
Places: TypeAlias = NDArray[np.int64]

DRAWS = 500
FEWEST_KEPT = 10
_CHUNK = 50
_CUTS = 100
_LEAST = 1e-4
_STEPS = 100
_TOLERANCE = 1e-10
_EDGE = 35.0


class Interval(NamedTuple):
    """A figure and its 95 % interval; NaN where it cannot be computed."""

    value: float
    low: float
    high: float


class Logistic(NamedTuple):
    """A logistic regression: the probability is ``1 / (1 + exp(-(bias + features @ weights)))``."""

    weights: Floats
    bias: float

    def probabilities(self, features: Floats) -> Floats:
        """The probability of every row; NaN where a feature is."""
        return logistic(self.bias + features @ self.weights)


def logistic(log_odds: Floats) -> Floats:
    """The logistic function, for log-odds of any size."""
    probabilities: Floats = 1 / (1 + np.exp(-np.clip(log_odds, -_EDGE, _EDGE)))
    return probabilities


def fit_logistic(features: Floats, good: Flags, weights: Floats, ridge: float = 1.0) -> Logistic:
    """A logistic regression with a ridge, by scikit-learn.

    Minimises the weighted log loss plus ``ridge / 2`` times the sum of the squared weights of the
    standardised features; the bias is free. So the scale of a feature does not matter, and classes that a
    feature separates perfectly give finite weights.

    Args:
        features: one row per label, one column per score, without NaN.
        good: the class, one per row.
        weights: how much each row counts.
        ridge: 0 or more.

    Returns:
        Weights and bias for the features as they are, not standardised. A feature without variance weighs 0.

    >>> counts = np.array([30.0, 10.0, 20.0, 60.0])  # odds 3 without the feature and 1/3 with it
    >>> fitted = fit_logistic(np.array([[0.0], [0], [1], [1]]), np.array([1, 0, 1, 0], bool), counts, 0)
    >>> [round(float(number), 4) for number in (*fitted.weights, fitted.bias)]
    [-2.1972, 1.0986]
    """
    from sklearn.linear_model import LogisticRegression

    mean = np.average(features, axis=0, weights=weights)
    variance = np.average((features - mean) ** 2, axis=0, weights=weights)
    varies = variance > np.finfo(float).eps * np.maximum(1.0, mean**2)
    scale = np.where(varies, np.sqrt(variance), 1.0)
    strength = 1 / ridge if ridge else np.inf
    model = LogisticRegression(C=strength, solver="newton-cholesky", tol=_TOLERANCE, max_iter=_STEPS)
    model.fit((features - mean) / scale, good, sample_weight=weights)
    slopes = np.where(varies, model.coef_[0] / scale, 0.0)
    return Logistic(slopes, float(model.intercept_[0] - slopes @ mean))


def fit_with_signs(features: Floats, good: Flags, weights: Floats, ridge: float = 1.0) -> Logistic:
    """``fit_logistic`` of features that are good when high: none gets a weight below 0.

    While a weight is negative, the feature with the most negative one (in standard deviations) is left out.
    """
    used = np.ones(features.shape[1], bool)
    deviations = features.std(axis=0)
    while used.any():
        part = fit_logistic(features[:, used], good, weights, ridge)
        slopes = np.zeros(len(used))
        slopes[used] = part.weights
        if (slopes >= 0).all():
            return Logistic(slopes, part.bias)
        used[np.argmin(slopes * deviations)] = False
    share_good = float(np.average(good, weights=weights))
    return Logistic(np.zeros(len(used)), float(np.log(share_good / (1 - share_good))))


def auc(values: Floats, good: Flags, weights: Floats) -> float:
    """The probability that a good row's value lies above another's, by scikit-learn; ties count half.

    Rows without a value (NaN) do not count; NaN where one class is missing.

    >>> auc(np.array([1.0, 2, 2, 3]), np.array([0, 0, 1, 1], bool), np.ones(4))
    0.875
    """
    from sklearn.metrics import roc_auc_score

    counted = ~np.isnan(values) & (weights > 0)
    if not (good[counted].any() and (~good[counted]).any()):
        return float("nan")
    return float(roc_auc_score(good[counted], values[counted], sample_weight=weights[counted]))


def auc_interval(values: Floats, good: Flags, weights: Floats, groups: Places, seed: int) -> Interval:
    """The AUC and its bootstrap interval over groups of rows; arguments as in ``auc``."""
    parts = [_bootstrapped_aucs(values, good, weights, counts) for counts in resampled(groups, seed)]
    return _interval(auc(values, good, weights), np.concatenate(parts))


def share(part: Flags, whole: Flags, weights: Floats) -> float:
    """The weight of ``part`` in ``whole``; NaN where there is none.

    >>> share(np.array([True, False, True]), np.array([True, True, False]), np.array([3.0, 1, 9]))
    0.75
    """
    total = float(weights[whole].sum())
    return float(weights[whole & part].sum()) / total if total else float("nan")


def share_interval(part: Flags, whole: Flags, weights: Floats, groups: Places, seed: int) -> Interval:
    """``share`` and its bootstrap interval over groups of rows.

    Precision is the share of good rows among the kept ones, recall that of kept rows among the good ones.
    """

    def shares(counts: Floats) -> Floats:
        totals = counts @ (weights * whole)
        with np.errstate(invalid="ignore", divide="ignore"):
            found: Floats = counts @ (weights * (whole & part)) / totals
        return found

    parts = [shares(counts) for counts in resampled(groups, seed)]
    return _interval(share(part, whole, weights), np.concatenate(parts))


def resampled(groups: Places, seed: int, draws: int = DRAWS) -> Iterator[Floats]:
    """How often each row stands in each bootstrap sample, some samples at a time.

    Groups (the labels of one question) are drawn with replacement, as a whole; groups are 0, 1, ...
    """
    count = int(groups.max()) + 1
    random = np.random.default_rng(seed)
    for start in range(0, draws, _CHUNK):
        size = min(_CHUNK, draws - start)
        drawn = random.integers(count, size=(size, count)) + count * np.arange(size)[:, None]
        times = np.bincount(drawn.ravel(), minlength=size * count).reshape(size, count)
        yield times[:, groups].astype(np.float64)


def bound_for_precision(values: Floats, good: Flags, weights: Floats, target: float) -> float | None:
    """The loosest bound of which so much is good that it keeps; at least ``FEWEST_KEPT`` rows must be left.

    Args:
        values: high is good; NaN is kept.
        target: the share of good rows among the kept ones.

    Returns:
        The lowest value that is kept: minus infinity where no row has to go, None where no bound will do.
    """
    if share(good, np.ones(len(values), bool), weights) >= target:
        return float("-inf")
    cuts = np.unique(values[~np.isnan(values)])
    kept_good, kept, rows = _above(values, cuts, good * weights, weights, np.ones(len(values)))
    fits = (kept_good >= target * kept) & (rows >= FEWEST_KEPT)
    return float(cuts[np.argmax(fits)]) if fits.any() else None


def best_precision(values: Floats, good: Flags, weights: Floats) -> float:
    """The highest share of good rows that a bound can reach among at least ``FEWEST_KEPT`` rows."""
    cuts = np.unique(values[~np.isnan(values)])
    kept_good, kept, rows = _above(values, cuts, good * weights, weights, np.ones(len(values)))
    enough = rows >= FEWEST_KEPT
    return float((kept_good[enough] / kept[enough]).max()) if enough.any() else float("nan")


def bound_for_share(values: Floats, keep: float) -> float:
    """The largest value that keeps at least this share of all rows; NaN is kept.

    >>> bound_for_share(np.array([1.0, 2, 3, 4]), 0.75)
    2.0
    """
    below = int((1 - keep) * len(values) + 1e-9)
    filled = np.where(np.isnan(values), np.inf, values)
    found = float(np.partition(filled, below)[below])
    return found if np.isfinite(found) else float(np.nanmax(values))


def joint_bounds(
    columns: Sequence[Floats], good: Flags, weights: Floats, *, target: float | None, keep: float = 0.0
) -> list[float] | None:
    """One bound per score, all of which a row must reach; found by peeling.

    Starts with all rows. The next step is the bound that takes away the most weight of other rows per weight
    of good ones. Ends when the target is reached, or before less than ``keep`` would be left. (Friedman and
    Fisher, Bump hunting in high-dimensional data, 1999.)

    Args:
        columns: scores, high for good; NaN is kept.
        target: the share of good rows among the kept ones; None to go on until ``keep``.
        keep: the share of all rows to keep at least.

    Returns:
        The lowest value that is kept of each score, minus infinity where a score needs no bound; None where
        the target cannot be reached with ``FEWEST_KEPT`` rows.
    """
    bounds = [float("-inf")] * len(columns)
    kept = np.ones(len(good), bool)
    while target is None or share(good, kept, weights) < target:
        peels = [_best_peel(values, kept, good, weights, keep) for values in columns]
        place = int(np.argmax([worth for worth, _ in peels]))
        worth, bound = peels[place]
        if worth <= 0:
            return bounds if target is None else None
        bounds[place] = bound
        kept &= ~(columns[place] < bound)
    return bounds


def _best_peel(values: Floats, kept: Flags, good: Flags, weights: Floats, keep: float) -> tuple[float, float]:
    """The next bound on one score: what it is worth (0 for none), and its value."""
    cuts = np.unique(values[kept & ~np.isnan(values)])
    if len(cuts) > _CUTS:
        cuts = cuts[np.linspace(0, len(cuts) - 1, _CUTS).astype(int)]
    if len(cuts) < 2:
        return 0.0, float("-inf")
    there, bad = weights * kept, weights * kept * ~good
    left_bad, left, rows = _above(values, cuts, bad, there, kept.astype(np.float64))
    gone = there.sum() - left
    gone_bad = bad.sum() - left_bad
    worth = gone_bad / (gone - gone_bad + _LEAST * weights.sum())
    allowed = (rows >= FEWEST_KEPT) & (left >= keep * weights.sum() * (1 - 1e-12)) & (gone > 0)
    worth = np.where(allowed, worth, 0.0)
    best = int(np.argmax(worth))
    return float(worth[best]), float(cuts[best])


def folds(good: Flags, groups: Places, count: int, seed: int) -> Places:
    """The fold of every row: a group lies in one, and both classes are distributed evenly over all."""
    from sklearn.model_selection import StratifiedGroupKFold

    found = np.empty(len(good), np.int64)
    splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    for number, (_, rows) in enumerate(splitter.split(good[:, None], good, groups)):
        found[rows] = number
    return found


def held_out(fold: Places, fit: Callable[[Flags], Callable[[Flags], Floats]]) -> Floats:
    """What each row gets from a fit that has not seen it.

    Args:
        fold: of every row.
        fit: takes the rows to fit on and returns what gives other rows their values.
    """
    found = np.full(len(fold), np.nan)
    for each in np.unique(fold):
        rows = fold == each
        found[rows] = fit(~rows)(rows)
    return found


def _above(values: Floats, cuts: Floats, *amounts: Floats) -> list[Floats]:
    """For every cut the sum of each amount over the rows that reach it or have no value."""
    places = np.searchsorted(cuts, values, side="right")  # NaN comes last
    sums = [np.bincount(places, amount, len(cuts) + 1)[1:] for amount in amounts]
    return [one[::-1].cumsum()[::-1] for one in sums]


def _bootstrapped_aucs(values: Floats, good: Flags, weights: Floats, counts: Floats) -> Floats:
    """``auc`` of many samples at once; ``counts`` says how often each value stands in each sample."""
    there = ~np.isnan(values)
    order = np.argsort(values[there], kind="stable")
    if not len(order):
        return np.full(len(counts), np.nan)
    ranked = values[there][order]
    starts = np.flatnonzero(np.append(True, ranked[1:] != ranked[:-1]))
    amounts = (counts * weights)[:, there][:, order]
    is_good = good[there][order]
    above = np.add.reduceat(amounts * is_good, starts, axis=1)
    below = np.add.reduceat(amounts * ~is_good, starts, axis=1)
    wins = (above * (below.cumsum(axis=1) - below / 2)).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = wins / (above.sum(axis=1) * below.sum(axis=1))
    return found


def _interval(value: float, drawn: Floats) -> Interval:
    drawn = drawn[~np.isnan(drawn)]
    if not len(drawn):
        return Interval(value, float("nan"), float("nan"))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Interval(value, float(low), float(high))
