"""Questions about colours."""

from __future__ import annotations

from recipes.drawn_world.scenes.kinds import KINDS
from recipes.drawn_world.scenes.questions import Draw, Form, Question, yes_or_no
from recipes.drawn_world.scenes.sentences import possessive
from recipes.drawn_world.scenes.views import Referent, View
from recipes.drawn_world.scenes.words import NOUNS, VERBS, Phrase, colour, text

_RARE = {"cow": 0.3, "zebra": 0.3, "giraffe": 0.3, "pizza": 0.2, "orange": 0.2}
"""Kinds with one colour only are asked for it less often."""


def _coloured(view: View, draw: Draw) -> Referent | None:
    options = [each for each in view.referents if each.first.colour]
    if not options:
        return None
    shares = {index: _RARE.get(each.kind, 1.0) for index, each in enumerate(options)}
    return options[draw.weighted(shares)]


def _carrier_of_colour(referent: Referent) -> tuple[Phrase, str, str, str]:
    """What the colour is of (the thing, or a person's clothes): phrase, English, Japanese, Hindi oblique."""
    phrase = referent.phrase
    if not referent.is_person:
        return phrase, phrase.en, phrase.ja, phrase.hi_o
    garment, owner = referent.garment, possessive(phrase)
    english = f"{garment.en} of the {phrase.en}" if phrase.side else f"{owner['en']} {garment.en}"
    hindi = f"{phrase.hi_o} की {garment.hi_o}"
    return garment, english, f"{phrase.ja}の{garment.ja}", hindi


def _hindi_subject(referent: Referent) -> str:
    phrase, garment = referent.phrase, referent.garment
    return f"{phrase.hi_o} {garment.hi_of()} {garment.hi}" if referent.is_person else phrase.hi


def what_colour(view: View, draw: Draw) -> Question | None:
    """What color is the X?"""
    referent = _coloured(view, draw)
    if referent is None or referent.first.colour is None:
        return None
    about, english, japanese, carrier = _carrier_of_colour(referent)
    hindi = f"{_hindi_subject(referent)} किस रंग {about.hi_of()} {about.hi_be}?"
    words = text(f"What color {about.en_be} the {english}?", f"{japanese}は何色ですか？", hindi)
    reworded = (
        text(
            f"Which color {about.en_do} the {english} have?",
            f"{japanese}はどんな色をしていますか？",
            f"{carrier} का रंग कौन सा है?",
        ),
        text(
            f"Name the color of the {english}.",
            f"{japanese}の色を教えてください。",
            f"{carrier} का रंग बताइए।",
        ),
    )
    return Question(
        "what_colour", words, referent.first.colour, about=frozenset({referent.pair}), reworded=reworded
    )


def colour_of(view: View, draw: Draw) -> Question | None:
    """What is the color of the X?"""
    referent = _coloured(view, draw)
    if referent is None or referent.first.colour is None:
        return None
    about, english, japanese, hindi = _carrier_of_colour(referent)
    words = text(
        f"What is the color of the {english}?", f"{japanese}の色は何ですか？", f"{hindi} का रंग क्या है?"
    )
    reworded = (
        text(
            f"The color of the {english} is what?", f"{japanese}の色は何色ですか？", f"क्या रंग है {hindi} का?"
        ),
        text(
            f"What color {about.en_do} the {english} appear to be?",
            f"{japanese}は何色に見えますか？",
            f"{hindi} का रंग क्या दिख रहा है?",
        ),
    )
    return Question(
        "colour_of", words, referent.first.colour, about=frozenset({referent.pair}), reworded=reworded
    )


def other_colour(referent: Referent, draw: Draw) -> str:
    """A colour that things of this kind have, but this one has not."""
    options = [each for each in KINDS[referent.kind].colours if each not in (referent.first.colour or "")]
    options = [each for each in options if " and " not in each] or [
        "red",
        "blue",
        "green",
        "yellow",
        "white",
        "black",
    ]
    return draw.pick([each for each in options if each not in (referent.first.colour or "")])


