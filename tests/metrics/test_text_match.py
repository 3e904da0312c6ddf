from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from vqa_builder.errors import SourceError
from vqa_builder.metrics.inputs import Settings
from vqa_builder.metrics.text_match import anls, exact_match, f1, similarity, token_f1


def single(answers: dict[int, str]) -> list[dict[str, Any]]:
    """ja-VG-VQA: one answer to each question."""
    return [{"question_id": key, "answers": [{"answer": answer}]} for key, answer in answers.items()]


def test_the_product_of_accuracy_and_coverage() -> None:
    references = single({1: "猫", 2: "犬。", 3: "三毛猫", 4: "赤い傘"})
    found = exact_match({1: "猫", 2: "猫", 3: "猫", 4: "赤い傘"}, references, "ja", vocabulary=["猫", "犬"])
    assert found.details == {"accuracy_on_covered": 50.0, "coverage": 50.0, "accuracy_on_all": 50.0}
    assert found.overall == 25.0
    assert found.scores.tolist() == [1, 0, 0, 0]
    assert "vocabulary:2" in found.signature


def test_without_a_vocabulary_all_is_covered() -> None:
    found = exact_match({1: "हाँ।", 2: "२"}, single({1: "हां", 2: "2"}), "hi")
    assert found.overall == 100
    assert found.details["coverage"] == 100
    assert "vocabulary:all" in found.signature


@pytest.mark.parametrize("content", [["猫", "犬"], {"猫": 0, "犬": 1}])
def test_a_vocabulary_from_a_file(tmp_path: Path, content: object) -> None:
    path = tmp_path / "answers.json"
    path.write_text(json.dumps(content))
    found = exact_match({1: "猫", 2: "馬"}, single({1: "ネコ", 2: "馬"}), "ja", vocabulary=path)
    assert found.details == {"accuracy_on_covered": 100.0, "coverage": 50.0, "accuracy_on_all": 100.0}


def test_a_file_that_is_no_vocabulary(tmp_path: Path) -> None:
    path = tmp_path / "answers.json"
    path.write_text("[1, 2]")
    with pytest.raises(SourceError, match="no vocabulary"):
        exact_match({1: "猫"}, single({1: "猫"}), "ja", vocabulary=path)


def test_a_vocabulary_that_covers_nothing() -> None:
    found = exact_match({1: "猫"}, single({1: "猫"}), "ja", vocabulary=["犬"])
    assert found.details == {"accuracy_on_covered": 0.0, "coverage": 0.0, "accuracy_on_all": 100.0}


def test_a_release_brings_its_own_vocabulary(release: Path, perfect: dict[int, str]) -> None:
    assert exact_match(perfect, release).details["coverage"] == 100
    english = exact_match({11: "orange", 12: "orange", 13: "cats", 14: "2", 15: "no"}, release, "en")
    assert english.overall == 80


@pytest.mark.parametrize(
    ("answers", "winner"),
    [(["dog", "cat", "cat"], "cat"), (["dog", "cat"], "dog"), (["cat", "dog", "dog", "cat"], "cat")],
)
def test_the_reference_is_the_most_frequent_answer(answers: list[str], winner: str) -> None:
    references = [{"question_id": 1, "answers": [{"answer": answer} for answer in answers]}]
    assert exact_match({1: winner}, references).overall == 100


def test_a_named_winner_counts_first() -> None:
    references = [
        {"question_id": 1, "answers": [{"answer": "dog"}], "multiple_choice_answer": "cat"},
        {"question_id": 2, "answers": [{"answer": "bus"}]},
    ]
    assert exact_match({1: "cat", 2: "bus"}, references).overall == 100


def test_a_missing_prediction_is_never_right() -> None:
    found = exact_match({1: "cat"}, single({1: "cat", 2: ""}), settings=Settings(missing="wrong"))
    assert found.scores.tolist() == [1, 0]


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
