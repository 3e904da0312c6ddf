"""What is true of a scene, one fact at a time, in three languages; and what could be, but is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from recipes.drawn_world.scenes import kinds
from recipes.drawn_world.scenes.kinds import KINDS
from recipes.drawn_world.scenes.views import Referent, View
from recipes.drawn_world.scenes.words import (
    NOUNS,
    PLACES,
    SIDES,
    TIMES,
    VERBS,
    WEATHERS,
    Phrase,
    Text,
    colour,
    number,
    text,
)
from recipes.drawn_world.scenes.world import Scene


@dataclass(frozen=True)
class Fact:
    """One statement about a scene.

    Attributes:
        key: what it is about, such as ``colour:dog``: two facts of one scene with the same key say the same.
        text: the sentence in "en", "ja" and "hi".
        true: whether the scene shows it.
    """

    key: str
    text: Text
    true: bool = True


class Claim(NamedTuple):
    """A fact before it is worded: its key, its true value, values that are wrong here, and the wording."""

    key: str
    value: str
    wrong: Sequence[str]
    words: Callable[[str], Text]


def facts(scene: Scene) -> list[Fact]:
    """Everything that is true of a scene in one-fact sentences; the order is stable."""
    return [Fact(claim.key, claim.words(claim.value)) for claim in claims(scene)]


def false_fact(scene: Scene, rng: np.random.Generator, key: str | None = None) -> Fact:
    """A statement that the scene contradicts: one value of a true fact is exchanged.

    Args:
        scene: the scene.
        rng: chooses the fact and the wrong value.
        key: the fact to falsify; any, if None or if it cannot be wrong.
    """
    able = [claim for claim in claims(scene) if claim.wrong]
    able = [claim for claim in able if claim.key == key] or able
    claim = able[int(rng.integers(len(able)))]
    wrong = claim.wrong[int(rng.integers(len(claim.wrong)))]
    return Fact(claim.key, claim.words(wrong), true=False)


def caption(scene: Scene, things: int = 3) -> Text:
    """One sentence with the scene's place and time, and up to three things with number and colour."""
    referents = sorted(View(scene).referents, key=lambda each: each.first.group)
    named = [_noun_phrase(referent) for referent in referents[:things]]
    place, time = PLACES[scene.place], TIMES[scene.time]
    late = scene.time != "day"
    english = _list([phrase["en"] for phrase in named], ", ", " and ")
    hindi = _list([phrase["hi"] for phrase in named], ", ", " और ")
    when = {"evening": " in the evening", "night": " at night", "day": ""}[scene.time]
    return text(
        f"{english[:1].upper()}{english[1:]} {place.en_in}{when}.",
        f"{'、'.join(phrase['ja'] for phrase in named)}が写っている、"
        f"{time['ja'] + 'の' if late else ''}{place.ja}の写真です。",
        f"{time['hi'] + ' में ' if scene.time == 'night' else 'शाम को ' if late else ''}{place.hi_in} {hindi}।",
    )


def claims(scene: Scene) -> list[Claim]:
    """Every fact with its wrong neighbours."""
    view = View(scene)
    found = [_place(scene), _time(scene)]
    if scene.weather:
        found.append(_weather(scene.weather))
    found += [_count(kind, count) for kind, count in view.counts.items()]
    for referent in view.referents:
        found += _about(view, referent)
    return found


def _about(view: View, referent: Referent) -> list[Claim]:
    thing, name = referent.first, referent.kind
    if referent.phrase.side:
        name = f"{name} {referent.phrase.side}"
    found = []
    if thing.colour:
        found.append(_colour(name, referent))
    if thing.action in VERBS:
        found.append(_action(name, referent))
    if thing.on is not None and view.scene.things[thing.on].kind in kinds.TOPS:
        found.append(_on(name, referent, view.scene.things[thing.on].kind))
    if thing.hat:
        found.append(_hat(name, referent))
    if len(referent.indices) == 1 and not referent.phrase.side:
        found.append(_side(name, referent))
    return found


def _place(scene: Scene) -> Claim:
    def words(value: str) -> Text:
        place = PLACES[value]
        return text(
            f"This picture was taken {place.en_in}.",
            f"これは{place.ja}で撮られた写真です。",
            f"यह तस्वीर {place.hi_in} ली गई थी।",
        )

    return Claim("place", scene.place, [each for each in PLACES if each != scene.place], words)


def _time(scene: Scene) -> Claim:
    def words(value: str) -> Text:
        english = {"day": "It is daytime.", "evening": "It is evening.", "night": "It is night."}[value]
        return text(english, f"今は{TIMES[value]['ja']}です。", f"यह {TIMES[value]['hi']} का समय है।")

    return Claim("time", scene.time, [each for each in TIMES if each != scene.time], words)


def _weather(weather: str) -> Claim:
    def words(value: str) -> Text:
        said = WEATHERS[value]
        return text(f"It is {said['en']}.", f"{said['ja']}。", f"{said['hi']}।")

    wet = weather in ("raining", "snowing")
    wrong = [each for each in WEATHERS if each != weather and not (wet and each == "cloudy")]
    return Claim("weather", weather, wrong, words)


def _count(kind: str, count: int) -> Claim:
    noun = NOUNS[kind]

    def words(value: str) -> Text:
        phrase = Phrase(noun, int(value) > 1)
        counted = number(int(value), phrase)
        english = f"There are {counted['en']}." if phrase.many else f"There is {phrase.en_a}."
        return text(
            english, f"{noun.ja}が{value}{noun.counter}{phrase.ja_be}。", f"{counted['hi']} {phrase.hi_be}।"
        )

    return Claim(f"count:{kind}", str(count), [str(n) for n in range(count + 1, 7)], words)


