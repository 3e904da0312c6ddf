from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

from vqa_builder.errors import SourceError
from vqa_builder.metrics.predictions import in_order, load_predictions
from vqa_builder.metrics.references import load_references

RECORDS = [{"question_id": 11, "answer": "猫"}, {"question_id": "b/2", "answer": "red, white"}]
LINES = "\n".join(json.dumps(record, ensure_ascii=False) for record in RECORDS)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("list.json", json.dumps(RECORDS).encode()),
        ("list.json.gz", gzip.compress(json.dumps(RECORDS).encode(), mtime=0)),
        ("lines.jsonl", f"{LINES}\n  \n\n".encode()),
        ("one.jsonl", LINES.encode()),
        ("object.json", json.dumps({"11": "猫", "b/2": "red, white"}).encode()),
        ("object.json", json.dumps({"11": "猫", "b/2": "red, white"}, indent=1).encode()),
        ("answers.jsonl", LINES.replace('"answer"', '"prompt": "", "text"').encode()),
        ("gqa.json", json.dumps(RECORDS).replace("question_id", "questionId").encode()),
        ("vizwiz.json", json.dumps(RECORDS).replace("question_id", "image").encode()),
        ("table.csv", 'question_id,answer\n11,猫\nb/2,"red, white"\n'.encode()),
        ("table.csv", "question_id;answer\n11;猫\nb/2;red, white\n".encode()),
        ("table.csv", '\ufeffanswer,question_id\r\n猫,11\r\n"red, white",b/2\r\n'.encode()),
        ("table.tsv", "question_id\tanswer\n11\t猫\nb/2\tred, white\n".encode()),
    ],
)
def test_every_form_of_file(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    found = load_predictions(tmp_path / name)
    assert found.question_ids.to_pylist() == ["11", "b/2"]
    assert found.answers.to_pylist() == ["猫", "red, white"]


def test_mappings_and_records_need_no_file() -> None:
    assert load_predictions({1: "yes"}).answers.to_pylist() == ["yes"]
    assert load_predictions(iter(RECORDS)).question_ids.to_pylist() == ["11", "b/2"]
    loaded = load_predictions({1: "yes"})
    assert load_predictions(loaded) is loaded


def test_numbers_are_answers(tmp_path: Path) -> None:
    (tmp_path / "numbers.json").write_text('{"1": 2, "2": 2.0, "3": 2.5, "4": "2"}')
    found = load_predictions(tmp_path / "numbers.json")
    assert found.answers.to_pylist() == ["2", "2", "2.5", "2"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ('[{"question_id": 1, "answer": ["2"]}]', r"got `array` - at `\$\[0\].answer`"),
        ('[{"question_id": 0, "answer": ""}, {"question_id": 1}]', "Record 1 has no `answer`"),
        ('[{"answer": "2"}]', "Record 0 has no `question_id`"),
        ('[{"question_id": 1, "answer": null}]', "got `null`"),
        ('[{"question_id": 1, "answer": "2"}', "truncated"),
        ("id,answer\n1,2\n", "the header 'id,answer'"),
        ("question_id,answer\n1,2\n3\n", "row 2 has too few fields"),
        ("", "The file is empty"),
        ('{"1": "yes", "2": "no", "1": "no"}', "the name '1' stands there twice"),
        ('[{"question_id": 1, "answer": "yes", "answer": "no"}]', "the name 'answer' stands there twice"),
        ('{"question_id": 1, "answer": "yes", "answer": "no"}\n', "the name 'answer' stands there twice"),
    ],
)
def test_other_shapes_are_refused(tmp_path: Path, data: str, message: str) -> None:
    path = tmp_path / "predictions.json"
    path.write_text(data)
    with pytest.raises(SourceError) as error:
        load_predictions(path)
    assert re.search(message, str(error.value))
    assert str(path) in str(error.value)


REFERENCES = load_references(
    [{"question_id": number, "answers": [{"answer": "cat"}] * 2} for number in range(1, 11)]
)
ALL = dict.fromkeys(range(1, 11), "cat")


def test_order_is_that_of_the_references() -> None:
    backwards = {str(number): f"answer {number}" for number in range(10, 0, -1)}
    found = in_order(load_predictions(backwards), REFERENCES)
    assert found.to_pylist() == [f"answer {number}" for number in range(1, 11)]


def problem(predictions: object) -> str:
    with pytest.raises(SourceError) as error:
        in_order(load_predictions(predictions), REFERENCES)
    return str(error.value)


def test_repeated_ids_are_counted_and_named() -> None:
    twice = [{"question_id": number, "answer": "cat"} for number in [*ALL, 3, 4, 4]]
    said = problem(twice)
    assert "repeat question ids" in said
    assert "13 answers; 2 such ids, the first: 3, 4" in said


def test_unknown_ids_are_counted_and_named() -> None:
    said = problem({str(number): "cat" for number in [*ALL, 77, "x"]})
    assert "answer questions that the references lack" in said
    assert "12 answers; 2 such ids, the first: 77, x" in said
    assert "--unknown ignore" in said


def test_missing_ids_are_counted_and_named() -> None:
    said = problem(dict.fromkeys(range(8, 11), "cat"))
    assert "leave questions without an answer" in said
    assert "7 such ids, the first: 1, 2, 3, 4, 5" in said
    assert "--missing wrong" in said


def test_leniency_is_asked_for() -> None:
    found = in_order(load_predictions({1: "a", 99: "b"}), REFERENCES, missing="wrong", unknown="ignore")
    assert found.to_pylist() == ["a"] + [None] * 9


def test_no_common_question_is_an_error_whatever_is_asked() -> None:
    with pytest.raises(SourceError, match="answer questions that the references lack"):
        in_order(load_predictions({99: "b"}), REFERENCES, missing="wrong", unknown="ignore")
