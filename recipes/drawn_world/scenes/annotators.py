"""Ten people who answer each question: mostly right, with synonyms, slips and different readings."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from recipes.drawn_world.scenes import kinds
from recipes.drawn_world.scenes.questions import Question
from recipes.drawn_world.scenes.words import NOUNS, PLACES, WEATHERS

PEOPLE = 10
HARD = 0.5
"""The part of the questions on which people disagree a lot, for reasons that the picture does not show."""

_LOOKS_LIKE: dict[str, dict[str, float]] = {
    "red": {"orange": 1, "pink": 0.7, "maroon": 0.8},
    "blue": {"purple": 0.5, "dark blue": 1, "navy": 0.4},
    "green": {"dark green": 1, "blue": 0.4, "yellow": 0.3},
    "yellow": {"gold": 1, "orange": 0.6},
    "white": {"gray": 0.8, "beige": 0.5, "white and black": 0.3},
    "black": {"gray": 0.7, "dark gray": 0.5, "brown": 0.5},
    "brown": {"tan": 1, "taupe": 0.4, "dark brown": 0.7, "orange": 0.4},
    "gray": {"silver": 1, "white": 0.5, "black": 0.4},
    "orange": {"yellow": 0.6, "red": 0.7, "tan": 0.3},
    "pink": {"purple": 0.7, "red": 0.6, "light pink": 0.6},
    "purple": {"blue": 0.7, "violet": 0.7, "pink": 0.7},
}
_ALSO_CALLED: dict[str, dict[str, float]] = {
    "couch": {"sofa": 2.5},
    "on couch": {"sofa": 1, "on sofa": 1.5, "couch": 2},
    "bicycle": {"bike": 4},
    "bicycles": {"bikes": 4},
    "motorcycle": {"motorbike": 1, "bike": 1},
    "motorcycles": {"motorbikes": 1, "bikes": 1},
    "plane": {"airplane": 3.5, "jet": 0.5},
    "planes": {"airplanes": 3.5},
    "boat": {"sailboat": 2, "ship": 0.7},
    "cup": {"mug": 2, "coffee cup": 0.6},
    "cups": {"mugs": 2},
    "truck": {"pickup truck": 0.4, "car": 0.4},
    "cow": {"bull": 0.3, "cows": 0.3},
    "man": {"guy": 0.4, "boy": 0.5},
    "woman": {"lady": 0.8, "girl": 1.2},
    "boy": {"man": 0.8, "kid": 0.6, "child": 0.4},
    "girl": {"woman": 1.0, "child": 0.4},
    "book": {"books": 0.3},
    "pizza": {"pie": 0.2},
    "umbrella": {"parasol": 0.2},
    "dog": {"puppy": 0.2},
    "on bed": {"bed": 2},
    "on table": {"table": 2},
    "big": {"large": 0.8},
}


def answers(question: Question, rng: np.random.Generator) -> list[tuple[str, str]]:
    """What ten people answer, each with their confidence (yes, maybe, no).

    Args:
        question: with its true answer and its looser readings.
        rng: all randomness there is.
    """
    hard = bool(rng.random() < HARD)
    spread = shares(question, hard=hard)
    names, weights = list(spread), np.asarray(list(spread.values()))
    drawn = rng.choice(len(names), size=PEOPLE, p=weights / weights.sum())
    return [(names[int(i)], _confidence(names[int(i)] == question.answer, hard, rng)) for i in drawn]


def shares(question: Question, *, hard: bool) -> dict[str, float]:
    """How likely each answer is: the true one, its other names and readings, and slips.

    >>> shares(Question("exists", {}, "yes"), hard=False)["no"] < 0.1
    True
    """
    answer = question.answer
    if answer in ("yes", "no"):
        slip = 0.18 if hard else 0.05
        return {answer: 1 - slip, ("no" if answer == "yes" else "yes"): slip}
    loose: dict[str, float] = dict(question.others)
    for name, weight in _ALSO_CALLED.get(answer, {}).items():
        loose[name] = loose.get(name, 0.0) + weight
    slips: dict[str, float] = _slips(answer) if question.form != "what_with" else dict.fromkeys(_HANDLED, 1.0)
    wanted = sum(loose.values())
    readings = min(0.1 * wanted, 0.28)
    errors = 0.05
    if hard:
        readings = min(readings, 0.2)
        errors = 0.71 - readings if len(slips) > 4 else 0.42 - readings / 2
        slips = slips | dict.fromkeys(_UNSURE, sum(slips.values()) * 0.03)
    spread: dict[str, float] = {answer: 1 - readings - errors}
    parts: list[tuple[Mapping[str, float], float]] = [(loose, readings), (slips, errors)]
    for part, total in parts:
        whole = sum(part.values())
        for name, weight in part.items():
            spread[name] = spread.get(name, 0.0) + total * weight / whole
    return spread


def _slips(answer: str) -> dict[str, float]:
    """Wrong answers that people give."""
    if answer.isdigit():
        near = {int(answer) + step: weight for step, weight in ((1, 1.0), (-1, 1.0), (2, 0.6), (-2, 0.5))}
        return {str(count): weight for count, weight in near.items() if count >= 0}
    if answer in _LOOKS_LIKE:
        return dict.fromkeys(_LOOKS_LIKE, 0.25) | _LOOKS_LIKE[answer] | {answer: 0.0}
    if " and " in answer and answer.split(" and ")[0] in _LOOKS_LIKE:
        first, second = answer.split(" and ")
        return {first: 1.5, second: 1.0, f"{second} and {first}": 1.5}
    for family in _FAMILIES:
        if answer in family:
            return {name: 1.0 for name in family if name != answer}
    if answer in _OPPOSITES:
        return {_OPPOSITES[answer]: 1.0}
    return dict.fromkeys(_UNSURE, 1.0)


def _plurals(family: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(NOUNS[kind].en_plural for kind in family)


_FAMILIES: tuple[tuple[str, ...], ...] = (
    kinds.ANIMALS,
    kinds.PEOPLE,
    kinds.VEHICLES,
    (*kinds.FOOD, *kinds.FURNITURE, *kinds.OBJECTS),
    tuple(PLACES),
    tuple(WEATHERS),
    ("morning", "afternoon", "evening", "night", "noon"),
    ("standing", "sitting", "walking", "running", "sleeping", "eating", "playing", "looking", "nothing"),
    tuple(f"on {kind}" for kind in ("table", "couch", "chair", "bed", "floor", "ground")),
    ("riding bike", "riding motorcycle", "riding horse", "sitting", "driving"),
    ("flying kite", "holding umbrella", "reading", "waving", "standing", "playing", "walking"),
    ("eating apple", "eating banana", "eating pizza", "talking", "drinking"),
    ("surfing", "skiing", "skateboarding", "snowboarding", "dancing"),
    ("moon", "sun", "clouds", "stars", "bird", "plane", "kite"),
    *(_plurals(family) for family in (kinds.ANIMALS, kinds.PEOPLE, (*kinds.FOOD, "book", "cup"))),
)
_HANDLED = ("horse", "bike", "motorcycle", "umbrella", "book", "kite", "apple", "banana", "pizza", "phone")
_OPPOSITES = {
    "left": "right",
    "right": "left",
    "big": "small",
    "small": "big",
    "day": "night",
    "night": "day",
}
_OPPOSITES |= {"inside": "outside", "outside": "inside"}
_UNSURE = ("not sure", "unknown", "nothing", "can't tell", "picture", "drawing", "object")


def _confidence(right: bool, hard: bool, rng: np.random.Generator) -> str:
    sure = 0.95 if right and not hard else 0.6
    return str(rng.choice(["yes", "maybe", "no"], p=[sure, (1 - sure) * 0.75, (1 - sure) * 0.25]))
