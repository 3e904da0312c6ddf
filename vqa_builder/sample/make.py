"""Draws the sample's pictures and writes its official VQA v2 files: ``python -m vqa_builder.sample.make``.

The pictures come from ``scenes.py``, the questions from ``questions.txt``; the same sources give the same
files.
Needs Pillow (``pip install 'vqa-builder[images]'``), which nothing else in the package does.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from vqa_builder.sample import sample_folder
from vqa_builder.store import write_json

PREFIX = "v2_sample"
CONFIDENCE = {"": "yes", "?": "maybe", "??": "no"}
INFO = {
    "description": "The embedded sample of vqa_builder: drawn pictures in the format of VQA v2.",
    "url": "",
    "version": "2.0",
    "year": 2026,
    "contributor": "vqa_builder",
    "date_created": "2026-11-22 00:00:00",
}
LICENCE = {"url": "https://www.apache.org/licenses/LICENSE-2.0", "name": "Apache License 2.0"}

# The beginnings by which VQA v2 sorts the questions of real images; the longest that fits is the type.
QUESTION_TYPES = """
are | are the | are there | are there any | are these | are they | can you | could | do | do you | does
the | does this | has | how | how many | how many people are | how many people are in | is | is he | is
it | is the | is the man | is the person | is the woman | is there | is there a | is this | is this a |
is this an | is this person | is that a | none of the above | was | what | what animal is | what are |
what are the | what brand | what color | what color are the | what color is | what color is the | what
does the | what is | what is in the | what is on the | what is the | what is the color of the | what is
the man | what is the name | what is the person | what is the woman | what is this | what kind of | what
number is | what room is | what sport is | what time | what type of | where are the | where is the |
which | who is | why | why is the
"""
OTHER_TYPE = "none of the above"


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
    from vqa_builder.sample.canvas import Canvas
    from vqa_builder.sample.scenes import SCENES

    folder.mkdir(exist_ok=True)
    for image_id, scene in SCENES.items():
        canvas = Canvas.blank()
        scene(canvas)
        canvas.finish().save(folder / f"VQA_sample_{image_id:012d}.png", optimize=True)


def write_questions(folder: Path) -> None:
    """Write the official files of every split into ``folder``; the split test gets no annotations."""
    questions = read((sample_folder() / "questions.txt").read_text(encoding="utf-8"))
    for split in ("train", "validation", "test"):
        of_split = [question for question in questions if question.split == split]
        header = {"info": INFO, "task_type": "Open-Ended", "data_type": "sample"}
        header |= {"license": LICENCE, "data_subtype": split}
        records = [_question(question) for question in of_split]
        write_json(folder / f"{PREFIX}_{split}_questions.json", header | {"questions": records})
        if split != "test":
            annotations = [_annotation(question) for question in of_split]
            write_json(folder / f"{PREFIX}_{split}_annotations.json", header | {"annotations": annotations})


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


def question_type(question: str) -> str:
    """The longest of the official beginnings that a question has.

    >>> question_type("What color is the cat?")
    'what color is the'
    """
    lower = question.lower()
    types = (" ".join(each.split()) for each in QUESTION_TYPES.split("|"))
    fitting = [each for each in types if lower.startswith(f"{each} ")]
    return max(fitting, key=len, default=OTHER_TYPE)


def answer_type(answer: str) -> str:
    """VQA's three kinds of answers, by the most frequent one."""
    if answer in ("yes", "no"):
        return "yes/no"
    return "number" if answer.isdigit() else "other"


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
    winner = Counter(answer for answer, _ in question.answers).most_common(1)[0][0]
    return {
        "question_type": question_type(question.text),
        "multiple_choice_answer": winner,
        "answers": [
            {"answer": answer, "answer_confidence": confidence, "answer_id": number}
            for number, (answer, confidence) in enumerate(shuffled, 1)
        ],
        "image_id": question.image_id,
        "answer_type": answer_type(winner),
        "question_id": question.question_id,
    }


if __name__ == "__main__":
    main()
