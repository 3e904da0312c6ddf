"""Words and their forms that phrases are put together from, and which noun may qualify which."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from vqa_builder.languages._text import table_rows

_SUPPLIES = """
apparatus area areas bag bags board boards boot boots camp case class clothes club contest device devices
equipment event floor gear glove gloves goggles hall hat helmet helmets hole jacket jersey kit lane lesson
lessons line lot machine machines materials meter meters mill outfit pad pants paper pole poles pool product
products rack rink rod room school season shirt shoe shoes shop sign signs space spot spots stick store suit
supplies table team tool tools track trail uniform utensil utensils vest zone
"""
_OBJECT_KINDS = """
animal appliance clothes electronic food dish fruit vegetable drink furniture holiday meal nature object
outdoor person place room sport sportgear structure tableware toy vehicle
"""
_UNCLEAR = """
fall falls fan fans glasses glove gloves mice mouse pitcher pitchers
"""
_PREPOSITION_LIST = """
above across against along around at behind below beneath beside between by in inside near next on outside
over under underneath
"""
ADJECTIVE = "adj"
"""With a kind of nouns behind it ("adj body") that of these alone: short hair is not as a short man is."""
MATERIAL = "material"
QUALIFIER = "qualifier"
"""What stands before a noun and all its adjectives, and before a number."""
PRONOUN = "pronoun"
PREPOSITIONS = frozenset(_PREPOSITION_LIST.split())
EDIBLE = frozenset({"food", "dish", "fruit", "vegetable", "drink"})
UNCLEAR = frozenset(_UNCLEAR.split())
"""Of these nouns with several senses none is what people mean when something is done to them."""
ALIVE = frozenset({"person", "animal"})
VERBS = frozenset({"verb", "activity", "intransitive"})
"""An activity makes names of things ("cleaning supplies"), which then are no object of it; an intransitive
verb has no object."""
SUPPLIES = frozenset(_SUPPLIES.split())
"""Behind an activity these are what it is done with or at ("painting supplies", "surf shop"), not to."""

_OBJECTS = frozenset(_OBJECT_KINDS.split())
_DEGREES = {"ja": ("もっと", "一番"), "hi": ("ज़्यादा ", "सबसे ")}
"""What makes a comparative and a superlative."""
_SHORT = re.compile("[^aeiou]+[aeiou][bdgmnpt]")
_COMPOUNDS = {
    "appliance": frozenset({"room", "food", "dish", "drink"}),
    "body": frozenset({"animal", "person"}),
    "clothes": frozenset({"sport", "person", "holiday", "season", "animal"}),
    "dish": EDIBLE | {"meal", "holiday"},
    "event": _OBJECTS - {"person", "nature"},
    "furniture": frozenset({"room", "place", "animal", "person"}),
    "object": _OBJECTS,
    "part": frozenset(
        {
            "vehicle",
            "electronic",
            "furniture",
            "clothes",
            "structure",
            "appliance",
            "room",
            "sportgear",
            "outdoor",
        }
    ),
    "picture": _OBJECTS | {"body", "shape", "part"},
    "place": frozenset({"sport", "vehicle", "clothes", "furniture", "toy"}) | EDIBLE | {"animal"},
    "nature": frozenset({"fruit"}),
    "person": frozenset({"vehicle", "sport", "sportgear", "animal"}),
    "structure": frozenset({"room", "structure", "vehicle", "animal"}),
    "tableware": EDIBLE | {"animal", "meal", "room"},
    "vehicle": EDIBLE | {"animal", "sport"},
}
"""What a noun may stand before: the kinds of it, by the kind of the noun behind."""


class Word(NamedTuple):
    """One entry of ``words_<code>.tsv``, as an English text names it.

    Attributes:
        kind: ``adj``, ``adj`` and the kind of nouns that it is for ("adj body"), ``act``, one of ``VERBS``,
            or what kind of noun it is ("animal", "material").
        forms: of the language, in the order of the columns behind ``kind``.
        plural: whether the English was in the plural, of a verb whether it ended in -ing.
    """

    kind: str
    forms: tuple[str, ...]
    plural: bool

    @property
    def is_noun(self) -> bool:
        """Anything but adjectives, actions and verbs."""
        kind = self.kind.partition(" ")[0]
        return kind not in (ADJECTIVE, "act", QUALIFIER) and kind not in VERBS

    def qualifies(self, head: Word) -> bool:
        """Whether this noun before another one says what kind of it that is, as in "bathroom sink"."""
        return self.kind in _COMPOUNDS.get(head.kind, frozenset())


class Forms(dict[str, str]):
    """The forms of a part; "" is the one that stands where none is named."""

    def __format__(self, spec: str) -> str:
        return self[""]


@cache
def words(code: str) -> dict[str, list[Word]]:
    """English word or words, singular or plural -> its entries.

    So are comparatives, and plurals that people write by mistake ("sheeps", "atv's"), unless they are
    something else.
    """
    found: dict[str, list[Word]] = {}
    derived: dict[str, list[Word]] = {}
    for row in table_rows(f"words_{code}.tsv"):
        singular, plural, kind, *forms = row.values()
        found.setdefault(singular, []).append(Word(kind, tuple(forms), False))
        several = Word(kind, tuple(forms), True)
        if plural and plural != singular:
            found.setdefault(plural, []).append(several)
        if kind.startswith(ADJECTIVE) and " " not in singular and code in _DEGREES:
            for name, degree in zip(_compared(singular), _DEGREES[code], strict=True):
                said = tuple(form and degree + form for form in forms)
                derived.setdefault(name, []).append(Word(kind, said, False))
        if several.is_noun and kind != PRONOUN:
            for ending in ("s", "'s") if kind not in ALIVE else ("s",):
                derived.setdefault(singular + ending, []).append(several)
    return {**derived, **found}


def _compared(adjective: str) -> tuple[str, str]:
    """The comparative and superlative of a short adjective.

    >>> _compared("tall"), _compared("shiny"), _compared("big"), _compared("wide")
    (('taller', 'tallest'), ('shinier', 'shiniest'), ('bigger', 'biggest'), ('wider', 'widest'))
    """
    stem = adjective.removesuffix("e")
    if _SHORT.fullmatch(adjective):
        stem += adjective[-1]
    elif stem.endswith("y") and not adjective.endswith("ye"):
        stem = stem[:-1] + "i"
    return stem + "er", stem + "est"
