"""A policy from people's labels: a bound for every score, and scores combined by a logistic regression.

Every figure is held out: the decision on a row comes from a fit that has not seen the row. Intervals are
bootstraps over questions. Labels count by their sampling weights, so that the figures are those of the whole
release and not of the sample, in which rare scores are frequent on purpose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vqa_builder.errors import SpecError, UnknownNameError
from vqa_builder.quality import policy as policies
from vqa_builder.quality.rules import COMBINE, Combination, Policy, Rule, Standing
from vqa_builder.review.calibration_task import FOLDS, Figures, Labelled, Target, Task

__all__ = ["BEFORE", "NEW", "Calibration", "Figures", "Form", "Labelled", "Target", "calibrate"]

VERSION = "1"
"""Raised by whoever changes what the same labels give."""

NEW, BEFORE = "new policy", "policy before"

Form = Literal["combination", "thresholds"]


@dataclass(frozen=True)
class Calibration:
    """What the labels of one language say.

    Attributes:
        language: ISO 639 code.
        target: what the bounds were chosen for.
        form: which rules the policy got.
        labelled: what was fitted to.
        figures: the single scores, best AUC first; the fitted rules as one; the new policy; the one before.
        policy: the new policy, whole: rules of scores that took no part are those of the policy before.
        keeps: the share of the release's questions that the new policy keeps.
        seed: of folds and bootstraps.
    """

    language: str
    target: Target
    form: Form
    labelled: Labelled
    figures: Sequence[Figures]
    policy: Policy
    keeps: float
    seed: int

    def to_json(self) -> dict[str, Any]:
        """Everything but the labels themselves, as JSON has it; null for what cannot be computed."""
        return {
            "language": self.language,
            "target": str(self.target),
            "form": self.form,
            "labels": dict(self.labelled.counts),
            "effective_labels": round(self.labelled.effective, 1),
            "figures": [_plain(one) for one in self.figures],
            "keeps": round(self.keeps, 4),
            "policy": self.policy.model_dump(mode="json"),
            "seed": self.seed,
        }


def calibrate(
    labelled: Labelled,
    release: pa.Table,
    present: Policy,
    language: str,
    *,
    target: Target | None = None,
    form: Form = "combination",
    scores: Sequence[str] | None = None,
    seed: int = 0,
) -> Calibration:
    """Fit a policy to labels.

    A bound is the loosest one that reaches the target. The rules of the scores that take part are replaced
    by the fitted ones, for questions only: answers keep theirs. A rule that rejects fewer than ``FOLDS`` of
    the labelled rows stays, too: the labels say nothing about what it is for.

    Args:
        labelled: the labels.
        release: the scores of every question of the release, one row per question; its columns are those of
            ``labelled.scores``.
        present: the policy to start from.
        language: ISO 639 code.
        target: default: a precision of 0.95.
        form: ``combination``: one logistic regression over the scores, whose chance is bounded;
            ``thresholds``: a bound for each score, found together.
        scores: the score columns to use; default: those that the policy bounds, ``reject`` apart.
        seed: of folds and bootstraps.

    Raises:
        UnknownNameError: a score does not exist.
        SpecError: there are too few labels of a class, no score tells them apart, the target cannot be
            reached, or the new policy would keep nothing.

    Example::

        found = calibrate(labelled, release_scores, policy_for("ja", "balanced"), "ja", target=Target(0.9))
        found.policy.signature
    """
    target = target or Target()
    chosen = _chosen(scores, present, release)
    _check_classes(labelled, language)
    ends = {name: policies.good_ends().get(name, "high") for name in chosen}
    task = Task(labelled, release, ends, target, seed)
    single = [task.single(name) for name in chosen]
    single.sort(key=lambda one: (-np.nan_to_num(one.auc.value, nan=-1.0), one.name))
    fit = task.combination() if form == "combination" else task.thresholds()
    known = [name for name in fit.taken if _is_judged(name, present, labelled, release)]
    policy = _replaced(present, [*known, *fit.rules, COMBINE], fit.rules)
    rest = Policy(rules={name: rule for name, rule in policy.rules.items() if name not in fit.rules})
    whole = fit.kept & _kept(rest, labelled.scores, release)
    keeps = float(_kept(policy, release, release).mean())
    if not keeps:
        raise _keeps_nothing(policy, language)
    figures = [
        *single,
        fit.figures,
        task.decided(NEW, whole, rule={}),
        task.decided(BEFORE, labelled.kept, rule={}),
    ]
    return Calibration(language, target, form, labelled, figures, policy, keeps, seed)


def _check_classes(labelled: Labelled, language: str) -> None:
    good, other = int(labelled.good.sum()), int((~labelled.good).sum())
    if min(good, other) >= FOLDS:
        return
    told = ", ".join(f"{count} {label}" for label, count in labelled.counts.items())
    raise SpecError(
        "Only one class of labels is there" if not min(good, other) else "There are too few labels",
        where=f"the labels of {language}",
        expected=f"at least {FOLDS} rows that may be kept and {FOLDS} that may not",
        found=f"{good} and {other} ({told})",
        remedy="label more rows; vqa-builder review export draws rejected and doubtful ones on purpose",
    )


def _chosen(scores: Sequence[str] | None, present: Policy, release: pa.Table) -> list[str]:
    """The score columns to use."""
    numbers = [field.name for field in release.schema if pa.types.is_floating(field.type)]
    for name in scores or ():
        if name not in numbers:
            raise UnknownNameError("score column", name, numbers, where="--score")
    if scores:
        return list(dict.fromkeys(scores))
    present.check({field.name: field.type for field in release.schema})
    ruled = [name for name, rule in present.rules.items() if isinstance(rule, Rule)]
    combined = present.rules.get(COMBINE)
    weighed = list(combined.weights) if isinstance(combined, Combination) else []
    return list(dict.fromkeys([*ruled, *weighed])) or numbers


def _replaced(present: Policy, taken: Sequence[str], rules: Mapping[str, Standing]) -> Policy:
    """The policy with new rules for questions; answers keep what held for them."""
    answers: dict[str, Any] = {name: rule for name, rule in present.answers.items() if name not in taken}
    for name in dict.fromkeys([*taken, *rules]):
        held = present.answers.get(name, present.rules.get(name, "off"))
        if held != "off" or name in rules:
            answers[name] = held
    kept = {name: rule for name, rule in present.rules.items() if name not in taken}
    return Policy.model_validate({"rules": {**kept, **rules}, "answers": answers})


def _is_judged(name: str, present: Policy, labelled: Labelled, release: pa.Table) -> bool:
    """Whether people labelled enough of what a score's present rule rejects."""
    if name not in present.rules:
        return True
    alone = Policy(rules={name: present.rules[name]})
    return int((~_kept(alone, labelled.scores, release)).sum()) >= FOLDS


