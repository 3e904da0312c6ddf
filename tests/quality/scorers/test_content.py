"""Content words of source and back-translation."""

from collections.abc import Callable
from typing import Any

import pytest

Measure = Callable[..., list[Any]]

CASES = [
    ("Does the man have a red hat?", "Has that man red hats?", 1.0),
    ("What colour is the bus?", "What color are the buses?", 1.0),
    ("Is the sky grey?", "Isn't the sky gray?", 0.8),
    ("Does the man have a red hat?", "Is the woman wearing a red hat?", 4 / 7),
    ("How many cows are there?", "What color is the cat?", 0.0),
    ("Is there?", "Are they?", 1.0),
    ("cat", "", 0.0),
    ("potato", "potatoes", 1.0),
]


@pytest.mark.parametrize(("source", "back", "expected"), CASES)
def test_overlap(measure: Measure, source: str, back: str, expected: float) -> None:
    assert measure("content", "hi", [(source, "x", back)]) == [pytest.approx(expected)]


def test_pairs_without_back_translation_get_null(measure: Measure) -> None:
    assert measure("content", "ja", [("cat", "猫", None)]) == [None]
