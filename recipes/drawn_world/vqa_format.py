"""Records in the official format of VQA v2, for questions whose answers are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

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


def header(description: str, *, version: str, subtype: str, split: str) -> dict[str, Any]:
    """What stands at the head of every file of questions or annotations."""
    return {
        "info": {
            "description": description,
            "url": "",
            "version": version,
            "year": 2026,
            "contributor": "vqa_builder",
            "date_created": "2026-11-22 00:00:00",
        },
        "task_type": "Open-Ended",
        "data_type": subtype,
        "license": LICENCE,
        "data_subtype": split,
    }


def annotation(
    question_id: int, image_id: int, question: str, given: Sequence[tuple[str, str]], winner: str
) -> dict[str, Any]:
    """The annotation of a question.

    Args:
        question_id, image_id: as in the file of questions.
        question: in English.
        given: what each person answered, and how sure they were ("yes", "maybe", "no").
        winner: the most frequent answer.
    """
    return {
        "question_type": question_type(question),
        "multiple_choice_answer": winner,
        "answers": [
            {"answer": answer, "answer_confidence": confidence, "answer_id": number}
            for number, (answer, confidence) in enumerate(given, 1)
        ],
        "image_id": image_id,
        "answer_type": answer_type(winner),
        "question_id": question_id,
    }


def most_frequent(given: Sequence[tuple[str, str]]) -> str:
    """The answer that most people gave; the first of them where several are as frequent."""
    return Counter(answer for answer, _ in given).most_common(1)[0][0]


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
