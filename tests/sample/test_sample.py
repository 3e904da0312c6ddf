"""The embedded sample is what its README says of it."""

import json
from collections import Counter
from typing import Any

import pytest

from vqa_builder.sample import sample_folder

HOMOGRAPHS = {  # word: (questions where it means one thing, questions where it means the other)
    "orange": ([1001, 14003, 37001], [23002, 40000, 40007]),
    "right": ([26001, 26005, 31008], [39003]),
    "bat": ([6000, 7006], [27001, 27009, 28000, 28003]),
    "glasses": ([39000, 53000, 53003, 57001], [46005, 46006, 47007]),
    "light": ([21009, 48005, 48009], [56001, 56005]),
}


def load(kind: str, split: str) -> list[dict[str, Any]]:
    content = json.loads((sample_folder() / f"v2_sample_{split}_{kind}.json").read_text())
    records: list[dict[str, Any]] = content[kind]
    return records


def annotations() -> dict[int, dict[str, Any]]:
    return {
        record["question_id"]: record
        for split in ("train", "validation")
        for record in load("annotations", split)
    }


def test_there_are_enough_small_pictures_and_every_one_is_asked_about() -> None:
    files = list((sample_folder() / "images").iterdir())
    assert len(files) == 58
    assert sum(path.stat().st_size for path in files) < 1_500_000
    asked = {
        record["image_id"] for split in ("train", "validation", "test") for record in load("questions", split)
    }
    assert asked == {int(path.stem.rsplit("_", 1)[1]) for path in files}


def test_the_numbers_of_the_readme() -> None:
    counts = {split: len(load("questions", split)) for split in ("train", "validation", "test")}
    assert counts == {"train": 385, "validation": 82, "test": 30}
    assert not (sample_folder() / "v2_sample_test_annotations.json").exists()


def test_no_picture_is_in_two_splits_and_no_id_twice() -> None:
    splits = [load("questions", split) for split in ("train", "validation", "test")]
    images = [{record["image_id"] for record in records} for records in splits]
    assert not images[0] & images[1] and not images[0] & images[2] and not images[1] & images[2]
    ids = [record["question_id"] for records in splits for record in records]
    assert len(ids) == len(set(ids))


def test_ten_answers_of_all_types_with_disagreement() -> None:
    records = annotations().values()
    for record in records:
        assert [answer["answer_id"] for answer in record["answers"]] == list(range(1, 11))
        given = Counter(answer["answer"] for answer in record["answers"])
        assert given[record["multiple_choice_answer"]] == max(given.values())
    kinds = Counter(record["answer_type"] for record in records)
    assert min(kinds[kind] for kind in ("yes/no", "number", "other")) >= 40
    assert {answer["answer_confidence"] for record in records for answer in record["answers"]} == {
        "yes",
        "maybe",
        "no",
    }
    disagreeing = sum(len({answer["answer"] for answer in record["answers"]}) > 1 for record in records)
    assert disagreeing >= 100


@pytest.mark.parametrize("word", HOMOGRAPHS)
def test_words_with_two_meanings_stand_in_both(word: str) -> None:
    by_id = annotations()
    for sense in HOMOGRAPHS[word]:
        for question_id in sense:
            answers = {answer["answer"] for answer in by_id[question_id]["answers"]}
            assert any(word.rstrip("s") in answer for answer in answers), (question_id, answers)
