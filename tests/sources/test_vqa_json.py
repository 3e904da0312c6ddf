"""The source vqa_json: every format, every bad input, joins by id, and real files."""

from __future__ import annotations

import gzip
import json
import random
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from pydantic import ValidationError

from vqa_builder import registry
from vqa_builder.errors import SourceError
from vqa_builder.schema import examples_schema
from vqa_builder.sources._record_checks import most_frequent
from vqa_builder.sources.base import BadRecord
from vqa_builder.sources.vqa_json import VQAJSON, VQAJSONOptions

WORDS = ["yes", "yes", "no", "yes", "maybe", "no", "yes", "2", "yes", "yes"]


def question(number: int | str, **changes: Any) -> dict[str, Any]:
    image = number // 10 if isinstance(number, int) else f"{number}.jpg"
    return {"question_id": number, "image_id": image, "question": f"What is {number}?"} | changes


def annotation(number: int | str, **changes: Any) -> dict[str, Any]:
    answers = [
        {"answer": word, "answer_confidence": "yes", "answer_id": place}
        for place, word in enumerate(WORDS, 1)
    ]
    return {
        "question_id": number,
        "image_id": question(number)["image_id"],
        "question_type": "what is",
        "answer_type": "other",
        "multiple_choice_answer": "yes",
        "answers": answers,
    } | changes


def without(record: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in names}


def with_answer(number: int | str, **changes: Any) -> dict[str, Any]:
    """An annotation whose fourth answer is changed."""
    record = annotation(number)
    record["answers"][3] |= changes
    return record


class Reading:
    """What came out of a source, and which records it reported."""

    def __init__(self, splits: dict[str, Any], *, limit: int | None = None, **options: Any) -> None:
        self.bad: list[BadRecord] = []
        source = VQAJSON(VQAJSONOptions(splits=splits, **options))
        self.batches = list(source.read(self.set_aside, limit))
        self.table = pa.Table.from_batches(self.batches) if self.batches else None
        self.rows: list[dict[str, Any]] = self.table.to_pylist() if self.table else []

    def set_aside(self, record: BadRecord) -> None:
        self.bad.append(record)

    @property
    def ids(self) -> list[Any]:
        return [row["question_id"] for row in self.rows]


