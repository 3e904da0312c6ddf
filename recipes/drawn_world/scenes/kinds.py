"""The kinds of things: how large they are drawn, in which colours they come, where they may be."""

from __future__ import annotations

import itertools
from typing import NamedTuple

ANIMALS = ("dog", "cat", "horse", "cow", "sheep", "elephant", "giraffe", "zebra", "bird")
PEOPLE = ("man", "woman", "boy", "girl")
VEHICLES = ("car", "bus", "truck", "bicycle", "motorcycle", "boat", "plane")
FOOD = ("apple", "banana", "orange", "pizza", "cake")
FURNITURE = ("table", "chair", "couch", "bed")
OBJECTS = ("umbrella", "kite", "book", "cup", "lamp")

INDOORS = ("kitchen", "bedroom", "living room", "bathroom", "classroom")
OUTDOORS = ("beach", "street", "field", "forest", "desert", "ski slope")
SMALL = 0.64
"""The scale of a small thing, where a large one is 1."""

_BRIGHT = ("red", "blue", "green", "yellow", "orange", "pink", "purple")
_ALL = (*_BRIGHT, "white", "black", "brown", "gray")
_FUR = ("brown", "black", "white", "gray", "orange")
TWO_COLOURS = tuple(
    " and ".join(pair) for pair in itertools.combinations((*_BRIGHT, "white", "black", "brown"), 2)
)


class Kind(NamedTuple):
    """One kind of thing.

    Attributes:
        width, height: pixels of a large one.
        colours: in which it comes; one colour only means that no question asks for it often.
        group: the most that stand together.
        places: where it may be.
        two: how often it has two colours.
    """

    width: float
    height: float
    colours: tuple[str, ...]
    group: int = 1
    places: tuple[str, ...] = OUTDOORS
    two: float = 0.0


_ANYWHERE = (*OUTDOORS, *INDOORS)
_ROAD = ("street", "field", "desert", "beach", "forest")
KINDS = {
    "dog": Kind(38, 34, _FUR, 5, _ANYWHERE),
    "cat": Kind(31, 33, _FUR, 5, _ANYWHERE),
    "horse": Kind(50, 47, ("brown", "black", "white", "gray"), 3),
    "cow": Kind(50, 40, ("black and white",), 4),
    "sheep": Kind(42, 34, ("white", "gray", "brown", "pink"), 5),
    "elephant": Kind(52, 44, ("gray", "pink", "blue"), 3),
    "giraffe": Kind(38, 70, ("yellow and brown",), 3),
    "zebra": Kind(49, 45, ("black and white",), 3),
    "bird": Kind(24, 22, _ALL[:-1], 5, _ANYWHERE),
    "man": Kind(34, 66, _ALL, 1, _ANYWHERE),
    "woman": Kind(34, 66, _ALL, 1, _ANYWHERE),
    "boy": Kind(25, 47, _ALL, 3, _ANYWHERE),
    "girl": Kind(25, 47, _ALL, 3, _ANYWHERE),
    "car": Kind(52, 27, _ALL, 4, _ROAD),
    "bus": Kind(52, 36, _ALL, 2, ("street", "field", "desert")),
    "truck": Kind(52, 33, _ALL, 3, _ROAD),
    "bicycle": Kind(44, 30, _ALL, 4, (*_ROAD, "living room")),
    "motorcycle": Kind(46, 31, _ALL, 3, _ROAD),
    "boat": Kind(44, 42, _BRIGHT, 3, ("beach",), 0.6),
    "plane": Kind(50, 26, ("white", "red", "blue", "yellow", "gray"), 3, OUTDOORS, 0.4),
    "apple": Kind(15, 15, ("red", "green", "yellow"), 5, _ANYWHERE),
    "banana": Kind(20, 15, ("yellow", "green"), 4, _ANYWHERE),
    "orange": Kind(14, 15, ("orange",), 5, _ANYWHERE),
    "pizza": Kind(22, 21, ("yellow and red",), 2, _ANYWHERE),
    "cake": Kind(24, 24, ("pink", "white", "brown", "purple", "blue"), 2, _ANYWHERE),
    "table": Kind(52, 26, ("brown", "white", "black", "blue", "red", "green"), 1, _ANYWHERE),
    "chair": Kind(28, 38, _ALL, 4, _ANYWHERE),
    "couch": Kind(52, 32, _ALL, 1, ("living room", "bedroom", "classroom")),
    "bed": Kind(52, 34, _ALL, 1, ("bedroom",)),
    "umbrella": Kind(34, 34, _ALL[:-1], 4, OUTDOORS, 0.5),
    "kite": Kind(24, 34, _BRIGHT, 3, OUTDOORS, 0.8),
    "book": Kind(25, 17, _ALL, 4, _ANYWHERE),
    "cup": Kind(17, 17, _ALL, 5, _ANYWHERE),
    "lamp": Kind(22, 34, _ALL, 2, INDOORS),
}

HELD_OUT = frozenset(
    {
        ("dog", "white"),
        ("cat", "gray"),
        ("horse", "white"),
        ("bird", "purple"),
        ("man", "yellow"),
        ("woman", "orange"),
        ("boy", "purple"),
        ("girl", "green"),
        ("car", "purple"),
        ("bus", "pink"),
        ("truck", "orange"),
        ("bicycle", "green"),
        ("motorcycle", "white"),
        ("boat", "blue"),
        ("cake", "purple"),
        ("table", "white"),
        ("chair", "red"),
        ("couch", "yellow"),
        ("bed", "orange"),
        ("umbrella", "green"),
        ("kite", "red"),
        ("book", "blue"),
        ("cup", "orange"),
        ("lamp", "pink"),
    }
)
"""Pairs of kind and colour that no train picture shows; every kind and every colour occurs without them."""

TOPS = {
    "table": ("apple", "banana", "orange", "pizza", "cake", "cup", "book", "lamp", "cat"),
    "couch": ("cat", "dog", "book"),
    "bed": ("cat", "dog", "book"),
    "chair": ("cat", "bird", "book"),
}
"""What may lie, stand or sit on what."""

SEAT = {"table": 0.04, "couch": 0.66, "bed": 0.52, "chair": 0.54}
"""How far below its upper rim a piece of furniture carries things, as a part of its height."""

ACTIONS = {
    "dog": ("standing", "sleeping", "running", "eating"),
    "cat": ("sitting", "sleeping", "eating"),
    "horse": ("standing", "sleeping", "running", "eating"),
    "cow": ("standing", "sleeping", "running", "eating"),
    "sheep": ("standing", "sleeping", "running", "eating"),
    "elephant": ("standing", "running", "eating"),
    "giraffe": ("standing", "running", "eating"),
    "zebra": ("standing", "sleeping", "running", "eating"),
    "bird": ("standing",),
}
"""What animals do on the ground; birds also fly. People's actions need things: see ``sampling``."""

ALONE = ("standing", "waving", "running")
"""What people do with empty hands, anywhere."""
AT = {"street": "skateboarding", "beach": "surfing", "ski slope": "skiing"}
"""What people do at one place only."""
