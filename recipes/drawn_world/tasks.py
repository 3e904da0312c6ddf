"""The five task forms in the scenes world, in English, Japanese and Hindi.

Apart from ``wit``, the examples of a split are the same in every language: same images, same labels, texts
that say the same. ``wit`` describes each scene in each language by other facts, as Wikipedias do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recipes.drawn_world.scenes import Scene, facts, false_fact, load_scenes
from recipes.drawn_world.scenes.kinds import FOOD, PEOPLE
from recipes.drawn_world.scenes.words import NOUNS, Phrase, Text, colour, text
from recipes.drawn_world.texts import read_captions, weak_texts
from recipes.lib.records import json_lines, read_json
from recipes.lib.tasks import LABELS, Examples, Row, TaskName, gathered

PER_SCENE = {"two_images": 4, "entailment": 4}
PLAIN = ("colour", "place", "weather")
"""Facts that hypotheses are about; what they name is in the picture as such, nothing is to be counted."""
MIN_COUNT = 9


class Subject(NamedTuple):
    """Something to look for in an image: a kind of thing, perhaps of one colour."""

    kind: str
    colour: str | None

    def phrase(self) -> Phrase:
        """In words."""
        return Phrase(NOUNS[self.kind], adjective=colour(self.colour) if self.colour else None)


def scene_examples(world: Path, task: TaskName, split: str, language: str, *, seed: int = 0) -> Examples:
    """The examples of a task in the scenes world.

    Args:
        world: a folder written by ``python -m recipes.drawn_world.scenes``.
        task: which form.
        split: ``train`` or ``validation``.
        language: en, ja or hi.
        seed: of statements that are drawn; give all languages the same.

    Raises:
        SourceError: the folder holds no world, or no scenes of this split.
    """
    if task == "vqa":
        answers = {answer: label for label, answer in enumerate(scene_vocabulary(world))}
        return gathered(task, language, _questions(world, split, language, answers), len(answers), world)
    if task == "captions":
        found = read_captions(world, split, language)
        rows = (Row(n, (found.image_id[n],), found.text[n]) for n in range(len(found)))
        return gathered(task, language, rows, 1, world)
    if task == "wit":
        texts = weak_texts(world, split, ["en", "ja", "hi"], facts=2, seed=seed)
        own = (each for each in texts if each.language == language)
        return gathered(
            task, language, (Row(n, (each.image_id,), each.text) for n, each in enumerate(own)), 1
        )
    scenes = [scene for scene in load_scenes(world) if scene.split == split]
    make = two_image_statements if task == "two_images" else hypotheses
    rows = (
        Row(number, images, words[language], (label,), (1.0,))
        for number, (images, words, label) in enumerate(make(scenes, seed))
    )
    return gathered(task, language, rows, len(LABELS[task]), world)


def scene_vocabulary(world: Path) -> list[str]:
    """The answers that at least nine train questions have as their commonest, the most frequent first."""
    annotations = read_json(world / "v2_scenes_train_annotations.json")["annotations"]
    counts = Counter(each["multiple_choice_answer"] for each in annotations)
    return [
        answer
        for answer, count in sorted(counts.items(), key=lambda each: (-each[1], each[0]))
        if count >= MIN_COUNT
    ]


def two_image_statements(scenes: Sequence[Scene], seed: int) -> Iterator[tuple[tuple[int, int], Text, int]]:
    """((left image, right image), statement, whether it is true) for pairs of scenes.

    Every statement is about one kind of thing, with or without its colour: it is in the left picture, in the
    right one, or in both. It comes twice, once true and once false of other pictures, so that nothing can be
    told from the text alone.
    """
    rng = np.random.default_rng([seed, 2])
    seen = [_subjects(scene) for scene in scenes]
    known: dict[Subject, Mapping[bool, NDArray[np.int64]]] = {}
    for own in range(len(scenes)):
        options = sorted(seen[own], key=str)
        for _ in range(PER_SCENE["two_images"] // 2):
            form = list(_STATEMENTS)[int(rng.integers(len(_STATEMENTS)))]
            subject = options[int(rng.integers(len(options)))]
            if subject not in known:
                having = np.array([subject in each for each in seen])
                known[subject] = {True: np.flatnonzero(having), False: np.flatnonzero(~having)}
            places = known[subject]
            if min(len(places[True]), len(places[False])) < 2:
                continue
            for wanted in (True, False):
                left, right = _pair(places, form, wanted, rng)
                images = (scenes[left].image_id, scenes[right].image_id)
                yield images, _STATEMENTS[form](subject.phrase()), int(wanted)


def hypotheses(scenes: Sequence[Scene], seed: int) -> Iterator[tuple[tuple[int], Text, int]]:
    """((image,), hypothesis, label): a fact of the scene, one that it contradicts, or one that nobody can
    see.

    Neutral hypotheses can be told from the text alone, as many of SNLI's can; the other two need the image.
    """
    for scene in scenes:
        rng = np.random.default_rng([seed, scene.image_id, 3])
        true = [fact for fact in facts(scene) if fact.key.partition(":")[0] in PLAIN]
        for _ in range(PER_SCENE["entailment"]):
            label = int(rng.integers(3))
            fact = true[int(rng.integers(len(true)))]
            words = (
                false_fact(scene, rng, fact.key).text
                if label == 0
                else _neutral(scene, rng)
                if label == 1
                else fact.text
            )
            yield (scene.image_id,), words, label


def _left(thing: Phrase) -> Text:
    return text(
        f"There is {thing.en_a} in the left picture.",
        f"左の写真には{thing.ja}が{thing.ja_be}。",
        f"बाईं तस्वीर में {thing.hi} है।",
    )


def _right(thing: Phrase) -> Text:
    return text(
        f"There is {thing.en_a} in the right picture.",
        f"右の写真には{thing.ja}が{thing.ja_be}。",
        f"दाईं तस्वीर में {thing.hi} है।",
    )


def _both(thing: Phrase) -> Text:
    return text(
        f"There is {thing.en_a} in both pictures.",
        f"どちらの写真にも{thing.ja}が{thing.ja_be}。",
        f"दोनों तस्वीरों में {thing.hi} है।",
    )


_STATEMENTS: Mapping[str, Callable[[Phrase], Text]] = {
    "left": _left,
    "right": _right,
    "both": _both,
}
_TRUTH: Mapping[str, Callable[[bool, bool], bool]] = {
    "left": lambda left, right: left,
    "right": lambda left, right: right,
    "both": lambda left, right: left and right,
}


def _pair(
    places: Mapping[bool, NDArray[np.int64]], form: str, wanted: bool, rng: np.random.Generator
) -> tuple[int, int]:
    """Two scenes of which a statement is true, or false, as wanted.

    Args:
        places: the scenes that have what the statement is about, and those that do not; two at least of each.
        form: of the statement.
        wanted: its truth.
        rng: draws them.
    """
    either = (True, False)
    cases = [(left, right) for left in either for right in either if _TRUTH[form](left, right) == wanted]
    in_left, in_right = cases[int(rng.integers(len(cases)))]
    left = int(rng.choice(places[in_left]))
    others = places[in_right]
    return left, int(rng.choice(others[others != left]))


def _subjects(scene: Scene) -> set[Subject]:
    """What is in a scene; people's colours are those of their clothes and are not said."""
    found = {Subject(thing.kind, None) for thing in scene.things}
    coloured = (thing for thing in scene.things if thing.colour and thing.kind not in PEOPLE)
    return found | {Subject(thing.kind, thing.colour) for thing in coloured}


