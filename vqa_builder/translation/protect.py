"""What an engine must not touch inside a sentence: a glossary's terms, and spans that must not change.

An engine that can be told gets them beside the text. For any other, such a span travels as a placeholder
(``X1``) and is put back afterwards. Small models often lose placeholders. Then the string is translated as it
stands, and the engine's own word for a term, asked for by itself, is replaced by the glossary's; a span that
is still missing travels once more under a person's name. A term or a span that has not come through then is a
failure: no translation without it is ever used.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from typing import ClassVar, NamedTuple

from vqa_builder.spec import PROTECTED_KINDS
from vqa_builder.translation import protected_spans
from vqa_builder.translation.engines.base import Engine, EngineInParts, Failure, Options, Parts
from vqa_builder.translation.glossary import Glossary
from vqa_builder.translation.memory import WITH_TERMS
from vqa_builder.translation.protected_spans import Piece
from vqa_builder.translation.request import Request

PLACEHOLDER = re.compile(r"(?<![A-Za-z0-9])([XxＸ]) ?([0-9０-９]+)(?![A-Za-z0-9])")
SPACELESS = ("ja", "zh", "th")
_QUOTES = ('""', "''", "“”", "‘’", "«»")
_AROUND = ("「」", "『』", "“”", "‘’", "«»", '""', "''")
_STRAY = re.compile(r"(?<![A-Za-z])[XＸ](?![A-Za-z])")
_LATIN = re.compile(r"[A-Za-z0-9]")

PLAIN, SPANS, TERMS = 0, 1, 2

EXACT = "glossary|exact"
"""Who answers where the glossary has the whole text."""
KEPT = "protect|whole text"
"""Who answers where a text is nothing but what is protected."""
LOST = Failure("a placeholder did not come through")
NAMES = ("Bob", "Mary", "John", "Tom")
"""Placeholders for engines that lose others: names that any translator has seen."""


class Span(NamedTuple):
    """A piece of a text that is replaced, and by what."""

    start: int
    end: int
    replacement: str
    is_term: bool


class Guard:
    """What is protected into one language.

    Args:
        glossary: the language's terms, or None.
        kinds: some of ``protected_spans.PATTERNS``.
        enforced: whether a string without one of its spans fails; else the engine's last word is taken, which
            serves back-translations: nobody reads them but the scorers.

    Example::

        >>> from vqa_builder.translation.glossary import Term
        >>> guard = Guard(Glossary([Term("fire hydrant", "消火栓")]), ["quantities"])
        >>> guard.exact("Fire hydrant", "answer")
        '消火栓'
        >>> [span.replacement for span in guard.spans("Is a fire hydrant 5 m from here?", "question")]
        ['消火栓', '5 m']
    """

    def __init__(
        self, glossary: Glossary | None, kinds: Sequence[str] = (), *, enforced: bool = True
    ) -> None:
        self.glossary, self.kinds, self.enforced = glossary, tuple(sorted(set(kinds))), enforced

    @property
    def signature(self) -> str:
        """Everything that decides what is protected, the whole glossary with it."""
        return f"{self.of_kind(TERMS)}|{self.glossary.signature}" if self.glossary else self.of_kind(SPANS)

    def of_kind(self, kind: int) -> str:
        """What an engine's signature gains for strings of one kind, whichever terms they hold."""
        named = ["all"] if set(self.kinds) == set(PROTECTED_KINDS) else self.kinds
        own = "+".join([f"protect:{protected_spans.VERSION}", *named])
        return f"{own}{WITH_TERMS}" if kind == TERMS else own

    def digest(self, text: str, role: str) -> str:
        """A short hash of the terms that a text holds and of their translations, and of nothing else."""
        terms = sorted(_terms(text, self.spans(text, role)).items())
        return hashlib.sha256("\n".join("\t".join(term) for term in terms).encode()).hexdigest()[:12]

    def exact(self, text: str, role: str) -> str | None:
        """The glossary's translation of the whole text."""
        return self.glossary.exact(text, role) if self.glossary else None

    def cut(self, text: str) -> list[Piece]:
        """A text in sentences for engines and what stands between and around them."""
        return protected_spans.cut(text, self.kinds)

    def has_spans(self, text: str) -> bool:
        """Whether anything in a text must not change."""
        return bool(protected_spans.find_spans(text, self.kinds))

    def keeps(self, text: str, translation: str) -> bool:
        """Whether a translation holds every protected span of its text."""
        return not protected_spans.lost_spans(text, translation, self.kinds)

    def accepts(self, text: str, role: str, translation: str) -> bool:
        """Whether a translation holds every protected span of its text, and every term."""
        terms = _terms(text, self.spans(text, role))
        return self.keeps(text, translation) and not _missing(translation, terms)

    def kind(self, text: str, role: str) -> int:
        """Whether a text holds terms, or other spans, or neither."""
        if self.glossary is None:
            return SPANS if self.has_spans(text) else PLAIN
        spans = self.spans(text, role)
        return TERMS if any(span.is_term for span in spans) else SPANS if spans else PLAIN

    def spans(self, text: str, role: str) -> list[Span]:
        """What is protected of a text, from left to right, without overlaps; the longer one wins."""
        found = [Span(*hit, True) for hit in self.glossary.find(text, role)] if self.glossary else []
        found += [
            Span(start, end, text[start:end], False)
            for start, end in protected_spans.find_spans(text, self.kinds)
        ]
        taken: list[Span] = []
        for span in sorted(found, key=lambda each: (each.start, -each.end, not each.is_term)):
            if not taken or span.start >= taken[-1].end:
                taken.append(span)
        return taken


