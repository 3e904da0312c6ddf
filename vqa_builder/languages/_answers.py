"""The languages' own answers: tables of yes/no and colours, and the lists that colours and numbers form.

A table ``answers_<code>.tsv`` has the columns answer_en, answer and method. The method ``colour, in company``
marks a word that names a colour beside other colours only ("orange and white"; bare "orange" may be the
fruit); ``colour, alone`` marks a phrase that is one colour only as a whole answer ("blue green", which is two
colours in "red blue green").
"""

from __future__ import annotations

import csv
import re
from functools import cache
from importlib import resources
from typing import NamedTuple

from vqa_builder.languages._numbers import typed_number

_SEPARATOR = re.compile(r"\s*(?:,\s*and\b|,|&|\band\b)\s*")


class TypedAnswer(NamedTuple):
    """An answer that a language knows from its own tables.

    Attributes:
        text: the answer in the language.
        method: which table it comes from: ``number``, ``yes/no`` or ``colour``.
    """

    text: str
    method: str


class AnswerTable:
    """The rows of one language's table, looked up whole or as members of a list."""

    def __init__(self, rows: list[tuple[str, str, str]]) -> None:
        self.whole: dict[str, TypedAnswer] = {}
        self.colours: dict[tuple[str, ...], tuple[str, bool]] = {}
        for answer_en, answer, kind in rows:
            method, _, use = kind.partition(", ")
            if use != "in company":
                self.whole[answer_en] = TypedAnswer(answer, method)
            if method == "colour" and use != "alone":
                self.colours[tuple(answer_en.split())] = (answer, not use)
        self.longest = max(map(len, self.colours), default=0)

    def members(self, answer_en: str) -> tuple[list[str], str] | None:
        """The members of a list of colours or numbers, with its method; None where it is anything else.

        VQA's normaliser drops commas ("red, white and blue" -> "red white and blue"), so colours may follow
        each other without any sign; numbers may not.
        """
        pieces = _SEPARATOR.split(answer_en)
        numbers = [typed_number(piece) for piece in pieces]
        if len(pieces) > 1 and all(numbers):
            return [number for number in numbers if number], "number"
        colours = [colour for piece in pieces for colour in self._colours(piece.split())]
        names = [name for name, _ in colours]
        if len(set(names)) < 2 or len(set(names)) < len(names) or "" in names:
            return None
        return (names, "colour") if any(sure for _, sure in colours) else None

    def _colours(self, words: list[str]) -> list[tuple[str, bool]]:
        """The colours that a run of words names, longest name first; an empty name where one is unknown."""
        found: list[tuple[str, bool]] = []
        while words or not found:
            sizes = range(min(self.longest, len(words)), 0, -1)
            size = next((size for size in sizes if tuple(words[:size]) in self.colours), None)
            if size is None:
                return [("", False)]
            found.append(self.colours[tuple(words[:size])])
            words = words[size:]
        return found


@cache
def answer_table(code: str) -> AnswerTable:
    """The table of one language; empty where it has none."""
    file = resources.files("vqa_builder.languages").joinpath(f"answers_{code}.tsv")
    if not file.is_file():
        return AnswerTable([])
    rows = csv.DictReader(file.read_text(encoding="utf-8").splitlines(), delimiter="\t")
    return AnswerTable([(row["answer_en"], row["answer"], row["method"]) for row in rows])
