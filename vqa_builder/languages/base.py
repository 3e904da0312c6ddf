"""What the pipeline needs to know about a language, with defaults that serve any language.

A language file subclasses ``Language``, sets ``name`` to its ISO 639 code and overrides what is its own.
Patterns are RE2 (they run inside Arrow); scripts are Unicode script names.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from functools import cache
from importlib import resources
from typing import ClassVar, NamedTuple

_DIGITS = re.compile(r"\d+(?:[.,:/]\d+)*")


class TypedAnswer(NamedTuple):
    """An answer that a language knows from its own tables.

    Attributes:
        text: the answer in the language.
        method: which table it comes from: ``number``, ``yes/no`` or ``colour``.
    """

    text: str
    method: str


@cache
def known_languages() -> dict[str, tuple[str, str]]:
    """ISO 639 code -> (English name, Unicode script), from ``scripts.tsv``."""
    text = resources.files("vqa_builder.languages").joinpath("scripts.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t")
    return {row["code"]: (row["language"], row["script"]) for row in rows}


class Language:
    """A language: its script, normaliser, numerals, tokens and small tables.

    Attributes:
        name: ISO 639 code; the plug-in's name.
        version: raised by whoever changes what any method returns; part of every signature that uses it.
        scripts: Unicode scripts its text is written in.
        question_mark: how its written questions end.
        unit: what its length is counted in, ``word`` or ``character``.
    """

    name: ClassVar[str] = ""
    version: ClassVar[str] = "1"
    scripts: tuple[str, ...]
    question_mark: str = "?"
    unit: str = "word"

    def __init__(self, code: str | None = None) -> None:
        self.code = code or self.name
        self.english_name, script = known_languages()[self.code]
        if not hasattr(type(self), "scripts"):
            self.scripts = (script,)

    @property
    def signature(self) -> str:
        """Which rules were in force, for manifests and cards.

        >>> Language("de").signature
        'language:de|rules:base|version:1'
        """
        return f"language:{self.code}|rules:{self.name or 'base'}|version:{self.version}"

    @property
    def letters(self) -> str:
        """RE2 character class of the language's own letters and marks, brackets included."""
        return "[" + "".join(rf"\p{{{script}}}" for script in self.scripts) + "]"

    def normalise(self, text: str) -> str:
        """A short answer in the form in which answers are compared; versioned."""
        return " ".join(unicodedata.normalize("NFKC", text).split()).casefold()

    def tokens(self, text: str) -> list[str]:
        """The words of a text, punctuation left out."""
        return re.findall(r"\w+", text)

    def numerals(self, text: str) -> list[str]:
        """The numbers that a text states, as sorted plain digits.

        Digits of any script count; a language file adds its number words where they are not ambiguous
        ("one" and "एक" are articles and pronouns too often to count).

        >>> Language("hi").numerals("२ बिल्लियाँ और 10 कुत्ते")
        ['10', '2']
        """
        folded = unicodedata.normalize("NFKC", text)
        digits = "".join(str(unicodedata.digit(char)) if char.isdigit() else char for char in folded)
        return sorted(_DIGITS.findall(digits))

    def answer(self, answer_en: str) -> TypedAnswer | None:
        """The language's own word for a number, yes/no or colour answer; None for any other answer.

        Args:
            answer_en: an English answer, normalised as VQA answers are ("2", "yes", "black and white").
        """
        digits = _DIGITS.fullmatch(answer_en)
        return TypedAnswer(answer_en, "number") if digits else None
