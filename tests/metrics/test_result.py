from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from vqa_builder.errors import VQABuilderError
from vqa_builder.metrics.references import load_references
from vqa_builder.metrics.result import NOT_GIVEN, Result, intervals, paired, summarise
from vqa_builder.metrics.vqa_accuracy import vqa_accuracy

LEVELS = np.array([0, 0.3, 0.6, 0.9, 1.0])


def drawn(n: int, seed: int, weights: Any = None) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).choice(LEVELS, n, p=weights)


def test_the_multinomial_draw_is_the_bootstrap_over_questions() -> None:
    scores, groups = drawn(800, 1), np.random.default_rng(2).integers(0, 3, 800)
    low, high = intervals(scores, groups, resamples=20_000, seed=3)
    generator = np.random.default_rng(4)
    picks = generator.integers(0, 800, (20_000, 800))
    for group in range(3):
        inside = (groups == group)[picks]
        means = (scores[picks] * inside).sum(1) / inside.sum(1)
        assert np.percentile(means, [2.5, 97.5]) == pytest.approx([low[group], high[group]], abs=0.003)


def test_intervals_shrink_with_more_questions_and_hold_the_mean() -> None:
    widths = []
    for n in (100, 1_000, 10_000):
        scores = drawn(n, 5)
        low, high = intervals(scores, np.zeros(n, np.int64), resamples=1000, seed=0)
        assert low[0] < scores.mean() < high[0]
        widths.append(high[0] - low[0])
    assert widths[0] > 2 * widths[1] > 4 * widths[2]


def test_a_group_of_one_question_is_as_sure_as_it_can_be() -> None:
    low, high = intervals(np.array([1.0, 0.0, 0.3]), np.array([0, 0, 1]), resamples=1000, seed=0)
    assert (low[1], high[1]) == (0.3, 0.3)
    assert (low[0], high[0]) == (0.0, 1.0)


def results(n: int, right: list[int]) -> list[Result]:
    """One result per system, which answers its first so many of n questions rightly."""
    questions = [
        {"question_id": k, "answers": [{"answer": "cat", "answer_id": i} for i in range(10)]}
        for k in range(n)
    ]
    return [vqa_accuracy({k: "cat" if k < many else "dog" for k in range(n)}, questions) for many in right]


def test_a_clear_difference() -> None:
    better, worse = results(400, [300, 200])
    found = paired(better, worse)
    assert found.difference == 25
    assert found.low < 25 < found.high
    assert found.p_bootstrap < 0.001
    assert found.p_randomisation < 0.001
    assert (found.better, found.worse, found.equal) == (100, 0, 300)
    other_way = paired(worse, better)
    assert other_way.difference == -25
    assert other_way.p_randomisation == found.p_randomisation


def test_no_difference() -> None:
    one, two = results(50, [30, 30])
    found = paired(one, two)
    assert (found.difference, found.low, found.high) == (0, 0, 0)
    assert found.p_bootstrap == found.p_randomisation == 1


def test_randomisation_equals_the_exact_sign_test_on_few_questions() -> None:
    one, two = results(10, [8, 4])
    found = paired(one, two, resamples=200_000)
    assert found.p_randomisation == pytest.approx(2 * 0.5**4, abs=0.005)


def test_chance_differences_are_found_as_often_as_they_should_be() -> None:
    (like,) = results(300, [150])
    hits = 0
    for seed in range(200):
        scores = [drawn(300, 1000 + seed), drawn(300, 5000 + seed)]
        one, two = (
            Result("m", 0, 0, 0, 300, {}, {}, "", question_ids=like.question_ids, scores=s) for s in scores
        )
        hits += paired(one, two, resamples=1000, seed=seed).p_randomisation < 0.05
    assert 2 <= hits <= 20


def test_other_questions_cannot_be_compared() -> None:
    (one,), (two,) = results(10, [5]), results(11, [5])
    with pytest.raises(VQABuilderError, match="cannot be compared"):
        paired(one, two)


def test_types_keep_the_order_of_their_first_question() -> None:
    types = ["other", None, "number", "other"]
    references = load_references(
        [
            {"question_id": number, "answers": [{"answer": "2"}], "answer_type": kind}
            for number, kind in enumerate(types)
        ]
    )
    scores = np.array([1.0, 0.0, 0.3, 0.0])
    found = summarise("m", scores, references, signature="metric:m", resamples=100, seed=1)
    assert list(found.per_answer_type) == ["other", NOT_GIVEN, "number"]
    assert found.per_answer_type["other"].value == 50
    assert found.per_answer_type["other"].n == 2
    assert found.per_question_type == {}
    assert found.overall == 32.5
    assert found.signature == "metric:m|ci:percentile-bootstrap,95%,100|seed:1"
    report = json.loads(json.dumps(found.to_json()))
    assert report["n"] == 4
    assert report["interval"] == [found.low, found.high]
    assert "details" not in report
