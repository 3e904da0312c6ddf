"""Questions about left and right."""

from __future__ import annotations

from recipes.drawn_world.scenes import kinds
from recipes.drawn_world.scenes.questions import Draw, Form, Question, yes_or_no
from recipes.drawn_world.scenes.views import Referent, View
from recipes.drawn_world.scenes.words import SIDES, text


def facing(view: View, draw: Draw) -> Question | None:
    """Which direction is the X facing?"""
    able = (
        *(kind for kind in kinds.ANIMALS if kind != "cat"),
        "car",
        "bus",
        "truck",
        "bicycle",
        "motorcycle",
    )
    referent = draw.pick_or_none(view.named((*able, "plane")))
    if referent is None:
        return None
    phrase = referent.phrase
    words = text(
        f"Which direction {phrase.en_be} the {phrase.en} facing?",
        f"{phrase.ja}はどちらを向いていますか？",
        f"{phrase.hi_o} का मुँह किस दिशा में है?",
    )
    return Question("facing", words, referent.first.facing, {"sideways": 0.3, "forward": 0.3})


def left_or_right_of(view: View, draw: Draw) -> Question | None:
    """What is to the left of the X?"""
    free = [each for each in view.referents if each.first.on is None and each.first.holder is None]
    free = [each for each in free if each.first.kind != "kite" and not _flies(each)]
    referent = draw.pick_or_none([each for each in free if len(each.indices) == 1])
    if referent is None:
        return None
    side = draw.pick(("left", "right"))
    there = [each for each in free if each is not referent and _beside(view, each, referent, side)]
    hidden = [t for t in view.scene.things if t.on is None and t.holder is None]
    if len(there) != 1 or sum(len(each.indices) for each in free) != len(
        [t for t in hidden if t.kind != "kite" and t.action != "flying" and t.kind != "plane"]
    ):
        return None
    phrase, seen = referent.phrase, there[0]
    japanese, hindi = ("左", "बाईं") if side == "left" else ("右", "दाईं")
    words = text(
        f"What is to the {side} of the {phrase.en}?",
        f"{phrase.ja}の{japanese}に何がありますか？",
        f"{phrase.hi_o} के {hindi} ओर क्या है?",
    )
    noun = seen.phrase.noun
    answer = noun.en_plural if seen.phrase.many else noun.en
    riders = [t.kind for t in view.scene.things if t.on in seen.indices and t.kind in kinds.PEOPLE]
    return Question(
        "beside", words, answer, dict.fromkeys(riders, 3.0) | ({noun.en: 1.0} if answer != noun.en else {})
    )


def _flies(referent: Referent) -> bool:
    return referent.first.action == "flying" or referent.kind == "plane"


def _beside(view: View, one: Referent, other: Referent, side: str) -> bool:
    """Whether all of `one` is on that side of `other`."""
    middle = _middle(view, other)
    places = [(view.scene.things[i].box[0] + view.scene.things[i].box[2]) / 2 for i in one.indices]
    return all(x < middle - 12 for x in places) if side == "left" else all(x > middle + 12 for x in places)


def _middle(view: View, referent: Referent) -> float:
    box = view.scene.things[referent.indices[0]].box
    return (box[0] + box[2]) / 2


def is_beside(view: View, draw: Draw) -> Question | None:
    """Is the X to the left of the Y?"""
    pair = _two_apart(view, draw)
    if pair is None:
        return None
    one, other = pair
    side = draw.pick(("left", "right"))
    japanese, hindi = SIDES[side][1][:-1], SIDES[side][2]
    words = text(
        f"Is the {one.phrase.en} to the {side} of the {other.phrase.en}?",
        f"{one.phrase.ja}は{other.phrase.ja}の{japanese}側に{one.phrase.ja_be}か？",
        f"क्या {one.phrase.hi} {other.phrase.hi_o} के {hindi} है?",
    )
    return Question("is_beside", words, yes_or_no(_beside(view, one, other, side)))


def left_or_right(view: View, draw: Draw) -> Question | None:
    """Is the X to the left or to the right of the Y?"""
    pair = _two_apart(view, draw)
    if pair is None:
        return None
    one, other = pair
    words = text(
        f"Is the {one.phrase.en} to the left or to the right of the {other.phrase.en}?",
        f"{one.phrase.ja}は{other.phrase.ja}の左に{one.phrase.ja_be}か、それとも右に{one.phrase.ja_be}か？",
        f"{one.phrase.hi} {other.phrase.hi_o} के बाईं ओर है या दाईं ओर?",
    )
    side = "left" if _beside(view, one, other, "left") else "right"
    return Question("left_or_right", words, side, {})


def which_is_there(view: View, draw: Draw) -> Question | None:
    """Which animal is on the left, the X or the Y?"""
    pair = _two_apart(view, draw, kinds.ANIMALS)
    if pair is None:
        return None
    side = draw.pick(("left", "right"))
    answer = next(each for each, beyond in (pair, pair[::-1]) if _beside(view, each, beyond, side))
    one, other = (each.phrase for each in pair)
    japanese, hindi = SIDES[side][1][:-1], SIDES[side][2]
    words = text(
        f"Which animal is on the {side}, the {one.en} or the {other.en}?",
        f"{japanese}にいる動物は{one.ja}ですか、それとも{other.ja}ですか？",
        f"{hindi} कौन सा जानवर है, {one.hi} या {other.hi}?",
    )
    return Question("which_is_there", words, answer.kind, {})


def _two_apart(
    view: View, draw: Draw, names: tuple[str, ...] | None = None
) -> tuple[Referent, Referent] | None:
    """Two things on the ground, one clearly to the left of the other."""
    free = [each for each in view.single if each.first.on is None and each.first.holder is None]
    free = [each for each in free if not each.phrase.side and not _flies(each)]
    free = [each for each in free if names is None or each.kind in names]
    if len(free) < 2:
        return None
    one, other = (free[i] for i in draw.rng.permutation(len(free))[:2])
    apart = _beside(view, one, other, "left") or _beside(view, one, other, "right")
    return (one, other) if apart else None


def which_side(view: View, draw: Draw) -> Question | None:
    """Which side of the picture is the X on?"""
    options = [each for each in view.single if not each.phrase.side and each.first.holder is None]
    referent = draw.pick_or_none([each for each in options if each.first.side != "middle"])
    if referent is None:
        return None
    phrase = referent.phrase
    words = text(
        f"Which side of the picture is the {phrase.en} on?",
        f"{phrase.ja}は写真のどちら側に{phrase.ja_be}か？",
        f"{phrase.hi} तस्वीर में किस तरफ़ है?",
    )
    side = referent.first.side
    return Question("which_side", words, side, {f"{side} side": 0.8, "middle": 0.3})


FORMS: dict[str, tuple[Form, float]] = {
    "facing": (facing, 0.9),
    "left_or_right_of": (left_or_right_of, 1.5),
    "is_beside": (is_beside, 1.5),
    "left_or_right": (left_or_right, 1.6),
    "which_is_there": (which_is_there, 1.2),
    "which_side": (which_side, 0.9),
}
