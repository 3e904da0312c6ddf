"""Writes a world of any size: pictures, official VQA v2 files, sentences, and the spec that translates it."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from recipes.drawn_world.scenes.annotators import answers
from recipes.drawn_world.scenes.drawing import draw
from recipes.drawn_world.scenes.forms import ask
from recipes.drawn_world.scenes.kinds import HELD_OUT
from recipes.drawn_world.scenes.opened import HELD_OUT_NOUNS, NEW
from recipes.drawn_world.scenes.questions import Question
from recipes.drawn_world.scenes.sampling import sample_scene
from recipes.drawn_world.scenes.sentences import caption, facts
from recipes.drawn_world.scenes.views import View
from recipes.drawn_world.scenes.world import Scene
from recipes.drawn_world.vqa_format import annotation, header, most_frequent
from vqa_builder.errors import SpecError
from vqa_builder.store import atomic_folder, write_json

SPLITS = ("train", "validation")
TRAIN_SHARE = 0.75
QUESTIONS = 6
FACTS = (3, 6)
BUILD = """# Translates the scenes:  vqa-builder build {here}
name: scenes
languages: [ja, hi]
source:
  type: vqa_json
  splits:
    train:
      questions: v2_scenes_train_questions.json
      annotations: v2_scenes_train_annotations.json
    validation:
      questions: v2_scenes_validation_questions.json
      annotations: v2_scenes_validation_annotations.json
translate:
  engine: {{type: mini}}
back_translate:
  engine: {{type: mini}}
policy: balanced
align: {{type: statistical}}
answers:
  vocabulary: {{min_count: {min_count}}}
release:
  licence: apache-2.0
  sources:
    - {{name: drawn scenes of vqa_builder, licence: Apache-2.0}}
"""


def write(
    folder: str | Path,
    *,
    images: int = 2000,
    seed: int = 0,
    workers: int = 1,
    questions: int = QUESTIONS,
    simple: bool = False,
    open_world: bool = False,
) -> Path:
    """Write a world, whole or not at all; the same arguments give the same bytes.

    Args:
        folder: where to; a folder that is there is replaced.
        images: how many; three quarters of them for training.
        seed: of everything random.
        workers: processes; the files do not depend on their number.
        questions: of a picture; fewer only where it allows no more.
        simple: ask the simple forms of questions alone.
        open_world: ask in many wordings, and keep wordings, nouns and pairs for validation.

    Raises:
        SpecError: fewer than four images, no questions, or no workers.
    """
    if images < 4 or workers < 1 or questions < 1:
        raise SpecError(
            "This world cannot be drawn",
            expected="--images 4 or more, --questions 1 or more, --workers 1 or more",
            found=f"--images {images} --questions {questions} --workers {workers}",
        )
    folder = Path(folder)
    with atomic_folder(folder) as partial_folder:
        (partial_folder / "images").mkdir()
        asked = {
            "images": images,
            "seed": seed,
            "count": questions,
            "simple": simple,
            "open_world": open_world,
        }
        work = partial(_one, folder=partial_folder / "images", asked=asked)
        records = list(_in_order(work, range(1, images + 1), workers))
        _write_tables(partial_folder, records)
        count = max(1, images // 600)
        spec = BUILD.format(here="build.yaml", min_count=count)
        (partial_folder / "build.yaml").write_text(spec, encoding="utf-8", newline="\n")
    return folder


def file_name(image_id: int) -> str:
    """The name of an image's file in ``images/``."""
    return f"SCENE_{image_id:012d}.png"


def make(
    image_id: int,
    *,
    images: int,
    seed: int,
    count: int = QUESTIONS,
    simple: bool = False,
    open_world: bool = False,
) -> tuple[Scene, list[Question], np.random.Generator]:
    """One scene and its questions, from the seed and its number alone; the generator goes on from there."""
    rng = np.random.default_rng([seed, image_id])
    split = SPLITS[int(image_id > round(TRAIN_SHARE * images))]
    scene = sample_scene(rng, image_id=image_id, split=split)
    return scene, ask(View(scene), rng, count, simple=simple, open_world=open_world), rng


