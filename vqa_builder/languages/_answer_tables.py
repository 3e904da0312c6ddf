"""The languages' own answers: tables of frequent answers, measures, lists of colours or numbers, names.

A table ``answers_<code>.tsv`` has the columns answer_en, sense, answer and method; senses are those of
``answers/senses.tsv``, empty where an answer has one alone. An answer_en with a place for a number is a
measure ("{n} mph"). The method ``colour, in company`` marks a word that names a colour beside other colours
only ("orange and white"; bare "orange" may be the fruit); ``colour, alone`` marks a phrase that is one colour
only as a whole answer ("blue green", which is two colours in "red blue green"). ``answer_names.tsv`` lists
the names that every language writes in Latin letters. ``answer_forms_<code>.tsv`` (written, read, kind,
rules) lists written forms that are one answer, for comparison, and by which versions of the rules.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from typing import NamedTuple

from vqa_builder.languages._numbers import TYPED_WORDS, typed_number
from vqa_builder.languages._text import table_rows

_SEPARATOR = re.compile(r"\s*(?:,\s*and\b|,|&|(?<=[a-z])/(?=[a-z])|\band\b)\s*")
_CURLY = str.maketrans("‘’“”", "''\"\"")
_FINAL_MARK = re.compile(r"(?<=[a-z0-9)])\s*(?:[.!,;]|\.{3})$")
_HYPHEN = re.compile(r"(?<=[a-z])-(?=[a-z]{2})")
_ARTICLE = re.compile(r"\b(?:an|the|a)\s+(?=[a-z0-9][a-z0-9'-])(?!(?:and|or|is|to|vs|with|on|in)\b)")
_TEN = {"twenty": 2, "thirty": 3, "forty": 4, "fifty": 5, "sixty": 6, "seventy": 7, "eighty": 8, "ninety": 9}
_TENS = re.compile(rf"\b({'|'.join(_TEN)}) ([1-9])\b(?![.:/])")
_REPAIRED = {
    "a.m": "am",
    "p.m": "pm",
    "cant": "can't",
    "doesnt": "doesn't",
    "dont": "don't",
    "hes": "he's",
    "isnt": "isn't",
    "thats": "that's",
    "theyre": "they're",
}


def _hours(name: str, hours: str) -> dict[str, str]:
    """The places for an hour of a part of the day, and for a time in it."""
    return {f"{{{name}}}": f"(?P<n>{hours})", f"{{{name}_time}}": rf"(?P<t>(?:{hours}):\d\d)"}


_PLACES = {
    "{n}": r"(?P<n>\d+(?:[.,/]\d+)*)",
    "{t}": r"(?P<t>\d{1,2}:\d\d)",
    "{y}": r"(?P<y>1[0-9]\d0|20\d0)",
    **_hours("night_am", "12|0?[1-3]"),
    **_hours("morning", "0?[4-9]|1[01]"),
    **_hours("noon", "12|0?[1-3]"),
    **_hours("evening", "0?[4-7]"),
    **_hours("night_pm", "0?[89]|1[01]"),
}
_PLACE = re.compile("|".join(map(re.escape, _PLACES)))


class TypedAnswer(NamedTuple):
    """An answer that a language knows from its own tables.

    Attributes:
        text: the answer in the language.
        method: which table it comes from: ``number``, ``yes/no``, ``colour``, ``animal``, ``name``, ...
    """

    text: str
    method: str


class AnswerTable:
    """The rows of one language's table: whole answers by sense, measures, and members of lists.

    Args:
        rows: answer_en, answer and method, and the sense as a fourth where there is one.
    """

    def __init__(self, rows: Iterable[tuple[str, ...]]) -> None:
        self.whole: dict[tuple[str, str], TypedAnswer] = {}
        self.colours: dict[tuple[str, ...], tuple[str, bool]] = {}
        self.measures: list[tuple[str, re.Pattern[str], TypedAnswer]] = []
        for answer_en, answer, kind, *sense in rows:
            method, _, use = kind.partition(", ")
            typed = TypedAnswer(answer, method)
            if "{" in answer_en:
                own = max(_PLACE.split(answer_en), key=len)
                self.measures.append((own, _measure(answer_en), typed))
            elif use != "in company":
                self.whole[answer_en, sense[0] if sense else ""] = typed
            if method == "colour" and use != "alone" and not any(sense):
                self.colours[tuple(answer_en.split())] = (answer, not use)
        self.longest = max(map(len, self.colours), default=0)
        self._first_words = {words[0] for words in self.colours}
        self.homographs = frozenset(answer for answer, sense in self.whole if sense)

    def find(self, answer_en: str, joints: tuple[str, str] | None) -> TypedAnswer | None:
        """The answer of one sense, else as a measure, else as a list.

        Args:
            answer_en: an English answer, normalised.
            joints: what stands between the members of a list, and before the last; None for no lists.
        """
        if (answer_en, "") in self.whole:
            return self.whole[answer_en, ""]
        if any(map(str.isdigit, answer_en)):
            for own, pattern, (text, method) in self.measures:
                if own in answer_en and (found := pattern.fullmatch(answer_en)):
                    return TypedAnswer(text.format(**found.groupdict()), method)
        listed = self.members(answer_en) if joints else None
        if listed is None or joints is None:
            return None
        members, method = listed
        between, last = joints
        return TypedAnswer(between.join(members[:-1]) + last + members[-1], method)

    def members(self, answer_en: str) -> tuple[list[str], str] | None:
        """The members of a list of colours or numbers, with its method; None where it is anything else.

        VQA's normaliser drops commas ("red, white and blue" -> "red white and blue"), so colours may follow
        each other without any sign; numbers may not.
        """
        pieces = _SEPARATOR.split(answer_en)
        if len(pieces) > 1:
            numbers = [number for piece in pieces if (number := typed_number(piece))]
            if len(numbers) == len(pieces):
                return numbers, "number"
        colours = [colour for piece in pieces for colour in self._colours(piece.split())]
        names = [name for name, _ in colours]
        if len(set(names)) < 2 or len(set(names)) < len(names) or "" in names:
            return None
        return (names, "colour") if any(sure for _, sure in colours) else None

    def _colours(self, words: list[str]) -> list[tuple[str, bool]]:
        """The colours that a run of words names, longest name first; an empty name where one is unknown."""
        found: list[tuple[str, bool]] = []
        while words or not found:
            if not words or words[0] not in self._first_words:
                return [("", False)]
            sizes = range(min(self.longest, len(words)), 0, -1)
            size = next((size for size in sizes if tuple(words[:size]) in self.colours), None)
            if size is None:
                return [("", False)]
            found.append(self.colours[tuple(words[:size])])
            words = words[size:]
        return found


@lru_cache(maxsize=1 << 16)
def lookup_forms(answer: str) -> tuple[str, ...]:
    """The forms under which tables may list an answer: without case, then without what carries no meaning.

    The second form has digits for number words, no articles, no hyphens between words and no mark at its end.
    Signs, points, slashes and single letters stay: they are what an answer says. These forms look answers
    up; they are released to nobody.

    >>> lookup_forms("A T-shirt."), lookup_forms("Two cats"), lookup_forms("gate A"), lookup_forms("-5")
    (('a t-shirt.', 't shirt'), ('two cats', '2 cats'), ('gate a',), ('-5',))
    """
    whole = " ".join(answer.translate(_CURLY).casefold().split())
    plain = _HYPHEN.sub(" ", _ARTICLE.sub("", _FINAL_MARK.sub("", whole)))
    words = [TYPED_WORDS.get(word, word) for word in plain.split()]
    plain = _TENS.sub(
        lambda tens: f"{_TEN[tens[1]]}{tens[2]}", " ".join(_REPAIRED.get(word, word) for word in words)
    )
    return (whole, plain) if plain and plain != whole else (whole,)


@cache
def answer_table(code: str) -> AnswerTable:
    """The table of one language; empty where it has none."""
    rows = table_rows(f"answers_{code}.tsv")
    return AnswerTable((row["answer_en"], row["answer"], row["method"], row["sense"]) for row in rows)


@cache
def written_names() -> dict[tuple[str, str], str]:
    """(English answer, sense) -> a brand, initialism or place name as every language writes it.

    >>> written_names()["nike", ""], written_names()["apple", "brand"]
    ('Nike', 'Apple')
    """
    return {(row["answer_en"], row["sense"]): row["written"] for row in table_rows("answer_names.tsv")}


@cache
def tables_hash(code: str) -> str:
    """A hash of all that a language's tables of answers say, for keys and signatures."""
    names = ("answer_names", f"answers_{code}", f"words_{code}", f"phrases_{code}")
    rows = [table_rows(f"{name}.tsv") for name in names]
    return hashlib.sha256(repr(rows).encode()).hexdigest()[:12]


def column(file: str, name: str) -> list[str]:
    """One column of a table of this package."""
    return [row[name] for row in table_rows(file)]


def answer_forms(code: str, fold: Callable[[str], str], version: int) -> dict[str, str]:
    """Written form -> the form in which it is compared.

    Args:
        code: ISO 639 code.
        fold: how the language folds spelling before it looks a form up.
        version: of the rules; rows ``from 3`` and ``until 2`` belong to some of them alone.
    """
    rows = table_rows(f"answer_forms_{code}.tsv")
    found = [(fold(row["written"]), fold(row["read"])) for row in rows if _holds(row.get("rules"), version)]
    return {written: read for written, read in found if version == 2 or written != read}


def _holds(rules: str | None, version: int) -> bool:
    """Whether a row serves a version of the rules.

    >>> _holds("from 3", 3), _holds("until 2", 3), _holds(None, 2)
    (True, False, True)
    """
    if not rules:
        return True
    word, number = rules.split()
    return version >= int(number) if word == "from" else version <= int(number)


def _measure(answer_en: str) -> re.Pattern[str]:
    pattern = re.escape(answer_en)
    for place, digits in _PLACES.items():
        pattern = pattern.replace(re.escape(place), digits)
    return re.compile(pattern)