def is_colour(view: View, draw: Draw) -> Question | None:
    """Is the X red?"""
    referent = _coloured(view, draw)
    if referent is None or referent.first.colour is None:
        return None
    truth = draw.chance(0.5)
    asked = referent.first.colour if truth else other_colour(referent, draw)
    if " and " in asked:
        return None
    about, english, japanese, carrier = _carrier_of_colour(referent)
    paint = colour(asked)
    predicate = f"{paint.ja if paint.ja.endswith('い') else paint.ja_noun}ですか？"
    words = text(
        f"{about.en_be.capitalize()} the {english} {asked}?",
        f"{japanese}は{predicate}",
        f"क्या {_hindi_subject(referent)} {about.hi_is(paint)} {about.hi_be}?",
    )
    seen = f"{paint.ja[:-1]}く" if paint.ja.endswith("い") else f"{paint.ja_noun}に"
    looks = about.agree("दिखता", "दिखते", "दिखती")
    reworded = (
        text(
            f"{about.en_do.capitalize()} the {english} look {asked}?",
            f"{japanese}は{seen}見えますか？",
            f"क्या {_hindi_subject(referent)} {about.hi_is(paint)} {looks} {about.hi_be}?",
        ),
        text(
            f"Is the color of the {english} {asked}?",
            f"{japanese}の色は{paint.ja_noun}ですか？",
            f"क्या {carrier} का रंग {paint.hi} है?",
        ),
    )
    pairs = {referent.pair, (referent.kind, asked)}
    return Question("is_colour", words, yes_or_no(truth), about=frozenset(pairs), reworded=reworded)


def colour_or(view: View, draw: Draw) -> Question | None:
    """Is the X red or blue?"""
    referent = _coloured(view, draw)
    if referent is None or referent.first.colour is None or " and " in referent.first.colour:
        return None
    pair = [referent.first.colour, other_colour(referent, draw)]
    first, second = (colour(pair[i]) for i in draw.rng.permutation(2))
    about, english, japanese, _ = _carrier_of_colour(referent)
    words = text(
        f"{about.en_be.capitalize()} the {english} {first.en} or {second.en}?",
        f"{japanese}は{first.ja_noun}ですか、それとも{second.ja_noun}ですか？",
        f"{_hindi_subject(referent)} {about.hi_is(first)} {about.hi_be} या {about.hi_is(second)}?",
    )
    return Question("colour_or", words, referent.first.colour, about=frozenset({referent.pair}))


def colour_of_carrier(view: View, draw: Draw) -> Question | None:
    """What color is the horse that the man is riding? What color is the table with the apples on it?"""
    things = view.scene.things
    options = [
        (top, below)
        for top in view.referents
        for below in view.single
        if top.first.on == below.indices[0] and below.first.colour
    ]
    pair = draw.pick_or_none(options)
    if pair is None:
        return None
    top, below = pair
    if (top.first.action == "sleeping" and top.is_person) or things[below.indices[0]].kind == "bed":
        return None
    above, under = top.phrase, below.phrase
    relative = under.agree("जिस", "जिन", "जिस")
    ending = f"वह किस रंग {under.hi_of()} {under.hi_be}?"
    if top.is_person:
        deed, japanese = ("sitting on", "座っている") if below.kind == "chair" else ("riding", "乗っている")
        hindi = above.agree("बैठा", "बैठे", "बैठी") if below.kind == "chair" else "सवार"
        words = text(
            f"What color is the {under.en} that the {above.en} {above.en_be} {deed}?",
            f"{above.ja}が{japanese}{under.ja}は何色ですか？",
            f"{above.hi} {relative} {under.hi_o} पर {hindi} {above.hi_be}, {ending}",
        )
    else:
        japanese = "がいる" if above.noun.lives else "がのっている"
        words = text(
            f"What color is the {under.en} with the {above.en} on it?",
            f"上に{above.ja}{japanese}{under.ja}は何色ですか？",
            f"{relative} {under.hi_o} पर {above.hi} {above.hi_be}, {ending}",
        )
    return Question("colour_of_carrier", words, below.first.colour or "", about=frozenset({below.pair}))


def colour_of_held(view: View, draw: Draw) -> Question | None:
    """What color is the umbrella the boy is holding?"""
    options = [
        (held, person)
        for held in view.single
        for person in view.single
        if held.first.holder == person.indices[0] and held.kind in ("umbrella", "book", "apple", "banana")
    ]
    pair = draw.pick_or_none(options)
    if pair is None:
        return None
    held, person = pair
    words = text(
        f"What color is the {held.phrase.noun.en} the {person.phrase.en} is holding?",
        f"{person.phrase.ja}が持っている{held.phrase.noun.ja}は何色ですか？",
        f"{person.phrase.hi_o} के हाथ में जो {held.phrase.noun.hi} है, वह किस रंग {held.phrase.hi_of()} है?",
    )
    return Question("colour_of_held", words, held.first.colour or "", about=frozenset({held.pair}))


