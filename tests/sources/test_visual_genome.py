"""The source visual_genome: both layouts of the English files, ja-VG-VQA, lists of images, bad input."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError

from tests.sources.reading import Reading, check_bad, failure, source, write
from vqa_builder.schema import examples_schema
from vqa_builder.sources.visual_genome import VisualGenomeOptions


def qa(number: int, **changes: Any) -> dict[str, Any]:
    """A question as version 1.2 has it."""
    return {
        "qa_id": 986000 + number,
        "question": f"What colour is clock {number}?",
        "answer": "Green.",
        "question_synsets": [
            {
                "synset_name": "clock.n.01",
                "entity_name": "clock",
                "entity_idx_start": 15,
                "entity_idx_end": 20,
            }
        ],
        "answer_synsets": [],
    } | changes


def image(number: int, count: int = 2) -> dict[str, Any]:
    return {"image_id": number, "qas": [qa(10 * number + at) for at in range(count)]}


def without(record: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in names}


def read(tmp_path: Path, content: Any, images: Any = None, **options: Any) -> Reading:
    files = {"questions": write(tmp_path / "question_answers.json", content)}
    if images is not None:
        files["images"] = write(tmp_path / "images", images)
    return Reading("visual_genome", splits={"train": files}, **options)


def test_version_1_2(tmp_path: Path) -> None:
    result = read(tmp_path, [image(1), {"image_id": 2, "qas": []}, image(3, 1)])
    assert result.table and result.table.schema == examples_schema(pa.int64(), pa.int64())
    assert result.ids == [986010, 986011, 986030] and result["image_id"] == [1, 1, 3]
    assert result.rows[0] == {
        "question_id": 986010,
        "image_id": 1,
        "split": "train",
        "question": "What colour is clock 10?",
        "question_type": None,
        "answer_type": None,
        "multiple_choice_answer": "Green.",
        "answers": [{"answer": "Green.", "answer_confidence": None, "answer_id": 1}],
    }
    assert not result.bad


def test_version_1_0_has_the_image_in_each_question(tmp_path: Path) -> None:
    old = {"id": 7, "qas": [qa(1, image_id=7, a_objects=[], q_objects=[{"object_id": 3}])]}
    result = read(tmp_path, [old])
    assert result["image_id"] == [7] and result.ids == [986001]


def test_ja_vg_vqa(tmp_path: Path) -> None:
    record = {
        "image_id": 107899,
        "qas": [
            {"qa_id": 1, "question": "傘は何色ですか?", "answer": "赤", "a_objects": [], "q_objects": []},
            {
                "qa_id": 2,
                "question": "何人写っていますか?",
                "answer": "2人",
                "a_objects": [],
                "q_objects": [],
            },
        ],
    }
    result = read(tmp_path, json.dumps([record], ensure_ascii=False).encode())
    assert result["question"] == ["傘は何色ですか?", "何人写っていますか?"]
    assert result.answers == [["赤"], ["2人"]]


def test_question_id_instead_of_qa_id(tmp_path: Path) -> None:
    record = {"image_id": 1, "qas": [without(qa(1), "qa_id") | {"question_id": "1-a"}]}
    assert read(tmp_path, [record]).ids == ["1-a"]


@pytest.mark.parametrize(
    "images",
    [
        [3, 1],
        ["1", "3"],
        b"3\n\n1\r\n",
        [{"image_id": 1, "url": "u"}, {"image_id": 3, "width": 5}],
        [1, 3, 9],
    ],
)
def test_splits_by_lists_of_images(tmp_path: Path, images: Any) -> None:
    content = [image(number) for number in range(5)]
    assert read(tmp_path, content, images)["image_id"] == [1, 1, 3, 3]


def test_two_splits_of_one_archive(tmp_path: Path) -> None:
    archive = tmp_path / "question_answers.json.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("question_answers.json", json.dumps([image(1), image(2)]))
    lists = {split: write(tmp_path / split, [at]) for split, at in (("validation", 2), ("train", 1))}
    splits = {split: {"questions": archive, "images": path} for split, path in lists.items()}
    result = Reading("visual_genome", splits=splits)
    assert list(zip(result["split"], result["image_id"], strict=True)) == [
        ("train", 1),
        ("train", 1),
        ("validation", 2),
        ("validation", 2),
    ]
    assert source("visual_genome", splits=splits).files() == [archive, lists["train"], lists["validation"]]


def test_a_list_of_images_of_another_file(tmp_path: Path) -> None:
    files = {
        "questions": write(tmp_path / "qa.json", [image(1)]),
        "images": write(tmp_path / "images.txt", b"77\n"),
    }
    message = failure("visual_genome", splits={"train": files})
    assert "no question on any image of the list" in message and "qa.json" in message


def test_limit(tmp_path: Path) -> None:
    content = [image(1), image(2), {"broken": 1}]
    result = read(tmp_path, content, limit=3)
    assert result.ids == [986010, 986011, 986020] and not result.bad


def test_large_files_come_in_batches(tmp_path: Path) -> None:
    content = [
        {"image_id": n, "qas": [without(qa(10 * n + at), "question_synsets") for at in range(8)]}
        for n in range(1500)
    ]
    assert [batch.num_rows for batch in read(tmp_path, content).batches] == [10_000, 2_000]


BAD: dict[str, tuple[Any, Any, str]] = {
    "no id": (without(qa(3), "qa_id"), None, "field qa_id is missing"),
    "id is a string": (qa(3, qa_id="986003"), "986003", "question_id mixes types"),
    "no question": (without(qa(3), "question"), 986003, "field question is missing"),
    "no answer": (without(qa(3), "answer"), 986003, "field answers is missing"),
    "empty answer": (qa(3, answer=""), 986003, "field answers is missing"),
    "question is a number": (qa(3, question=2), 986003, "field question has the wrong type"),
    "another image's id": (qa(3, image_id="x"), 986003, "image_id mixes types"),
    "twice": (qa(10), 986010, "not unique"),
    "a number": (5, None, "wrong type"),
    "null": (None, None, "wrong type"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_questions_are_named_by_their_image(tmp_path: Path, case: str) -> None:
    record, question_id, problem = BAD[case]
    content = [image(1), {"image_id": 2, "qas": [qa(21), record]}, image(3)]
    result = read(tmp_path, content)
    assert result.ids == [986010, 986011, 986021, 986030, 986031]
    check_bad(result, "question_answers.json", 1, question_id, problem)


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"qas": [qa(1)]}, "image_id"),
        ({"image_id": None, "qas": [qa(1)]}, "image_id"),
        ({"image_id": 1}, "qas"),
        ({"image_id": 1, "qas": {"1": qa(1)}}, "qas"),
        (5, "object"),
    ],
)
def test_bad_images(tmp_path: Path, record: Any, words: str) -> None:
    result = read(tmp_path, [image(4), record, image(5)])
    assert len(result.ids) == 4
    check_bad(result, "question_answers.json", 1, None, "image with its questions cannot be used")
    assert words in result.bad[0].found


def test_every_image_bad(tmp_path: Path) -> None:
    result = read(tmp_path, [{"qas": []}, {"image_id": 3}])
    assert not result.rows and len(result.bad) == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([], "no records"),
        ({"qas": []}, "Expected `array`"),
        ([qa(1)], "keys qa_id, question, answer"),
        (b"[{]", "not valid JSON"),
    ],
)
def test_other_files(tmp_path: Path, content: Any, words: str) -> None:
    path = write(tmp_path / "question_answers.json", content)
    message = failure("visual_genome", splits={"train": {"questions": path}})
    assert "question_answers.json" in message and words in message


@pytest.mark.parametrize(
    "splits", [{}, {"dev": {"questions": "q"}}, {"train": {"images": "i"}}, {"train": {"questions": []}}]
)
def test_wrong_options(splits: Any) -> None:
    with pytest.raises(ValidationError):
        VisualGenomeOptions(splits=splits)
