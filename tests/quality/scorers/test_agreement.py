"""Negation, numbers, colours and kinds of question."""

from collections.abc import Callable
from typing import Any

import pytest

Measure = Callable[..., list[Any]]

CASES = [  # source, back-translation, negation, number, colour, question
    ("How many red cars are there?", "How many red cars are there?", 1, 1, 1, 1),
    ("How many red cars are there?", "What color is the car?", 1, 1, 0, 0),
    ("Isn't it raining?", "Is it raining?", 0, 1, 1, 1),
    ("Is there no dog?", "Is there not any dog?", 1, 1, 1, 1),
    ("Are there 2 dogs?", "Are there two dogs?", 1, 1, 1, 1),
    ("Are there two dogs?", "Are there three dogs?", 1, 0, 1, 1),
    ("Is the ball grey?", "Is the ball gray?", 1, 1, 1, 1),
    ("Is the ball golden?", "Is the ball black?", 1, 1, 0, 1),
    ("Where is the cat?", "Who is the cat?", 1, 1, 1, 0),
    ("What time is it?", "When is it?", 1, 1, 1, 1),
    ("What number of dogs?", "How many dogs?", 1, 1, 1, 1),
    ("What's this?", "What is this?", 1, 1, 1, 1),
    ("Which hat is it?", "What hat is it?", 1, 1, 1, 1),
    ("What is the man eating with?", "What is the man eating?", 1, 1, 1, 0),
    ("What make is the laptop?", "What is the laptop used for?", 1, 1, 1, 0),
    ("What is he waiting for?", "What is he waiting?", 1, 1, 1, 1),
    ("Are the two friends riding?", "Are these two two friends riding?", 1, 1, 1, 1),
    ("How many windows are on the pink house?", "How many pink windows are on the house?", 1, 1, 0, 1),
    ("How many red cars are there?", "How many red vehicles are there?", 1, 1, 1, 1),
]
NAMES = ("agreement_negation", "agreement_number", "agreement_colour", "agreement_question")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]} {case[1]}")
def test_checks(measure: Measure, case: tuple[Any, ...]) -> None:
    source, back, *expected = case
    assert [measure("agreement", "ja", [(source, "x", back)], column=name)[0] for name in NAMES] == expected
    assert measure("agreement", "ja", [(source, "x", back)]) == [sum(expected) / 4]


def test_an_answer_asks_nothing(measure: Measure) -> None:
    row = [("two black cats", "猫2匹", "two white cats")]
    assert measure("agreement", "ja", row, role="answer", column="agreement_question") == [None]
    assert measure("agreement", "ja", row, role="answer") == [pytest.approx(2 / 3)]


@pytest.mark.parametrize(
    ("translation", "expected"), [("白黒の柱は何本ありますか？", 1), ("赤と白の柱は何本ありますか？", 0)]
)
def test_a_colour_that_stands_in_the_translation_was_lost_on_the_way_back(
    measure: Measure, translation: str, expected: int
) -> None:
    row = [
        ("How many black and white poles are there?", translation, "How many red and white poles are there?")
    ]
    assert measure("agreement", "ja", row, column="agreement_colour") == [expected]


def test_rows_do_not_touch_each_other(measure: Measure) -> None:
    rows = [(source, "x", back) for source, back, *_ in CASES] + [("cat", "猫", None)]
    expected = [sum(checks) / 4 for _, _, *checks in CASES]
    assert measure("agreement", "hi", rows) == [*expected, None]