def _kept(policy: Policy, scores: pa.Table, release: pa.Table) -> NDArray[np.bool_]:
    """Which questions of these scores a policy keeps; shares to keep are those of the release."""
    policy = policies.resolved(policy, _segments(release), release)
    segments = _segments(scores)
    keyed = {"segment_id": segments["segment_id"], "language": pa.repeat("", scores.num_rows)}
    translations = pa.table({**keyed, "text": pa.repeat("-", scores.num_rows)})
    measured = pa.table({**keyed, **{name: scores[name] for name in scores.column_names}})
    verdicts = policies.judge(segments, translations, measured, policy, "")
    return np.asarray(verdicts["keep"].to_numpy(), dtype=bool)


def _segments(scores: pa.Table) -> pa.Table:
    """Questions, one per row of scores."""
    ids = pa.array(range(scores.num_rows), pa.int64()).cast(pa.string())
    return pa.table({"segment_id": ids, "role": pa.repeat("question", len(ids))})


def _keeps_nothing(policy: Policy, language: str) -> SpecError:
    return SpecError(
        "The fitted policy would keep nothing of the release",
        where=language,
        expected="bounds that some rows reach",
        found=policy.signature,
        remedy="ask for less with --target-precision, or state --keep",
    )


def _plain(figures: Figures) -> dict[str, Any]:
    def number(value: float) -> float | None:
        return None if np.isnan(value) else round(value, 4)

    intervals = {
        name: {key: number(value) for key, value in getattr(figures, name)._asdict().items()}
        for name in ("auc", "precision", "recall")
    }
    return {**figures._asdict(), **intervals, "keeps": number(figures.keeps)}
