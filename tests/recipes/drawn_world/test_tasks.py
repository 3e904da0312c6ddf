"""The five task forms in the scenes world: parallel across languages, and true where they say so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recipes.drawn_world.scenes import sample_scene
from recipes.drawn_world.scenes.write import write
from recipes.drawn_world.tasks import hypotheses, scene_examples, scene_vocabulary, two_image_statements
from recipes.lib.tasks import LABELS, TASKS, TaskName
from vqa_builder.errors import SourceError

SCENES = [sample_scene(np.random.default_rng(n), image_id=n) for n in range(60)]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tasks") / "world"
    write(folder, images=24, seed=0, workers=1)
    return folder


@pytest.mark.parametrize("task", TASKS)
def test_languages_share_images_and_labels_and_differ_in_text(world: Path, task: TaskName) -> None:
    english, japanese, hindi = (scene_examples(world, task, "train", each) for each in ("en", "ja", "hi"))
    assert len(english) == len(japanese) == len(hindi) > 0
    for other in (japanese, hindi):
        assert other.questions.image_id == english.questions.image_id
        assert (other.questions.labels, other.second) == (english.questions.labels, english.second)
        assert not set(other.questions.text) & set(english.questions.text)
    assert all(label < english.labels for labels in english.questions.labels for label in labels)


def test_statements_about_two_images_are_balanced_and_true_where_they_say_so() -> None:
    kinds = {scene.image_id: {thing.kind for thing in scene.things} for scene in SCENES}
    found = list(two_image_statements(SCENES, seed=1))
    labels = [label for _, _, label in found]
    assert 0.35 < np.mean(labels) < 0.65
    checked = 0
    for (left, right), words, label in found:
        for kind in {"dog", "cat", "car", "table", "chair", "bird"}:
            if words["en"] == f"There is a {kind} in both pictures.":
                assert (kind in kinds[left] and kind in kinds[right]) == bool(label)
                checked += 1
            if words["en"] == f"There is a {kind} in the left picture.":
                assert (kind in kinds[left]) == bool(label)
                checked += 1
    assert checked > 5


def test_every_statement_is_true_of_some_pictures_and_false_of_others() -> None:
    said: dict[str, list[int]] = {}
    for _, words, label in two_image_statements(SCENES, seed=1):
        said.setdefault(words["en"], []).append(label)
    assert all(2 * sum(labels) == len(labels) for labels in said.values())


def test_statements_say_the_same_in_three_languages() -> None:
    said = {words["en"]: words for _, words, _ in two_image_statements(SCENES, seed=1)}
    expected = {
        "There is a dog in the left picture.": ("左の写真には犬がいます。", "बाईं तस्वीर में कुत्ता है।"),
        "There is a table in both pictures.": (
            "どちらの写真にもテーブルがあります。",
            "दोनों तस्वीरों में मेज़ है।",
        ),
        "There is a chair in the right picture.": ("右の写真には椅子があります。", "दाईं तस्वीर में कुर्सी है।"),
    }
    met = [english for english in expected if english in said]
    assert met
    for english in met:
        assert (said[english]["ja"], said[english]["hi"]) == expected[english]


def test_hypotheses_have_every_label_and_neutral_ones_are_no_facts() -> None:
    found = list(hypotheses(SCENES, seed=1))
    assert {label for _, _, label in found} == set(range(len(LABELS["entailment"])))
    neutral = {words["en"] for _, words, label in found if label == 1}
    others = {words["en"] for _, words, label in found if label != 1}
    assert not neutral & others


def test_answers_are_ordered_by_frequency(world: Path) -> None:
    answers = scene_vocabulary(world)
    assert {"yes", "no"} <= set(answers[:4])
    assert scene_examples(world, "vqa", "validation", "ja").labels == len(answers)


def test_a_folder_without_a_world_says_so(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        scene_vocabulary(tmp_path)
