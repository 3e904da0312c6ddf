"""Splitting a label by its own questions: two kinds of question that no other answers share are two senses.

The questions of a label fall into kinds by their head ("what color", "what animal", "where", "how"). Kinds
that other annotators answer alike are one sense, and kinds that share no answers are not: "light" beside
"dark" and "black" to "what color", beside "lamp" and "fan" to "what is". The order of joining depends on
counts, then on the heads' text, so the same data give the same senses.
"""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

from vqa_builder.answers.annotator_answers import AnnotatorAnswers, Numbers

MIN_SUPPORT = 20
"""Rows that a sense must have to stand for itself."""

MIN_SHARE = 0.15
"""Share of a label's rows that a sense must have to stand for itself."""

ALIKE = 0.1
"""Cosine of the answers beside it from which on two kinds of question are one sense."""

_AUXILIARY = "is|are|was|were|do|does|did|can|could|will|would|should|has|have|had|am|'s"
_KIND_OF = re.compile(
    r"^(?:what|which) (?:kind|type|sort|breed|brand|color|piece|part|species|style)s? of"
    r" (?:a |an |the )?(\w+)"
)
_NOUN = re.compile(rf"^(?:what|which) (?!(?:{_AUXILIARY})\b)(\w+)")
_DOING = re.compile(
    rf"^(?:what|who|where)(?:'s)? (?:{_AUXILIARY})\b.*?\b(\w+ing|made|used|called|say)\b[^?]*\??$"
)
_PLAIN = re.compile(rf"^(what|who|where|when|why|how(?: \w+)?|{_AUXILIARY})\b")


def head(question: str) -> str:
    """What a question asks for, in one or two words.

    >>> head("What kind of animal is this?"), head("What is the man wearing?"), head("Where is the cat?")
    ('animal', 'wearing', 'where')
    """
    asked = question.lower()
    for pattern in (_KIND_OF, _NOUN, _DOING, _PLAIN):
        if found := pattern.search(asked):
            word = found[1]
            return "whether" if re.fullmatch(_AUXILIARY, word) else word
    return "what"


def split(given: AnnotatorAnswers, answer: int, rows: Numbers) -> tuple[list[str], Numbers]:
    """The senses of an answer, by the heads of its questions.

    Args:
        given: all answers.
        answer: the place of the answer in ``given.answers``.
        rows: its rows, ascending.

    Returns:
        The senses' names, "" alone where there is one, and for each row which of them.
    """
    one = [""], np.zeros(len(rows), np.int64)
    if len(rows) < 2 * MIN_SUPPORT:
        return one
    heads = [head(given.questions[int(place)].as_py()) for place in given.question[rows]]
    counts = Counter(heads)
    ranked = sorted(counts, key=lambda name: (-counts[name], name))
    beside = {name: Counter[int]() for name in ranked}
    starts = np.searchsorted(given.row, [rows, rows + 1])
    for name, start, end in zip(heads, *starts, strict=True):
        beside[name].update(code for code in given.answer[start:end].tolist() if code != answer)
    groups = _joined(ranked, beside)
    large = [
        group
        for group in groups
        if sum(counts[name] for name in group) >= max(MIN_SUPPORT, MIN_SHARE * len(rows))
    ]
    if len(large) < 2:
        return one
    of_head = {name: at for at, group in enumerate(large) for name in group}
    return [group[0] for group in large], np.array([of_head.get(name, 0) for name in heads])


def _joined(ranked: list[str], beside: dict[str, Counter[int]]) -> list[list[str]]:
    """Heads in groups whose answers beside are alike; the most frequent head leads its group."""
    groups: list[list[str]] = []
    sums: list[Counter[int]] = []
    for name in ranked:
        likeness = [_cosine(beside[name], total) for total in sums]
        best = max(range(len(groups)), key=likeness.__getitem__, default=-1)
        if best >= 0 and likeness[best] >= ALIKE:
            groups[best].append(name)
            sums[best] = sums[best] + beside[name]
        else:
            groups.append([name])
            sums.append(beside[name])
    return groups


def _cosine(one: Counter[int], other: Counter[int]) -> float:
    product = sum(count * other[code] for code, count in one.items())
    lengths = np.sqrt(sum(n * n for n in one.values())) * np.sqrt(sum(n * n for n in other.values()))
    return product / lengths if lengths else 0.0
