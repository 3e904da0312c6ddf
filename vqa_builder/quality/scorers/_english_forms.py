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

    >>> [singular(word) for word in ("buses", "berries", "glass", "dogs", "horses", "cookies")]
    ['bus', 'berry', 'glass', 'dog', 'horse', 'cookie']
    """
    if len(word) <= 3 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word[:-1] in _ending_in_e():
        return word[:-1]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("oes", "ses", "xes", "zes", "ches", "shes")):
        return word[:-2]
    return word[:-1]


@lru_cache(maxsize=200_000)
def lemma(word: str) -> str:
    """A word without its inflection.

    >>> [lemma(word) for word in ("buses", "riding", "sitting", "stopped", "held", "fried", "canes")]
    ['bus', 'ride', 'sit', 'stop', 'hold', 'fry', 'cane']
    """
    irregular = _irregular().get(word)
    if irregular is not None:
        return irregular
    form = singular(word)
    if form.endswith("ied") and len(form) > 4:
        return form[:-3] + "y"
    for ending in ("ing", "ed"):
        stem = form.removesuffix(ending)
        if stem != form and len(stem) > 2 and _VOWEL.search(stem):
            single = _DOUBLED.sub(r"\1", stem)
            silent = f"{stem}e" in _ending_in_e() or (single == stem and _SILENT.search(stem))
            return f"{stem}e" if silent else single
    return form


@cache
def _irregular() -> dict[str, str]:
    return {row["form"]: row["lemma"] for row in read_rows("irregular_forms_en.tsv")}


@cache
def _ending_in_e() -> frozenset[str]:
    return frozenset(row["word"] for row in read_rows("silent_e_en.tsv"))