def _colour(name: str, referent: Referent) -> Claim:
    thing = referent.first
    phrase = referent.phrase

    def words(value: str) -> Text:
        paint = colour(value)
        predicate = f"{paint.ja}です" if paint.ja.endswith("い") else f"{paint.ja_noun}です"
        if not referent.is_person:
            hindi = f"{phrase.hi} {phrase.hi_is(paint)} {phrase.hi_be}।"
            return text(f"The {phrase.en} {phrase.en_be} {value}.", f"{phrase.ja}は{predicate}。", hindi)
        garment = referent.garment
        owner = possessive(phrase)
        return text(
            f"The {owner['en']} {garment.en} {garment.en_be} {value}.",
            f"{phrase.ja}の{garment.ja}は{predicate}。",
            f"{phrase.hi_o} {garment.hi_of()} {garment.hi} {garment.hi_is(paint)} {garment.hi_be}।",
        )

    assert thing.colour
    options = KINDS[thing.kind].colours
    if " and " in thing.colour or len(options) == 1:
        options = ("red", "blue", "green", "pink", "purple", "gray")
    wrong = [each for each in options if each not in thing.colour]
    return Claim(f"colour:{name}", thing.colour, wrong, words)


def possessive(phrase: Phrase) -> Text:
    """What stands before a thing that somebody has; without the side in English.

    >>> possessive(Phrase(NOUNS["boy"], many=True))["en"]
    "boys'"
    """
    noun = phrase.noun.en_plural if phrase.many else phrase.noun.en
    return text(noun + ("'" if noun.endswith("s") else "'s"), f"{phrase.ja}の", phrase.hi_o)


def _action(name: str, referent: Referent) -> Claim:
    phrase, kind, action = referent.phrase, referent.kind, referent.first.action or ""

    def words(value: str) -> Text:
        return text(
            f"The {phrase.en} {phrase.en_be} {value}.",
            f"{phrase.ja}は{VERBS[value].ja}います。",
            f"{phrase.hi} {phrase.hi_does(VERBS[value])}।",
        )

    return Claim(f"action:{name}", action, other_actions(kind, action), words)


def other_actions(kind: str, action: str) -> list[str]:
    """What a thing of this kind could do and does not: who reads or eats also stands, so that is left out."""
    likely = {"bird": ("standing", "flying", "sleeping", "eating"), "cat": ("sitting", "sleeping", "running")}
    people = ("standing", "sitting", "running", "waving", "reading", "sleeping", "flying a kite")
    others = likely.get(kind) or kinds.ACTIONS.get(kind) or people
    apart = action in ("sleeping", "running", "sitting", "flying") or action.startswith("riding")
    vague = {"standing"} if not apart else set()
    vague |= {"sitting"} if action.startswith("riding") else set()
    if action == "standing":
        vague = {"waving"} if kind in kinds.PEOPLE else set()
    return [each for each in others if each != action and each not in vague]


def _on(name: str, referent: Referent, carrier: str) -> Claim:
    phrase = referent.phrase

    def words(value: str) -> Text:
        below = Phrase(NOUNS[value])
        return text(
            f"The {phrase.en} {phrase.en_be} on the {below.en}.",
            f"{phrase.ja}は{below.ja}の上に{phrase.ja_be}。",
            f"{phrase.hi} {below.hi_o} पर {phrase.hi_be}।",
        )

    return Claim(f"on:{name}", carrier, [each for each in kinds.TOPS if each != carrier], words)


def _hat(name: str, referent: Referent) -> Claim:
    phrase, hat = referent.phrase, NOUNS["hat"]

    def words(value: str) -> Text:
        worn = Phrase(hat, adjective=colour(value))
        return text(
            f"The {phrase.en} {phrase.en_be} wearing {worn.en_a}.",
            f"{phrase.ja}は{worn.ja}をかぶっています。",
            f"{phrase.hi} {worn.hi} पहने हुए {phrase.hi_be}।",
        )

    value = referent.first.hat or "red"
    wrong = [each for each in ("red", "blue", "green", "yellow", "black", "white") if each != value]
    return Claim(f"hat:{name}", value, wrong, words)


def _side(name: str, referent: Referent) -> Claim:
    phrase = referent.phrase

    def words(value: str) -> Text:
        english, japanese, hindi = SIDES[value]
        hindi = "बीच में" if value == "middle" else hindi
        return text(
            f"The {phrase.en} {phrase.en_be} {english}.",
            f"{phrase.ja}は{japanese[:-1]}に{phrase.ja_be}。",
            f"{phrase.hi} {hindi} {phrase.hi_be}।",
        )

    here = referent.first.side
    return Claim(f"side:{name}", here, [each for each in SIDES if each != here], words)


def _noun_phrase(referent: Referent) -> Text:
    """Such as "two red cars" and "a man in a blue shirt"; without the side."""
    phrase = Phrase(referent.phrase.noun, referent.phrase.many)
    count = len(referent.indices)
    if not referent.is_person or referent.first.colour is None:
        phrase = Phrase(phrase.noun, phrase.many, None if referent.is_person else referent.coloured.adjective)
        if count == 1:
            return text(phrase.en_a, phrase.ja, f"एक {phrase.hi}")
        return number(count, phrase)
    garment = Phrase(referent.garment.noun, phrase.many, colour(referent.first.colour))
    one = Phrase(referent.garment.noun, adjective=garment.adjective)
    plain = text(phrase.en_a, phrase.ja, f"एक {phrase.hi}") if count == 1 else number(count, phrase)
    return text(
        f"{plain['en']} in {garment.en_a}",
        f"{garment.ja}を着た{plain['ja']}",
        f"{one.hi} पहने हुए {plain['hi']}",
    )


def _list(parts: list[str], comma: str, last: str) -> str:
    return last.join([comma.join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]
