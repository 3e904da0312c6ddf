"""Vocabularies: counted by the official rule, or read from every published shape; ids never move."""

import json
from pathlib import Path

import pyarrow as pa
import pytest

from vqa_builder.answers.vocabulary import from_examples, from_file, normalised
from vqa_builder.errors import SpecError


def winners(*rows: tuple[str, str | None]) -> pa.Table:
    return pa.table(
        {
            "split": [split for split, _ in rows],
            "multiple_choice_answer": pa.array([answer for _, answer in rows], pa.string()),
        },
    )


def test_labels_are_ranked_by_count_then_by_text() -> None:
    table = from_examples(
        winners(("train", "red"), ("train", "cat"), ("train", "cat"), ("train", "blue"), ("test", None)),
        min_count=1,
    )
    assert table["answer_en"].to_pylist() == ["cat", "blue", "red"]
    assert table["label"].to_pylist() == [0, 1, 2]
    assert table["count"].to_pylist() == [2, 1, 1]


def test_only_the_training_split_counts() -> None:
    table = from_examples(
        winners(("train", "red"), ("validation", "cat"), ("validation", "cat")), min_count=1
    )
    assert table["answer_en"].to_pylist() == ["red"]


def test_answers_are_counted_normalised() -> None:
    table = from_examples(winners(("train", "Two"), ("train", "2"), ("train", "the cat.")), min_count=1)
    assert table["answer_en"].to_pylist() == ["2", "cat"]
    assert normalised("1,000") == "1000"


@pytest.mark.parametrize(
    ("size", "min_count", "expected"), [(1, None, ["b"]), (None, 2, ["b"]), (9, None, ["b", "c"])]
)
def test_size_and_minimum_count(size: int | None, min_count: int | None, expected: list[str]) -> None:
    table = from_examples(
        winners(("train", "c"), ("train", "b"), ("train", "b")), size=size, min_count=min_count
    )
    assert table["answer_en"].to_pylist() == expected


@pytest.mark.parametrize(
    "content",
    [
        ["no", "yes"],
        {"yes": 1, "no": 0},
        {"0": "no", "1": "yes"},
        [{"yes": 1, "no": 0}, {"1": "yes", "0": "no"}],
    ],
)
def test_every_published_shape(tmp_path: Path, content: object) -> None:
    path = tmp_path / "answers.json"
    path.write_text(json.dumps(content))
    table = from_file(path)
    assert table["answer_en"].to_pylist() == ["no", "yes"]
    assert table["count"].null_count == 2


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (["no", "yes", "no"], "'no' twice"),
        ({"no": 0, "yes": 2}, "gaps or repeat"),
        ({"no": 0, "yes": 0}, "gaps or repeat"),
        ([1, 2], "unknown shape"),
        ("yes", "unknown shape"),
    ],
)
def test_a_vocabulary_that_cannot_be_trusted_is_refused(tmp_path: Path, content: object, told: str) -> None:
    path = tmp_path / "answers.json"
    path.write_text(json.dumps(content))
    with pytest.raises(SpecError, match=told):
        from_file(path)


def test_a_file_that_is_no_json(tmp_path: Path) -> None:
    (tmp_path / "answers.json").write_text("yes\nno\n")
    with pytest.raises(SpecError, match="no JSON file"):
        from_file(tmp_path / "answers.json")
    with pytest.raises(SpecError, match="no such vocabulary"):
        from_file(tmp_path / "missing.json")


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("lxmert_vqa_trainval_ans2label.json", 3129),
        ("lxmert_vqa_trainval_label2ans.json", 3129),
        ("lxmert_gqa_trainval_label2ans.json", 1842),
        ("multilingual_vqa_answer_mapping.json", 3129),
        ("multilingual_vqa_answer_reverse_mapping.json", 3129),
        ("openvqa_vqa_answer_dict.json", 3129),
    ],
)
def test_the_real_vocabularies(shared: Path, name: str, size: int) -> None:
    assert from_file(shared / "data" / "answer_vocab" / name).num_rows == size