class Protected(EngineInParts):
    """An engine behind a guard, for the strings of one kind.

    Attributes:
        engine: the engine that translates.
        sent_again: what was sent a second time, or beside its text, since whoever accounts for it looked.
    """

    MOST_TIMES: ClassVar[int] = 4
    """A text on three ways, and its terms: no more is sent for it than four times its length."""

    name: ClassVar[str] = "protected"
    summary: ClassVar[str] = "another engine, with terms and other spans protected"
    Options: ClassVar[type[Options]] = Options

    def __init__(self, engine: Engine, guard: Guard, kind: int) -> None:
        self.engine, self.guard, self.kind = engine, guard, kind
        self.sent_again: list[str] = []
        self.name, self.uses_context = engine.name, engine.uses_context  # type: ignore[misc]
        self.takes_terms = engine.takes_terms  # type: ignore[misc]

    @property
    def signature(self) -> str:
        """The engine's, and what is protected."""
        return f"{self.engine.signature}|{self.guard.of_kind(self.kind)}"

    def check_direction(self, source: str, target: str) -> None:
        """As the engine."""
        self.engine.check_direction(source, target)

    def translate_in_parts(self, request: Request) -> Parts:
        """One way after the other of bringing spans through, each for what lost one on those before."""
        spans = [self.guard.spans(text, request.role) for text in request.texts]
        terms = [_terms(text, some) for text, some in zip(request.texts, spans, strict=True)]
        still_open, last = list(range(len(request))), dict[int, str | Failure]()
        lacking: list[tuple[int, str]] = []
        for number, way in enumerate(self._ways):
            asked, lost = request.take(still_open), list[int]()
            self.sent_again += asked.texts if number else []
            for part in way(asked, [spans[at] for at in still_open]) if still_open else ():
                finished: list[tuple[int, str | Failure]] = []
                for place, said in part:
                    at = still_open[place]
                    result = _quoted_once(said, spans[at])
                    if self._is_lost(request.texts[at], result):
                        lost.append(at)
                        last[at] = last[at] if result is LOST and at in last else result
                    elif isinstance(result, str) and _missing(result, terms[at]):
                        lacking.append((at, result))
                    else:
                        finished.append((at, result))
                yield finished
            still_open = lost
        missing = {term for at, result in lacking for term in _missing(result, terms[at])}
        words = self._own_words(request, sorted(missing))
        yield [
            (at, self._checked(request.texts[at], _told(result, terms[at], words))) for at, result in lacking
        ]
        yield [(at, self._checked(request.texts[at], last[at])) for at in still_open]

    def close(self) -> None:
        """As the engine."""
        self.engine.close()

    @property
    def _ways(self) -> Sequence[Callable[[Request, Sequence[Sequence[Span]]], Parts]]:
        if self.takes_terms:
            return self._with_terms, self._masked, self._named
        return (
            (self._masked, self._plain, self._named)
            if self.guard.enforced
            else (self._masked, self._named, self._plain)
        )

    def _is_lost(self, text: str, result: str | Failure) -> bool:
        """Whether to ask for a text in another way; what a service refuses it refuses in every way."""
        if isinstance(result, Failure):
            return result is LOST or not self.takes_terms
        return not self.guard.keeps(text, result)

    def _checked(self, text: str, result: str | Failure) -> str | Failure:
        """A result that holds every span of its text, or a failure."""
        if isinstance(result, Failure) or not self.guard.enforced:
            return result
        lost = protected_spans.lost_spans(text, result, self.guard.kinds)
        return Failure(f"the protected {lost[0]!r} did not come through") if lost else result

    def _masked(self, request: Request, spans: Sequence[Sequence[Span]]) -> Parts:
        """Texts with placeholders where they have spans, and these put back; ``LOST`` where one is lost."""
        masks = [_mask(text, some) for text, some in zip(request.texts, spans, strict=True)]
        masked = replace(request, texts=[text for text, _ in masks])
        for part in self._ask(masked):
            yield [
                (at, _restored(result, masks[at][1], request.target) if isinstance(result, str) else LOST)
                for at, result in part
            ]

    def _with_terms(self, request: Request, spans: Sequence[Sequence[Span]]) -> Parts:
        """Texts as they stand, with their spans beside them."""
        beside = [
            {text[span.start : span.end]: span.replacement for span in some}
            for text, some in zip(request.texts, spans, strict=True)
        ]
        yield from self.engine.translate_in_parts(replace(request, terms=beside))

    def _plain(self, request: Request, _: object) -> Parts:
        """Texts as they stand."""
        return self._ask(request)

    def _named(self, request: Request, spans: Sequence[Sequence[Span]]) -> Parts:
        """Texts with people's names in place of spans, and these put where the engine has the names."""
        words = self._own_words(request, NAMES)
        own = {name: word for name, word in words.items() if list(words.values()).count(word) == 1}
        named = [_with_names(text, some) for text, some in zip(request.texts, spans, strict=True)]
        for part in self._ask(replace(request, texts=[text for text, _ in named])):
            yield [
                (at, _without_names(result, named[at][1], own) if isinstance(result, str) else LOST)
                for at, result in part
            ]

    def _ask(self, request: Request) -> Parts:
        """The engine's results; texts that placeholders have made equal are asked once."""
        places: dict[tuple[str, str], list[int]] = {}
        for at, pair in enumerate(request.pairs):
            places.setdefault(pair, []).append(at)
        firsts = list(places.values())
        for part in self.engine.translate_in_parts(request.take(same[0] for same in firsts)):
            yield [(at, result) for number, result in part for at in firsts[number]]

    def _own_words(self, request: Request, terms: Sequence[str]) -> dict[str, str]:
        """What the engine itself says for each term, in the direction and role of a request."""
        if not terms:
            return {}
        contexts = [""] * len(terms) if self.uses_context else None
        self.sent_again += terms
        alone = replace(request, texts=terms, contexts=contexts)
        results = [result for part in self._ask(alone) for result in part]
        return {terms[at]: _bare(result) for at, result in results if isinstance(result, str)}


