"""What an engine must not touch: a glossary's terms, numbers, addresses, quoted text.

An engine that can be told gets them beside the text. For any other, such a span travels as a placeholder
(``X1``) and is put back afterwards. Small models often lose
placeholders. Then the string is translated as it stands, and the engine's own word for a term, asked for by
itself, is replaced by the glossary's. A term that still has not come through is a failure: it is enforced.
Numbers, addresses and quotes are not: the scorers judge what became of them.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import ClassVar, NamedTuple

from vqa_builder.translation.engines.base import Engine, EngineInParts, Failure, Options, Parts
from vqa_builder.translation.glossary import Glossary
from vqa_builder.translation.memory import WITH_TERMS
from vqa_builder.translation.request import Request

VERSION = "1"
PATTERNS = {
    "urls": re.compile(r"(?:https?://|www\.)[^\s\"”’)]*[^\s\"”’).,;:!?]"),
    "quotes": re.compile(r"\"[^\"]+\"|“[^”]+”|(?<!\w)'[^']+'(?!\w)|(?<!\w)‘[^’]+’(?!\w)"),
    "numbers": re.compile(r"(?<![\w.,])\d+(?:[.,:/]\d+)*(?![\w])"),
}
PLACEHOLDER = re.compile(r"(?<![A-Za-z0-9])([XxＸ]) ?([0-9０-９]+)(?![A-Za-z0-9])")
SPACELESS = ("ja", "zh", "th")
_STRAY = re.compile(r"(?<![A-Za-z])[XＸ](?![A-Za-z])")
_LATIN = re.compile(r"[A-Za-z0-9]")

PLAIN, SPANS, TERMS = 0, 1, 2

EXACT = "glossary|exact"
"""Who answers where the glossary has the whole text."""


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
        kinds: some of ``PATTERNS``.

    Example::

        guard = Guard(load_glossary(path), ["numbers"])
        guard.exact("fire hydrant", "answer")  # "消火栓"
        guard.spans("Is bus 42 near the fire hydrant?", "question")  # two spans
    """

    def __init__(self, glossary: Glossary | None, kinds: Sequence[str] = ()) -> None:
        self.glossary, self.kinds = glossary, tuple(sorted(set(kinds)))

    @property
    def signature(self) -> str:
        """Everything that decides what is protected, the whole glossary with it."""
        return f"{self.of_kind(TERMS)}|{self.glossary.signature}" if self.glossary else self.of_kind(SPANS)

    def of_kind(self, kind: int) -> str:
        """What an engine's signature gains for strings of one kind, whichever terms they hold."""
        own = "+".join([f"protect:{VERSION}", *self.kinds])
        return f"{own}{WITH_TERMS}" if kind == TERMS else own

    def digest(self, text: str, role: str) -> str:
        """A short hash of the terms that a text holds and of their translations, and of nothing else."""
        terms = sorted(_terms(text, self.spans(text, role)).items())
        return hashlib.sha256("\n".join("\t".join(term) for term in terms).encode()).hexdigest()[:12]

    def exact(self, text: str, role: str) -> str | None:
        """The glossary's translation of the whole text."""
        return self.glossary.exact(text, role) if self.glossary else None

    def kind(self, text: str, role: str) -> int:
        """Whether a text holds terms, or other spans, or neither."""
        spans = self.spans(text, role)
        return TERMS if any(span.is_term for span in spans) else SPANS if spans else PLAIN

    def spans(self, text: str, role: str) -> list[Span]:
        """What is protected of a text, from left to right, without overlaps; the longer one wins."""
        found = [Span(*hit, True) for hit in self.glossary.find(text, role)] if self.glossary else []
        for kind in self.kinds:
            found += [Span(hit.start(), hit.end(), hit[0], False) for hit in PATTERNS[kind].finditer(text)]
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

    MOST_TIMES: ClassVar[int] = 3
    """A text, the same without placeholders, and its terms: no more is sent for it than thrice its length."""

    name: ClassVar[str] = "protected"
    summary: ClassVar[str] = "another engine, with terms and other spans protected"
    Options: ClassVar[type[Options]] = Options

    def __init__(self, engine: Engine, guard: Guard, kind: int) -> None:
        self.engine, self.guard, self.kind = engine, guard, kind
        self.sent_again: list[str] = []
        self.name, self.uses_context = engine.name, engine.uses_context  # type: ignore[misc]

    @property
    def signature(self) -> str:
        """The engine's, and what is protected."""
        return f"{self.engine.signature}|{self.guard.of_kind(self.kind)}"

    def check_direction(self, source: str, target: str) -> None:
        """As the engine."""
        self.engine.check_direction(source, target)

    def translate_in_parts(self, request: Request) -> Parts:
        """First with placeholders; what lost one, once more as it stands; or with spans beside texts."""
        spans = [self.guard.spans(text, request.role) for text in request.texts]
        if self.engine.takes_terms:
            yield from self._with_terms(request, spans)
            return
        masks = [_mask(text, some) for text, some in zip(request.texts, spans, strict=True)]
        lost: list[int] = []
        for part in self._ask(replace(request, texts=[masked for masked, _ in masks])):
            finished: list[tuple[int, str | Failure]] = []
            for at, result in part:
                text = _restored(result, masks[at][1], request.target) if isinstance(result, str) else None
                if text is None:
                    lost.append(at)
                else:
                    finished.append((at, text))
            yield finished
        if not lost:
            return
        again = request.take(lost)
        terms = [_terms(request.texts[at], spans[at]) for at in lost]
        words = self._own_words(request, sorted({term for some in terms for term in some}))
        self.sent_again += again.texts
        for part in self._ask(again):
            yield [(lost[at], _enforced(result, terms[at], words)) for at, result in part]

    def close(self) -> None:
        """As the engine."""
        self.engine.close()

    def _with_terms(self, request: Request, spans: Sequence[Sequence[Span]]) -> Parts:
        """Texts as they stand with their spans beside them; what lacks a term has the engine's own word."""
        beside = [
            {text[span.start : span.end]: span.replacement for span in some}
            for text, some in zip(request.texts, spans, strict=True)
        ]
        terms = [_terms(text, some) for text, some in zip(request.texts, spans, strict=True)]
        lacking: list[tuple[int, str]] = []
        for part in self.engine.translate_in_parts(replace(request, terms=beside)):
            finished: list[tuple[int, str | Failure]] = []
            for at, result in part:
                if isinstance(result, str) and _missing(result, terms[at]):
                    lacking.append((at, result))
                else:
                    finished.append((at, result))
            yield finished
        if lacking:
            missing = sorted({term for at, result in lacking for term in _missing(result, terms[at])})
            words = self._own_words(request, missing)
            yield [(at, _enforced(result, terms[at], words)) for at, result in lacking]

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


