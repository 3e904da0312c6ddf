"""Soft scores are the official accuracy that each label would get, whatever the number of annotators."""

import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

from vqa_builder import schema
from vqa_builder.answers.soft_scores import soft_scores

VOCABULARY = pa.table([[0, 1, 2], ["red", "maroon", "cat"], [None] * 3], schema=schema.VOCABULARY)


def score(
    *rows: list[str] | None, normalise: bool = True, vocabulary: pa.Table = VOCABULARY
) -> tuple[list[list[int] | None], list[list[float] | None]]:
    answers = [
        None if row is None else [{"answer": a, "answer_confidence": "yes", "answer_id": 1} for a in row]
        for row in rows
    ]
    column = pa.chunked_array([answers], pa.list_(schema.ANSWER))
    labels, scores = soft_scores(column, vocabulary, normalise=normalise)
    rounded = [None if row is None else [round(value, 4) for value in row] for row in scores.to_pylist()]
    return labels.to_pylist(), rounded


@pytest.mark.parametrize(
    ("answers", "labels", "scores"),
    [
        (["maroon"] * 7 + ["red"] * 3, [0, 1], [0.9, 1.0]),
        (["red"], [0], [1.0]),
        (["red", "dog"], [0], [0.5]),
        (["cat", "cat", "dog"], [2], [0.6667]),
        (["cat", "dog", "dog", "dog"], [2], [0.25]),
        (["cat"] * 4, [2], [1.0]),
        (["dog"], [], []),
    ],
)
def test_ten_annotators_four_and_fewer(answers: list[str], labels: list[int], scores: list[float]) -> None:
    assert score(answers) == ([labels], [scores])


def test_rows_without_answers_are_null() -> None:
    assert score(None, ["dog"], ["red"]) == ([None, [], [0]], [None, [], [1.0]])


def test_answers_are_looked_up_by_the_normalisation_that_built_the_vocabulary() -> None:
    assert score(["Red.", "A cat."], None) == ([[0, 2], None], [[0.5, 0.5], None])
    assert score(["Red", "red "], normalise=False)[0] == [[]]


def test_a_vocabulary_that_is_not_normalised_is_found_too() -> None:
    labels = pa.table([[0, 1], ["T-Shirt", "1/2"], [None] * 2], schema=schema.VOCABULARY)
    assert score(["t-shirt"], ["1/2"], ["T-Shirt"], vocabulary=labels)[0] == [[0], [1], [0]]


@given(st.lists(st.sampled_from(["red", "maroon", "cat", "dog"]), min_size=4, max_size=13))
def test_a_score_is_the_mean_leave_one_out_accuracy(given_answers: list[str]) -> None:
    labels, scores = score(given_answers)
    assert labels[0] is not None and scores[0] is not None
    for label, value in zip(labels[0], scores[0], strict=True):
        answer = VOCABULARY["answer_en"][label].as_py()
        others = [given_answers[:i] + given_answers[i + 1 :] for i in range(len(given_answers))]
        official = sum(min(1, rest.count(answer) / 3) for rest in others) / len(given_answers)
        assert abs(value - official) < 1e-4
