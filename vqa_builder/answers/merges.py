"""Merges: labels that read alike in the target language, and whether that is as it should be.

A merge is intended where the English answers mean the same (cat and cats, gray and grey, red and white and
white and red) or where someone who reads the language entered it in ``merges.tsv``. Any other merge is
flagged.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import pyarrow as pa

from vqa_builder.languages._numbers import typed_number
from vqa_builder.languages._text import table_rows

NONE, INTENDED, FLAGGED = "none", "intended", "flagged"

_JOINT = re.compile(r" and | & |, ?")
_PREPOSITION = re.compile(r"^(?:on|in|at) (?:his |her )?(?=\w)")
_KEPT_S = frozenset({"bus", "gas", "grass", "glass", "dress", "us", "news", "tennis", "yes", "this"})
_IRREGULAR = {
    "men": "man",
    "women": "woman",
    "children": "child",
    "people": "person",
    "feet": "foot",
    "teeth": "tooth",
    "mice": "mouse",
    "geese": "goose",
    "leaves": "leaf",
    "knives": "knife",
    "shelves": "shelf",
    "loaves": "loaf",
    "wolves": "wolf",
    "babies": "baby",
    "skis": "ski",
    "buses": "bus",
    "cds": "cd",
    "shoes": "shoe",
    "cookies": "cookie",
    "veggies": "veggie",
    "man's": "man's",
    "men's": "man's",
    "woman's": "woman's",
    "women's": "woman's",
}


class Merge(NamedTuple):
    """Why two labels that read alike may, or may not, do so.

    Attributes:
        verdict: ``intended`` or ``flagged``.
        reason: in a few words; "" where it is flagged.
    """

    verdict: str
    reason: str


def judge(one: str, other: str, language: str) -> Merge:
    """The verdict on two English answers with one surface form in a language.

    >>> judge("cat", "cats", "ja"), judge("left", "remaining", "ja")
    (Merge(verdict='intended', reason='number or spelling'), Merge(verdict='flagged', reason=''))
    """
    if meaning(one) == meaning(other):
        return Merge(INTENDED, "number or spelling")
    if (_JOINT.search(one) or _JOINT.search(other)) and _members(one) == _members(other):
        return Merge(INTENDED, "order")
    if meaning(_PREPOSITION.sub("", one)) == meaning(_PREPOSITION.sub("", other)):
        return Merge(INTENDED, "preposition")
    together = _groups_of(one, language) & _groups_of(other, language)
    return Merge(INTENDED, "same meaning, by table") if together else Merge(FLAGGED, "")


def meaning(answer_en: str) -> str:
    """An answer without number, hyphens, spaces and other spelling.

    >>> meaning("cell phones") == meaning("cellphone"), meaning("grey"), meaning("two dogs")
    (True, 'gray', '2dog')
    """
    words = [_singular(word) for word in answer_en.replace("-", " ").split()]
    text = "".join(typed_number(word) or _spellings().get(word, word) for word in words)
    return _spellings().get(text, text)


def list_key(answer_en: str) -> tuple[str, ...] | None:
    """What a list names whatever its order; None for an answer that is no list.

    >>> list_key("white and black") == list_key("black and white"), list_key("white")
    (True, None)
    """
    return tuple(_members(answer_en)) if _JOINT.search(answer_en) else None


def sharing(surfaces: Sequence[str], labels: Sequence[int]) -> list[list[int]]:
    """For each entry of an answer map the other labels that have an entry of the same surface, ascending.

    Args:
        surfaces: the entries' answers, normalised.
        labels: the entries' labels.
    """
    groups: dict[str, set[int]] = defaultdict(set)
    for surface, label in zip(surfaces, labels, strict=True):
        groups[surface].add(label)
    return [sorted(groups[surface] - {label}) for surface, label in zip(surfaces, labels, strict=True)]


def merges(answer_map: pa.Table, language: str) -> pa.Table:
    """Every pair of labels that read alike, with its verdict; for reports and reviews.

    Args:
        answer_map: a table of schema ``ANSWER_MAP``.
        language: its ISO 639 code.

    Returns:
        Columns label, answer_en, partner, partner_en, answer, verdict, reason; one row per pair, flagged ones
        first, then by label.
    """
    names = dict(zip(answer_map["label"].to_pylist(), answer_map["answer_en"].to_pylist(), strict=True))
    found = {}
    for label, partners, answer in zip(
        *(answer_map[name].to_pylist() for name in ("label", "merged_with", "answer")), strict=True
    ):
        for partner in partners:
            if label < partner:
                found[label, partner] = (answer, judge(names[label], names[partner], language))
    ordered = sorted(found.items(), key=lambda item: (item[1][1].verdict != FLAGGED, item[0]))
    rows = [
        (one, names[one], other, names[other], answer, merge.verdict, merge.reason)
        for (one, other), (answer, merge) in ordered
    ]
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in _MERGES]
    return pa.table(columns, schema=_MERGES)


_MERGES = pa.schema(
    [
        ("label", pa.int32()),
        ("answer_en", pa.string()),
        ("partner", pa.int32()),
        ("partner_en", pa.string()),
        ("answer", pa.string()),
        ("verdict", pa.string()),
        ("reason", pa.string()),
    ],
)


def _groups_of(answer_en: str, language: str) -> set[int]:
    """The groups of ``merges.tsv`` that an answer belongs to, with or without its preposition."""
    groups, forms = _groups(language), {answer_en, _PREPOSITION.sub("", answer_en)}
    return set().union(*(groups.get(form, ()) for each in forms for form in (each, meaning(each))))


def _members(answer_en: str) -> list[str]:
    """What a list names, in the order of the text: "white and red" and "red white" name the same."""
    return sorted(meaning(word) for part in _JOINT.split(answer_en) for word in part.split())


def _singular(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word in _KEPT_S or len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith(("ches", "shes", "xes", "sses", "oes")):
        return word[:-2]
    return word[:-1]


@cache
def _rows() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Language, or "spelling", or "*" for every language, and the answers that mean the same."""
    rows = table_rows("merges.tsv", "vqa_builder.answers")
    return tuple((row["language"], tuple(sorted(set(row["answers"].split("|"))))) for row in rows)


@cache
def _spellings() -> dict[str, str]:
    return {word: min(words) for language, words in _rows() if language == "spelling" for word in words}


@cache
def _groups(language: str) -> dict[str, frozenset[int]]:
    """Answer, as it stands and by its meaning -> the groups of the same meaning that hold it."""
    found: dict[str, set[int]] = defaultdict(set)
    for number, (code, words) in enumerate(_rows()):
        if code in ("*", language):
            for word in words:
                found[word].add(number)
                found[meaning(word)].add(number)
    return {word: frozenset(numbers) for word, numbers in found.items()}


def table_hash() -> str:
    """A hash of the built-in table, for keys and signatures."""
    return hashlib.sha256(repr(_rows()).encode()).hexdigest()[:12]
