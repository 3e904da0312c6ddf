"""Kinds of question that share no answers are two senses; the same data give the same senses."""

from typing import Any

import pytest

from tests.answers.conftest import MakeExamples
from vqa_builder.answers.clusters import head
from vqa_builder.answers.senses import assign


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What kind of animal is this?", "animal"),
        ("Which type of the sandwich is it?", "sandwich"),
        ("What color is the cat?", "color"),
        ("What is the man wearing on his head?", "wearing"),
        ("What is the table made of?", "made"),
        ("Where is the cat?", "where"),
        ("How tall is it?", "how tall"),
        ("Is it red?", "whether"),
        ("Name the animal", "what"),
    ],
)
def test_the_head_of_a_question(question: str, expected: str) -> None:
    assert head(question) == expected


def rows(seal_on_letters: int) -> list[Any]:
    return [("What animal is this?", {"seal": 6, "sea lion": 4})] * 60 + [
        ("What closes the letter?", {"seal": 6, "wax": 4})
    ] * seal_on_letters


def test_a_label_splits_where_its_questions_have_nothing_in_common(make_examples: MakeExamples) -> None:
    table = assign(make_examples(*rows(40)), {}, ["seal"])
    assert table["winner"].to_pylist() == ["animal"] * 60 + ["closes"] * 40
    assert assign(make_examples(*rows(40)[::-1]), {}, ["seal"])["winner"].to_pylist() == (
        ["closes"] * 40 + ["animal"] * 60
    )


def test_too_little_support_splits_nothing(make_examples: MakeExamples) -> None:
    assert set(assign(make_examples(*rows(10)), {}, ["seal"])["winner"].to_pylist()) == {""}
    assert set(assign(make_examples(*rows(40)), {})["winner"].to_pylist()) == {""}


def test_kinds_of_question_that_are_answered_alike_stay_together(make_examples: MakeExamples) -> None:
    alike = [("What animal is this?", {"seal": 6, "sea lion": 4})] * 30
    alike += [("What is swimming?", {"seal": 6, "sea lion": 4})] * 30
    assert set(assign(make_examples(*alike), {}, ["seal"])["winner"].to_pylist()) == {""}
