"""Words, endings and letters that tell a language from its neighbours in the same script."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import NamedTuple

from vqa_builder.languages._text import table_rows

NO_LETTERS = r"[^\p{L}\p{M}\x{200c}\x{200d}]+"
"""RE2: what parts words. Signs are looked for where each such run has become two spaces."""


LONGEST_ENDING = 4
WORD = re.compile("[\u0900-\u0963\u0971-\u097f\u200c\u200d]+")
"""A word in Devanagari."""

_STRONGEST = 4.0


class Signs(NamedTuple):
    """RE2 patterns, each match of which speaks for a language.

    Attributes:
        own: for the language itself.
        foreign: ISO 639 code of a neighbour -> pattern that speaks for it, never for the language.
    """

    own: str
    foreign: dict[str, str]

    @property
    def any_foreign(self) -> str:
        """All neighbours' signs in one pattern."""
        return "|".join(self.foreign.values())


@cache
def read_signs(code: str) -> Signs | None:
    """The table ``signs_<code>.tsv``; None for a language without one.

    Its columns: language, kind and signs, separated by spaces. Kinds are ``word``: a whole word;
    ``ending``: of a longer word; ``letters``: RE2 for one letter, counted wherever it stands; ``charset``:
    any letter that the first character set has and the second lacks (们 is in gb2312 and not in cp932).

    >>> read_signs("hi").foreign["mr"][:20]
    ' (?:आणि|आहे|आहेत|नाह'
    """
    found: dict[str, list[str]] = {}
    for row in table_rows(f"signs_{code}.tsv"):
        found.setdefault(row["language"], []).append(_pattern(row["kind"], row["signs"].split()))
    patterns = {language: "|".join(kinds) for language, kinds in found.items()}
    return Signs(patterns.pop(code), patterns) if patterns else None


def _pattern(kind: str, signs: list[str]) -> str:
    if kind == "charset":
        return "[" + "".join(sorted(_letters(signs[0]) - _letters(signs[1]))) + "]"
    folded = [unicodedata.normalize("NFKC", sign) for sign in signs]
    if kind == "letters":
        return "|".join(folded)
    choice = "(?:" + "|".join(re.escape(sign) for sign in folded) + ") "
    return f" {choice}" if kind == "word" else rf"[\p{{L}}\p{{M}}]{choice}"


def _letters(charset: str) -> set[str]:
    """The Han letters of the basic plane that a character set has."""
    every = "".join(map(chr, range(0x4E00, 0xA000)))
    return set(every.encode(charset, "ignore").decode(charset))


def endings_of(word: str) -> list[str]:
    """Its endings of one to four characters, the longest first; "^" marks the beginning of the word.

    >>> endings_of("है")
    ['^है', 'है', 'ै']
    """
    marked = "^" + word
    return [marked[-size:] for size in range(min(len(marked), LONGEST_ENDING), 0, -1)]


@cache
def read_endings(code: str) -> dict[str, float]:
    """The table ``endings_<code>.tsv`` (ending, weight), made by recipes/policy/endings.py; often empty."""
    return {row["ending"]: float(row["weight"]) for row in table_rows(f"endings_{code}.tsv")}


@lru_cache(maxsize=200_000)
def ending_weight(code: str, word: str) -> float:
    """How much the longest known ending speaks for the language (+) or a neighbour (-), at most 4.

    >>> ending_weight("hi", "लोगों") > 2, ending_weight("hi", "मांजराचा") < -2, ending_weight("de", "Haus")
    (True, True, 0.0)
    """
    known = read_endings(code)
    found = next((known[ending] for ending in endings_of(word) if ending in known), 0.0) if known else 0.0
    return max(-_STRONGEST, min(_STRONGEST, found))
