"""One remembered translation, and counts of many."""

from __future__ import annotations

from typing import NamedTuple

ANY_ROLE = ""


class Entry(NamedTuple):
    """One remembered translation.

    Attributes:
        source, target: ISO 639 codes.
        text: what was translated.
        translation: into what.
        role: ``question``, ``answer`` or "" for any.
        context: what told two senses of a text apart; "" for any.
        engine: a machine entry's engine signature, an asserted entry's label (``human``, ``import``).
        asserted: whether people stand behind it, so that it outranks engines.
    """

    source: str
    target: str
    text: str
    translation: str
    role: str = ANY_ROLE
    context: str = ""
    engine: str = "import"
    asserted: bool = True


class Added(NamedTuple):
    """How many entries of each kind were taken in."""

    asserted: int
    machine: int


class Stats(NamedTuple):
    """How much the memory holds of one kind."""

    source: str
    target: str
    role: str
    engine: str
    asserted: bool
    entries: int
    characters: int
    translated_characters: int