def count(
    *, images: int, seed: int, questions: int = QUESTIONS, simple: bool = False, open_world: bool = False
) -> dict[str, int]:
    """How many questions a world has, by what is counted; the arguments are those of ``write``.

    *Distinct* goes by the English text; *seen* are validation questions whose text stands in training.

    >>> list(count(images=4, seed=0))
    ['questions', 'distinct', 'training', 'distinct training', 'validation', 'seen validation']
    """
    texts: dict[str, list[str]] = {split: [] for split in SPLITS}
    for image_id in range(1, images + 1):
        scene, every, _ = make(
            image_id, images=images, seed=seed, count=questions, simple=simple, open_world=open_world
        )
        texts[scene.split] += [question.text["en"] for question in every]
    learned, asked = texts.values()
    known = set(learned)
    return {
        "questions": len(learned) + len(asked),
        "distinct": len(known.union(asked)),
        "training": len(learned),
        "distinct training": len(known),
        "validation": len(asked),
        "seen validation": sum(text in known for text in asked),
    }


def _one(image_id: int, *, folder: Path, asked: dict[str, Any]) -> dict[str, Any]:
    scene, questions, rng = make(image_id, **asked)
    draw(scene).save(folder / file_name(image_id), compress_level=6)
    told = facts(scene)
    number = min(len(told), int(rng.integers(FACTS[0], FACTS[1] + 1)))
    chosen = [told[i] for i in sorted(rng.permutation(len(told))[:number])]
    numbered = [(image_id * 1000 + i, question) for i, question in enumerate(questions)]
    return {
        "split": scene.split,
        "scene": scene.as_record(),
        "sentences": {
            "image_id": image_id,
            "split": scene.split,
            "caption": caption(scene),
            "facts": [{"fact": fact.key, **fact.text} for fact in chosen],
        },
        "questions": [
            {"image_id": image_id, "question": question.text["en"], "question_id": number}
            for number, question in numbered
        ],
        "annotations": [_annotation(number, image_id, question, rng) for number, question in numbered],
        "clean": [{"question_id": number, **question.text} for number, question in numbered],
        "held_out": [number for number, question in numbered if question.about & HELD_OUT],
        "new": {what: [number for number, question in numbered if what in question.new] for what in NEW},
    }


def _annotation(number: int, image_id: int, question: Question, rng: np.random.Generator) -> dict[str, Any]:
    given = answers(question, rng)
    return annotation(number, image_id, question.text["en"], given, most_frequent(given))


def _in_order(work: Any, numbers: Iterable[int], workers: int) -> Iterator[dict[str, Any]]:
    if workers == 1:
        yield from map(work, numbers)
        return
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        yield from pool.imap(work, numbers, chunksize=32)


def _write_tables(folder: Path, records: list[dict[str, Any]]) -> None:
    for split in SPLITS:
        of_split = [record for record in records if record["split"] == split]
        head = header("Drawn scenes in the format of VQA v2.", version="1.0", subtype="scenes", split=split)
        for what in ("questions", "annotations"):
            rows = [row for record in of_split for row in record[what]]
            path = folder / f"v2_scenes_{split}_{what}.json"
            text = json.dumps(head | {what: rows}, ensure_ascii=False)
            path.write_text(text + "\n", encoding="utf-8", newline="\n")
    _write_lines(folder / "scenes.jsonl", (record["scene"] for record in records))
    _write_lines(folder / "sentences.jsonl", (record["sentences"] for record in records))
    _write_lines(folder / "clean_questions.jsonl", (row for record in records for row in record["clean"]))
    asked = [record for record in records if record["split"] == "validation"]
    write_json(
        folder / "holdout.json",
        {
            "pairs": sorted([kind, colour] for kind, colour in HELD_OUT),
            "nouns": list(HELD_OUT_NOUNS),
            "question_ids": [number for record in asked for number in record["held_out"]],
            "new": {what: [number for each in asked for number in each["new"][what]] for what in NEW},
        },
    )


def _write_lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text("".join(lines), encoding="utf-8", newline="\n")