def _restored(result: str, stands_for: dict[int, str], target: str) -> str | None:
    """The translation with every placeholder put back; None if one is lost, doubled or new."""
    hits = list(PLACEHOLDER.finditer(result))
    if sorted(int(hit[2]) for hit in hits) != sorted(stands_for):
        return None
    pieces, end = [], 0
    for hit in hits:
        pieces += [result[end : hit.start()], stands_for[int(hit[2])]]
        end = hit.end()
    pieces.append(result[end:])
    if any(_STRAY.search(piece) for piece in pieces[::2]):
        return None
    return _closed_up(pieces) if target in SPACELESS else "".join(pieces)


def _closed_up(pieces: list[str]) -> str:
    """Pieces joined without the spaces that an engine put around a placeholder; Latin words keep theirs."""
    text = pieces[0]
    for piece in pieces[1:]:
        left, right = text.rstrip(" "), piece.lstrip(" ")
        latin = _LATIN.match(left[-1:]) and _LATIN.match(right[:1])
        text = f"{text}{piece}" if latin or not left or not right else f"{left}{right}"
    return text


def _terms(text: str, spans: Sequence[Span]) -> dict[str, str]:
    """The glossary's terms in a text, with their translations."""
    return {text[span.start : span.end].lower(): span.replacement for span in spans if span.is_term}


def _enforced(result: str | Failure, terms: dict[str, str], words: dict[str, str]) -> str | Failure:
    """A translation made without placeholders, with the glossary's words in it, or a failure."""
    if isinstance(result, Failure):
        return result
    for term in _missing(result, terms):
        own, wanted = words.get(term, ""), terms[term]
        if not own or result.count(own) != 1:
            return Failure(f"the glossary's {wanted!r} for {term!r} did not come through")
        result = result.replace(own, wanted)
    return result


def _missing(result: str, terms: dict[str, str]) -> list[str]:
    """The terms whose translation a result does not hold."""
    return [term for term, wanted in terms.items() if wanted.casefold() not in result.casefold()]


def _bare(text: str) -> str:
    """A translation without the full stop that engines like to put after a single word."""
    return text.strip().rstrip(".。．।!！").strip()
