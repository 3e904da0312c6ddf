"""English words left inside a translation."""

from collections.abc import Callable
from typing import Any

import pytest

Measure = Callable[..., list[Any]]

CASES = [
    ("ja", "What is the man holding?", "この man は何を holding していますか？", 2),
    ("ja", "What is the man holding?", "男性は何を持っていますか？", 0),
    ("ja", "Is the iPhone on?", "iPhoneはついていますか？", 0),
    ("ja", "What does NASA stand for?", "NASAとは何の略ですか？", 0),
    ("ja", "Is it 5 cm long?", "長さは5 cmですか？", 0),
    ("ja", "Is that a MacBook?", "それは macbook ですか？", 1),
    ("hi", "Is the TV on?", "TV चालू है क्या?", 0),
    ("hi", "What kind of cheese is on the table?", "मेज़ पर the किस cheese का है?", 2),
    ("de", "Is it tennis?", "Ist es tennis?", 0),
]


@pytest.mark.parametrize(("language", "source", "translation", "expected"), CASES)
def test_spans(measure: Measure, language: str, source: str, translation: str, expected: int) -> None:
    assert measure("spans", language, [(source, translation)]) == [expected]
