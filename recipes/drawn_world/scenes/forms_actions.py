"""Questions about what people and animals do, hold, ride and wear."""

from __future__ import annotations

from recipes.drawn_world.scenes import kinds
from recipes.drawn_world.scenes.questions import Draw, Form, Question, yes_or_no
from recipes.drawn_world.scenes.sentences import other_actions
from recipes.drawn_world.scenes.views import Referent, View
from recipes.drawn_world.scenes.words import NOUNS, VERBS, Phrase, colour, text

_ANSWERS = {
    "riding a horse": "riding horse",
    "riding a bicycle": "riding bike",
    "riding a motorcycle": "riding motorcycle",
    "flying a kite": "flying kite",
    "holding an umbrella": "holding umbrella",
    "eating an apple": "eating apple",
    "eating a banana": "eating banana",
    "eating a pizza": "eating pizza",
}


_LOOSE_ANSWERS: dict[str, dict[str, float]] = {
    "riding a horse": {"riding": 1.5, "horseback riding": 1.0},
    "riding a bicycle": {"biking": 1.0, "riding": 1.2, "riding bicycle": 1.0},
    "riding a motorcycle": {"riding": 1.2, "riding bike": 0.6},
    "flying a kite": {"kite flying": 0.6, "playing": 0.4, "standing": 0.3},
    "holding an umbrella": {"standing": 1.4, "holding something": 0.2},
    "eating an apple": {"eating": 2.5},
    "eating a banana": {"eating": 2.5},
    "eating a pizza": {"eating": 2.5},
    "standing": {"nothing": 0.6, "looking": 0.5, "posing": 0.3},
    "sleeping": {"laying down": 0.8, "resting": 0.5},
    "waving": {"standing": 0.8, "saying hi": 0.2},
    "eating": {"grazing": 0.6, "standing": 0.5},
    "reading": {"reading book": 1.5, "standing": 0.4},
    "sitting": {"resting": 0.3, "relaxing": 0.3},
    "running": {"walking": 0.9, "jogging": 0.3},
    "skateboarding": {"skating": 0.8},
    "surfing": {},
    "skiing": {},
    "flying": {},
}


def _doers(view: View) -> list[Referent]:
    return [each for each in view.referents if each.first.action in VERBS]


def doing(view: View, draw: Draw) -> Question | None:
    """What is the X doing?"""
    referent = draw.pick_or_none(_doers(view))
    if referent is None:
        return None
    phrase, action = referent.phrase, referent.first.action or ""
    words = text(
        f"What {phrase.en_be} the {phrase.en} doing?",
        f"{phrase.ja}は何をしていますか？",
        f"{phrase.hi} क्या {phrase.agree('कर रहा', 'कर रहे', 'कर रही')} {phrase.hi_be}?",
    )
    hindi = f"क्या {phrase.agree('कर रहा', 'कर रहे', 'कर रही')} {phrase.hi_be}"
    reworded = (
        text(
            f"What {phrase.en_be} the {phrase.en} doing here?",
            f"{phrase.ja}はここで何をしていますか？",
            f"{phrase.hi} यहाँ {hindi}?",
        ),
        text(
            f"Describe what the {phrase.en} {phrase.en_be} doing.",
            f"{phrase.ja}が何をしているか説明してください。",
            f"बताइए कि {phrase.hi} {hindi}।",
        ),
    )
    return Question("doing", words, _ANSWERS.get(action, action), _LOOSE_ANSWERS[action], reworded=reworded)


def _others(view: View, kind: str, action: str) -> list[str]:
    """Other actions, those of people with things included where somebody could do them here."""
    others = other_actions(kind, action)
    if kind not in kinds.PEOPLE:
        return others
    others += [deed for deed in _ANSWERS if deed not in others and deed != action]
    if view.scene.place in kinds.AT and kinds.AT[view.scene.place] != action:
        others += [kinds.AT[view.scene.place]] * 3
    indoors = view.scene.place in kinds.INDOORS
    return [
        deed for deed in others if not indoors or deed.startswith("eating") or deed in other_actions(kind, "")
    ]


def is_doing(view: View, draw: Draw) -> Question | None:
    """Is the X sleeping?"""
    referent = draw.pick_or_none(_doers(view))
    if referent is None:
        return None
    phrase, action = referent.phrase, referent.first.action or ""
    truth = draw.chance(0.5)
    asked = action if truth else draw.pick(_others(view, referent.kind, action))
    words = text(
        f"{phrase.en_be.capitalize()} the {phrase.en} {asked}?",
        f"{phrase.ja}は{VERBS[asked].ja}いますか？",
        f"क्या {phrase.hi} {phrase.hi_does(VERBS[asked])}?",
    )
    deed = phrase.hi_does(VERBS[asked])
    reworded = (
        text(
            f"Is it true that the {phrase.en} {phrase.en_be} {asked}?",
            f"{phrase.ja}が{VERBS[asked].ja}いるというのは本当ですか？",
            f"क्या यह सच है कि {phrase.hi} {deed}?",
        ),
        text(
            f"The {phrase.en} {phrase.en_be} {asked}, right?",
            f"{phrase.ja}は{VERBS[asked].ja}いますよね？",
            f"{phrase.hi} {deed}, है न?",
        ),
    )
    return Question("is_doing", words, yes_or_no(truth), reworded=reworded)


