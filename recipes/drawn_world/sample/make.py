"""Draws the embedded sample's pictures and writes its official VQA v2 files into the package.

    python -m recipes.drawn_world.sample.make

The questions come from ``questions.txt``; the same sources give the same files.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from recipes.drawn_world.figures.canvas import Canvas
from recipes.drawn_world.sample import animals, indoors, people, streets
from recipes.drawn_world.vqa_format import annotation, header, most_frequent
from vqa_builder.sample import sample_folder
from vqa_builder.store import write_json

PREFIX = "v2_sample"
QUESTIONS = Path(__file__).with_name("questions.txt")
DESCRIPTION = "The embedded sample of vqa_builder: drawn pictures in the format of VQA v2."
CONFIDENCE = {"": "yes", "?": "maybe", "??": "no"}
SCENES: dict[int, Callable[[Canvas], None]] = {
    **animals.SCENES,
    **streets.SCENES,
    **people.SCENES,
    **indoors.SCENES,
}
"""The function that draws each picture, by image id."""


class Question(NamedTuple):
    """One question and what ten people answered: (answer, confidence), in the order of the source."""

    image_id: int
    number: int
    split: str
    text: str
    answers: list[tuple[str, str]]

    @property
    def question_id(self) -> int:
        """The id in the manner of VQA v2: the image's, then the question's number."""
        return self.image_id * 1000 + self.number


def main() -> None:
    """Draw the pictures and write the questions and annotations of every split."""
    folder = sample_folder()
    draw(folder / "images")
    write_questions(folder)


def draw(folder: Path) -> None:
    """Draw every picture into ``folder``, under the file names of VQA data."""
    folder.mkdir(exist_ok=True)
    for image_id, scene in SCENES.items():
        canvas = Canvas.blank()
        scene(canvas)
        canvas.finish().save(folder / f"VQA_sample_{image_id:012d}.png", optimize=True)


def write_questions(folder: Path) -> None:
    """Write the official files of every split into ``folder``; the split test gets no annotations."""
    questions = read(QUESTIONS.read_text(encoding="utf-8"))
    for split in ("train", "validation", "test"):
        of_split = [question for question in questions if question.split == split]
        head = header(DESCRIPTION, version="2.0", subtype="sample", split=split)
        records = [_question(question) for question in of_split]
        write_json(folder / f"{PREFIX}_{split}_questions.json", head | {"questions": records})
        if split != "test":
            annotations = [_annotation(question) for question in of_split]
            write_json(folder / f"{PREFIX}_{split}_annotations.json", head | {"annotations": annotations})


def read(text: str) -> list[Question]:
    """The questions of a text in the form that the head of ``questions.txt`` explains.

    Raises:
        ValueError: a line does not have this form, or does not hold ten answers.
    """
    questions: list[Question] = []
    image_id, split, number = 0, "", 0
    for line in text.splitlines():
        if heading := re.fullmatch(r"## (\d+) (train|validation|test): .+", line):
            image_id, split, number = int(heading[1]), heading[2], 0
        elif line and not line.startswith("# "):
            question, _, answers = line.partition(" | ")
            questions.append(Question(image_id, number, split, question, _ten(answers, line)))
            number += 1
    return questions


def _ten(answers: str, line: str) -> list[tuple[str, str]]:
    given: list[tuple[str, str]] = []
    for part in answers.split(", "):
        found = re.fullmatch(r"(.+)\*(\d+)(\??\??)", part)
        if not found:
            raise ValueError(f"no 'answer*count' in {part!r} of {line!r}")
        given += [(found[1], CONFIDENCE[found[3]])] * int(found[2])
    if len(given) != 10:
        raise ValueError(f"{len(given)} answers, not ten, in {line!r}")
    return given


def _question(question: Question) -> dict[str, Any]:
    return {
        "image_id": question.image_id,
        "question": question.text,
        "question_id": question.question_id,
    }


def _annotation(question: Question) -> dict[str, Any]:
    shuffled = random.Random(question.question_id).sample(question.answers, k=10)
    winner = most_frequent(question.answers)
    return annotation(question.question_id, question.image_id, question.text, shuffled, winner)


if __name__ == "__main__":
    main()
