"""The source a_okvqa: direct answers, the right choice, test data, and every bad input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError

from tests.sources.reading import Reading, check_bad, failure, source, write
from vqa_builder.schema import examples_schema
from vqa_builder.sources.a_okvqa import AOKVQAOptions

ANSWERS = ["ride", "ride", "bus", "taxi", "travelling", "traffic", "taxi", "cab", "cab", "ride"]


def question(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "split": "train",
        "image_id": 299207 + number,
        "question_id": f"22MexNkBPpdZGX6sxbxV{number:02d}",
        "question": "What is the man by the bags awaiting?",
        "choices": ["skateboarder", "train", "delivery", "cab"],
        "correct_choice_idx": 3,
        "direct_answers": ANSWERS,
        "difficult_direct_answer": number % 3 == 0,
        "rationales": ["A train would not be on the street.", "He has bags.", "He is on the kerb."],
    } | changes


def without(record: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in names}


def ids(*numbers: int) -> list[str]:
    return [question(number)["question_id"] for number in numbers]


def read(tmp_path: Path, content: Any, **options: Any) -> Reading:
    path = write(tmp_path / "aokvqa_v1p0_train.json", content)
    return Reading("a_okvqa", splits={"train": path}, **options)


def test_direct_answers_and_the_right_choice(tmp_path: Path) -> None:
    result = read(tmp_path, [question(1), question(2)])
    assert result.table and result.table.schema == examples_schema(pa.string(), pa.int64())
    row = result.rows[0]
    assert row["multiple_choice_answer"] == "cab" and result.answers[0] == ANSWERS
    assert row["answers"][4] == {"answer": "travelling", "answer_confidence": None, "answer_id": 5}
    assert row["question_type"] is row["answer_type"] is None
    assert not result.bad


def test_the_test_split_has_no_answers_and_gets_none(tmp_path: Path) -> None:
    names = ("correct_choice_idx", "direct_answers", "rationales", "difficult_direct_answer")
    content = [without(question(n, split="test"), *names) for n in range(3)]
    result = Reading("a_okvqa", splits={"test": write(tmp_path / "aokvqa_v1p0_test.json", content)})
    assert result["answers"] == [None] * 3 == result["multiple_choice_answer"] and not result.bad


def test_without_choices_the_most_frequent_answer_counts(tmp_path: Path) -> None:
    result = read(tmp_path, [question(1), question(2, choices=None)])
    assert result["multiple_choice_answer"] == ["cab", "ride"]


def test_difficult_questions_can_be_left_out(tmp_path: Path) -> None:
    content = [*(question(n) for n in range(5)), {"question_id": "broken"}]
    assert read(tmp_path, content[:5]).ids == ids(0, 1, 2, 3, 4)
    result = read(tmp_path, content, leave_out_difficult=True)
    assert result.ids == ids(1, 2, 4)
    check_bad(result, "aokvqa_v1p0_train.json", 5, "broken", "is missing")
    assert read(tmp_path, content, leave_out_difficult=True, limit=3).ids == ids(1, 2, 4)


def test_number_of_answers(tmp_path: Path) -> None:
    content = [question(1), question(2, direct_answers=["cab"])]
    check_bad(read(tmp_path, content), "aokvqa_v1p0_train.json", 1, ids(2)[0], "number of answers")
    assert read(tmp_path, content, answers_per_question=None).ids == ids(1, 2)


def test_files_in_order(tmp_path: Path) -> None:
    paths = {
        split: write(tmp_path / f"{split}.json", [question(at)]) for at, split in enumerate(("test", "train"))
    }
    assert [path.name for path in source("a_okvqa", splits=paths).files()] == ["train.json", "test.json"]


BAD: dict[str, tuple[Any, str]] = {
    "no question": (without(question(13), "question"), "field question is missing"),
    "image is a string": (question(13, image_id="1"), "image_id mixes types"),
    "no answers": (without(question(13), "direct_answers"), "field answers is missing"),
    "answers is a string": (question(13, direct_answers="cab"), "number of answers"),
    "an answer is null": (question(13, direct_answers=[*ANSWERS[:9], None]), "answers[9] is null"),
    "an answer is blank": (
        question(13, direct_answers=[*ANSWERS[:9], " "]),
        "answers[9] is only white space",
    ),
    "choice out of range": (question(13, correct_choice_idx=4), "field correct_choice_idx has the wrong"),
    "negative choice": (question(13, correct_choice_idx=-1), "field correct_choice_idx has the wrong"),
    "choice is a text": (question(13, correct_choice_idx="cab"), "field correct_choice_idx has the wrong"),
    "choice is empty": (question(13, choices=["", "", "", ""]), "multiple_choice_answer is empty"),
    "choices is a text": (question(13, choices="cab"), "field choices has the wrong type"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_questions(tmp_path: Path, case: str) -> None:
    record, problem = BAD[case]
    result = read(tmp_path, [question(10), question(11), record, question(12)])
    assert result.ids == ids(10, 11, 12)
    check_bad(result, "aokvqa_v1p0_train.json", 2, ids(13)[0], problem)


def test_an_id_that_stands_twice(tmp_path: Path) -> None:
    result = read(tmp_path, [question(1), question(2), question(1)])
    check_bad(result, "aokvqa_v1p0_train.json", 2, ids(1)[0], "not unique")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([], "no records"),
        ({"questions": []}, "Expected `array`"),
        ([{"image": "a.jpg", "question": "?"}], "keys image, question"),
        (b"\xff\xfe[", "UTF-16"),
    ],
)
def test_other_files(tmp_path: Path, content: Any, words: str) -> None:
    path = write(tmp_path / "aokvqa.json", content)
    message = failure("a_okvqa", splits={"train": path})
    assert "aokvqa.json" in message and words in message


@pytest.mark.parametrize("options", [{"splits": {}}, {"splits": {"train": "a"}, "answers_per_question": 0}])
def test_wrong_options(options: Any) -> None:
    with pytest.raises(ValidationError):
        AOKVQAOptions(**options)
