"""What all sources do alike: withheld and unread answers, ids in front of splits, the fate of columns."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.sources.reading import Reading, check_bad, failure, source, write
from tests.sources.test_table import arrow, delimited, lines, parquet

TEN = ["cat"] * 10


def row(number: int, **more: Any) -> dict[str, Any]:
    return {"question_id": number, "image_id": number, "question": "What is it?"} | more


def official(tmp_path: Path, rows: list[dict[str, Any]], top: str | None = "questions") -> Path:
    return write(tmp_path / f"{top}.json", rows if top is None else {top: rows})


TABLES: dict[str, Callable[[list[dict[str, Any]]], bytes]] = {
    "rows.jsonl": lines,
    "rows.json": lambda rows: json.dumps({"data": rows}).encode(),
    "rows.parquet": parquet,
    "rows.arrow": lambda rows: arrow(rows, pa.ipc.new_stream),
    "rows.csv": lambda rows: delimited([{name: _cell(each[name]) for name in each} for each in rows]),
}


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list | dict) else value


class TestAnswersThatNothingReads:
    """Where no answers are read, a column that looks like answers is an error, unless it is left out."""

    @pytest.mark.parametrize("column", ["answer", "gt_answers", "Answer", "label"])
    @pytest.mark.parametrize("value", ["red", ["red", "blue"]])
    @pytest.mark.parametrize("name", TABLES)
    def test_table(self, tmp_path: Path, name: str, value: Any, column: str) -> None:
        path = write(tmp_path / name, TABLES[name]([row(n, **{column: value}) for n in range(2)]))
        message = failure("table", splits={"train": path})
        assert f"'{column}'" in message and name in message and f"answers: {column}" in message
        assert Reading("table", splits={"train": path}, columns={"answers": column}).answers[0][0] == "red"
        left_out = Reading("table", splits={"train": path}, ignore=[column])
        assert left_out["answers"] == [None, None] and not left_out.bad

    @pytest.mark.parametrize("name", TABLES)
    def test_without_a_value_it_is_none(self, tmp_path: Path, name: str) -> None:
        path = write(tmp_path / name, TABLES[name]([row(n, answer="") for n in range(2)]))
        assert Reading("table", splits={"test": path})["answers"] == [None, None]

    def test_one_that_comes_late(self, tmp_path: Path) -> None:
        rows = [row(n) for n in range(10_001)] + [row(10_001, answer="red")]
        path = write(tmp_path / "rows.jsonl", lines(rows))
        assert "'answer'" in failure("table", splits={"train": path})

    def test_vqa_json(self, tmp_path: Path) -> None:
        splits = {"train": {"questions": official(tmp_path, [row(1, direct_answers=TEN)])}}
        assert "'direct_answers'" in failure("vqa_json", splits=splits)
        assert Reading("vqa_json", splits=splits, ignore=["direct_answers"])["answers"] == [None]

    def test_columns_about_answers_are_none(self, tmp_path: Path) -> None:
        more = {"answer_type": "other", "answerable": 1, "answer_ids": [3], "num_answers": 2}
        path = write(tmp_path / "rows.jsonl", lines([row(1, **more)]))
        assert Reading("table", splits={"train": path})["answers"] == [None]


class TestAnswersWithQuestions:
    """Answers that stand with the questions are read, under either name and in any top-level shape."""

    @pytest.mark.parametrize("top", ["questions", "data", None])
    @pytest.mark.parametrize("name", ["answers", "answer"])
    @pytest.mark.parametrize(
        "value", [TEN, [{"answer": "cat"}] * 10, [{"answer": "cat", "answer_id": 3}] * 10]
    )
    def test_ten(self, tmp_path: Path, top: str | None, name: str, value: Any) -> None:
        splits = {"train": {"questions": official(tmp_path, [row(1, **{name: value})], top)}}
        result = Reading("vqa_json", splits=splits)
        assert result.answers == [TEN] and result["multiple_choice_answer"] == ["cat"] and not result.bad

    def test_one(self, tmp_path: Path) -> None:
        splits = {"train": {"questions": official(tmp_path, [row(1, answer="a cat"), row(2, answer=2)])}}
        result = Reading("vqa_json", splits=splits, answers_per_question=None)
        assert result.answers == [["a cat"], ["2"]]

    def test_a_list_with_file_names(self, tmp_path: Path) -> None:
        record = {
            "question_id": 0,
            "question": "What?",
            "answer": TEN,
            "image": "val/1.jpg",
            "dataset": "vqa",
        }
        result = Reading("vqa_json", splits={"train": {"questions": official(tmp_path, [record], None)}})
        assert result.answers == [TEN] and result["image_id"] == ["val/1.jpg"] and result.ids == [0]

    def test_annotations_in_the_same_file(self, tmp_path: Path) -> None:
        content = {"questions": [row(1)], "annotations": [row(1, answers=TEN)]}
        splits = {"train": {"questions": write(tmp_path / "both.json", content)}}
        result = Reading("vqa_json", splits=splits)
        assert result.answers == [TEN] and not result.bad

    def test_beside_annotations(self, tmp_path: Path) -> None:
        annotations = write(tmp_path / "a.json", {"annotations": [row(1, answers=TEN)]})
        splits = {"questions": official(tmp_path, [row(1, answers=TEN)]), "annotations": annotations}
        assert "leave annotations out" in failure("vqa_json", splits={"train": splits})


WITHHELD = [[], [""] * 10, [None] * 10, [" "], [{"answer": ""}] * 10, "", None, {"answer": []}, {"text": []}]


class TestWithheldAnswers:
    @pytest.mark.parametrize("value", WITHHELD)
    def test_are_null_in_a_split_of_their_own(self, tmp_path: Path, value: Any) -> None:
        train = write(tmp_path / "a.jsonl", lines([row(1, answers=["cat"])]))
        test = write(tmp_path / "b.jsonl", lines([row(2, answers=value), row(3, answers=value)]))
        result = Reading("table", splits={"train": train, "test": test}, answers_per_question=1)
        assert result["answers"][1:] == [None, None] == result["multiple_choice_answer"][1:]
        assert not result.bad

    @pytest.mark.parametrize("name", ["rows.parquet", "rows.arrow", "rows.csv", "rows.json"])
    @pytest.mark.parametrize("value", [[], [""] * 10])
    def test_in_every_format(self, tmp_path: Path, name: str, value: Any) -> None:
        rows = [row(n, answers=value) for n in range(3)]
        if name in ("rows.parquet", "rows.arrow"):
            rows[0]["answers"] = [""]  # so that the list has a type
        path = write(tmp_path / name, TABLES[name](rows))
        result = Reading("table", splits={"test": path})
        assert result["answers"] == [None] * 3 and not result.bad

    @pytest.mark.parametrize("value", WITHHELD)
    def test_among_others_the_record_is_bad(self, tmp_path: Path, value: Any) -> None:
        path = write(tmp_path / "a.jsonl", lines([row(1, answers=["cat"]), row(2, answers=value)]))
        check_bad(Reading("table", splits={"train": path}), "a.jsonl", 1, 2, "field answers is missing")

    def test_textvqa(self, tmp_path: Path) -> None:
        splits = {"test": {"questions": official(tmp_path, [row(1, answers=[""] * 10)], "data")}}
        assert Reading("vqa_json", splits=splits)["answers"] == [None]

    def test_annotations(self, tmp_path: Path) -> None:
        annotations = write(tmp_path / "a.json", {"annotations": [row(1, answers=[])]})
        splits = {"questions": official(tmp_path, [row(1)]), "annotations": annotations}
        result = Reading("vqa_json", splits={"test": splits})
        assert result["answers"] == [None] and not result.bad


class TestIdsThatStartAnew:
    def splits(self, tmp_path: Path) -> dict[str, Path]:
        return {
            split: write(tmp_path / f"{split}.jsonl", lines([row(n, answers=[split]) for n in range(3)]))
            for split in ("train", "validation")
        }

    def test_the_error_names_the_remedy(self, tmp_path: Path) -> None:
        result = Reading("table", splits=self.splits(tmp_path))
        message = str(result.bad[0].error())
        assert "prefix_ids: [question_id]" in message and "question_id: null" in message
        again = Reading("table", splits={"train": write(tmp_path / "a.jsonl", lines([row(1), row(1)]))})
        assert "prefix_ids" not in str(again.bad[0].error())

    def test_the_split_in_front(self, tmp_path: Path) -> None:
        result = Reading("table", splits=self.splits(tmp_path), prefix_ids=["question_id"])
        assert result.ids == [f"{split}-{n}" for split in ("train", "validation") for n in range(3)]
        assert result["image_id"] == [0, 1, 2] * 2 and not result.bad
        result = Reading("table", splits=self.splits(tmp_path), prefix_ids=["question_id", "image_id"])
        assert result["image_id"] == result.ids

    def test_twice_in_one_split_stays_a_fault(self, tmp_path: Path) -> None:
        path = write(tmp_path / "a.jsonl", lines([row(1), row(1)]))
        result = Reading("table", splits={"train": path}, prefix_ids=["question_id"])
        assert result.ids == ["train-1"]
        check_bad(result, "a.jsonl", 1, 1, "not unique")

    def test_questions_and_annotations(self, tmp_path: Path) -> None:
        splits = {}
        for split in ("train", "validation"):
            questions = write(tmp_path / f"{split}q.json", {"questions": [row(1)]})
            annotations = write(tmp_path / f"{split}a.json", {"annotations": [row(1, answers=TEN)]})
            splits[split] = {"questions": questions, "annotations": annotations}
        result = Reading("vqa_json", splits=splits, prefix_ids=["question_id"])
        assert result.ids == ["train-1", "validation-1"] and result.answers == [TEN, TEN]


class TestFatesOfColumns:
    @pytest.mark.parametrize("name", TABLES)
    def test_table(self, tmp_path: Path, name: str) -> None:
        rows = [row(n, reply=["x", "y"], colour="red") for n in range(3)]
        path = write(tmp_path / name, TABLES[name](rows))
        one = source("table", splits={"train": path}, columns={"answers": "reply"})
        expected = {
            "question_id": "read as question_id",
            "image_id": "read as image_id",
            "question": "read as question",
            "reply": "read as answers",
            "colour": "ignored",
        }
        assert {column.name: column.fate for column in one.columns()} == expected

    def test_all_that_was_read(self, tmp_path: Path) -> None:
        rows = [row(n, answers=["x"]) for n in range(10_001)] + [row(10_001, answers=["x"], late=1)]
        one = source("table", splits={"train": write(tmp_path / "rows.jsonl", lines(rows))})
        assert "late" not in [column.name for column in one.columns()]
        list(one.read(print))
        assert ("late", "ignored") in [(column.name, column.fate) for column in one.columns()]

    def test_other_sources(self, tmp_path: Path) -> None:
        questions = official(tmp_path, [row(1, answers=TEN, colour=1)])
        one = source("vqa_json", splits={"train": {"questions": questions}})
        assert ("colour", None) in one.columns() and ("answers", "answers") in one.columns()
        gqa = {"1": {"imageId": "n1", "question": "Who?", "answer": "he", "isBalanced": True}}
        one = source("gqa", splits={"train": write(tmp_path / "gqa.json", gqa)})
        assert ("imageId", "image_id") in one.columns() and ("isBalanced", None) in one.columns()


def test_fates_and_notices_in_lines(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl", lines([row(1, reply=["x"], colour="red")]))
    one = source("table", splits={"train": path}, columns={"answers": "reply"})
    assert one.description() == [
        "columns read: question_id, image_id, question, reply as answers",
        "columns ignored: colour",
    ]


def test_splits_of_a_dataset_that_are_left_aside_are_named(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for number, split in enumerate(("train", "val", "testdev")):
        table = pa.table({name: [value] for name, value in row(number, answers=["x"]).items()})
        pq.write_table(table, tmp_path / "data" / f"{split}-00000-of-00001.parquet")
    one = source("hub", repo=str(tmp_path))
    (notice,) = one.notices()
    assert "val" in notice and "testdev" in notice and "splits: {validation: val}" in notice
    everything = {"train": "train", "validation": "val", "test": "testdev"}
    assert source("hub", repo=str(tmp_path), splits=everything).notices() == []