class Folder:
    """Writes input files and reads them back through the source."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, content: Any) -> Path:
        path = self.path / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    def split(self, questions: Any, annotations: Any = None, name: str = "") -> dict[str, Path]:
        files = {"questions": self.write(f"{name}questions.json", questions)}
        if annotations is not None:
            files["annotations"] = self.write(f"{name}annotations.json", annotations)
        return files

    def official(
        self, questions: list[Any], annotations: list[Any] | None, name: str = ""
    ) -> dict[str, Path]:
        held = None if annotations is None else {"info": {}, "license": {}, "annotations": annotations}
        return self.split({"info": {"version": "2.0"}, "questions": questions}, held, name)

    def read(self, questions: list[Any], annotations: list[Any] | None, **options: Any) -> Reading:
        return Reading({"train": self.official(questions, annotations)}, **options)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def failure(files: dict[str, Any]) -> str:
    with pytest.raises(SourceError) as raised:
        Reading({"train": files})
    return str(raised.value)


class TestFormats:
    def test_official(self, folder: Folder) -> None:
        read = folder.read(
            [question(10, extra=[1]), question(11)], [annotation(10, extra={}), annotation(11)]
        )
        assert read.table and read.table.schema == examples_schema(pa.int64(), pa.int64())
        assert read.rows[0] == {
            "question_id": 10,
            "image_id": 1,
            "split": "train",
            "question": "What is 10?",
            "question_type": "what is",
            "answer_type": "other",
            "multiple_choice_answer": "yes",
            "answers": annotation(10)["answers"],
        }
        assert not read.bad

    def test_without_annotations_answers_are_null_and_never_invented(self, folder: Folder) -> None:
        read = folder.read([question(10), question(11)], None)
        assert [row["answers"] for row in read.rows] == [None, None]
        assert [row["multiple_choice_answer"] for row in read.rows] == [None, None]
        assert not read.bad

    def test_ok_vqa_gets_the_most_frequent_answer(self, folder: Folder) -> None:
        read = folder.read([question(10)], [without(annotation(10, confidence=3), "multiple_choice_answer")])
        assert read.rows[0]["multiple_choice_answer"] == "yes"

    def test_vizwiz_in_vqa_form(self, folder: Folder) -> None:
        record = without(annotation(0), "answer_type")
        record |= {
            "image_id": "VizWiz_0.jpg",
            "answers": [without(each, "answer_id") for each in record["answers"]],
        }
        read = folder.read([question(0, image_id="VizWiz_0.jpg")], [record])
        assert read.table and read.table.schema == examples_schema(pa.int64(), pa.string())
        assert read.rows[0]["answer_type"] is None
        assert [each["answer_id"] for each in read.rows[0]["answers"]] == list(range(1, 11))

    def test_textvqa(self, folder: Folder) -> None:
        data = [
            {"question_id": 1, "image_id": "a0f", "question": "Who?", "answers": WORDS, "set_name": "val"}
        ]
        read = Reading({"validation": folder.split({"dataset_type": "val", "data": data})})
        (row,) = read.rows
        assert (row["question_id"], row["image_id"], row["multiple_choice_answer"]) == (1, "a0f", "yes")
        assert row["answers"][7] == {"answer": "2", "answer_confidence": None, "answer_id": 8}
        assert row["question_type"] is row["answer_type"] is None

    def test_textvqa_test_has_no_answers(self, folder: Folder) -> None:
        data = [{"question_id": 1, "image_id": "a0f", "question": "Who?"}]
        read = Reading({"test": folder.split({"data": data})})
        assert read.rows[0]["answers"] is None and not read.bad

    def test_native_vizwiz(self, folder: Folder) -> None:
        answers = [{"answer": word, "answer_confidence": "maybe"} for word in WORDS]
        record = {
            "image": "V_1.jpg",
            "question": "Eh?",
            "answers": answers,
            "answer_type": "other",
            "answerable": 1,
        }
        read = Reading({"validation": folder.split([record, record | {"image": "V_2.jpg"}])})
        assert read.ids == ["V_1.jpg", "V_2.jpg"]
        assert read.rows[0]["image_id"] == "V_1.jpg"
        assert read.rows[0]["answers"][9] == {"answer": "yes", "answer_confidence": "maybe", "answer_id": 10}
        assert read.rows[0]["answer_type"] == "other" and read.rows[0]["multiple_choice_answer"] == "yes"

    def test_native_vizwiz_with_its_own_question_ids(self, folder: Folder) -> None:
        read = Reading({"test": folder.split([{"image": "V.jpg", "question": "Eh?", "question_id": 7}])})
        assert read.ids == [7] and read.rows[0]["image_id"] == "V.jpg"

    def test_white_space_and_rare_characters_stay(self, folder: Folder) -> None:
        text = "  What\tis\u3000this \U0001f600 \ufffd?\n"
        read = folder.read([question(1, question=text)], [with_answer(1, answer=" \u00e9t\u00e9 ")])
        assert read.rows[0]["question"] == text
        assert read.rows[0]["answers"][3]["answer"] == " \u00e9t\u00e9 "

    def test_splits_come_in_fixed_order(self, folder: Folder) -> None:
        files = {
            name: folder.official([question(at)], None, name) for at, name in enumerate(("test", "train"))
        }
        read = Reading(files)
        assert [row["split"] for row in read.rows] == ["train", "test"]
        assert [path.name for path in VQAJSON(VQAJSONOptions(splits=files)).files()] == [
            "trainquestions.json",
            "testquestions.json",
        ]

    def test_large_inputs_come_in_batches(self, folder: Folder) -> None:
        numbers = range(25_000)
        read = folder.read([question(n) for n in numbers], None)
        assert [batch.num_rows for batch in read.batches] == [10_000, 10_000, 5_000]
        assert read.ids == list(numbers)

    def test_most_frequent_answer_takes_the_first_of_a_tie(self) -> None:
        lists: list[Any] = [["b", "a", "a", "b"], None, ["c"], [], ["a", "b", "b"]]
        answers = [each and [{"answer": text} for text in each] for each in lists]
        assert most_frequent(pa.array(answers)).to_pylist() == ["b", None, "c", None, "b"]

    def test_very_many_answers_are_counted_once(self) -> None:
        """In time that grows with them, and past the 65,535 that two bytes count."""
        texts = ["cat"] * 40_000 + ["dog"] * 70_000 + ["bus"] * 70_000
        answers = [[{"answer": text} for text in texts], [{"answer": "cat"}]]
        assert most_frequent(pa.array(answers)).to_pylist() == ["dog", "cat"]

    @pytest.mark.parametrize("count", [1, 3, 12])
    def test_any_number_of_answers(self, folder: Folder, count: int) -> None:
        record = annotation(1, answers=[{"answer": "x"}] * count)
        assert (
            len(folder.read([question(1)], [record], answers_per_question=None).rows[0]["answers"]) == count
        )
        assert folder.read([question(1)], [record], answers_per_question=count).ids == [1]


class TestIds:
    def test_strings_stay_strings(self, folder: Folder) -> None:
        read = folder.read([question("007"), question("8")], [annotation("8"), annotation("007")])
        assert read.table and read.table.schema == examples_schema(pa.string(), pa.string())
        assert read.ids == ["007", "8"]

    def test_the_whole_range_of_int64(self, folder: Folder) -> None:
        ids = [2**63 - 1, -(2**63)]
        read = folder.read([question(n, image_id=n) for n in ids], [annotation(n, image_id=n) for n in ids])
        assert read.ids == ids

    def test_annotations_in_another_order(self, folder: Folder) -> None:
        numbers = list(range(50))
        annotations = [annotation(n, multiple_choice_answer=f"answer {n}") for n in numbers]
        random.Random(0).shuffle(annotations)
        read = folder.read([question(n) for n in numbers], annotations)
        assert [row["multiple_choice_answer"] for row in read.rows] == [f"answer {n}" for n in numbers]

    def test_a_mixture_over_splits_is_bad(self, folder: Folder) -> None:
        train = folder.official([question(1)], None, "train_")
        test = folder.official([question("2", image_id=2)], None, "test_")
        read = Reading({"train": train, "test": test})
        (bad,) = read.bad
        assert read.ids == [1]
        assert bad.file.endswith("test_questions.json") and bad.record == 0 and bad.id == "2"
        assert "an integer" in bad.expected and "a string" in bad.found

    def test_a_duplicate_over_splits_names_both_places(self, folder: Folder) -> None:
        train = folder.official([question(1), question(2)], [annotation(1), annotation(2)], "train_")
        test = folder.official([question(3), question(2)], [annotation(3), annotation(2)], "test_")
        read = Reading({"train": train, "test": test})
        (bad,) = read.bad
        assert read.ids == [1, 2, 3]
        assert (Path(bad.file).name, bad.record, bad.id) == ("test_questions.json", 1, 2)
        assert "train_questions.json, record 1" in bad.found


class TestLimit:
    def test_first_questions_of_each_split(self, folder: Folder) -> None:
        splits = {
            "train": folder.official(
                [question(n) for n in (3, 1, 2)], [annotation(n) for n in (1, 2, 3)], "a"
            ),
            "test": folder.official([question(n) for n in (6, 5, 4)], None, "b"),
        }
        read = Reading(splits, limit=2)
        assert read.ids == [3, 1, 6, 5] and not read.bad

    def test_other_annotations_are_passed_over(self, folder: Folder) -> None:
        read = folder.read(
            [question(1), question(2)], [annotation(9), {}, annotation(2), annotation(1)], limit=1
        )
        assert read.ids == [1] and not read.bad

    def test_bad_annotations_of_the_first_questions_are_not(self, folder: Folder) -> None:
        read = folder.read(
            [question(1), question(2)], [annotation(2), with_answer(1, answer="a\x00")], limit=1
        )
        assert read.ids == [] and [bad.id for bad in read.bad] == [1]


# The record in the place of number 13 among good ones, and what the report must say.
BAD_QUESTIONS: dict[str, tuple[Any, str]] = {
    "no question": (without(question(13), "question"), "field question is missing"),
    "no image": (without(question(13), "image_id"), "field image_id is missing"),
    "question is a number": (question(13, question=4), "field question has the wrong type"),
    "image is a list": (question(13, image_id=[1]), "field image_id has the wrong type"),
    "image is a string": (question(13, image_id="1"), "image_id mixes types"),
    "image beyond int64": (question(13, image_id=2**63), "field image_id has the wrong type or value"),
    "empty": (question(13, question=""), "question is empty"),
    "white space": (question(13, question=" \u3000\n"), "question is only white space"),
    "bell": (question(13, question="a\x07"), "question holds the control character U+0007 at position 1"),
    "delete": (question(13, question="\x7fa"), "U+007F"),
    "C1": (question(13, question="a\x85b"), "U+0085"),
}
BAD_ANNOTATIONS: dict[str, tuple[Any, str]] = {
    "no answers": (without(annotation(13), "answers"), "field answers is missing"),
    "zero answers": (annotation(13, answers=[]), "field answers is missing"),
    "three answers": (annotation(13, answers=[{"answer": "x"}] * 3), "number of answers"),
    "answers is a string": (annotation(13, answers="yes"), "number of answers"),
    "an answer is a list": (with_answer(13, answer=["x"]), "field answers[3].answer has the wrong type"),
    "an answer has no text": (with_answer(13, answer=None), "answers[3] is null"),
    "no answer has a text": (annotation(13, answers=[{"answer_id": 1}] * 10), "field answers is missing"),
    "empty answer": (with_answer(13, answer=""), "answers[3] is empty"),
    "blank answer": (with_answer(13, answer="\t"), "answers[3] is only white space"),
    "answer with control": (with_answer(13, answer="a\x00"), "answers[3] holds the control character U+0000"),
    "confidence is a list": (with_answer(13, answer_confidence=[]), "answer_confidence has the wrong type"),
    "answer id is a string": (with_answer(13, answer_id="4"), "answer_id has the wrong type"),
    "blank choice": (
        annotation(13, multiple_choice_answer=" "),
        "multiple_choice_answer is only white space",
    ),
    "type is a list": (annotation(13, question_type=[1]), "field question_type has the wrong type"),
    "another image": (annotation(13, image_id=99), "image_id is not that of the question"),
}


class TestBadRecords:
    good = range(10, 16)

    def check(self, read: Reading, file: str, problem: str) -> None:
        (bad,) = read.bad
        assert read.ids == [n for n in self.good if n != 13]
        assert (Path(bad.file).name, bad.record, bad.id) == (file, 3, 13)
        assert problem in bad.problem
        message = str(bad.error())
        for part in (file, "record 3", "question_id 13", "expected:", "found:", "--on-bad-record skip"):
            assert part in message

    @pytest.mark.parametrize("case", BAD_QUESTIONS)
    def test_question(self, folder: Folder, case: str) -> None:
        record, problem = BAD_QUESTIONS[case]
        questions = [record if n == 13 else question(n) for n in self.good]
        self.check(folder.read(questions, [annotation(n) for n in self.good]), "questions.json", problem)

    @pytest.mark.parametrize("case", BAD_ANNOTATIONS)
    def test_annotation(self, folder: Folder, case: str) -> None:
        record, problem = BAD_ANNOTATIONS[case]
        annotations = [record if n == 13 else annotation(n) for n in self.good]
        self.check(folder.read([question(n) for n in self.good], annotations), "annotations.json", problem)

    def test_question_without_annotation(self, folder: Folder) -> None:
        annotations = [annotation(n) for n in self.good if n != 13]
        read = folder.read([question(n) for n in self.good], annotations)
        self.check(read, "questions.json", "question has no annotation")

    def test_annotation_without_question(self, folder: Folder) -> None:
        questions = [question(n) for n in self.good if n != 13]
        read = folder.read(questions, [annotation(n) for n in self.good])
        self.check(read, "annotations.json", "annotation has no question")

    def test_duplicate_question(self, folder: Folder) -> None:
        read = folder.read([question(1), question(2), question(1)], [annotation(1), annotation(2)])
        (bad,) = read.bad
        assert read.ids == [1, 2]
        assert (bad.record, bad.id) == (2, 1) and "questions.json, record 0" in bad.found

    def test_duplicate_annotation(self, folder: Folder) -> None:
        read = folder.read([question(1), question(2)], [annotation(1), annotation(2), annotation(2)])
        (bad,) = read.bad
        assert read.ids == [1, 2]
        assert (bad.record, bad.id) == (2, 2) and "annotations.json, record 1" in bad.found

    @pytest.mark.parametrize("value", [None, 1.5, True, [], 2**63, ""])
    def test_unusable_question_id(self, folder: Folder, value: Any) -> None:
        read = folder.read([question(1), question(2), question(3) | {"question_id": value}], None)
        (bad,) = read.bad
        assert read.ids == [1, 2] and bad.record == 2

    def test_string_ids_must_be_text(self, folder: Folder) -> None:
        read = folder.read([question("a"), question("b\x01"), question("")], None)
        assert read.ids == ["a"] and [bad.record for bad in read.bad] == [1, 2]

    def test_the_odd_type_of_id_is_the_bad_one_even_in_front(self, folder: Folder) -> None:
        read = folder.read([question("0", image_id=0), *(question(n) for n in range(1, 5))], None)
        assert read.ids == [1, 2, 3, 4] and [bad.id for bad in read.bad] == ["0"]

    def test_annotations_with_ids_of_another_type(self, folder: Folder) -> None:
        read = folder.read([question(1), question(2)], [annotation(1), annotation("2", image_id=0)])
        assert read.ids == [1]
        assert [(Path(bad.file).name, bad.record) for bad in read.bad] == [
            ("annotations.json", 1),
            ("questions.json", 1),
        ]

    @pytest.mark.parametrize("record", [None, 3, "text", [], [{}]])
    def test_record_that_is_no_object(self, folder: Folder, record: Any) -> None:
        read = folder.read([question(1), record], None)
        (bad,) = read.bad
        assert read.ids == [1] and bad.record == 1 and bad.id is None and "object" in bad.expected

    def test_textvqa_record_without_answers_among_others(self, folder: Folder) -> None:
        data = [question(n, answers=WORDS) for n in range(3)]
        del data[1]["answers"]
        read = Reading({"train": folder.split({"data": data})})
        (bad,) = read.bad
        assert read.ids == [0, 2] and (bad.record, bad.id) == (1, 1) and "answers" in bad.problem

    def test_the_same_bad_question_and_annotation_are_not_missed_again(self, folder: Folder) -> None:
        questions = [question(1, question=""), question(2), question(3)]
        annotations = [annotation(1), annotation(2, answers=[]), annotation(3)]
        read = folder.read(questions, annotations)
        assert read.ids == [3] and [bad.id for bad in read.bad] == [1, 2]

    def test_every_record_bad(self, folder: Folder) -> None:
        read = folder.read([question("a", question=""), question("b", question=" ")], [annotation("a")])
        assert read.batches == [] and len(read.bad) == 2

    def test_a_raising_callback_stops_at_the_first(self, folder: Folder) -> None:
        files = folder.official([question(1), question(2, question=""), question(3, question="")], None)

        def stop(record: BadRecord) -> None:
            raise record.error()

        with pytest.raises(SourceError, match="question is empty") as raised:
            list(VQAJSON(VQAJSONOptions(splits={"train": files})).read(stop))
        assert "questions.json, record 1, question_id 2" in str(raised.value)

    def test_bad_records_in_a_large_file(self, folder: Folder) -> None:
        questions = [question(n, question="" if n in (7, 15_000) else "Why?") for n in range(20_001)]
        annotations = [
            annotation(n, answers=[] if n == 19_999 else WORDS_ONLY) for n in reversed(range(20_001))
        ]
        read = folder.read(questions, annotations)
        assert [(bad.id, bad.record) for bad in read.bad] == [(7, 7), (15_000, 15_000), (19_999, 1)]
        assert read.ids == [n for n in range(20_001) if n not in (7, 15_000, 19_999)]


WORDS_ONLY = [{"answer": word} for word in WORDS]
QUESTIONS = json.dumps({"questions": [question(1)]}).encode()


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


class TestFiles:
    @pytest.mark.parametrize("name", ["q.json.gz", "q.gzip", "q.json"])
    def test_gzip_whatever_the_suffix(self, folder: Folder, name: str) -> None:
        assert Reading({"train": {"questions": folder.write(name, gzip.compress(QUESTIONS))}}).ids == [1]

    @pytest.mark.parametrize("name", ["q.json", "q.gz", "q"])
    def test_plain_whatever_the_suffix(self, folder: Folder, name: str) -> None:
        assert Reading({"train": {"questions": folder.write(name, QUESTIONS)}}).ids == [1]

    def test_byte_order_mark(self, folder: Folder) -> None:
        assert Reading({"train": {"questions": folder.write("q.json", b"\xef\xbb\xbf" + QUESTIONS)}}).ids == [
            1
        ]

    def test_zip_with_one_json(self, tmp_path: Path) -> None:
        members = {"dir/": b"", "dir/v2.json": QUESTIONS, "README": b"", "__MACOSX/dir/._v2.json": b"\0"}
        assert Reading({"train": {"questions": zipped(tmp_path / "q.zip", members)}}).ids == [1]

    def test_zip_member(self, tmp_path: Path) -> None:
        other = json.dumps({"questions": [question(2, question="")]}).encode()
        archive = zipped(tmp_path / "q.zip", {"a.json": QUESTIONS, "dir/b.json": other})
        for member in ("b.json", "dir/b.json"):
            files = {
                "train": {"questions": f"{archive}!a.json"},
                "test": {"questions": f"{archive}!{member}"},
            }
            read = Reading(files)
            assert read.ids == [1] and read.bad[0].file == f"{archive}!dir/b.json"
            assert VQAJSON(VQAJSONOptions(splits=files)).files() == [archive]

    def test_zip_with_several_or_no_json(self, tmp_path: Path) -> None:
        message = failure(
            {"questions": zipped(tmp_path / "q.zip", {"a.json": QUESTIONS, "b.json": QUESTIONS})}
        )
        assert "q.zip" in message and "a.json, b.json" in message and "q.zip!a.json" in message
        message = failure({"questions": zipped(tmp_path / "r.zip", {"README": b"", "LICENSE": b""})})
        assert "README, LICENSE" in message
        message = failure({"questions": f"{tmp_path / 'q.zip'}!c.json"})
        assert "'c.json'" in message and "a.json, b.json" in message

    @pytest.mark.parametrize("keep", [0.3, 0.9])
    def test_truncated_archives(self, folder: Folder, tmp_path: Path, keep: float) -> None:
        data = json.dumps({"questions": [question(n) for n in range(1000)]}).encode()
        whole = zipped(tmp_path / "whole.zip", {"a.json": data}).read_bytes()
        for name, content in (("q.gz", gzip.compress(data)), ("q.zip", whole)):
            message = failure({"questions": folder.write(name, content[: int(len(content) * keep)])})
            assert name in message and "damaged" in message and "again" in message

    @pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_one_wrong_byte_in_a_zip(self, folder: Folder, tmp_path: Path, method: int) -> None:
        with zipfile.ZipFile(tmp_path / "whole.zip", "w", method) as opened:
            opened.writestr("a.json", json.dumps({"questions": [question(n) for n in range(50)]}))
        whole = (tmp_path / "whole.zip").read_bytes()
        chance = random.Random(0)
        for _ in range(100):
            broken = bytearray(whole)
            broken[chance.randrange(len(whole))] ^= 1 + chance.randrange(255)
            try:
                Reading({"train": {"questions": folder.write("q.zip", bytes(broken))}})
            except SourceError as error:
                assert "q.zip" in str(error)

    def test_corrupt_archives(self, folder: Folder, tmp_path: Path) -> None:
        data = json.dumps({"questions": [question(n) for n in range(1000)]}).encode()
        whole = zipped(tmp_path / "whole.zip", {"a.json": data}).read_bytes()
        for name, content in (("q.gz", gzip.compress(data)), ("q.zip", whole)):
            middle = len(content) // 2
            broken = content[:middle] + bytes(8) + content[middle + 8 :]
            assert "damaged" in failure({"questions": folder.write(name, broken)})

    def test_zip_with_a_password(self, folder: Folder, tmp_path: Path) -> None:
        data = bytearray(zipped(tmp_path / "q.zip", {"a.json": QUESTIONS}).read_bytes())
        for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            data[data.index(signature) + flags] |= 1
        message = failure({"questions": folder.write("locked.zip", bytes(data))})
        assert "locked.zip!a.json" in message and "password" in message

    def test_member_of_something_else(self, folder: Folder) -> None:
        path = folder.write("q.zip", QUESTIONS)
        assert "zip archive" in failure({"questions": f"{path}!a.json"})

    def test_missing_file_suggests_names(self, folder: Folder) -> None:
        folder.write("v2_questions_train.json", QUESTIONS)
        files = {"questions": folder.path / "v2_questions_tain.json"}
        assert "did you mean v2_questions_train.json?" in failure(files)
        with pytest.raises(SourceError, match="no such file"):
            VQAJSON(VQAJSONOptions(splits={"train": files})).files()
        assert "no such folder" in failure({"questions": folder.path / "absent" / "q.json"})

    def test_folder_instead_of_a_file(self, folder: Folder) -> None:
        assert "a folder" in failure({"questions": folder.path})

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "empty"),
            (b" \n", "empty"),
            (QUESTIONS[:-20], "ends in the middle"),
            (b"<html>not found</html>", "a web page, and not the data"),
            (QUESTIONS + b"]", "trailing"),
            (QUESTIONS.replace(b"What", b"Wh\x07t"), "byte"),
            (QUESTIONS.replace(b"What", b"Wh\\ud800t"), "surrogate"),
            (QUESTIONS.replace(b"What", b"Caf\xe9"), "offset 65"),
            ('{"questions": "é"}'.encode("utf-16"), "UTF-16"),
        ],
    )
    def test_not_json_or_not_utf8(self, folder: Folder, content: bytes, words: str) -> None:
        message = failure({"questions": folder.write("q.json", content)})
        assert "q.json" in message and words in message

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            ({"1": {}, "2": {}}, "keys 1, 2"),
            ({}, "without keys"),
            ({"questions": {"a": 1}}, "Expected `array`"),
            ([{"question_id": 1, "answer": "x"}], "keys question_id, answer"),
            ([1, 2], "1"),
            (3, "3"),
            (b'{"questions": [' + b"[" * 100_000, "nested"),
            ({"questions": []}, "no records"),
            ([], "no records"),
        ],
    )
    def test_unknown_shapes(self, folder: Folder, content: Any, words: str) -> None:
        message = failure({"questions": folder.write("q.json", content)})
        assert "q.json" in message and words in message

    def test_swapped_files(self, folder: Folder) -> None:
        files = folder.official([question(1)], [annotation(1)])
        swapped = {"questions": files["annotations"], "annotations": files["questions"]}
        assert "swap the two files" in failure(swapped)
        assert "annotations file" in failure({"questions": files["annotations"]})
        assert "questions file" in failure(
            {"questions": files["questions"], "annotations": files["questions"]}
        )

    def test_annotations_beside_a_file_that_holds_its_answers(self, folder: Folder) -> None:
        files = folder.split({"data": [question(1, answers=WORDS)]}, {"annotations": [annotation(1)]})
        assert "leave annotations out" in failure(files)


class TestOptions:
    def test_found_by_name(self) -> None:
        assert registry.find("sources", "vqa_json") is VQAJSON
        assert not [name for name in registry.names("sources") if name.startswith("_")]

    @pytest.mark.parametrize(
        "options",
        [
            {"splits": {}},
            {"splits": {"dev": {"questions": "q"}}},
            {"splits": {"train": {"annotations": "a"}}},
            {"splits": {"train": {"questions": "q", "answers": "a"}}},
            {"splits": {"train": {"questions": "q"}}, "answers_per_question": 0},
            {"splits": {"train": {"questions": "q"}}, "colour": "red"},
        ],
    )
    def test_wrong(self, options: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            VQAJSONOptions(**options)


TEXT = st.text(st.characters(exclude_categories=["Cc", "Cf", "Cn", "Cs"]), min_size=1, max_size=12).filter(
    str.strip
)
IDS = st.lists(st.integers(-(2**63), 2**63 - 1), unique=True, min_size=1, max_size=12) | st.lists(
    TEXT, unique=True, min_size=1, max_size=12
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ids=IDS, data=st.data())
def test_any_valid_records_come_back_whatever_their_order(folder: Folder, ids: list[Any], data: Any) -> None:
    questions = [{"question_id": each, "image_id": each, "question": data.draw(TEXT)} for each in ids]
    answer = st.fixed_dictionaries(
        {"answer": TEXT, "answer_confidence": st.none() | TEXT, "answer_id": st.integers(-5, 20)}
    )
    annotations = [
        {
            "question_id": each,
            "image_id": each,
            "question_type": data.draw(st.none() | TEXT),
            "answer_type": data.draw(st.none() | TEXT),
            "multiple_choice_answer": data.draw(TEXT),
            "answers": data.draw(st.lists(answer, min_size=1, max_size=4)),
        }
        for each in ids
    ]
    read = folder.read(questions, data.draw(st.permutations(annotations)), answers_per_question=None)
    expected = [{"split": "train"} | asked | told for asked, told in zip(questions, annotations, strict=True)]
    assert read.rows == expected and not read.bad


class TestRealData:
    def test_vqa_v2_60k(self, shared: Path) -> None:
        prefix = f"{shared}/data/vqa_v2_60k/vqa_"
        names = {"train": "train", "validation": "valid", "test": "test"}
        read = Reading(
            {
                split: {
                    "questions": f"{prefix}questions_{name}.json.gz",
                    "annotations": f"{prefix}annotatons_{name}.json.gz",
                }
                for split, name in names.items()
            }
        )
        assert read.table and not read.bad
        assert read.table.schema == examples_schema(pa.int64(), pa.int64())
        counts = {split: read.table["split"].to_pylist().count(split) for split in names}
        assert counts == {"train": 48061, "validation": 8977, "test": 2962}
        assert all(len(row["answers"]) == 10 for row in read.rows)

    def test_vizwiz_val(self, shared: Path) -> None:
        prefix = f"{shared}/data/vizwiz_val_vqa_format/vizwiz_val_"
        files = {part: f"{prefix}{part}_vqa_format.json" for part in ("questions", "annotations")}
        read = Reading({"validation": files})
        assert read.table and not read.bad and read.table.num_rows == 4319
        assert read.table.schema == examples_schema(pa.int64(), pa.string())
        assert read.table["answer_type"].null_count == 4319

    def test_native_vizwiz(self, shared: Path) -> None:
        path = shared / "data/vizwiz_500_multilingual/val_subsample_en.json"
        read = Reading({"validation": {"questions": path}})
        assert len(read.rows) == 500 and not read.bad
        assert read.rows[0]["question_id"] == "VizWiz_val_00001089.jpg_1003"
