"""English words without their inflection, by spelling and two tables of what spelling does not tell."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from vqa_builder.quality.text import read_rows

_VOWEL = re.compile("[aeiouy]")
_DOUBLED = re.compile(r"([bdgkmnprt])\1$")
_SILENT = re.compile(
    "[cuv]$|[nrlp]s$|[bcdfgkpstz]l$|[aeiou]z$|^(?:[^aeiou]*|[^aeiou]*qu)[aeiouy][bdgklmnprt]$|[^aeo]at$"
)
"""Stems that have lost an e before -ing and -ed, where the table lacks the word: dance, nurse, handle."""


def singular(word: str) -> str:
    """A word without its plural ending.

    >>> [singular(word) for word in ("buses", "berries", "glass", "dogs", "horses", "movies", "toes", "goes")]
    ['bus', 'berry', 'glass', 'dog', 'horse', 'movie', 'toe', 'go']
    """
    if len(word) <= 3 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word[:-1] in _ending_in_e():
        return word[:-1]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith("oes"):
        return word[:-2]
    if len(word) > 4 and word.endswith(("ses", "xes", "zes", "ches", "shes")):
        return word[:-2]
    return word[:-1]


@lru_cache(maxsize=200_000)
def lemma(word: str) -> str:
    """A word without its inflection.

    >>> [lemma(word) for word in ("riding", "sitting", "stopped", "held", "fried", "tied", "eyed", "canes")]
    ['ride', 'sit', 'stop', 'hold', 'fry', 'tie', 'eye', 'cane']
    """
    irregular = _irregular().get(word)
    if irregular is not None:
        return irregular
    form = singular(word)
    if form.endswith("ied"):
        return form[:-3] + "y" if len(form) > 4 else form[:-1]
    for ending in ("ing", "ed"):
        stem = form.removesuffix(ending)
        if stem != form and f"{stem}e" in _ending_in_e():
            return f"{stem}e"
        if stem != form and len(stem) > 2 and _VOWEL.search(stem):
            single = _DOUBLED.sub(r"\1", stem)
            return f"{stem}e" if single == stem and _SILENT.search(stem) else single
    return form


@cache
def _irregular() -> dict[str, str]:
    return {row["form"]: row["lemma"] for row in read_rows("irregular_forms_en.tsv")}


@cache
def _ending_in_e() -> frozenset[str]:
    return frozenset(row["word"] for row in read_rows("silent_e_en.tsv"))
