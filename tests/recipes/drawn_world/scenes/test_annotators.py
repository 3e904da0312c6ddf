"""Ten people: mostly right, and differing in the ways that people differ."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from recipes.drawn_world.scenes.annotators import PEOPLE, answers, shares
from recipes.drawn_world.scenes.questions import Question


def question(answer: str, **others: float) -> Question:
    return Question("any", {"en": "?", "ja": "？", "hi": "?"}, answer, others)


@pytest.mark.parametrize(
    ("answer", "also"),
    [
        ("yes", {"no"}),
        ("3", {"2", "4"}),
        ("0", {"1"}),
        ("couch", {"sofa"}),
        ("brown", {"tan", "taupe"}),
        ("red and white", {"red", "white and red"}),
        ("left", {"right"}),
    ],
)
def test_slips_and_synonyms(answer: str, also: set[str]) -> None:
    for hard in (False, True):
        spread = shares(question(answer), hard=hard)
        assert also <= set(spread)
        assert sum(spread.values()) == pytest.approx(1.0)
        assert spread[answer] == max(spread.values())


def test_no_count_is_negative() -> None:
    assert not any(name.startswith("-") for name in shares(question("1"), hard=True))


def test_ten_answers_repeat_and_the_truth_mostly_wins() -> None:
    asked = question("dog")
    assert answers(asked, np.random.default_rng(5)) == answers(asked, np.random.default_rng(5))
    won = 0
    for i in range(200):
        given = answers(asked, np.random.default_rng(i))
        assert len(given) == PEOPLE
        assert {confidence for _, confidence in given} <= {"yes", "maybe", "no"}
        won += Counter(answer for answer, _ in given).most_common(1)[0][0] == "dog"
    assert won > 150
