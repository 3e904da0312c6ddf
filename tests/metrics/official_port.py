"""The official VQA evaluation written once more, one question at a time, to hold ours against.

It follows the published behaviour of vqaEval.py (GT-Vision-Lab/VQA) as directly as Python 3 allows and shares
nothing with the package but the table of contractions, which is data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from vqa_builder.languages.en import contractions

MARKS = [*";/[]", '"', *"{}()=+", "\\", *"_-><@`,?!"]
NUMBER_WORDS = ["none", "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
DIGITS = dict(zip(NUMBER_WORDS, ["0", *map(str, range(11))], strict=True))


def punctuation(text: str) -> str:
    out = text
    for mark in MARKS:
        touches_a_space = f"{mark} " in text or f" {mark}" in text
        if touches_a_space or re.search("([0-9])(,)([0-9])", text):
            out = out.replace(mark, "")
        else:
            out = out.replace(mark, " ")
    dropped, kept = 0, []
    for place, char in enumerate(out):
        followed = out[place + 1 : place + 2]
        if char == "." and not (followed and followed in "0123456789") and dropped < 32:
            dropped += 1
        else:
            kept.append(char)
    return "".join(kept)


def digits_and_articles(text: str) -> str:
    words = []
    for word in text.lower().split():
        word = DIGITS.get(word, word)
        if word not in ("a", "an", "the"):
            words.append(word)
    return " ".join(contractions().get(word, word) for word in words)


def accuracy(answers: Iterable[Mapping[str, Any]], predicted: str) -> float:
    """One question; annotators are records, and "the others" are those that are not equal to a record."""
    records = [dict(record) for record in answers]
    for record in records:
        record["answer"] = record["answer"].replace("\n", " ").replace("\t", " ").strip()
    predicted = predicted.replace("\n", " ").replace("\t", " ").strip()
    if len({record["answer"] for record in records}) > 1:
        for record in records:
            record["answer"] = digits_and_articles(punctuation(record["answer"]))
        predicted = digits_and_articles(punctuation(predicted))
    total = 0.0
    for record in records:
        others = [other for other in records if other != record]
        total += min(1, float(len([other for other in others if other["answer"] == predicted])) / 3)
    return total / len(records)


def evaluate(annotations: list[dict[str, Any]], predictions: Mapping[Any, str]) -> dict[str, Any]:
    """Overall, per question type and per answer type, as the official ``accuracy`` has them."""
    found: dict[str, dict[Any, list[float]]] = {"overall": {}, "question_type": {}, "answer_type": {}}
    single = []
    for annotation in annotations:
        score = accuracy(annotation["answers"], predictions[annotation["question_id"]])
        single.append(score)
        found["overall"].setdefault("", []).append(score)
        for key in ("question_type", "answer_type"):
            found[key].setdefault(annotation[key], []).append(score)
    means = {key: {name: _mean(scores) for name, scores in of.items()} for key, of in found.items()}
    return {**means, "overall": means["overall"][""], "scores": single}


def _mean(scores: list[float]) -> float:
    total = 0.0
    for score in scores:
        total += score
    return round(100 * total / len(scores), 2)
