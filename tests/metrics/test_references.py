from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from vqa_builder.errors import ReleaseError, SourceError, UnknownNameError
from vqa_builder.metrics.references import load_references

ANNOTATIONS: list[dict[str, Any]] = [
    {
        "question_id": "VizWiz_val_1.jpg",
        "image_id": "VizWiz_val_1.jpg",
        "question_type": "what",
        "answer_type": "other",
        "answers": [{"answer": "cat", "answer_confidence": "maybe"}, {"answer": ""}],
    },
    {"question_id": 2, "answers": [{"answer": "2", "answer_id": 1}], "multiple_choice_answer": "2"},
]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("official.json", json.dumps({"info": {}, "annotations": ANNOTATIONS}).encode()),
        ("official.json.gz", gzip.compress(json.dumps({"annotations": ANNOTATIONS}).encode())),
        ("list.json", json.dumps(ANNOTATIONS).encode()),
    ],
)
def test_annotation_files(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    found = load_references(tmp_path / name)
    assert found.language == "en"
    assert found.question_ids.to_pylist() == ["VizWiz_val_1.jpg", "2"]
    assert found.answer_field("answer").to_pylist() == ["cat", "", "2"]
    assert found.row_of_answer.tolist() == [0, 0, 1]
    assert found.rows["answer_type"].to_pylist() == ["other", None]


def test_annotations_in_another_language() -> None:
    assert load_references(ANNOTATIONS, "hi").language == "hi"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"questions": []}, "missing required field `annotations`"),
        ([{"question_id": 1}], "1 of 1 questions without, the first: 1"),
        ([{"answers": ["cat"]}], "Record 0 has no `question_id`"),
        ([{"question_id": 1, "answers": [["cat"]]}], r"at `$[0].answers[0]`"),
        ([{"question_id": 1, "answers": []}], "1 of 1 questions without, the first: 1"),
        ([], "0 of 0 questions without"),
        ([ANNOTATIONS[1], ANNOTATIONS[1]], "1 ids more than once, the first: 2"),
    ],
)
def test_bad_annotations(tmp_path: Path, content: object, expected: str) -> None:
    path = tmp_path / "annotations.json"
    path.write_text(json.dumps(content))
    with pytest.raises(SourceError) as error:
        load_references(path)
    assert expected in str(error.value)
    assert str(path) in str(error.value)


TEN = ["red"] * 9 + ["3"]


@pytest.mark.parametrize(
    ("name", "content", "id_"),
    [
        (
            "textvqa.json",
            {"data": [{"question_id": 7, "image_id": "x", "answers": TEN}]},
            "7",
        ),
        (
            "vizwiz.json",
            [{"image": "a.jpg", "answers": [{"answer": a} for a in TEN]}],
            "a.jpg",
        ),
        ("lavis.json", [{"question_id": 7, "image": "a.jpg", "answer": TEN}], "7"),
        ("strings.json", {"annotations": [{"question_id": "n/7", "answers": TEN}]}, "n/7"),
        ("numbers.json", [{"question_id": 7, "answers": [*TEN[:9], 3]}], "7"),
    ],
)
def test_forms_of_other_data_sets(tmp_path: Path, name: str, content: object, id_: str) -> None:
    (tmp_path / name).write_text(json.dumps(content))
    found = load_references(tmp_path / name)
    assert found.question_ids.to_pylist() == [id_]
    assert found.answer_field("answer").to_pylist() == TEN


def test_json_lines_and_one_answer_alone(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(
        '{"question_id": 1, "answer": "cat"}\n{"question_id": 2, "answer": 2}\n'
    )
    found = load_references(tmp_path / "a.jsonl")
    assert found.answer_field("answer").to_pylist() == ["cat", "2"]


def test_a_release_gives_its_validation_split(release: Path) -> None:
    found = load_references(release)
    assert found.language == "ja"
    assert found.question_ids.to_pylist() == ["11", "12", "13", "14", "15"]
    assert found.rows["multiple_choice_answer"].to_pylist() == ["オレンジ色", "オレンジ", "猫", "2", "はい"]
    assert found.labels.num_rows == 8
    assert load_references(str(release), split="train").question_ids.to_pylist() == ["21"]


def test_a_release_in_english(release: Path) -> None:
    found = load_references(release, "en")
    assert found.language == "en"
    assert found.rows["multiple_choice_answer"].to_pylist() == ["orange", "orange", "cats", "2", "yes"]
    assert set(found.answer_field("answer").to_pylist()[:10]) == {"orange", "red"}


def test_a_release_in_a_third_language_is_an_error(release: Path) -> None:
    with pytest.raises(ReleaseError, match="not in this language") as error:
        load_references(release, "hi")
    assert "ja, or en" in str(error.value)


def test_test_rows_have_no_answers(release: Path) -> None:
    with pytest.raises(SourceError, match="no answers to compare with"):
        load_references(release, split="test")


def test_unknown_names_list_the_known_ones(release: Path) -> None:
    with pytest.raises(UnknownNameError, match="Unknown split 'dev'") as error:
        load_references(release, split="dev")
    assert "test, train, validation" in str(error.value)
    with pytest.raises(UnknownNameError, match="Unknown language 'xx'"):
        load_references(release, "xx")
    with pytest.raises(UnknownNameError, match="Unknown split 'val'"):
        load_references(ANNOTATIONS, split="val")


def test_several_splits_without_validation_need_a_choice(release: Path) -> None:
    (release / "data/validation-00000-of-00001.parquet").unlink()
    with pytest.raises(UnknownNameError, match="none chosen"):
        load_references(release)
    (release / "data/test-00000-of-00001.parquet").unlink()
    assert load_references(release).label.endswith("train")


def test_folders_that_are_no_release(release: Path, tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="no release"):
        load_references(tmp_path)
    (release / "data/validation-00000-of-00001.parquet").write_bytes(b"PAR1 cut short")
    with pytest.raises(ReleaseError, match="damaged"):
        load_references(release)
    (release / "manifest.json").write_text("{}")
    with pytest.raises(ReleaseError, match="manifest cannot be read"):
        load_references(release)
