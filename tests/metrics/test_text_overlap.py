from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from vqa_builder.metrics.inputs import Settings
from vqa_builder.metrics.text_overlap import anls, f1, similarity, token_f1


def one(*answers: str) -> list[dict[str, Any]]:
    return [{"question_id": 1, "answers": [{"answer": answer} for answer in answers]}]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("kitten", "sitting", 1 - 3 / 7),
        ("猫", "猫", 1.0),
        ("猫", "犬", 0.0),
        ("オーストラリア", "オーストリア", 1 - 1 / 7),
        ("ऑस्ट्रेलिया", "ऑस्ट्रिया", 1 - 2 / 11),
        ("", "猫", 0.0),
        ("abcd", "ab", 0.0),
    ],
)
def test_similarity(first: str, second: str, expected: float) -> None:
    assert similarity(first, second) == similarity(second, first) == pytest.approx(expected)


@given(st.text("abc", max_size=8), st.text("abc", max_size=8))
def test_similarity_equals_the_textbook_distance(first: str, second: str) -> None:
    def distance(a: str, b: str) -> int:
        if not a or not b:
            return len(a) + len(b)
        if a[-1] == b[-1]:
            return distance(a[:-1], b[:-1])
        return 1 + min(distance(a[:-1], b), distance(a, b[:-1]), distance(a[:-1], b[:-1]))

    longer = max(len(first), len(second))
    share = distance(first[:5], second[:5]) / max(1, min(longer, 5))
    expected = 1 - share if share < 0.5 else 0.0
    assert similarity(first[:5], second[:5]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("predicted", "reference", "expected"),
    [(["a"], ["a"], 1.0), (["a", "a"], ["a"], 2 / 3), (["a"], ["b"], 0.0), ([], [], 1.0), ([], ["a"], 0.0)],
)
def test_f1(predicted: list[str], reference: list[str], expected: float) -> None:
    assert f1(predicted, reference) == pytest.approx(expected)


def test_the_best_reference_counts() -> None:
    references = one("red car", "a big red bus", "bus")
    assert token_f1({1: "red bus"}, references).overall == 80.0
    assert anls({1: "buss"}, references).overall == 75.0


@pytest.mark.parametrize(
    ("language", "predicted", "reference", "expected"),
    [
        ("ja", "ケーキとコーヒー", "コーヒー", 50.0),
        ("ja", "コーヒー。", "コーヒー", 100.0),
        ("hi", "लाल और सफ़ेद", "लाल और काला", 66.67),
        ("hi", "हाँ।", "हां", 100.0),
    ],
)
def test_token_f1_in_the_language(language: str, predicted: str, reference: str, expected: float) -> None:
    assert token_f1({1: predicted}, one(reference), language).overall == expected


def test_a_missing_prediction_scores_nothing() -> None:
    references = [*one("cat"), {"question_id": 2, "answers": [{"answer": ""}]}]
    found = anls({1: "cat"}, references, settings=Settings(missing="wrong"))
    assert found.scores.tolist() == [1, 0]


def test_signatures_name_the_variant() -> None:
    assert "metric:anls|version:1|threshold:0.5|language:ja" in anls({1: "猫"}, one("猫"), "ja").signature
    assert "metric:token_f1|version:1|tokens:language" in token_f1({1: "cat"}, one("cat")).signature
