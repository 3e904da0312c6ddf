"""What is asked of engines and of the memory: strings of one kind, in one direction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple, TypeVar

Item = TypeVar("Item")

SENSE = "sense"
"""The role of requests that ask which sense of an answer a picture shows."""


class Sighted(NamedTuple):
    """What a context of the role ``SENSE`` holds: a picture's SHA-256, the question, and the senses."""

    picture: str
    question: str
    senses: list[str]


def sense_context(picture: str, question: str, senses: Sequence[str]) -> str:
    """A context of the role ``SENSE``; the memory keeps replies under it.

    >>> context = sense_context("ab12", "What is on the table?", ["vessel", "eyewear"])
    >>> sighted(context)
    Sighted(picture='ab12', question='What is on the table?', senses=['vessel', 'eyewear'])
    """
    return json.dumps([picture, question, *senses], ensure_ascii=False)


def sighted(context: str) -> Sighted:
    """The parts of what ``sense_context`` made."""
    picture, question, *senses = json.loads(context)
    return Sighted(picture, question, senses)


@dataclass(frozen=True, slots=True)
class Request:
    """Strings to translate, with all that a translation depends on.

    Attributes:
        texts: plain strings without line breaks.
        source, target: ISO 639 codes.
        role: one of ``schema.KINDS``, ``SENSE``, or "" for any.
        contexts: one per text, "" for none: what tells two senses of it apart, such as the question that it
            answers. None where no text has one.
        terms: one mapping per text, of words as they stand in it to what its translation is to hold. None
            where no text has any.

    Raises:
        ValueError: there are not as many contexts or terms as texts.

    Example::

        >>> request = Request(["orange", "bus"], "en", "ja", role="answer", contexts=["What colour?", ""])
        >>> request.take([0])  # doctest: +NORMALIZE_WHITESPACE
        Request(texts=['orange'], source='en', target='ja', role='answer', contexts=['What colour?'],
                terms=None)
        >>> len(request), request.direction
        (2, 'en-ja')
    """

    texts: Sequence[str]
    source: str
    target: str
    role: str = ""
    contexts: Sequence[str] | None = None
    terms: Sequence[Mapping[str, str]] | None = None

    def __post_init__(self) -> None:
        for name, beside in (("contexts", self.contexts), ("terms", self.terms)):
            if beside is not None and len(beside) != len(self.texts):
                raise ValueError(f"{len(beside)} {name} for {len(self.texts)} texts")

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def direction(self) -> str:
        """``en-ja``."""
        return f"{self.source}-{self.target}"

    @property
    def pairs(self) -> Iterator[tuple[str, str]]:
        """Every text with its context, "" for none."""
        return zip(self.texts, self.contexts or [""] * len(self.texts), strict=True)

    def take(self, places: Iterable[int]) -> Request:
        """The texts at some places, with what belongs to them."""
        places = list(places)
        return replace(
            self,
            texts=[self.texts[at] for at in places],
            contexts=self.contexts and [self.contexts[at] for at in places],
            terms=self.terms and [self.terms[at] for at in places],
        )


def batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Lists of ``size`` items, the last one shorter, none empty.

    >>> list(batches("abcde", 2))
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
