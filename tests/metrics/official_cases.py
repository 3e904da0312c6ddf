"""Random questions for the official metric: real answers, with all injected that its normaliser handles."""

from __future__ import annotations

import random
from typing import Any

from vqa_builder.languages.en import DIGIT_WORDS, contractions

MARKS = ";/[]\"{}()=+\\_-><@`,?!'#:&%*$"
NUMBERS = [
    *DIGIT_WORDS,
    *("eleven", "1,000", "2.5", ".5", "10:15", "1/2", "3,4"),
]
FEW = [
    "yes",
    "no",
    "2",
    "red",
    "black and white",
    "stop sign",
    "on table",
    "it's raining",
    "10:15",
    "t-shirt",
]


def make(annotators: list[list[str]], count: int, seed: int) -> tuple[list[dict[str, Any]], dict[int, str]]:
    """Annotations and predictions.

    Args:
        annotators: the answers of real questions, each list one question's.
        count: how many questions to make.
        seed: the same seed makes the same questions.
    """
    chance = random.Random(seed)
    every = sorted({answer for answers in annotators for answer in answers})
    annotations, predictions = [], {}
    for number in range(count):
        answers = list(chance.choice(annotators))
        if chance.random() < 0.15:
            answers = [chance.choice(answers)] * len(answers)
        share = chance.choice([0.0, 0.2, 0.6])
        answers = [_spoil(answer, chance) if chance.random() < share else answer for answer in answers]
        guess = chance.choice(answers) if chance.random() < 0.8 else chance.choice(every)
        predictions[number] = _spoil(guess, chance) if chance.random() < 0.5 else guess
        annotations.append(
            {
                "question_id": number,
                "image_id": number,
                "question_type": chance.choice(["what", "is the", "how many", "none of the above"]),
                "answer_type": chance.choice(["yes/no", "number", "other"]),
                "answers": [
                    {
                        "answer": answer,
                        "answer_confidence": chance.choice(["yes", "maybe", "no"]),
                        "answer_id": place,
                    }
                    for place, answer in enumerate(answers, 1)
                ],
            },
        )
    return annotations, predictions


def _spoil(answer: str, chance: random.Random) -> str:
    """The answer with one to three changes that a normaliser may or may not undo."""
    for _ in range(chance.randint(1, 3)):
        words = answer.split(" ")
        place = chance.randint(0, len(words))
        at = chance.randint(0, len(answer))
        match chance.randrange(10):
            case 0:
                words.insert(place, chance.choice(["a", "an", "the", "The", "A"]))
                answer = " ".join(words)
            case 1:
                words.insert(place, chance.choice(NUMBERS))
                answer = " ".join(words)
            case 2:
                words.insert(place, chance.choice([*contractions(), *contractions().values()]))
                answer = " ".join(words)
            case 3:
                answer = answer[:at] + chance.choice(MARKS) + answer[at:]
            case 4:
                words.insert(place, chance.choice(MARKS))
                answer = " ".join(words)
            case 5:
                answer = answer[:at] + "." * chance.choice([1, 1, 1, 2, 40]) + answer[at:]
            case 6:
                answer = chance.choice([str.upper, str.title, str.capitalize])(answer)
            case 7:
                answer = chance.choice(["\n", "\t", " ", "  "]).join(words)
            case 8:
                answer = chance.choice([" ", "\n", "\t", ""]) + answer + chance.choice([" ", "\n", ". ", "."])
            case _:
                answer = answer[:at] + chance.choice("0123456789") + answer[at:]
    return answer