def doing_this_or_that(view: View, draw: Draw) -> Question | None:
    """Is the X sleeping or running?"""
    doers = [each for each in _doers(view) if each.first.action in _ONE_WORD]
    referent = draw.pick_or_none(doers)
    if referent is None:
        return None
    phrase, action = referent.phrase, referent.first.action or ""
    other = draw.pick_or_none([each for each in other_actions(referent.kind, action) if each in _ONE_WORD])
    if other is None:
        return None
    first, second = (VERBS[(action, other)[i]] for i in draw.rng.permutation(2))
    words = text(
        f"{phrase.en_be.capitalize()} the {phrase.en} {first.en} or {second.en}?",
        f"{phrase.ja}は{first.ja}いますか、それとも{second.ja}いますか？",
        f"{phrase.hi} {phrase.hi_does(first)} या {phrase.hi_does(second)}?",
    )
    return Question("doing_this_or_that", words, action, {})


_ONE_WORD = ("standing", "sitting", "running", "sleeping", "eating", "reading", "waving", "flying")
_DEALINGS = {
    "riding": ("riding", "何に乗っていますか", "किस पर सवार"),
    "eating": ("eating", "何を食べていますか", "क्या खा रह"),
    "holding": ("holding", "何を持っていますか", "क्या पकड़े हुए"),
    "reading": ("holding", "何を持っていますか", "क्या पकड़े हुए"),
    "flying": ("flying", "何を揚げていますか", "क्या उड़ा रह"),
}


def what_with(view: View, draw: Draw) -> Question | None:
    """What is the X riding, eating or holding?"""
    options = [each for each in view.single if each.is_person and _object(view, each)]
    referent = draw.pick_or_none(options)
    if referent is None:
        return None
    phrase, answer = referent.phrase, _object(view, referent)
    english, japanese, hindi = _DEALINGS[(referent.first.action or "").split(" ")[0]]
    if hindi.endswith("रह"):
        hindi += phrase.agree("ा", "े", "ी")
    words = text(
        f"What {phrase.en_be} the {phrase.en} {english}?",
        f"{phrase.ja}は{japanese}？",
        f"{phrase.hi} {hindi} {phrase.hi_be}?",
    )
    return Question("what_with", words, answer, {})


def _object(view: View, referent: Referent) -> str:
    """The kind of what a person rides or holds."""
    thing, index = referent.first, referent.indices[0]
    if (thing.action or "").startswith("riding") and thing.on is not None:
        return view.scene.things[thing.on].kind
    held = [each.kind for each in view.scene.things if each.holder == index]
    return held[0] if held else ""


def who(view: View, draw: Draw) -> Question | None:
    """Who is riding the horse?"""
    people = [thing for thing in view.scene.things if thing.kind in kinds.PEOPLE]
    options = [
        action
        for action in {thing.action: 0 for thing in people}
        if action in VERBS
        and not action.startswith("eating")
        and action != "standing"
        and len({thing.kind for thing in people if thing.action == action}) == 1
    ]
    action = draw.pick_or_none(options)
    if action is None:
        return None
    if action in ("sleeping", "running") and any(
        t.action == action for t in view.scene.things if t not in people
    ):
        return None
    doers = [thing.kind for thing in people if thing.action == action]
    noun = NOUNS[doers[0]]
    words = text(f"Who is {action}?", f"誰が{VERBS[action].ja}いますか？", f"कौन {VERBS[action].hi} है?")
    return Question(
        "who", words, noun.en_plural if len(doers) > 1 else noun.en, {noun.en: 1.0, "person": 0.5}
    )


def wears_hat(view: View, draw: Draw) -> Question | None:
    """Is the X wearing a hat? What color is the hat?"""
    people = [each for each in view.named(kinds.PEOPLE) if each.first.action != "sleeping"]
    truth = draw.chance(0.74)
    referent = draw.pick_or_none([each for each in people if bool(each.first.hat) == truth])
    if referent is None:
        return None
    phrase = referent.phrase
    if truth and len(referent.indices) == 1 and not phrase.side and draw.chance(0.3):
        words = text(
            f"What color is the {phrase.noun.en}'s hat?",
            f"{phrase.ja}の帽子は何色ですか？",
            f"{phrase.hi_o} की टोपी किस रंग की है?",
        )
        return Question("hat_colour", words, referent.first.hat or "")
    words = text(
        f"{phrase.en_be.capitalize()} the {phrase.en} wearing a hat?",
        f"{phrase.ja}は帽子をかぶっていますか？",
        f"क्या {phrase.hi} टोपी पहने हुए {phrase.hi_be}?",
    )
    return Question("wears_hat", words, yes_or_no(truth))


