"""Soft scores are the official accuracy that each label would get."""

import pyarrow as pa
from hypothesis import given, strategies as st

from vqa_builder import schema
from vqa_builder.answers.soft_scores import soft_scores

VOCABULARY = pa.table([[0, 1, 2], ["red", "maroon", "cat"], [None] * 3], schema=schema.VOCABULARY)


def score(
    *rows: list[str] | None, normalise: bool = False
) -> tuple[list[list[int] | None], list[list[float] | None]]:
    answers = [
        None if row is None else [{"answer": a, "answer_confidence": "yes", "answer_id": 1} for a in row]
        for row in rows
    ]
    column = pa.chunked_array([answers], pa.list_(schema.ANSWER))
    labels, scores = soft_scores(column, VOCABULARY, normalise=normalise)
    rounded = [None if row is None else [round(value, 4) for value in row] for row in scores.to_pylist()]
    return labels.to_pylist(), rounded


def test_counts_become_scores() -> None:
    labels, scores = score(["maroon"] * 7 + ["red"] * 3, ["cat", "cat", "dog"], ["red"])
    assert labels == [[0, 1], [2], [0]]
    assert scores == [[0.9, 1.0], [0.6], [0.3]]


def test_rows_without_answers_are_null_and_unknown_answers_are_empty() -> None:
    assert score(None, ["dog"], ["red"]) == ([None, [], [0]], [None, [], [0.3]])


def test_answers_are_taken_as_they_stand() -> None:
    assert score(["Red", "red "])[0] == [[]]


def test_answers_that_are_sentences_are_normalised_where_the_source_says_so() -> None:
    assert score(["Red.", "A cat."], None, normalise=True) == ([[0, 2], None], [[0.3, 0.3], None])


@given(st.lists(st.sampled_from(["red", "maroon", "cat", "dog"]), min_size=10, max_size=10))
def test_a_score_is_the_mean_leave_one_out_accuracy(given_answers: list[str]) -> None:
    labels, scores = score(given_answers)
    assert labels[0] is not None and scores[0] is not None
    for label, value in zip(labels[0], scores[0], strict=True):
        answer = VOCABULARY["answer_en"][label].as_py()
        others = [given_answers[:i] + given_answers[i + 1 :] for i in range(10)]
        official = sum(min(1, rest.count(answer) / 3) for rest in others) / 10
        assert abs(value - official) < 1e-4
