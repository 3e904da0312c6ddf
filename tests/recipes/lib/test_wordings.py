from __future__ import annotations

import json
from pathlib import Path

import pytest

from recipes.lib.data import load_questions
from recipes.lib.evaluate import score
from recipes.lib.wordings import read_held_out, seen_and_unseen
from vqa_builder.errors import SpecError


@pytest.mark.parametrize("english", [False, True])
def test_questions_are_parted_by_whether_training_has_their_text(
    releases: dict[str, Path], english: bool
) -> None:
    learned = set(load_questions(releases["ja"], "train", english=english).text)
    asked = load_questions(releases["ja"], "validation", english=english)
    groups = seen_and_unseen(releases["ja"], "validation", english=english)
    assert groups["seen"] == {
        key for key, text in zip(asked.question_id, asked.text, strict=True) if text in learned
    }
    assert groups["seen"] | groups["unseen"] == set(asked.question_id)
    of_training = seen_and_unseen(releases["ja"], "train", english=english)
    assert not of_training["unseen"]


def test_the_accuracy_of_each_group_is_recorded_and_none_of_an_empty_one(releases: dict[str, Path]) -> None:
    asked = load_questions(releases["ja"], "validation")
    answers = [{"question_id": key, "answer": "yes"} for key in asked.question_id]
    groups = {"first": [asked.question_id[0]], "rest": asked.question_id[1:], "none": []}
    found = score(answers, releases["ja"], "validation", language="ja", groups=groups).record()
    parts = [found[f"accuracy_{name}"] * found[f"questions_{name}"] for name in ("first", "rest")]
    assert sum(parts) / len(asked) == pytest.approx(found["accuracy"], abs=0.02)
    assert "accuracy_none" not in found


def test_what_is_held_out_is_read_by_kind(tmp_path: Path) -> None:
    path = tmp_path / "holdout.json"
    path.write_text(json.dumps({"question_ids": [1], "new": {"wording": [1, 2], "noun": []}}))
    assert read_held_out(path) == {"held out": {1}, "new wording": {1, 2}, "new noun": frozenset()}
    assert read_held_out(None) == {}
    path.write_text("[1]")
    with pytest.raises(SpecError, match="held-out questions cannot be read"):
        read_held_out(path)
