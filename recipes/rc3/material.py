"""What is pre-trained on: texts and images, which texts are translations, and which only share an image."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from recipes.lib import pairs
from recipes.lib.records import field as named
from recipes.lib.weak_pairs import WeakText, pair_up, read_wit
from recipes.rc3.config import Data


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
        for first, second in pair_up(texts, seed=seed):
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
    """Every train sentence and question of a drawn world, to learn word pieces from."""
    from recipes.drawn_world.texts import parallel_questions, parallel_sentences

    for _, text in (*parallel_sentences(world), *parallel_questions(world)):
        yield from (named(text, language, world) for language in languages)


def _read_world(material: Material, data: Data, world: Path, weak: bool, seed: int) -> None:
    from recipes.drawn_world.texts import parallel_questions, parallel_sentences, weak_texts

    sentences = list(parallel_sentences(world))
    material.parallel = [
        [named(text, language, world) for language in data.languages]
        for _, text in (*sentences, *parallel_questions(world))
    ]
    images = list(dict.fromkeys(image for image, _ in sentences))
    order = np.random.default_rng([seed, 0]).permutation(len(images))
    strict = {images[row] for row in order[: max(1, round(data.strict_share * len(images)))]}
    for image, sentence in sentences:
        if image in strict:
            rows = [material.add(image, each, sentence[each]) for each in data.languages]
            material.strict += [(rows[0], row) for row in rows[1:]]
    if weak:
        others = set(images) - strict
        texts = weak_texts(
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