def _mask(text: str, spans: Sequence[Span]) -> tuple[str, dict[int, str]]:
    """The text with placeholders that it does not hold already, and what each stands for."""
    taken = {int(number) for _, number in PLACEHOLDER.findall(text)}
    free = (number for number in range(1, sys.maxsize) if number not in taken)
    numbers = list(islice(free, len(spans)))
    masked = text
    for number, span in reversed(list(zip(numbers, spans, strict=True))):
        masked = f"{masked[: span.start]}X{number}{masked[span.end :]}"
    return masked, {number: span.replacement for number, span in zip(numbers, spans, strict=True)}


def _with_names(text: str, spans: Sequence[Span]) -> tuple[str, dict[str, str]]:
    """The text with names that it does not hold already, and what each stands for."""
    free = [name for name in NAMES if name.lower() not in text.lower()]
    if len(free) < len(spans):
        return text, {}
    stands_for = {name: span.replacement for name, span in zip(free, spans, strict=False)}
    named = text
    for name, span in reversed(list(zip(free, spans, strict=False))):
        named = f"{named[: span.start]}{name}{named[span.end :]}"
    return named, stands_for


def _without_names(result: str, stands_for: dict[str, str], own: dict[str, str]) -> str | Failure:
    """The translation with spans in place of the engine's words for names; ``LOST`` if one is missing."""
    words = {own.get(name, ""): replacement for name, replacement in stands_for.items()}
    if len(words) < len(stands_for) or any(not word or result.count(word) != 1 for word in words):
        return LOST
    pattern = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
    return re.sub(pattern, lambda found: words[found[0]], result) if words else LOST


