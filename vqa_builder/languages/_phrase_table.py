"""How phrases are said: the rows of ``phrases_<code>.tsv``, to be matched with English answers.

A phrase that begins with a noun and is said with it at the end ("{noun} on left", "左の{noun}") qualifies
nouns inside other phrases, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Generic, NamedTuple, TypeVar

from vqa_builder.languages._text import table_rows
from vqa_builder.languages._words import Forms

_PLACE = re.compile(r"\{([a-z]+\d?)(?:\[([a-z]+)\])?\}")
_SLOT = re.compile(r"\{([a-z]+)(\d?)\}")
_HEAD = re.compile(r"\{(noun|alive|food)\} .*")
_T = TypeVar("_T")


class Phrase(NamedTuple):
    """One row.

    Attributes:
        english, answer: how it reads, and how it is said.
        own: the longest text of its own between its slots.
        forms: slot -> the forms in which it stands in the answer.
    """

    english: str
    answer: str
    own: str
    forms: Mapping[str, frozenset[str]]

    def match(self, text: str) -> re.Match[str] | None:
        """The slots of a text that is this phrase, as named groups."""
        return _pattern(self.english).fullmatch(text) if self.own in text else None

    def parts(
        self, text: str, said: Mapping[str, Callable[[str], Forms | None]], head: str = ""
    ) -> dict[str, Forms] | None:
        """The slots of a text that is this phrase, said in all forms in which they stand in the answer.

        Args:
            text: the English.
            said: kind of slot -> how a text in it is said.
            head: a slot of which any form will do.
        """
        if (match := self.match(text)) is None:
            return None
        parts: dict[str, Forms] = {}
        for name, part in match.groupdict().items():
            forms = said[name.rstrip("2")](part)
            if name == head:
                fits = bool(forms)
            else:
                fits = name not in self.forms or (forms is not None and self.forms[name] <= forms.keys())
            if not fits:
                return None
            parts[name] = forms or Forms()
        return parts


class Qualifier(NamedTuple):
    """A phrase that qualifies a noun: ``head`` is the noun's slot, ``said`` what stands before it."""

    phrase: Phrase
    head: str
    said: str


class PhraseTable:
    """The phrases of one language, those with most words of their own first."""

    def __init__(self, code: str) -> None:
        phrases = [
            Phrase(row["phrase"], row["answer"], _longest(row["phrase"]), _forms(row["answer"]))
            for row in table_rows(f"phrases_{code}.tsv")
        ]
        phrases.sort(key=lambda phrase: -len(_SLOT.sub("", phrase.english)))
        self._by_first: dict[str, list[Phrase]] = {}
        self._open, self._qualifiers = _ByWord[Phrase](), _ByWord[Qualifier]()
        for phrase in phrases:
            first = phrase.english.split()[0]
            if "{" in first:
                self._open.add(phrase, phrase)
            else:
                self._by_first.setdefault(first, []).append(phrase)
            head = _HEAD.match(phrase.english)
            if head and phrase.answer.endswith(slot := f"{{{head[1]}}}"):
                qualifier = Qualifier(phrase, head[1], phrase.answer.removesuffix(slot))
                self._qualifiers.add(phrase, qualifier)

    def begun(self, text: str) -> Sequence[Phrase]:
        """The phrases that begin with the first word of a text."""
        return self._by_first.get(text.split()[0], ())

    def open(self, text: str) -> list[Phrase]:
        """The phrases that begin with a slot and that a text may be."""
        return self._open.of(text)

    def qualifiers(self, text: str) -> list[Qualifier]:
        """The phrases that may qualify a noun in a text."""
        return self._qualifiers.of(text)


class _ByWord(Generic[_T]):
    """What goes with phrases, found by a word of the phrase's own, in the order of the phrases."""

    def __init__(self) -> None:
        self._all: list[_T] = []
        self._places: dict[str, list[int]] = {}

    def add(self, phrase: Phrase, value: _T) -> None:
        """The next one."""
        words = phrase.own.split(" ")[1:]  # beside a slot a word may go on: {n}mph
        whole = words if phrase.english.endswith(phrase.own) else words[:-1]
        word = max(whole, key=len, default="")
        self._places.setdefault(word, []).append(len(self._all))
        self._all.append(value)

    def of(self, text: str) -> list[_T]:
        """What goes with the phrases whose word a text has, or that have none."""
        found = {place for word in ("", *text.split()) for place in self._places.get(word, ())}
        return [self._all[place] for place in sorted(found)]


def _forms(answer: str) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for name, form in _PLACE.findall(answer):
        found[name] = found.get(name, frozenset()) | {form}
    return found


@cache
def _pattern(phrase: str) -> re.Pattern[str]:
    pieces = re.split(_SLOT, phrase)
    pattern = re.escape(pieces[0])
    for name, digit, rest in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
        pattern += f"(?P<{name}{digit}>.+?){re.escape(rest)}"
    return re.compile(pattern)


def _longest(phrase: str) -> str:
    return max(_SLOT.sub("\n", phrase).split("\n"), key=len)
