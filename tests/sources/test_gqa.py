"""The source gqa: questions of GQA and xGQA, with and without answers, and every bad input."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError

from tests.sources.reading import Reading, check_bad, failure, source, write
from vqa_builder.schema import examples_schema
from vqa_builder.sources.gqa import GQAOptions


def question(number: int, **changes: Any) -> dict[str, Any]:
    """A question with the fields of the official files."""
    return {
        "semantic": [
            {"operation": "select", "dependencies": [], "argument": f"bird ({number})"},
            {"operation": "exist", "dependencies": [0], "argument": "?"},
        ],
        "entailed": ["02930153"],
        "equivalent": ["02930152"],
        "question": f'Is there any "bird" in picture {number}?',
        "imageId": f"n{2405000 + number}",
        "isBalanced": number % 2 == 0,
        "groups": {"global": None, "local": "06-bird_exist"},
        "answer": "no",
        "semanticStr": "select: bird->exist: ? [0]",
        "annotations": {"answer": {}, "question": {"3": "719034"}, "fullAnswer": {}},
        "types": {"detailed": "existC", "semantic": "obj", "structural": "verify"},
        "fullAnswer": "No, there are no birds.",
    } | changes


def without(record: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in names}


def questions(numbers: range, **changes: Any) -> dict[str, Any]:
    return {f"0293{number:04d}": question(number, **changes) for number in numbers}


def read(tmp_path: Path, content: Any, **options: Any) -> Reading:
    path = write(tmp_path / "train_balanced_questions.json", content)
    return Reading("gqa", splits={"train": path}, **options)


def test_a_question_with_its_one_answer(tmp_path: Path) -> None:
    result = read(tmp_path, questions(range(2)))
    assert result.table and result.table.schema == examples_schema(pa.string(), pa.string())
    assert result.rows[0] == {
        "question_id": "02930000",
        "image_id": "n2405000",
        "split": "train",
        "question": 'Is there any "bird" in picture 0?',
        "question_type": "existC",
        "answer_type": "yes/no",
        "multiple_choice_answer": "no",
        "answers": [{"answer": "no", "answer_confidence": None, "answer_id": 1}],
    }
    assert not result.bad


@pytest.mark.parametrize(
    ("structural", "answer", "answer_type"),
    [
        ("verify", "yes", "yes/no"),
        ("logical", "no", "yes/no"),
        ("choose", "red", "other"),
        ("query", "bird", "other"),
        ("compare", "yes", "yes/no"),
        ("compare", "boy", "other"),
        ("verify", None, "yes/no"),
        ("compare", None, None),
        (None, "no", "yes/no"),
        (None, "left", "other"),
        (None, None, None),
    ],
)
def test_answer_types(
    tmp_path: Path, structural: str | None, answer: str | None, answer_type: str | None
) -> None:
    changes = {"answer": answer, "types": structural and {"structural": structural, "detailed": None}}
    result = read(tmp_path, questions(range(1), **changes))
    assert result["answer_type"] == [answer_type] and result["question_type"] == [structural]


def test_the_test_split_has_no_answers_and_gets_none(tmp_path: Path) -> None:
    content = {"201": {"isBalanced": True, "question": "Who is in front of the wall?", "imageId": "n161313"}}
    result = read(tmp_path, content)
    assert result["answers"] == [None] and result["multiple_choice_answer"] == [None] and not result.bad


def test_answers_that_are_numbers(tmp_path: Path) -> None:
    assert read(tmp_path, questions(range(1), answer=2) | questions(range(1, 2))).answers == [["2"], ["no"]]


def test_xgqa_few_shot_english(tmp_path: Path) -> None:
    content = {"201307251": without(question(1), "entailed", "equivalent", "semantic", "annotations")}
    assert read(tmp_path, content).ids == ["201307251"]


def test_balanced_only(tmp_path: Path) -> None:
    content = {**questions(range(6)), "x": {"imageId": "n1"}}
    result = read(tmp_path, content, balanced_only=True)
    assert result.ids == ["02930000", "02930002", "02930004"]
    check_bad(result, "train_balanced_questions.json", 6, "x", "field question is missing")
    assert read(tmp_path, content, balanced_only=True, limit=2).ids == ["02930000", "02930002"]


def test_several_files_of_a_split_and_limit(tmp_path: Path) -> None:
    files = [
        write(tmp_path / f"train_all_questions_{at}.json", questions(range(3 * at, 3 * at + 3)))
        for at in range(3)
    ]
    packed = tmp_path / "val.json.gz"
    packed.write_bytes(gzip.compress(json.dumps(questions(range(20, 23))).encode()))
    splits = {"validation": packed, "train": files}
    assert source("gqa", splits=splits).files() == [*files, packed]
    assert len(Reading("gqa", splits=splits).ids) == 12
    limited = Reading("gqa", splits=splits, limit=4)
    assert limited.ids == ["02930000", "02930001", "02930002", "02930003"] + [
        f"0293{n:04d}" for n in (20, 21, 22)
    ]
    assert limited["split"] == ["train"] * 4 + ["validation"] * 3


def test_large_files_come_in_batches(tmp_path: Path) -> None:
    result = read(tmp_path, {str(n): without(question(n), "semantic") for n in range(20_500)})
    assert [batch.num_rows for batch in result.batches] == [10_000, 10_000, 500]


BAD: dict[str, tuple[Any, str]] = {
    "no question": (without(question(3), "question"), "field question is missing"),
    "no image": (without(question(3), "imageId"), "field imageId is missing"),
    "image is a number": (question(3, imageId=3), "image_id mixes types"),
    "blank question": (question(3, question=" \u3000"), "question is only white space"),
    "question is a list": (question(3, question=[]), "field question has the wrong type"),
    "answer is a list": (question(3, answer=[2]), "field answer has the wrong type"),
    "empty answer": (question(3, answer=""), "field answers is missing"),
    "control character": (question(3, answer="a\x07"), "U+0007"),
    "no answer": (without(question(3), "answer"), "field answers is missing"),
    "types is a list": (question(3, types=[]), "field types has the wrong type"),
    "nothing": ({}, "is missing"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_questions(tmp_path: Path, case: str) -> None:
    record, problem = BAD[case]
    result = read(tmp_path, questions(range(5)) | {"02930003": record})
    assert result.ids == ["02930000", "02930001", "02930002", "02930004"]
    check_bad(result, "train_balanced_questions.json", 3, "02930003", problem)


@pytest.mark.parametrize("value", [None, 3, "text", []])
def test_a_question_that_is_no_object(tmp_path: Path, value: Any) -> None:
    result = read(tmp_path, questions(range(2)) | {"9": value})
    assert len(result.ids) == 2 and "object" in result.bad[0].expected and result.bad[0].record == 2


@pytest.mark.parametrize("gap", [",", " ,\n\t"])
def test_an_id_that_stands_twice_in_one_file(tmp_path: Path, gap: str) -> None:
    one, two = json.dumps(question(0)), json.dumps(question(1), indent=1)
    text = f' {{ "1" : {one}{gap}"\\u0032\\"": {one}{gap}"1":{two}{gap}"3": 4 }}\n'
    result = read(tmp_path, text.encode())
    assert result.ids == ["1", '2"']
    assert [(bad.record, bad.problem) for bad in result.bad] == [
        (3, "The record has the wrong type or value"),
        (2, "The question_id is not unique"),
    ]
    assert "record 0" in result.bad[1].found


def test_an_id_that_stands_in_two_splits(tmp_path: Path) -> None:
    train = write(tmp_path / "train.json", questions(range(3)))
    test = write(tmp_path / "testdev.json", questions(range(2, 4)))
    result = Reading("gqa", splits={"train": train, "test": test})
    assert result.ids == ["02930000", "02930001", "02930002", "02930003"]
    check_bad(result, "testdev.json", 0, "02930002", "not unique")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b'{"1": {"question"', "ends in the middle"),
        ([question(1)], "Expected `object`"),
        ({}, "no records"),
        (b"3", "none of the known shapes"),
    ],
)
def test_other_files(tmp_path: Path, content: Any, words: str) -> None:
    path = write(tmp_path / "questions.json", content)
    message = failure("gqa", splits={"train": path})
    assert "questions.json" in message and words in message


def test_a_missing_file_suggests_names(tmp_path: Path) -> None:
    write(tmp_path / "val_balanced_questions.json", {})
    message = failure("gqa", splits={"validation": tmp_path / "val_balanced_question.json"})
    assert "did you mean val_balanced_questions.json?" in message


@pytest.mark.parametrize("splits", [{}, {"dev": "q"}, {"train": []}, {"train": {"questions": "q"}}])
def test_wrong_options(splits: Any) -> None:
    with pytest.raises(ValidationError):
        GQAOptions(splits=splits)
