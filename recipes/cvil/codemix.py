"""Code-mixed questions, and which of their word pieces mean the same as one of the English question.

In cViL a target word that is aligned to an English word is replaced by it now and then; its pieces then
carry loss, since the teacher saw the same word. Which words may be replaced follows the public code
(``oscar/run_vqa_student.py``: ``tensorize_example``), and as there an English word stands between spaces, in
a Japanese question too. There, word pieces count towards the share that is mixed, words here.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from recipes.lib.data import Questions
from vqa_builder.errors import ReleaseError
from vqa_builder.release.export_cvil import word_links
from vqa_builder.translation.aligners import words

SPACELESS = frozenset({"ja", "zh", "th"})
Span = tuple[int, int]


@dataclass(frozen=True)
class Candidate:
    """A target word that an English word may replace: its place, the word, its span in the English text."""

    place: int
    english: str
    span: Span


@dataclass(frozen=True)
class Mixable:
    """A question cut into words, with the words that may be replaced."""

    text: str
    words: list[str]
    candidates: list[Candidate]
    spaceless: bool


@dataclass(frozen=True)
class Mixed:
    """A code-mixed question and, per English word in it, its span there and in the English question."""

    text: str
    spans: list[tuple[Span, Span]]


def mixable(question: str, english: str, alignment: list[tuple[int, int]], language: str) -> Mixable:
    """Find the words of a question that its English words may replace.

    An English word is a candidate if one target word alone is linked with it and no other word of the
    question is spelt the same. Whether its pieces are the same in both tokenizers is for the caller to see.

    >>> found = mixable("猫は黒いですか？", "Is the cat black?", [(2, 0), (3, 2)], "ja")
    >>> [(each.place, each.english) for each in found.candidates]
    [(0, 'cat'), (2, 'black')]
    """
    row = {
        "question": question,
        "question_en": english,
        "alignment": [{"en": en, "target": target} for en, target in alignment],
    }
    english_words = words(english, "en")
    if any(en >= len(english_words) for en, _ in alignment):
        raise ReleaseError(
            "The alignment of a question points behind its words",
            where=question,
            expected=f"0 to {len(english_words) - 1} in {english!r}",
            found=max(en for en, _ in alignment),
        )
    links = word_links(row, language)
    spans = locate(english_words, english)
    linked = Counter(str(link[1]).lower() for link in links if len(link) > 1)
    candidates = [
        Candidate(place, str(link[1]), span)
        for place, link in enumerate(links)
        if len(link) > 1 and linked[str(link[1]).lower()] == 1 and (span := spans[int(link[2])]) is not None
    ]
    return Mixable(question, [str(link[0]) for link in links], candidates, language in SPACELESS)


def locate(tokens: list[str], text: str) -> list[Span | None]:
    """Where each token of a text stands, from left to right; None for one that is written differently.

    >>> locate(["Is", "n't", "it", "?"], "Isn't it?")
    [(0, 2), (2, 5), (6, 8), (8, 9)]
    """
    spans: list[Span | None] = []
    start = 0
    for token in tokens:
        found = text.find(token, start)
        spans.append(None if found < 0 else (found, found + len(token)))
        start = start if found < 0 else found + len(token)
    return spans


def mix(question: Mixable, share: float, random: np.random.Generator) -> Mixed:
    """Replace ``share`` of the words, at least one where there is a candidate, by their English words.

    The number is ``min(max(1, round(share x words)), candidates)``; the paper's code counts word pieces.

    >>> cat = mixable("猫は黒いですか？", "Is the cat black?", [(2, 0), (3, 2)], "ja")
    >>> mix(cat, 1.0, np.random.default_rng(0)).text
    'cat は black ですか？'
    """
    wanted = min(max(1, round(share * len(question.words))), len(question.candidates)) if share else 0
    if not wanted:
        return Mixed(question.text, [])
    drawn = random.choice(len(question.candidates), size=wanted, replace=False)
    replaced = {question.candidates[index].place: question.candidates[index] for index in drawn}
    text, places = _joined(question.words, question.spaceless, replaced)
    return Mixed(text, [(places[place], replaced[place].span) for place in sorted(replaced)])


def all_mixable(questions: Questions) -> list[Mixable]:
    """:func:`mixable` of every question; people ask the same ones again and again."""
    found = cache(lambda text, english, links: mixable(text, english, list(links), questions.language))
    columns: Any = zip(questions.text, questions.text_en, questions.alignment, strict=True)
    return [found(text, english, tuple(map(tuple, links))) for text, english, links in columns]


def _joined(
    tokens: list[str], spaceless: bool, replaced: dict[int, Candidate]
) -> tuple[str, dict[int, Span]]:
    """The text and the spans of the replaced words in it."""
    text, places = "", {}
    for place, token in enumerate(tokens):
        own = replaced[place].english if place in replaced else token
        beside = place in replaced or place - 1 in replaced
        attached = (spaceless and not beside) or not any(sign.isalnum() for sign in own)
        text += own if not text or attached else f" {own}"
        if place in replaced:
            places[place] = (len(text) - len(own), len(text))
    return text, places
