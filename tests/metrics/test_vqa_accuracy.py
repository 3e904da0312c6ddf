from __future__ import annotations

import ast
import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.metrics import official_cases, official_port
from vqa_builder import vqa_accuracy
from vqa_builder.errors import ReleaseError, UnknownNameError
from vqa_builder.metrics.inputs import Settings


def question(answers: list[str], **fields: object) -> dict[str, Any]:
    records = [{"answer": answer, "answer_id": place} for place, answer in enumerate(answers, 1)]
    return {"question_id": 1, "answers": records, **fields}


def score(predicted: str, answers: list[str], language: str = "en", **settings: Any) -> float:
    return vqa_accuracy({1: predicted}, [question(answers)], language, Settings(**settings)).overall


@pytest.mark.parametrize(("matches", "expected"), [(0, 0), (1, 30), (2, 60), (3, 90), (4, 100), (10, 100)])
def test_matches_among_ten(matches: int, expected: float) -> None:
    assert score("cat", ["cat"] * matches + ["dog"] * (10 - matches)) == expected


@pytest.mark.parametrize(
    ("predicted", "answers", "expected"),
    [
        ("The cat.", ["cat"] * 9 + ["dog"], 100.0),
        ("The cat.", ["cat"] * 10, 0.0),
        (" cat\n", ["cat"] * 10, 100.0),
        ("two", ["2"] * 4 + ["two"] * 4 + ["3", "4"], 100.0),
        ("2", ["two"] * 10, 0.0),
        ("dont know", ["don't know"] * 5 + ["no"] * 5, 100.0),
        ("TV", ["ＴＶ"] * 5 + ["radio"] * 5, 0.0),
    ],
)
def test_english_faults_are_kept(predicted: str, answers: list[str], expected: float) -> None:
    assert score(predicted, answers) == expected


@pytest.mark.parametrize(
    ("language", "predicted", "answer"),
    [
        ("ja", "はい", "はい。"),
        ("ja", "「ＴＶ」", "tv"),
        ("ja", "２", "2"),
        ("ja", "赤 と 白", "赤と白"),
        ("hi", "हाँ", "हां।"),
        ("hi", "२", "2"),
        ("hi", "सफेद", "सफ़ेद"),
        ("hi", "हिन्दी", "हिंदी"),
    ],
)
def test_other_languages_are_always_normalised(language: str, predicted: str, answer: str) -> None:
    assert score(predicted, [answer] * 10, language) == 100
    assert score(predicted, [answer] * 10, language, normaliser="official") == 0


def check_against_the_port(annotators: list[list[str]], count: int, seed: int) -> None:
    annotations, predictions = official_cases.make(annotators, count, seed)
    expected = official_port.evaluate(annotations, predictions)
    found = vqa_accuracy(predictions, annotations)
    assert found.scores.tolist() == expected["scores"]
    assert found.overall == expected["overall"]
    assert {name: each.value for name, each in found.per_question_type.items()} == expected["question_type"]
    assert {name: each.value for name, each in found.per_answer_type.items()} == expected["answer_type"]


@pytest.mark.parametrize("seed", range(5))
def test_english_equals_the_port_on_small_answers(seed: int) -> None:
    few = official_cases.FEW
    annotators = [
        [few[(start + step) % len(few)] for step in (0, 0, 0, 0, 1, 1, 1, 2, 2, 3)] for start in range(10)
    ]
    check_against_the_port(annotators, 400, seed)


def real_annotators(shared: Path, split: str) -> list[list[str]]:
    path = shared / "data/vqa_v2_60k" / f"vqa_annotatons_{split}.json.gz"
    annotations = json.loads(gzip.decompress(path.read_bytes()))["annotations"]
    return [[each["answer"] for each in annotation["answers"]] for annotation in annotations]


def test_english_equals_the_port_on_real_answers(shared: Path) -> None:
    check_against_the_port(real_annotators(shared, "test"), 5_000, seed=1)


@pytest.mark.slow
def test_english_equals_the_port_on_twenty_thousand_cases(shared: Path) -> None:
    check_against_the_port(real_annotators(shared, "train"), 20_000, seed=7)


