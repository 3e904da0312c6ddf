from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vqa_builder.errors import SourceError
from vqa_builder.metrics.exact_match import exact_match
from vqa_builder.metrics.inputs import Settings


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