def clothed_person_doing(view: View, draw: Draw) -> Question | None:
    """What is the man in the red shirt doing?"""
    people = [each for each in view.single if each.is_person and each.first.colour and not each.phrase.side]
    referent = draw.pick_or_none([each for each in people if each.first.action in VERBS])
    if referent is None:
        return None
    phrase, action = referent.phrase, referent.first.action or ""
    garment = Phrase(referent.garment.noun, adjective=colour(referent.first.colour or ""))
    words = text(
        f"What is the {phrase.en} in the {garment.en} doing?",
        f"{garment.ja}を着た{phrase.ja}は何をしていますか？",
        f"{garment.hi} पहने हुए {phrase.hi} क्या {phrase.agree('कर रहा', 'कर रहे', 'कर रही')} है?",
    )
    loose = _LOOSE_ANSWERS[action]
    return Question("clothed_person_doing", words, _ANSWERS.get(action, action), loose)


def which_animal_does(view: View, draw: Draw) -> Question | None:
    """What animal is sleeping?"""
    doers: dict[str, set[str]] = {}
    for thing in view.scene.things:
        if thing.kind in kinds.ANIMALS and thing.action not in (None, "sitting", "flying"):
            doers.setdefault(thing.action or "", set()).add(thing.kind)
    if "eating" in doers:
        doers.pop("standing", None)
    action = draw.pick_or_none([name for name, those in doers.items() if len(those) == 1])
    if action is None:
        return None
    verb, kind = VERBS[action], next(iter(doers[action]))
    words = text(
        f"What animal is {action}?",
        f"{verb.ja}いるのは何の動物ですか？",
        f"कौन सा जानवर {verb.hi} है?",
    )
    plural = {NOUNS[kind].en_plural: 1.0} if view.counts[kind] > 1 and kind != "sheep" else {}
    return Question("which_animal_does", words, kind, plural)


_SHARED = ("standing", "sitting", "running", "waving", "reading", "sleeping")


def how_many_do(view: View, draw: Draw) -> Question | None:
    """How many people are running?"""
    people = [thing for thing in view.scene.things if thing.kind in kinds.PEOPLE]
    doing_so = [thing.action for thing in people if thing.action in _SHARED]
    action = draw.pick(_SHARED) if draw.chance(0.15) else draw.pick_or_none(doing_so)
    if action is None or not people:
        return None
    count = doing_so.count(action)
    if (action == "standing" and len(people) != count) or (count == 1 and draw.chance(0.4)):
        return None
    verb = VERBS[action]
    words = text(
        f"How many people are {action}?", f"{verb.ja}いる人は何人いますか？", f"कितने लोग {verb.hi_many} हैं?"
    )
    return Question("how_many_do", words, str(count))


def anyone_does(view: View, draw: Draw) -> Question | None:
    """Is anyone sleeping?"""
    people = {thing.action for thing in view.scene.things if thing.kind in kinds.PEOPLE}
    truth = draw.chance(0.66)
    away = [each for each in (*_SHARED[1:], *_ANSWERS) if each not in people]
    indoors = view.scene.place in kinds.INDOORS
    away = [each for each in away if not indoors or each in _SHARED or each.startswith("eating")]
    action = draw.pick_or_none([each for each in VERBS if each in people] if truth else away)
    if action is None or action == "standing":
        return None
    if any(thing.action == action and thing.kind not in kinds.PEOPLE for thing in view.scene.things):
        return None
    verb = VERBS[action]
    words = text(f"Is anyone {action}?", f"誰か{verb.ja}いますか？", f"क्या कोई {verb.hi} है?")
    return Question("anyone_does", words, yes_or_no(truth))


FORMS: dict[str, tuple[Form, float]] = {
    "doing": (doing, 2.8),
    "clothed_person_doing": (clothed_person_doing, 1.0),
    "is_doing": (is_doing, 1.6),
    "doing_this_or_that": (doing_this_or_that, 1.6),
    "what_with": (what_with, 1.6),
    "who": (who, 0.9),
    "which_animal_does": (which_animal_does, 0.9),
    "wears_hat": (wears_hat, 1.2),
    "how_many_do": (how_many_do, 0.9),
    "anyone_does": (anyone_does, 0.9),
}
