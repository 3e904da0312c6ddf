"""A calibration for people: a table for the terminal, and the policy file with a record of its making."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import yaml

from vqa_builder.quality.rules import COMBINE, Combination
from vqa_builder.review.calibration import BEFORE, NEW, VERSION, Calibration, Figures
from vqa_builder.review.calibration_fit import Interval
from vqa_builder.review.calibration_task import FOLDS, TOGETHER

HEADER = ("score", "AUC", "rule", "precision", "recall", "keeps")
_WIDTH = 110


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
    return [f"combine: chance of a good row = logistic({rule.bias:g} {terms})"]


def _figure(one: Interval) -> str:
    if np.isnan(one.value):
        return ""
    return f"{one.value:.3f} ({one.low:.3f}-{one.high:.3f})"