def _neutral(scene: Scene, rng: np.random.Generator) -> Text:
    """What no picture shows, of something that is in this one."""
    options = sorted(_subjects(scene), key=str)
    subject = options[int(rng.integers(len(options)))]
    thing, noun = subject.phrase(), NOUNS[subject.kind]
    said = _OF_THE_LIVING if noun.lives else _OF_FOOD if subject.kind in FOOD else _OF_THINGS
    english, japanese, *hindi = said[int(rng.integers(len(said)))]
    return text(
        f"The {thing.en} {english}.", f"{thing.ja}は{japanese}。", f"{thing.hi} {thing.agree(*hindi)}।"
    )


# English and Japanese predicates; Hindi ones for a masculine, a masculine plural and a feminine noun.
_Said = tuple[str, str, str, str, str]
_OF_THE_LIVING: tuple[_Said, ...] = (
    ("is hungry", "お腹が空いています", "भूखा है", "भूखे हैं", "भूखी है"),
    ("is tired", "疲れています", "थका हुआ है", "थके हुए हैं", "थकी हुई है"),
    ("was born in spring", "春に生まれました", "वसंत में पैदा हुआ था", "वसंत में पैदा हुए थे", "वसंत में पैदा हुई थी"),
)
_OF_FOOD: tuple[_Said, ...] = (
    ("is delicious", "おいしいです", "स्वादिष्ट है", "स्वादिष्ट हैं", "स्वादिष्ट है"),
    ("was expensive", "値段が高かったです", "महँगा था", "महँगे थे", "महँगी थी"),
    ("was a present", "プレゼントでした", "उपहार में मिला था", "उपहार में मिले थे", "उपहार में मिली थी"),
)
_OF_THINGS: tuple[_Said, ...] = (
    ("is new", "新品です", "नया है", "नए हैं", "नई है"),
    ("was expensive", "値段が高かったです", "महँगा था", "महँगे थे", "महँगी थी"),
    ("belongs to a teacher", "先生のものです", "किसी शिक्षक का है", "किसी शिक्षक के हैं", "किसी शिक्षक की है"),
)


def _questions(world: Path, split: str, language: str, answers: Mapping[str, int]) -> Iterator[Row]:
    """The grammar's own questions in each language, without translation noise; answers English, as xGQA's."""
    clean = {
        record["question_id"]: record[language] for _, record in json_lines(world / "clean_questions.jsonl")
    }
    asked = read_json(world / f"v2_scenes_{split}_annotations.json")["annotations"]
    for annotation in asked:
        given = Counter(each["answer"] for each in annotation["answers"])
        scores = {
            answers[answer]: min(1.0, 0.3 * count) if count < 4 else 1.0
            for answer, count in given.items()
            if answer in answers
        }
        key = annotation["question_id"]
        yield Row(key, (annotation["image_id"],), clean[key], tuple(scores), tuple(scores.values()))
