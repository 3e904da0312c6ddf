"""Questions that are written as questions."""

from collections.abc import Callable
from typing import Any

import pytest

Measure = Callable[..., list[Any]]

CASES = [
    ("ja", "猫は何色ですか？", 1.0),
    ("ja", "猫は何色ですか。", 1.0),
    ("ja", "猫は何色?", 1.0),
    ("ja", "どこにいるの？", 1.0),
    ("ja", "一番小さい動物は誰だろう。", 1.0),
    ("ja", "「これは何ですか？」", 1.0),
    ("ja", "猫は何色です。", 0.5),
    ("ja", "これは猫？", 0.5),
    ("ja", "猫は黒いです。", 0.0),
    ("ja", "いつもの猫です。", 0.0),
    ("hi", "बिल्ली किस रंग की है?", 1.0),
    ("hi", "क्या यह बिल्ली है ?", 1.0),
    ("hi", "यह लड़का है या लड़की?", 1.0),
    ("hi", "कितने बजे हैं?", 1.0),
    ("hi", "यह बिल्ली है न?", 1.0),
    ("hi", "क्या यह बिल्ली है।", 0.5),
    ("hi", "बिल्ली काली है?", 0.5),
    ("hi", "बिल्ली काली है।", 0.0),
    ("de", "Welche Farbe hat die Katze?", 1.0),
    ("de", "Die Katze ist schwarz.", 0.0),
]


@pytest.mark.parametrize(("language", "text", "expected"), CASES)
def test_form(measure: Measure, language: str, text: str, expected: float) -> None:
    assert measure("question_form", language, [("What color is the cat?", text)]) == [expected]


@pytest.mark.parametrize(
    ("source", "asks"),
    [
        ("What color is the cat", True),
        ("is it red", True),
        ("The cat is red?", True),
        ("Describe the image.", False),
        ("What a cat!", False),
        ("Name the animal", False),
    ],
)
def test_only_questions_are_measured(measure: Measure, source: str, asks: bool) -> None:
    assert measure("question_form", "ja", [(source, "猫です。")]) == [0.0 if asks else None]


def test_answers_are_not_measured(measure: Measure) -> None:
    assert measure("question_form", "ja", [("cat?", "猫？")], role="answer") == [None]
