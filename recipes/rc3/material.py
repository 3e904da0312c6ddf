"""What is pre-trained on: texts and images, which texts are translations, and which only share an image."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from recipes.lib import pairs
from recipes.lib.weak_pairs import WeakText, pair_up, read_sentences, read_wit, scene_texts
from recipes.rc3.config import Data
from vqa_builder.errors import SourceError


@dataclass
class Material:
    """Texts and the pairs among them.

    Attributes:
        texts: (image_id, language, text).
        strict: rows of a text and of its translation.
        weak: rows of two texts about one image in two languages.
        parallel: sentences in all languages of the world, without images, for the relevance encoder.
    """

    texts: list[tuple[Any, str, str]] = field(default_factory=list)
    strict: list[tuple[int, int]] = field(default_factory=list)
    weak: list[tuple[int, int]] = field(default_factory=list)
    parallel: list[list[str]] = field(default_factory=list)

    def add(self, image: Any, language: str, text: str) -> int:
        """The row of a new text."""
        self.texts.append((image, language, text))
        return len(self.texts) - 1

    def add_weak(self, texts: Iterable[WeakText], seed: int) -> None:
        """Texts, and the pairs that they make."""
        rows: dict[WeakText, int] = {}
        for first, second, _ in pair_up(texts, seed=seed):
            for text in (first, second):
                if text not in rows:
                    rows[text] = self.add(text.image_id, text.language, text.text)
            self.weak.append((rows[first], rows[second]))


def read_material(data: Data, *, weak: bool, seed: int) -> Material:
    """The material that the settings name.

    Args:
        data: the settings.
        weak: read weakly aligned text too.
        seed: of what is drawn.
    """
    material = Material()
    if data.world is not None:
        _read_world(material, data, data.world, weak, seed)
    else:
        _read_files(material, data, weak, seed)
    return material


def world_texts(world: Path, languages: list[str]) -> Iterator[str]:
    """Every train sentence and question of a world, to learn word pieces from."""
    for record in read_sentences(world, "train"):
        for sentence in (record["caption"], *record["facts"]):
            yield from (sentence[language] for language in languages)
    for _, question in train_questions(world):
        yield from (question[language] for language in languages)


def train_questions(world: Path) -> Iterator[tuple[Any, dict[str, str]]]:
    """(image_id, {language: question}) of the train questions, in the grammar's own translations."""
    clean = {record["question_id"]: record for record in _lines(world / "clean_questions.jsonl")}
    asked = json.loads((world / "v2_scenes_train_questions.json").read_text(encoding="utf-8"))["questions"]
    for question in asked:
        yield question["image_id"], clean[question["question_id"]]


def _read_world(material: Material, data: Data, world: Path, weak: bool, seed: int) -> None:
    scenes = list(read_sentences(world, "train"))
    material.parallel = [
        [sentence[language] for language in data.languages]
        for scene in scenes
        for sentence in (scene["caption"], *scene["facts"])
    ]
    asked = (question for _, question in train_questions(world))
    material.parallel += [[question[language] for language in data.languages] for question in asked]
    images = [scene["image_id"] for scene in scenes]
    order = np.random.default_rng([seed, 0]).permutation(len(images))
    strict = {images[row] for row in order[: max(1, round(data.strict_share * len(images)))]}
    described = (
        (scene["image_id"], sentence) for scene in scenes for sentence in (scene["caption"], *scene["facts"])
    )
    for image, sentence in described:
        if image in strict:
            rows = [material.add(image, language, sentence[language]) for language in data.languages]
            material.strict += [(rows[0], row) for row in rows[1:]]
    if weak:
        others = set(images) - strict
        texts = scene_texts(
            world, "train", data.languages, facts=data.facts_per_text, seed=seed, images=others
        )
        material.add_weak(texts, seed)


def _read_files(material: Material, data: Data, weak: bool, seed: int) -> None:
    for source in data.strict:
        if source.reader == "multi30k":
            read = pairs.read_multi30k(source.path, source.split, source.language)
        elif source.reader == "translated":
            read = pairs.read_translated(source.path, source.language)
        else:
            read = pairs.read_xflickrco(source.path, source.language)
        for row, (image, text) in enumerate(zip(read.image_id, read.text, strict=True)):
            own = material.add(image, source.language, text)
            if read.english is not None:
                material.strict.append((material.add(image, "en", read.english[row]), own))
    if weak:
        for path in data.weak:
            material.add_weak(read_wit(path, data.languages), seed)


def _lines(path: Path) -> Iterator[Any]:
    try:
        with path.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)
    except (OSError, ValueError) as error:
        raise SourceError("The world cannot be read", where=path, found=str(error)) from error