def colour_of_doer(view: View, draw: Draw) -> Question | None:
    """What color is the shirt of the man riding the horse?"""
    people = [each for each in view.single if each.is_person and each.first.colour and not each.phrase.side]
    referent = draw.pick_or_none([each for each in people if each.first.action not in (None, "standing")])
    if referent is None:
        return None
    verb, phrase, garment = VERBS[referent.first.action or ""], referent.phrase, referent.garment
    words = text(
        f"What color is the {garment.en} of the {phrase.en} {verb.en}?",
        f"{verb.ja}いる{phrase.ja}の{garment.ja}は何色ですか？",
        f"जो {phrase.hi} {phrase.hi_does(verb)}, उसकी {garment.hi} किस रंग की है?",
    )
    return Question("colour_of_doer", words, referent.first.colour or "", about=frozenset({referent.pair}))


def colour_near(view: View, draw: Draw) -> Question | None:
    """What color is the car near the man? What color is the book on the table?"""
    referent = draw.pick_or_none(
        [each for each in view.referents if each.first.colour and not each.is_person]
    )
    if referent is None or referent.phrase.side:
        return None
    phrase, below = referent.phrase, referent.first.on
    if below is not None:
        other = Phrase(NOUNS[view.scene.things[below].kind])
        english, japanese, hindi = "on", "の上の", f"{other.hi_o} पर"
    else:
        near = [each for each in view.single if each.kind != referent.kind and not each.phrase.side]
        chosen = draw.pick_or_none([each for each in near if _is_near(referent, each)])
        if chosen is None:
            return None
        other = chosen.phrase
        english, japanese, hindi = "near", "の近くの", f"{other.hi_o} के पास"
    words = text(
        f"What color {phrase.en_be} the {phrase.en} {english} the {other.en}?",
        f"{other.ja}{japanese}{phrase.ja}は何色ですか？",
        f"{hindi} {phrase.agree('वाला', 'वाले', 'वाली')} {phrase.hi} किस रंग {phrase.hi_of()} {phrase.hi_be}?",
    )
    return Question("colour_near", words, referent.first.colour or "", about=frozenset({referent.pair}))


def _is_near(one: Referent, other: Referent) -> bool:
    """Whether they stand in neighbouring thirds and none carries or holds the other."""
    thirds = ("left", "middle", "right")
    apart = abs(thirds.index(one.first.side) - thirds.index(other.first.side))
    loose = all(each.first.on is None and each.first.holder is None for each in (one, other))
    return apart == 1 and loose and len(one.indices) == 1


def same_colour(view: View, draw: Draw) -> Question | None:
    """Are the car and the bus the same color?"""
    options = [
        each for each in view.single if each.first.colour and not each.is_person and not each.phrase.side
    ]
    pairs = [(one, other) for one in options for other in options if one.kind != other.kind]
    truth = draw.chance(0.82)
    pair = draw.pick_or_none([p for p in pairs if (p[0].first.colour == p[1].first.colour) == truth])
    if pair is None:
        return None
    one, other = pair[0].phrase, pair[1].phrase
    feminine = one.noun.feminine and other.noun.feminine
    words = text(
        f"Are the {one.en} and the {other.en} the same color?",
        f"{one.ja}と{other.ja}は同じ色ですか？",
        f"क्या {one.hi} और {other.hi} एक ही रंग {'की' if feminine else 'के'} हैं?",
    )
    about = frozenset({pair[0].pair, pair[1].pair})
    return Question("same_colour", words, yes_or_no(truth), about=about)


FORMS: dict[str, tuple[Form, float]] = {
    "what_colour": (what_colour, 4.2),
    "colour_of": (colour_of, 0.9),
    "is_colour": (is_colour, 1.8),
    "colour_or": (colour_or, 0.7),
    "colour_of_carrier": (colour_of_carrier, 2.4),
    "colour_of_held": (colour_of_held, 1.6),
    "colour_of_doer": (colour_of_doer, 1.0),
    "colour_near": (colour_near, 1.3),
    "same_colour": (same_colour, 2.2),
}