def _restored(result: str, stands_for: dict[int, str], target: str) -> str | Failure:
    """The translation with every placeholder put back; ``LOST`` if one is lost, doubled or new."""
    hits = list(PLACEHOLDER.finditer(result))
    if sorted(int(hit[2]) for hit in hits) != sorted(stands_for):
        return LOST
    pieces, end = [], 0
    for hit in hits:
        pieces += [result[end : hit.start()], stands_for[int(hit[2])]]
        end = hit.end()
    pieces.append(result[end:])
    if any(_STRAY.search(piece) for piece in pieces[::2]):
        return LOST
    return _closed_up(pieces) if target in SPACELESS else "".join(pieces)


def _closed_up(pieces: list[str]) -> str:
    """Pieces joined without the spaces that an engine put around a placeholder; Latin words keep theirs."""
    text = pieces[0]
    for piece in pieces[1:]:
        left, right = text.rstrip(" "), piece.lstrip(" ")
        latin = _LATIN.match(left[-1:]) and _LATIN.match(right[:1])
        text = f"{text}{piece}" if latin or not left or not right else f"{left}{right}"
    return text


def _quoted_once(result: str | Failure, spans: Sequence[Span]) -> str | Failure:
    """The translation without the marks that an engine put around what is quoted already.

    >>> _quoted_once('標識に「"STOP"」とある', [Span(0, 6, '"STOP"', False)])
    '標識に"STOP"とある'
    """
    if isinstance(result, Failure):
        return result
    for text in (
        span.replacement for span in spans if span.replacement[:1] + span.replacement[-1:] in _QUOTES
    ):
        for marks in _AROUND:
            result = result.replace(f"{marks[0]}{text}{marks[1]}", text)
    return result


def _terms(text: str, spans: Sequence[Span]) -> dict[str, str]:
    """The glossary's terms in a text, with their translations."""
    return {text[span.start : span.end].lower(): span.replacement for span in spans if span.is_term}


def _told(result: str | Failure, terms: dict[str, str], words: dict[str, str]) -> str | Failure:
    """A translation with the glossary's words in place of the engine's own, or a failure."""
    if isinstance(result, Failure):
        return result
    for term in _missing(result, terms):
        own, wanted = words.get(term, ""), terms[term]
        if not own or result.count(own) != 1:
            return Failure(f"the glossary's {wanted!r} for {term!r} did not come through")
        result = result.replace(own, wanted)
    return result


def _missing(result: str | Failure, terms: dict[str, str]) -> list[str]:
    """The terms whose translation a result does not hold."""
    if isinstance(result, Failure):
        return []
    return [term for term, wanted in terms.items() if wanted.casefold() not in result.casefold()]


def _bare(text: str) -> str:
    """A translation without the full stop that engines like to put after a single word."""
    return text.strip().rstrip(".。．।!！").strip()
