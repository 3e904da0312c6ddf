"""A policy from people's labels: a bound for every score, and scores combined by a logistic regression.

Every figure is held out: the decision on a row comes from a fit that has not seen the row. Intervals are
bootstraps over questions. Labels count by their sampling weights, so that the figures are those of the whole
release and not of the sample, in which rare scores are frequent on purpose.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import yaml
from numpy.typing import NDArray

from vqa_builder.errors import SpecError, UnknownNameError
from vqa_builder.quality import policy as policies
from vqa_builder.quality.rules import COMBINE, Combination, Policy, Rule, Standing
from vqa_builder.review.calibration_fit import Interval
from vqa_builder.review.calibration_task import FOLDS, TOGETHER, Figures, Labelled, Target, Task

__all__ = [
    "BEFORE",
    "NEW",
    "Calibration",
    "Figures",
    "Form",
    "Labelled",
    "Target",
    "calibrate",
    "lines",
    "policy_file",
]

VERSION = "1"
"""Raised by whoever changes what the same labels give."""

NEW, BEFORE = "new policy", "policy before"

HEADER = ("score", "AUC", "rule", "precision", "recall", "keeps")
_WIDTH = 110

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
        form: ``combination``: one logistic regression over the scores, whose probability is bounded;
            ``thresholds``: a bound for each score, found together.
        scores: the score columns to use; default: those that the policy bounds, ``reject`` apart.
        seed: of folds and bootstraps.

    Raises:
        UnknownNameError: a score does not exist.
        SpecError: there are too few labels of a class, no score tells them apart, the target cannot be
            reached, or the new policy would keep nothing.

    >>> chrf = np.arange(100.0)
    >>> scores = pa.table({"chrf": chrf})
    >>> good = chrf >= 40
    >>> labelled = Labelled(scores, good, np.ones(100), np.arange(100), good, {"good": 60, "bad": 40})
    >>> start = Policy.model_validate({"chrf": {"min": 20}})
    >>> calibrate(labelled, scores, start, "ja", target=Target(0.9), form="thresholds").policy.signature
    'policy|chrf:min=40|answers.chrf:min=20'
    """
    target = target or Target()
    chosen = _chosen(scores, present, release)
    _check_classes(labelled, language)
    ends = {name: policies.good_ends().get(name, "high") for name in chosen}
    task = Task(labelled, release, ends, target, seed)
    fit = task.combination() if form == "combination" else task.thresholds()
    known = [name for name in fit.taken if _is_judged(name, present, labelled, release)]
    policy = _replaced(present, [*known, *fit.rules, COMBINE], fit.rules)
    rest = Policy(rules={name: rule for name, rule in policy.rules.items() if name not in fit.rules})
    whole = fit.kept & _kept(rest, labelled.scores, release)
    keeps = _share_kept(policy, release, language)
    figures = [
        *_best_first([task.single(name) for name in chosen]),
        fit.figures,
        task.decided(NEW, whole, rule={}),
        task.decided(BEFORE, labelled.kept, rule={}),
    ]
    return Calibration(language, target, form, labelled, figures, policy, keeps, seed)


def _best_first(figures: Iterable[Figures]) -> list[Figures]:
    return sorted(figures, key=lambda one: (-np.nan_to_num(one.auc.value, nan=-1.0), one.name))


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
    return Policy.model_validate(
        {
            "rules": {**kept, **rules},
            "answers": answers,
            "missing": present.missing,
            "round_trip": present.round_trip,
        }
    )


def _is_judged(name: str, present: Policy, labelled: Labelled, release: pa.Table) -> bool:
    """Whether people labelled enough of what a score's present rule rejects."""
    if name not in present.rules:
        return True
    alone = Policy(rules={name: present.rules[name]}, missing="keep")
    return int((~_kept(alone, labelled.scores, release)).sum()) >= FOLDS


def _kept(policy: Policy, scores: pa.Table, release: pa.Table) -> NDArray[np.bool_]:
    """Which questions the rules keep, missing scores apart; shares to keep are those of the release."""
    policy = policies.resolved(policy, _segments(release), release).model_copy(update={"missing": "keep"})
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


