"""What labels say of scores: bounds and regressions, and held-out figures of their decisions."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vqa_builder.errors import MissingExtraError, SpecError
from vqa_builder.quality import policy as policies
from vqa_builder.quality.rules import COMBINE, Combination, Rule
from vqa_builder.review import calibration_fit as fitting
from vqa_builder.review.calibration_fit import Flags, Floats, Interval

TOGETHER = "together"
FOLDS = 5
MEASURED = 0.95
_DIGITS = 6
NOTHING = Interval(float("nan"), float("nan"), float("nan"))

Ends: TypeAlias = Mapping[str, str]
"""Score column -> the end at which it is good: ``high``, ``low`` or ``zero``."""


class Target(NamedTuple):
    """What a bound is chosen for: the share of good rows among the kept ones, or the share that is kept."""

    precision: float | None = 0.95
    keep: float | None = None

    def __str__(self) -> str:
        return f"precision {self.precision:g}" if self.keep is None else f"keep {self.keep:g}"


@dataclass(frozen=True)
class Labelled:
    """The labels of one language, row by row beside the scores of what was labelled.

    Attributes:
        scores: one column per measure.
        good: whether the label says that the row may be kept.
        weights: how many rows of the release each label stands for.
        groups: 0, 1, ...; rows of one question share theirs.
        kept: whether the policy of the release keeps the row.
        counts: label -> how many there are.
    """

    scores: pa.Table
    good: Flags
    weights: Floats
    groups: NDArray[np.int64]
    kept: Flags
    counts: Mapping[str, int]

    @property
    def effective(self) -> float:
        """How many labels of equal weight would tell as much (Kish)."""
        return float(self.weights.sum() ** 2 / (self.weights**2).sum())


class Figures(NamedTuple):
    """What one score, or several together, make of the labels.

    Attributes:
        name: the score column, ``combine``, ``together``, ``new policy`` or ``policy before``.
        good: the end at which the score is good; "" where that has no meaning.
        measured: labels that have the score.
        auc: the probability that a good row scores better than another.
        rule: its rule in the policy; None where no bound reaches the target, empty where none is needed.
        precision: the share of good rows among the kept ones.
        recall: the share of kept rows among the good ones.
        keeps: the share of all rows that is kept.
    """

    name: str
    good: str
    measured: int
    auc: Interval
    rule: dict[str, Any] | None
    precision: Interval
    recall: Interval
    keeps: float


class Fit(NamedTuple):
    """Fitted rules for questions.

    Attributes:
        rules: score column, or ``combine`` -> its rule.
        taken: the score columns whose rules they replace.
        figures: of these rules alone.
        kept: the held-out decisions on the labels.
    """

    rules: dict[str, Rule | Combination]
    taken: list[str]
    figures: Figures
    kept: Flags


class Task:
    """Labels and scores, every score turned so that high is good.

    Args:
        labelled: the labels.
        release: the scores of every question of the release.
        ends: the scores that take part.
        target: what bounds are chosen for.
        seed: of folds and bootstraps.

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """

    def __init__(self, labelled: Labelled, release: pa.Table, ends: Ends, target: Target, seed: int) -> None:
        if not importlib.util.find_spec("sklearn"):
            raise MissingExtraError("calibrate", "scikit-learn", "calibrate")
        self.labelled, self.release, self.ends = labelled, release, ends
        self.target, self.seed = target, seed
        self.fold = fitting.folds(labelled.good, labelled.groups, FOLDS, seed)
        self.columns = {name: _turned(labelled.scores[name], end) for name, end in ends.items()}
        self.every = np.ones(len(labelled.good), bool)

    def decided(self, name: str, kept: Flags, *, rule: dict[str, Any], end: str = "") -> Figures:
        """The figures of decisions."""
        labels = self.labelled
        drawn = (labels.weights, labels.groups, self.seed)
        return Figures(
            name,
            end,
            len(labels.good),
            NOTHING,
            rule,
            precision=fitting.share_interval(labels.good, kept, *drawn),
            recall=fitting.share_interval(kept, labels.good, *drawn),
            keeps=fitting.share(kept, self.every, labels.weights),
        )

    def single(self, name: str) -> Figures:
        """One score with a bound of its own."""
        values, end, target = self.columns[name], self.ends[name], self.target
        measured = int((~np.isnan(values)).sum())
        bound = None
        if measured and target.keep is not None:
            bound = fitting.bound_for_share(_turned(self.release[name], end), target.keep)
            kept = ~(values < bound)
        elif measured:
            bound = self._precise(values, self.every)
            kept = self._held_out([values], lambda rows: [self._precise(values, rows)])
        if bound is None:
            return Figures(name, end, measured, self._auc(values), None, NOTHING, NOTHING, float("nan"))
        figures = self.decided(name, kept, rule=_rule(bound, end, self.release[name].type), end=end)
        return figures._replace(measured=measured, auc=self._auc(values))

    def combination(self) -> Fit:
        """One regression over the scores that can be summed."""
        names = [name for name in self.ends if self._can_be_summed(name)]
        if not names:
            raise _nothing_tells(list(self.ends))
        features = np.column_stack([self.columns[name] for name in names])
        full = np.asarray(~np.isnan(features).any(axis=1), dtype=bool)
        model = self._regression(features, full)
        if not model.weights.any():
            raise _nothing_tells(names)
        probabilities = fitting.held_out(
            self.fold,
            lambda train: lambda rows: self._regression(features, train & full).probabilities(features[rows]),
        )
        unbounded = _combination(model, names, self.ends)
        bound = self._probability_bound(probabilities, unbounded)
        rule = unbounded.model_copy(update={"min": _down(bound)})
        kept = ~(probabilities < bound)
        figures = self.decided(COMBINE, kept, rule=rule.model_dump(exclude_none=True, exclude_defaults=True))
        figures = figures._replace(measured=int(full.sum()), auc=self._auc(probabilities))
        return Fit({COMBINE: rule}, names, figures, kept)

    def thresholds(self) -> Fit:
        """A bound for each score that needs one, found together."""
        names = [name for name, values in self.columns.items() if not np.isnan(values).all()]
        columns = [self.columns[name] for name in names]
        bounds = self._joint(columns, self.every)
        if bounds is None:
            raise self._out_of_reach(None)
        rules: dict[str, Rule | Combination] = {
            name: Rule.model_validate(_rule(bound, self.ends[name], self.release[name].type))
            for name, bound in zip(names, bounds, strict=True)
            if np.isfinite(bound)
        }
        kept = self._held_out(columns, lambda rows: self._joint(columns, rows))
        plain = {name: rule.model_dump(exclude_none=True) for name, rule in rules.items()}
        return Fit(rules, list(self.ends), self.decided(TOGETHER, kept, rule=plain), kept)

    def _auc(self, values: Floats) -> Interval:
        labels = self.labelled
        return fitting.auc_interval(values, labels.good, labels.weights, labels.groups, self.seed)

    def _can_be_summed(self, name: str) -> bool:
        """A sum needs a score that nearly every row has, that varies, and of which more is better."""
        values = self.columns[name]
        there = ~np.isnan(values)
        varies = np.unique(values[there]).size > 1
        return bool(self.ends[name] != "zero" and there.mean() >= MEASURED and varies)

    def _regression(self, features: Floats, rows: Flags) -> fitting.Logistic:
        """Fitted to some rows; weights average 1, so that the ridge means the same for any sample."""
        weights = self.labelled.weights[rows]
        return fitting.fit_with_signs(features[rows], self.labelled.good[rows], weights / weights.mean())

    def _precise(self, values: Floats, rows: Flags) -> float | None:
        labels = self.labelled
        precision = self.target.precision or 0.0
        return fitting.bound_for_precision(values[rows], labels.good[rows], labels.weights[rows], precision)

    def _probability_bound(self, probabilities: Floats, unbounded: Combination) -> float:
        if self.target.keep is not None:
            return fitting.bound_for_share(policies.combined(unbounded, self.release), self.target.keep)
        bound = self._precise(probabilities, self.every)
        if bound is None:
            labels = self.labelled
            raise self._out_of_reach(fitting.best_precision(probabilities, labels.good, labels.weights))
        return max(bound, 0.0)

    def _joint(self, columns: Sequence[Floats], rows: Flags) -> list[float] | None:
        labels, target = self.labelled, self.target
        return fitting.joint_bounds(
            [values[rows] for values in columns],
            labels.good[rows],
            labels.weights[rows],
            target=None if target.keep is not None else target.precision,
            keep=target.keep or 0.0,
        )

    def _held_out(
        self, columns: Sequence[Floats], fit: Callable[[Flags], Sequence[float | None] | None]
    ) -> Flags:
        """Whether each row reaches the bounds that were fitted without it; not, where none could be."""

        def fitted(train: Flags) -> Callable[[Flags], Floats]:
            bounds = fit(train) or [None]
            limits = [float("inf") if bound is None else bound for bound in bounds]

            def reached(rows: Flags) -> Floats:
                below = [values[rows] < limit for values, limit in zip(columns, limits, strict=False)]
                return np.where(np.any(below, axis=0), 0.0, 1.0)

            return reached

        return fitting.held_out(self.fold, fitted) > 0

    def _out_of_reach(self, best: float | None) -> SpecError:
        return SpecError(
            "No bound reaches the target: what it kept would be nothing, or too little to judge",
            where="--target-precision",
            expected=f"{self.target}, with at least {fitting.FEWEST_KEPT} labelled rows kept",
            found=None if best is None or np.isnan(best) else f"at best precision {best:.3f}",
            remedy="ask for less, state --keep instead, label more rows, or add scores",
        )


def _combination(model: fitting.Logistic, names: Sequence[str], ends: Ends) -> Combination:
    """The regression over the scores as they are, in six digits; a score of weight 0 is left out."""
    signed = {
        name: _rounded(-weight if ends[name] == "low" else weight)
        for name, weight in zip(names, model.weights, strict=True)
        if weight
    }
    return Combination(weights=signed, bias=_rounded(model.bias), logistic=True, min=0.0)


def _rule(bound: float, end: str, kind: pa.DataType) -> dict[str, float]:
    """A bound on a turned score as a policy writes it: the decimal that one would write for the float."""
    if not np.isfinite(bound):
        return {}
    number = float(str(np.float32(bound))) if pa.types.is_float32(kind) else bound
    if end == "high":
        return {"min": number}
    return {"max": -number + 0.0} if end == "low" else {"min": number, "max": -number + 0.0}


def _turned(column: Any, end: str) -> Floats:
    """A score such that high is good; NaN for null."""
    values: Floats = np.asarray(column.to_numpy(), dtype=np.float64)
    return values if end == "high" else -values if end == "low" else -np.abs(values)


def _rounded(number: float) -> float:
    return float(f"{number:.{_DIGITS}g}")


def _down(number: float) -> float:
    """In six digits, and not above the number: what lies on a bound is kept."""
    rounded = _rounded(number)
    return rounded if rounded <= number else _rounded(number - abs(number) * 10 ** (1 - _DIGITS))


def _nothing_tells(names: Sequence[str]) -> SpecError:
    return SpecError(
        "No score tells good rows from others",
        where="the labels",
        expected="scores that nearly all labelled rows have, that vary, and that are better for good rows",
        found=", ".join(names),
        remedy="name other scores with --score, or label more rows",
    )
