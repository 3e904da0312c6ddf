"""Words that a dictionary translates and the model carries over: a slot behind the word, and its form.

    What color is the ashtray <slot1> <m> ?   ->   <slot1> <oblique> का रंग क्या है?   ->   ऐशट्रे का रंग क्या है?

The model reads the word and, behind it, a slot with what the grammar of the target wants to know of the
translation (gender in Hindi, animals and people in Japanese). It writes the slot and which form the sentence
wants, and the dictionary's form takes its place. A model learns to carry one symbol long before it learns to
copy spelling; numbers travel in the same way. Symbols are control pieces of the vocabulary, so that no text
can write them.
Source: Michon et al., Integrating Domain Terminology into Neural Machine Translation (COLING 2020).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeAlias

VERSION = "3"
"""Raised by whoever changes what takes a slot, or how."""

SLOTS = ("<slot1>", "<slot2>", "<slot3>")
FORMS = ("<singular>", "<plural>", "<oblique>", "<oblique-plural>")
MARKS = ("<m>", "<f>", "<animate>")
LONGEST_PHRASE, LONGEST_UNSPACED = 3, 12
UNSPACED = ("ja", "zh", "th")
_PLACES = tuple(chr(0xE000 + number) for number in range(len(SLOTS)))
_BYTES = tuple(tuple(f"<0x{byte:02X}>" for byte in place.encode()) for place in _PLACES)
_WORD = re.compile(r"[^\W\d_]+[\u0900-\u097f\u200c\u200d]*(?:[-'’]?[^\W\d_]+[\u0900-\u097f\u200c\u200d]*)*")
_NUMBER = re.compile(r"(?<![A-Za-z0-9.,:/])[0-9]+(?:[.,:/][0-9]+)*(?![A-Za-z0-9])")
_POSSESSIVE = re.compile(r"['’]s?$")
_AFTER_ONE_CHARACTER = re.compile(r"[はがをにのへともやで、？?]|$")


Hypothesis: TypeAlias = tuple[list[str], float]
"""Pieces of a translation, and how likely they are."""


class Word(NamedTuple):
    """A translation.

    Attributes:
        forms: singular and plural of English; direct, plural, oblique and oblique plural of Hindi; else one.
        marks: what stands behind the slot in the source.
    """

    forms: tuple[str, ...]
    marks: tuple[str, ...] = ()


class Found(NamedTuple):
    """A word at a place of a text.

    Attributes:
        start, end: its characters.
        form: which of its own forms it has there.
        senses: its translations, the likeliest first.
    """

    start: int
    end: int
    form: int
    senses: Sequence[Word]


class Words:
    """Translations of words and short phrases in one direction, looked up by any of their forms.

    Args:
        rows: forms of the source, and a translation; the first one of a form counts most.
        source: the language that is looked up.

    Example::

        >>> words = Words([(("ashtray", "ashtrays"), Word(("灰皿",)))], "en")
        >>> [(each.start, each.end, each.form) for each in words.find("Are these ashtrays?")]
        [(10, 18, 1)]
    """

    def __init__(self, rows: Iterable[tuple[Sequence[str], Word]], source: str) -> None:
        self.spaced = source not in UNSPACED
        self._senses: dict[str, tuple[int, list[Word]]] = {}
        self._unread: dict[str, str] = {}
        for forms, word in rows:
            for number, form in enumerate(forms):
                senses = self._senses.setdefault(form.lower(), (number, []))[1]
                if word not in senses:
                    senses.append(word)

    def __len__(self) -> int:
        return len(self._unread or self._senses)

    @classmethod
    def read(cls, path: Path, source: str) -> Words:
        """A table of source forms, target forms and marks, each joined by ``|``; kept for the next engine.

        A line is taken apart when one of its forms is looked up: few of them ever are.
        """
        about = path.stat()
        return _read(path, source, about.st_mtime_ns, about.st_size)

    def _known(self, form: str) -> tuple[int, list[Word]] | None:
        if form not in self._senses and (lines := self._unread.get(form)):
            numbers, others, marks = zip(*(line.split("\t") for line in lines.split("\n")), strict=True)
            found = [Word(tuple(o.split("|")), tuple(m.split())) for o, m in zip(others, marks, strict=True)]
            self._senses[form] = int(numbers[0]), list(dict.fromkeys(found))
        return self._senses.get(form)

    def whole(self, text: str) -> str | None:
        """The translation of a text that is an entry and nothing else, in its number.

        >>> words = Words([(("गाय", "गायें", "गाय", "गायों"), Word(("cow", "cows")))], "hi")
        >>> words.whole("गायें"), words.whole("दो गायें")
        ('cows', None)
        """
        known = self._known(text.strip().lower())
        if not known:
            return None
        form, (word, *_) = known
        return word.forms[min(form % 2, len(word.forms) - 1)]

    def find(self, text: str, most: int = len(SLOTS)) -> list[Found]:
        """The words of a text that are known, no more than there are slots; the longest one at each place."""
        if any(place in text for place in _PLACES):
            return []
        return list(islice(self._phrases(text) if self.spaced else self._runs(text), most))

    def _phrases(self, text: str) -> Iterator[Found]:
        words = [match.span() for match in _WORD.finditer(text)]
        at = 0
        while at < len(words):
            for many in range(min(LONGEST_PHRASE, len(words) - at), 0, -1):
                start, end = words[at][0], words[at + many - 1][1]
                form = _POSSESSIVE.sub("", text[start:end].lower())
                if known := self._known(form):
                    yield Found(start, start + len(form), *known)
                    at += many - 1
                    break
            at += 1

    @cached_property
    def _sizes(self) -> dict[str, list[int]]:
        """The first two characters of forms, or all -> how many they have, the longest first."""
        found: dict[str, set[int]] = {}
        for form in self._unread or self._senses:
            if 0 < len(form) <= LONGEST_UNSPACED:
                found.setdefault(form[:2], set()).add(len(form))
        return {first: sorted(sizes, reverse=True) for first, sizes in found.items()}

    def _runs(self, text: str) -> Iterator[Found]:
        at = 0
        while at < len(text):
            first = text[at : at + 2].lower()
            for size in (*self._sizes.get(first, ()), *self._sizes.get(first[:1], ())):
                end = at + size
                known = self._known(text[at:end].lower()) if end <= len(text) else None
                if known and stands_alone(text, at, end):
                    yield Found(at, end, *known)
                    at = end - 1
                    break
            at += 1


@lru_cache(maxsize=8)
def _read(path: Path, source: str, written: int, size: int) -> Words:
    words = Words((), source)
    unread = words._unread
    for line in path.read_text(encoding="utf-8").splitlines():
        forms, _, entry = line.partition("\t")
        for number, form in enumerate(forms.lower().split("|")):
            before = unread.get(form)
            unread[form] = f"{number}\t{entry}" if before is None else f"{before}\n{number}\t{entry}"
    return words


def entries(
    texts: Sequence[str], terms: Sequence[Mapping[str, str]] | None, tables: Sequence[Words]
) -> Iterator[tuple[int, str]]:
    """The places and translations of texts that are an entry of a table, and have no terms of a glossary."""
    for at, text in enumerate(texts):
        if not (terms and terms[at]) and (some := [e for table in tables if (e := table.whole(text))]):
            yield at, some[0]


def stands_alone(text: str, start: int, end: int) -> bool:
    """Whether a word without spaces around it is no part of a longer run of kanji or katakana.

    >>> stands_alone("灰皿は何色ですか？", 1, 2), stands_alone("皿は何色ですか？", 0, 1)
    (False, True)
    """
    before = start > 0 and _script(text[start - 1]) == _script(text[start]) != "HIRAGANA"
    behind = end < len(text) and _script(text[end]) == _script(text[end - 1]) != "HIRAGANA"
    short = end - start == 1 and not _AFTER_ONE_CHARACTER.match(text, end)
    return not (before or behind or short)


def _script(character: str) -> str:
    name = unicodedata.name(character, "").split(" ")[0]
    return "KATAKANA" if character == "ー" or name.startswith("KATAKANA") else name.split("-")[0]


def merged(text: str, terms: Mapping[str, str], found: Sequence[Found]) -> list[Found]:
    """A glossary's terms as they stand in a text, its numbers, and found words that overlap with none.

    >>> [each.senses[0].forms for each in merged("Are there 12 cats?", {}, [])]
    [('12',)]
    """
    hits = [
        (match.span(), translation)
        for term, translation in terms.items()
        for match in islice(re.finditer(re.escape(term), text), 1)
    ]
    hits += [(match.span(), match[0]) for match in _NUMBER.finditer(text)]
    taken: list[Found] = []
    for each in (*(Found(*span, 0, [Word((text,))]) for span, text in hits), *found):
        if all(each.end <= other.start or other.end <= each.start for other in taken):
            taken.append(each)
    return sorted(taken[: len(SLOTS)])


def with_places(text: str, found: Sequence[Found]) -> str:
    """A text with a stand-in behind each word, which ``as_symbols`` turns into its slot."""
    for number in range(len(found) - 1, -1, -1):
        end = found[number].end
        text = text[:end] + _PLACES[number] + text[end:]
    return text


def in_places(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """A text with stand-ins instead of words; ``spans`` in the order of the slots."""
    for number, (start, end) in sorted(enumerate(spans), key=lambda each: -each[1][0]):
        text = text[:start] + _PLACES[number] + text[end:]
    return text


def as_symbols(pieces: Sequence[str], behind: Sequence[Sequence[str]]) -> list[str]:
    """Pieces with slots for stand-ins, which a vocabulary with byte fallback cuts into bytes.

    Args:
        pieces: of a text with stand-ins.
        behind: what follows each slot: the marks of a source, the form of a target.

    >>> as_symbols(["▁is", "▁it", "<0xEE>", "<0x80>", "<0x80>", "?"], [["<m>"]])
    ['▁is', '▁it', '<slot1>', '<m>', '?']
    """
    result: list[str] = []
    at = 0
    while at < len(pieces):
        if pieces[at] == "<0xEE>" and (triple := tuple(pieces[at : at + 3])) in _BYTES:
            number = _BYTES.index(triple)
            result += [SLOTS[number], *behind[number]]
            at += 3
        else:
            result.append(pieces[at])
            at += 1
    return result


def with_symbols(pieces: Sequence[list[str]], found: Sequence[Sequence[Found]]) -> list[list[str]]:
    """The pieces of texts with a slot and its marks behind every word that was found."""
    return [
        as_symbols(some, [each.senses[0].marks for each in words]) if words else some
        for some, words in zip(pieces, found, strict=True)
    ]


def in_slots(
    hypotheses: Sequence[Hypothesis], found: Sequence[Found]
) -> list[tuple[list[str], list[str], float]]:
    """Pieces with stand-ins, the forms that take their places, and the score; none where a slot was lost."""
    words = [each.senses[0] for each in found]
    return [
        (*placed, score)
        for pieces, score in hypotheses
        if (placed := as_places(pieces, words) if words else (pieces, []))
    ]


def as_places(pieces: Sequence[str], words: Sequence[Word]) -> tuple[list[str], list[str]] | None:
    """The opposite for a translation: its pieces with stand-ins, and the form that each slot takes.

    None unless every slot occurs once.
    """
    result: list[str] = []
    chosen: dict[int, str] = {}
    at = 0
    while at < len(pieces):
        piece = pieces[at]
        at += 1
        if piece in SLOTS:
            number = SLOTS.index(piece)
            if number >= len(words) or number in chosen:
                return None
            forms = words[number].forms
            form = 0
            if at < len(pieces) and pieces[at] in FORMS:
                form = min(FORMS.index(pieces[at]), len(forms) - 1)
                at += 1
            chosen[number] = forms[form]
            result += _BYTES[number]
        elif piece not in FORMS:
            result.append(piece)
    return (result, [chosen[at] for at in range(len(words))]) if len(chosen) == len(words) else None


def filled(text: str, forms: Sequence[str]) -> str:
    """A translation with the dictionary's forms in their places."""
    for place, form in zip(_PLACES, forms, strict=False):
        text = text.replace(place, form)
    return text