def _share_kept(policy: Policy, release: pa.Table, language: str) -> float:
    """The share of a release's questions that a policy keeps, which is not nothing."""
    share = float(_kept(policy, release, release).mean())
    if share:
        return share
    raise SpecError(
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


def lines(found: Calibration) -> list[str]:
    """What the terminal shows: what there was to learn from, and a table of held-out figures."""
    labels = ", ".join(f"{count:,} {label}" for label, count in found.labelled.counts.items())
    rows = [HEADER, *(_row(one) for one in found.figures)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEADER))]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    equal = f"as many as {found.labelled.effective:,.0f} of equal weight"
    return [
        f"{found.language}: {labels} ({equal}); bounds for {found.target}",
        *(line.rstrip() for line in table),
        *_written_out(found),
        f"the new policy keeps {100 * found.keeps:.1f} % of the release's questions",
    ]


def policy_file(
    found: Sequence[Calibration], others: Mapping[str, Any], labels: Mapping[str, str], seed: int
) -> str:
    """The text of a policy file.

    Args:
        found: one calibration per labelled language.
        others: language -> what the spec states for it, for languages without labels.
        labels: name of each file of labels -> SHA-256 of its bytes.
        seed: of the calibrations.

    Returns:
        YAML for ``policy: {file: ...}``; the same labels and release give the same text.
    """
    comments = [
        f"Written by vqa-builder calibrate (version {VERSION}, seed {seed}). Name it in build.yaml:",
        "  policy: {file: policy.yaml}",
        *(f"Labels: {name}, SHA-256 {digest}" for name, digest in labels.items()),
        f"Figures are held out ({FOLDS} folds) and weighted as the labels were drawn,",
        "with 95 % intervals by bootstrap.",
    ]
    for one in found:
        comments += ["", *lines(one)]
    head = "".join(f"# {line}".rstrip() + "\n" for line in comments)
    policies = {one.language: one.policy.model_dump(mode="json") for one in found}
    content = {"languages": {**policies, **others}}
    body: str = yaml.safe_dump(
        content, sort_keys=False, default_flow_style=None, allow_unicode=True, width=_WIDTH
    )
    return head + body


def _row(one: Figures) -> tuple[str, ...]:
    if one.name in (NEW, BEFORE):
        rule = ""
    elif one.rule is None:
        rule = "none reaches the target"
    elif one.name == TOGETHER:
        rule = f"{len(one.rule)} bounds"
    elif not one.rule or ("weights" in one.rule and not one.rule["min"]):
        rule = "none needed"
    else:
        rule = _rule(one.rule)
    keeps = "" if np.isnan(one.keeps) else f"{100 * one.keeps:.1f} %"
    return (one.name, _figure(one.auc), rule, _figure(one.precision), _figure(one.recall), keeps)


def _rule(rule: Mapping[str, Any]) -> str:
    """A rule in a few signs; of a combination its bound.

    >>> _rule({"min": -3.0, "max": 3.0}), _rule({"max": 0.1})
    ('-3..3', '<= 0.1')
    """
    if "weights" in rule:
        return f">= {rule['min']:g}"
    if len(rule) == 2:
        return f"{rule['min']:g}..{rule['max']:g}"
    return "".join(f"{'>=' if side == 'min' else '<='} {bound:g}" for side, bound in rule.items())


def _written_out(found: Calibration) -> list[str]:
    """The combination, or the bounds that were found together."""
    for one in found.figures:
        if one.name == TOGETHER and one.rule:
            return ["together: " + ", ".join(f"{name} {_rule(rule)}" for name, rule in one.rule.items())]
    rule = found.policy.rules.get(COMBINE)
    if not isinstance(rule, Combination):
        return []
    terms = " ".join(f"{weight:+g}*{name}" for name, weight in rule.weights.items())
    return [f"combine: probability of a good row = logistic({rule.bias:g} {terms})"]


def _figure(one: Interval) -> str:
    if np.isnan(one.value):
        return ""
    return f"{one.value:.3f} ({one.low:.3f}-{one.high:.3f})"
