"""The open world keeps wordings, nouns and pairs for validation, and says its questions in many ways."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recipes.drawn_world.scenes.kinds import HELD_OUT
from recipes.drawn_world.scenes.opened import _COURTESIES, HELD_OUT_NOUNS, NEW
from recipes.drawn_world.scenes.questions import Question
from recipes.drawn_world.scenes.words import NOUNS
from recipes.drawn_world.scenes.write import make, write

IMAGES = 120
NAMES = {language: {NOUNS[kind]._asdict()[language] for kind in HELD_OUT_NOUNS} for language in ("ja", "hi")}


@pytest.fixture(scope="module")
def asked() -> dict[str, list[Question]]:
    """The questions of both splits."""
    found: dict[str, list[Question]] = {"train": [], "validation": []}
    for number in range(1, IMAGES + 1):
        scene, questions, _ = make(number, images=IMAGES, seed=1, simple=True, open_world=True)
        found[scene.split] += questions
    return found


def test_training_shows_nothing_that_is_held_out(asked: dict[str, list[Question]]) -> None:
    assert not any(each.new or each.about & HELD_OUT for each in asked["train"])
    learned = [each.text for each in asked["train"]]
    # A book is 本, which is also a counter and a part of other words; none of the nouns held out is.
    assert not [text for text in learned if any(name in text["ja"] for name in NAMES["ja"])]
    assert not [text for text in learned if NAMES["hi"] & set(text["hi"].strip("?।").split())]


def test_what_is_new_in_validation_is_said(asked: dict[str, list[Question]]) -> None:
    counts = {what: sum(what in each.new for each in asked["validation"]) for what in NEW}
    assert all(counts.values())
    assert 0.35 < counts["wording"] / len(asked["validation"]) < 0.65
    for language in ("en", "ja", "hi"):
        learned = {each.text[language] for each in asked["train"]}
        texts = [each.text[language] for each in asked["validation"] if each.new & {"wording", "noun"}]
        assert texts and not learned.intersection(texts), learned.intersection(texts)


def test_a_courtesy_stands_before_the_question_in_every_language(asked: dict[str, list[Question]]) -> None:
    starts = {text["en"]: text for text in _COURTESIES}
    found = 0
    for question in asked["train"]:
        text = question.text
        for english, courtesy in starts.items():
            if text["en"].startswith(english):
                assert text["ja"].startswith(courtesy["ja"]) and text["hi"].startswith(courtesy["hi"])
                found += 1
    assert 0.4 < found / len(asked["train"]) < 0.6


def test_the_closed_world_is_as_it_was() -> None:
    _, closed, _ = make(3, images=4, seed=5, simple=True)
    assert not any(each.new for each in closed)


def test_the_files_list_what_is_new(tmp_path: Path) -> None:
    world = write(tmp_path / "world", images=8, seed=2, simple=True, open_world=True)
    held = json.loads((world / "holdout.json").read_text(encoding="utf-8"))
    assert held["nouns"] == list(HELD_OUT_NOUNS)
    assert held["new"].keys() == set(NEW)
    assert held["new"]["wording"]
    assert all(number // 1000 > 6 for ids in held["new"].values() for number in ids)
