"""The sentences and questions of a drawn world, in the forms in which the recipes read public sets.

``sentences.jsonl`` has one record per scene, ``{"image_id", "split", "caption", "facts"}``; a caption and
every fact say the same in English, Japanese and Hindi, and so does a question in ``clean_questions.jsonl``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from recipes.lib.pairs import ImageId, Pairs, paired
from recipes.lib.records import field, json_lines, read_json
from recipes.lib.weak_pairs import WeakText


def read_sentences(world: Path, split: str) -> Iterator[dict[str, Any]]:
    """The records of ``sentences.jsonl`` of one split: image_id, caption, facts.

    Raises:
        SourceError: there is no such file.
    """
    for _, record in json_lines(world / "sentences.jsonl"):
        if record["split"] == split:
            yield record


def read_captions(
    world: Path, split: str, language: str, *, captions: bool = True, facts: bool = False
) -> Pairs:
    """A picture's caption, and its one-fact sentences if asked for, beside the English ones.

    Raises:
        SourceError: the folder holds no world, or nothing of this split or in this language.
    """
    found: list[tuple[ImageId, str, str]] = []
    where = world / "sentences.jsonl"
    for record in read_sentences(world, split):
        sentences = [record["caption"]] * captions + (field(record, "facts", where) if facts else [])
        found += [
            (record["image_id"], field(each, language, where), field(each, "en", where)) for each in sentences
        ]
    return paired(language, found, where)


def weak_texts(
    world: Path,
    split: str,
    languages: Sequence[str],
    *,
    facts: int = 1,
    seed: int = 0,
    images: Collection[int] | None = None,
) -> list[WeakText]:
    """Texts about the scenes of a world, in each language about facts that were drawn for it alone.

    Args:
        world: a folder written by ``python -m recipes.drawn_world.scenes``.
        split: ``train`` or ``validation``.
        languages: of the texts; each scene gets one text in each of them.
        facts: sentences in a text, fewer where a scene has fewer. The languages of one scene get disjoint
            facts as long as there are enough.
        seed: of the draws.
        images: keep only these scenes.

    Raises:
        SourceError: the folder holds no world.
    """
    found = []
    for scene in read_sentences(world, split):
        if images is not None and scene["image_id"] not in images:
            continue
        known = scene["facts"]
        rng = np.random.default_rng([seed, scene["image_id"]])
        drawn = [int(row) for row in rng.permutation(len(known))]
        for number, language in enumerate(rng.permutation(list(languages)).tolist()):
            rows = [drawn[(number * facts + step) % len(drawn)] for step in range(min(facts, len(drawn)))]
            text = joined([known[row][language] for row in rows], language)
            found.append(WeakText(scene["image_id"], language, text))
    return found


def parallel_sentences(world: Path) -> Iterator[tuple[Any, dict[str, str]]]:
    """(image_id, {language: sentence}) of the captions and facts of every train scene."""
    for record in read_sentences(world, "train"):
        for sentence in (record["caption"], *record["facts"]):
            yield record["image_id"], sentence


def parallel_questions(world: Path) -> Iterator[tuple[Any, dict[str, str]]]:
    """(image_id, {language: question}) of the train questions, in the grammar's own translations."""
    clean = {record["question_id"]: record for _, record in json_lines(world / "clean_questions.jsonl")}
    for question in read_json(world / "v2_scenes_train_questions.json")["questions"]:
        yield question["image_id"], clean[question["question_id"]]


def joined(sentences: Sequence[str], language: str) -> str:
    """Sentences as one text: Japanese has no space between them.

    >>> joined(["犬がいます。", "雨が降っています。"], "ja")
    '犬がいます。雨が降っています。'
    """
    return ("" if language == "ja" else " ").join(sentences)