def test_records_without_ids_follow_the_official_code_on_request() -> None:
    annotations, predictions = official_cases.make([official_cases.FEW], 500, seed=3)
    for annotation in annotations:
        for record in annotation["answers"]:
            del record["answer_id"]
    expected = official_port.evaluate(annotations, predictions)
    found = vqa_accuracy(predictions, annotations, leave_out="equal_records")
    assert found.scores.tolist() == expected["scores"]
    assert found.overall < vqa_accuracy(predictions, annotations).overall


def test_any_number_of_annotators_from_four_on() -> None:
    annotations = [question(["cat"] * n + ["dog"], question_id=n) for n in (3, 5, 12)]
    found = vqa_accuracy({3: "cat", 5: "cat", 12: "cat"}, annotations)
    assert found.scores.tolist() == [official_port.accuracy(each["answers"], "cat") for each in annotations]


@pytest.mark.parametrize(
    ("given", "predicted", "score"),
    [
        (["cat"], "cat", 1.0),
        (["cat"], "dog", 0.0),
        (["cat", "cat"], "cat", 1.0),
        (["cat", "dog"], "dog", 0.5),
        (["cat", "cat", "dog"], "cat", 2 / 3),
        (["cat"] * 4, "cat", 1.0),
        (["cat", "dog", "dog", "dog"], "cat", 0.25),
    ],
)
def test_few_annotators_count_by_their_share(given: list[str], predicted: str, score: float) -> None:
    others = question(["red"] * 10, question_id=2)
    found = vqa_accuracy({1: predicted, 2: "red"}, [question(given), others])
    assert found.scores.tolist() == [pytest.approx(score), 1.0]


def published(shared: Path) -> list[Path]:
    return sorted((shared / "data/vizwiz_500_multilingual/results").rglob("*-outputs.csv"))


def vizwiz(outputs: Path) -> tuple[dict[int, str], list[dict[str, Any]], float]:
    """Predictions, annotations and the published score of one result file."""
    with outputs.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE, escapechar="\\"))
    annotations = [
        {
            "question_id": number,
            "answers": [{"answer": text} for text in ast.literal_eval(row["ground_truth"])],
        }
        for number, row in enumerate(rows)
    ]
    results = outputs.with_name(outputs.name.replace("-outputs.csv", "-results.json"))
    overall = json.loads(results.read_text())["overall"]
    return {number: row["response"] for number, row in enumerate(rows)}, annotations, overall


def test_published_scores_on_vizwiz_to_four_decimals(shared: Path) -> None:
    found = {}
    for outputs in published(shared):
        predictions, annotations, expected = vizwiz(outputs)
        language = outputs.parent.parent.name
        rules = Settings(normaliser="vizwiz-multilingual")
        ours = vqa_accuracy(predictions, annotations, language, rules)
        found[outputs.name, language] = (round(float(ours.scores.mean()), 4), round(expected, 4))
    assert len(found) == 8
    assert all(ours == expected for ours, expected in found.values()), found


def test_japanese_rules_change_no_vizwiz_row_for_the_worse(shared: Path) -> None:
    """Full stops, counters and spellings that the published normaliser keeps apart; nothing else moves."""
    gained = 0
    for outputs in published(shared):
        if outputs.parent.parent.name == "ja":
            predictions, annotations, _ = vizwiz(outputs)
            theirs = vqa_accuracy(predictions, annotations, "ja", Settings(normaliser="vizwiz-multilingual"))
            ours = vqa_accuracy(predictions, annotations, "ja")
            gained += int((ours.scores > theirs.scores).sum())
            assert not (ours.scores < theirs.scores).any()
    assert gained > 0


def test_newer_rules_change_no_published_answer_for_the_worse(shared: Path) -> None:
    found = {}
    for outputs in published(shared):
        if outputs.parent.parent.name == "ja":
            predictions, annotations, _ = vizwiz(outputs)
            older = vqa_accuracy(predictions, annotations, "ja", Settings(normaliser="language-2"))
            newer = vqa_accuracy(predictions, annotations, "ja")
            assert not (newer.scores < older.scores).any()
            found[older.overall] = newer.overall
    assert found == {29.18: 29.84, 35.4: 36.4, 39.12: 40.36, 40.3: 41.18}


