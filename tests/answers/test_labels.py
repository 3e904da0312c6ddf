"""A release's labels as arrays and back into text."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from tests.answers.test_winners import column
from vqa_builder import schema
from vqa_builder.answers.labels import LabelSpace
from vqa_builder.errors import ReleaseError

MAP = [
    (0, "cat", "", "猫", 9),
    (1, "orange", "colour", "オレンジ色", 8),
    (1, "orange", "fruit", "オレンジ", 2),
    (2, "cats", "", "猫", 3),
    (3, "oranges", "", "オレンジ", 1),
]


def same(found: NDArray[np.float32], expected: list[list[float]]) -> None:
    assert found.shape == (len(expected), 4)
    assert np.abs(found - np.array(expected, np.float32)).max() < 1e-6


@pytest.fixture
def release(tmp_path: Path) -> Path:
    rows = [dict(zip(("label", "answer_en", "sense", "answer", "support"), row, strict=True)) for row in MAP]
    for folder in ("answers", "data"):
        (tmp_path / folder).mkdir()
    pq.write_table(pa.Table.from_pylist(rows, schema.ANSWER_MAP), tmp_path / "answers" / "answer_map.parquet")
    answers = column(
        [("cat", "猫")] * 2 + [("Cats", "猫")],
        [("orange", "オレンジ")] * 4 + [("dog", "犬")],
    )
    table = pa.table(
        {
            "question_id": [7, 8],
            "answers": answers,
            "labels": pa.array([[0], [1]], pa.list_(pa.int32())),
            "soft_scores": pa.array([[0.6], [1.0]], pa.list_(pa.float32())),
        }
    )
    pq.write_table(table, tmp_path / "data" / "train-00000-of-00001.parquet")
    unanswered = table.slice(0, 1).set_column(1, "answers", column(None))
    pq.write_table(unanswered, tmp_path / "data" / "test-00000-of-00001.parquet")
    return tmp_path


def test_english_targets_are_those_of_the_release(release: Path) -> None:
    targets = LabelSpace.of_release(release, "ja").targets(release, "train")
    assert targets.question_ids.to_pylist() == [7, 8]
    same(targets.dense(), [[0.6, 0, 0, 0], [0, 1, 0, 0]])
    same(targets.dense(np.array([1])), [[0, 1, 0, 0]])


def test_target_targets_accept_what_reads_alike(release: Path) -> None:
    targets = LabelSpace.of_release(release, "ja").targets(release, "train", "target")
    same(targets.dense(), [[0.9, 0, 0.9, 0], [0, 1, 0, 1]])


def test_labels_and_texts(release: Path) -> None:
    space = LabelSpace.of_release(release, "ja")
    assert space.classes == 4
    assert (space.text(1), space.text(1, "fruit"), space.text(0, "other")) == ("オレンジ色", "オレンジ", "猫")
    assert (space.labels(" 猫。"), space.labels("オレンジ"), space.labels("犬")) == ([0, 2], [3], [])
    with pytest.raises(ReleaseError, match="no label 9"):
        space.text(9)


def test_torch_is_asked_for_by_name(release: Path) -> None:
    torch = pytest.importorskip("torch")
    tensors = LabelSpace.of_release(release, "ja").targets(release, "train").tensors()
    assert tensors["labels"].dtype == torch.int64
    assert tensors["starts"].tolist() == [0, 1, 2]


def test_what_has_no_targets(release: Path, tmp_path: Path) -> None:
    space = LabelSpace.of_release(release, "ja")
    with pytest.raises(ReleaseError, match="no split"):
        space.targets(release, "validation")
    with pytest.raises(ReleaseError, match="without answers"):
        space.targets(release, "test")
    with pytest.raises(ReleaseError, match="no answer map"):
        LabelSpace.of_release(tmp_path / "data", "ja")
