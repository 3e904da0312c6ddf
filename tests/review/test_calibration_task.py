"""One fit: which scores can be summed, how scores are turned, how bounds are written."""

import numpy as np
import pyarrow as pa
import pytest

from vqa_builder.quality.rules import COMBINE, Rule
from vqa_builder.review.calibration_task import Labelled, Target, Task

COUNT = 200
NUMBERS = np.arange(COUNT) / COUNT


def task(target: Target, **columns: object) -> Task:
    """A task in which the second half of the rows is good."""
    names = {"chrf": "high", "repetition": "low", "length": "zero"}
    scores = pa.table(
        {name: pa.array(values, pa.float32(), from_pandas=True) for name, values in columns.items()}
    )
    good = np.arange(COUNT) >= COUNT / 2
    labelled = Labelled(scores, good, np.ones(COUNT), np.arange(COUNT), good, {"good": 100, "bad": 100})
    return Task(labelled, scores, {name: names[name] for name in columns}, target, seed=0)


@pytest.mark.parametrize(
    ("name", "values", "rule"),
    [
        ("chrf", NUMBERS, {"min": 0.5}),
        ("repetition", 1 - NUMBERS, {"max": 0.5}),
        ("length", (1 - NUMBERS) * np.where(np.arange(COUNT) % 2, 1, -1), {"min": -0.5, "max": 0.5}),
    ],
)
def test_a_bound_stands_at_the_end_that_is_bad(name: str, values: object, rule: dict[str, float]) -> None:
    found = task(Target(1.0), **{name: values}).single(name)
    assert found.rule == rule
    assert found.auc.value == 1
    assert found.precision.value == pytest.approx(1, abs=0.01)


def test_a_bound_is_the_number_that_people_would_write() -> None:
    values = np.where(np.arange(COUNT) >= COUNT / 2, 0.7, 0.1)
    assert task(Target(1.0), chrf=values).single("chrf").rule == {"min": 0.7}


def test_what_cannot_be_summed_takes_no_part() -> None:
    holes = np.where(np.arange(COUNT) % 5 == 0, np.nan, 1 - NUMBERS)
    fit = task(Target(0.95), chrf=NUMBERS, length=NUMBERS, repetition=holes).combination()
    assert fit.taken == ["chrf"]
    assert fit.figures.measured == COUNT
    rule = fit.rules[COMBINE]
    assert not isinstance(rule, Rule) and list(rule.weights) == ["chrf"]
    assert fit.kept.mean() == pytest.approx(0.5, abs=0.06)


def test_a_score_that_nobody_has_is_named_and_nothing_more() -> None:
    found = task(Target(0.95), chrf=np.full(COUNT, np.nan)).single("chrf")
    assert (found.measured, found.rule) == (0, None)
    assert np.isnan(found.auc.value)