@pytest.mark.parametrize(
    ("predicted", "given", "language", "right"),
    [
        ("茶", "茶色", "ja", True),
        ("茶", "お茶", "ja", True),
        ("お茶", "茶", "ja", True),
        ("お茶", "茶色", "ja", False),
        ("オレンジ", "オレンジ色", "ja", True),
        ("नारंगी", "नारंगी रंग का", "hi", True),
        ("नारंगी", "लाल", "hi", False),
        ("5", "-5", "ja", False),
        ("", "？", "ja", False),
    ],
)
def test_what_people_grant_and_what_not(predicted: str, given: str, language: str, right: bool) -> None:
    assert score(predicted, [given] * 10, language) == 100 * right


def test_the_second_version_of_the_rules_can_be_chosen() -> None:
    ten = question(["座っている"] * 10)
    newest = vqa_accuracy({1: "座っています"}, [ten], "ja")
    older = vqa_accuracy({1: "座っています"}, [ten], "ja", Settings(normaliser="language-2"))
    assert (newest.overall, older.overall) == (100, 0)
    assert "rules:ja|version:3" in newest.signature and "rules:ja|version:2" in older.signature
    with pytest.raises(UnknownNameError, match="version of the normaliser"):
        vqa_accuracy({1: "Katze"}, [question(["Katze"] * 10)], "de", Settings(normaliser="language-2"))


def test_a_release_in_its_own_language(release: Path, perfect: dict[int, str]) -> None:
    found = vqa_accuracy(perfect, release)
    assert found.overall == 100
    assert found.n == 5
    assert found.per_answer_type["other"].n == 3
    assert "language:ja|rules:ja|version:" in found.signature
    assert "predictions:text" in found.signature


def test_english_labels_become_target_text(release: Path) -> None:
    labels = {11: "orange", 12: "orange", 13: "cats", 14: "2", 15: "Yes"}
    found = vqa_accuracy(labels, release, "ja")
    assert found.scores.tolist() == [1, 1, 1, 1, 1]
    assert "predictions:labels" in found.signature


def test_a_label_that_no_annotator_gave_takes_its_best_supported_sense(release: Path) -> None:
    labels = {11: "red", 12: "red", 13: "orange", 14: "cat", 15: "no"}
    assert vqa_accuracy(labels, release).scores == pytest.approx([0.9, 0, 0, 0, 0.3])


def test_english_on_a_translated_release(release: Path) -> None:
    labels = {11: "orange", 12: "orange", 13: "cat", 14: "two", 15: "yes"}
    kept_apart = vqa_accuracy(labels, release, "en")
    merged = vqa_accuracy({**labels, 13: "cats"}, release, "en", Settings(accept_merged=True))
    strict = vqa_accuracy({**labels, 13: "kitten"}, release, "en", Settings(accept_merged=True))
    assert kept_apart.scores.tolist() == [1, 1, 1, 1, 1]
    assert merged.scores.tolist() == [1, 1, 1, 1, 1]
    assert strict.scores == pytest.approx([1, 1, 0.3, 1, 1])
    assert "rules:official-vqa" in kept_apart.signature
    assert "merged:accepted" in merged.signature


def test_labels_need_a_release() -> None:
    with pytest.raises(ReleaseError, match="need an answer map"):
        vqa_accuracy({1: "cat"}, [question(["猫", "犬"])], "ja", Settings(answers_in="labels"))


def test_missing_predictions_can_count_as_wrong(release: Path, perfect: dict[int, str]) -> None:
    del perfect[11]
    found = vqa_accuracy(perfect, release, settings=Settings(missing="wrong"))
    assert found.scores.tolist() == [0, 1, 1, 1, 1]


def test_the_same_seed_gives_the_same_interval(release: Path) -> None:
    wrong = {11: "赤", 12: "赤", 13: "猫", 14: "3", 15: "はい"}
    one, two = (vqa_accuracy(wrong, release, settings=Settings(seed=5)) for _ in range(2))
    assert one.to_json() == two.to_json()
    assert one.low < one.overall < one.high
    assert one.signature.endswith("|ci:percentile-bootstrap,95%,1000|seed:5")
