from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from vqa_builder.metrics.inputs import are_labels, partners, to_text, vocabulary_form
from vqa_builder.metrics.references import load_references


@pytest.mark.parametrize(
    ("predicted", "expected"),
    [
        (["orange", "orange", "cat", "2", "yes"], True),
        (["オレンジ色", "オレンジ", "猫", "2", "はい"], False),
        (["2", "2", "2", "2", "2"], False),
        (["Orange", "The cat", "赤", "2", "2"], True),
        (["kitten", "kitten", "2", "2", "2"], True),
        (["子猫", "kitten", "子猫", "2", "2"], False),
        (["orange", "赤", "猫。", "2", "はい"], False),
        (["ginger", "cat", "cat", "2", "はい"], True),
        ([None, None, "cat", None, None], True),
    ],
)
def test_labels_are_recognised(release: Path, predicted: list[str | None], expected: bool) -> None:
    assert are_labels(pa.array(predicted, pa.string()), load_references(release)) is expected


def test_a_homograph_means_what_the_annotators_meant(release: Path) -> None:
    found = to_text(pa.array(["orange", "orange", "orange", "The cat", None]), load_references(release))
    assert found.to_pylist() == ["オレンジ色", "オレンジ", "オレンジ色", "猫", None]


def test_what_is_no_label_stays(release: Path) -> None:
    found = to_text(pa.array(["zyzzyva", "赤", "cat", "2", "yes"]), load_references(release))
    assert found.to_pylist() == ["zyzzyva", "赤", "猫", "2", "はい"]


def test_partners_share_a_surface_form(release: Path) -> None:
    references = load_references(release, "en")
    found = partners(pa.array(["red", "orange", "cat", "2", None]), references)
    same = [
        answer
        for answer, hit in zip(references.answer_field("answer").to_pylist(), found, strict=True)
        if hit
    ]
    assert same == ["cats"] * 5


def test_vocabulary_form() -> None:
    assert vocabulary_form("The Red, white") == "red white"
