"""Questions about what there is, and how many."""

from __future__ import annotations

from dataclasses import replace

from recipes.drawn_world.scenes import kinds
from recipes.drawn_world.scenes.forms_colours import other_colour
from recipes.drawn_world.scenes.kinds import KINDS
from recipes.drawn_world.scenes.questions import Draw, Form, Question, yes_or_no
from recipes.drawn_world.scenes.views import CLASSES, Referent, View
from recipes.drawn_world.scenes.words import NOUNS, SIDES, Phrase, colour, text

_OFTEN = {"table": 4, "chair": 3, "bed": 4, "lamp": 2.5} | dict.fromkeys(("boy", "girl", "bird"), 2.5)
_OFTEN |= dict.fromkeys(("man", "woman", "horse", "cat", "umbrella", "motorcycle"), 2.0)
_OFTEN |= dict.fromkeys(("car", "truck", "bicycle", "dog", "book", "couch", "boat", "plane"), 1.5)
_SELDOM = dict.fromkeys(("orange", "cake", "cup"), 0.4)


def _absent(view: View, draw: Draw) -> str:
    """A kind that could be here and is not; kinds that are often here more often, so that no kind gives
    the answer away."""
    place, weights = view.scene.place, dict.fromkeys(KINDS, 0.8) | _OFTEN | _SELDOM
    free = [kind for kind in KINDS if kind not in view.counts and place in KINDS[kind].places]
    return draw.weighted({kind: weights[kind] for kind in free})


_WANTED_COUNTS = {1: 0.3, 2: 1.0, 3: 1.4, 4: 2.4, 5: 4.0, 6: 5.0}


def how_many(view: View, draw: Draw) -> Question | None:
    """How many Xs are there?"""
    if draw.chance(0.14):
        kind, count = _absent(view, draw), 0
    else:
        kind = draw.weighted({name: _WANTED_COUNTS.get(n, 3.0) for name, n in view.counts.items()})
        count = view.counts[kind]
        if count == 1 and draw.chance(0.7):
            return None
    return _counting("how_many", Phrase(NOUNS[kind], many=True), count, draw)


def how_many_of_class(view: View, draw: Draw) -> Question | None:
    """How many animals, people or vehicles are there?"""
    name = draw.pick(list(CLASSES))
    count = sum(view.counts.get(kind, 0) for kind in CLASSES[name])
    if count < 2 and draw.chance(0.85):
        return None
    return _counting("how_many_of_class", Phrase(NOUNS[name], many=True), count, draw)


def how_many_coloured(view: View, draw: Draw) -> Question | None:
    """How many red Xs are there?"""
    options = [each for each in view.referents if each.coloured.adjective and not each.phrase.side]
    referent = draw.pick_or_none([each for each in options if " and " not in (each.first.colour or "")])
    if referent is None:
        return None
    shown = len(referent.indices)
    if shown < 2 and draw.chance(0.8):
        return None
    truth = draw.chance(0.75)
    asked = referent.first.colour or "" if truth else other_colour(referent, draw)
    phrase = Phrase(NOUNS[referent.kind], many=True, adjective=colour(asked))
    question = _counting("how_many_coloured", phrase, shown if truth else 0, draw)
    return replace(question, about=frozenset({referent.pair, (referent.kind, asked)}))


def _counting(form: str, phrase: Phrase, count: int, draw: Draw) -> Question:
    noun, hindi = phrase.noun, phrase.agree("कितने", "कितने", "कितनी")
    counter = f"何{noun.counter}"
    style = draw.weighted({"there": 4, "picture": 2, "see": 1})
    if style == "there":
        words = text(
            f"How many {phrase.en} are there?",
            f"{phrase.ja}は{counter}{phrase.ja_be}か？",
            f"{hindi} {phrase.hi} हैं?",
        )
    elif style == "picture":
        words = text(
            f"How many {phrase.en} are in the picture?",
            f"写真に{phrase.ja}は{counter}{phrase.ja_be}か？",
            f"तस्वीर में {hindi} {phrase.hi} हैं?",
        )
    else:
        seen = phrase.agree("दिख रहा है", "दिख रहे हैं", "दिख रही हैं")
        words = text(
            f"How many {phrase.en} do you see?",
            f"{phrase.ja}は{counter}見えますか？",
            f"आपको {hindi} {phrase.hi} {seen}?",
        )
    reworded = (
        text(
            f"How many {phrase.en} are there in total?",
            f"{phrase.ja}は全部で{counter}{phrase.ja_be}か？",
            f"कुल {hindi} {phrase.hi} हैं?",
        ),
        text(f"Count the {phrase.en}.", f"{phrase.ja}の数を数えてください。", f"{phrase.hi_o} को गिनिए।"),
    )
    return Question(form, words, str(count), reworded=reworded)


def exists(view: View, draw: Draw) -> Question | None:
    """Is there an X in the picture? Are there any Xs?"""
    truth = draw.chance(0.5)
    kind = draw.pick(list(view.counts)) if truth else _absent(view, draw)
    return _existence("exists", Phrase(NOUNS[kind]), truth, draw)


def exists_coloured(view: View, draw: Draw) -> Question | None:
    """Is there a red X?"""
    options = [each for each in view.referents if each.coloured.adjective]
    referent = draw.pick_or_none([each for each in options if " and " not in (each.first.colour or "")])
    if referent is None or len(KINDS[referent.kind].colours) < 3:
        return None
    truth = draw.chance(0.5)
    asked = referent.first.colour or "" if truth else other_colour(referent, draw)
    shown = {each.first.colour for each in view.named([referent.kind])}
    shown |= {thing.colour for thing in view.scene.things if thing.kind == referent.kind}
    if not truth and asked in shown:
        return None
    question = _existence(
        "exists_coloured", Phrase(NOUNS[referent.kind], adjective=colour(asked)), truth, draw
    )
    return replace(question, about=frozenset({referent.pair, (referent.kind, asked)}))


def _existence(form: str, phrase: Phrase, truth: bool, draw: Draw) -> Question:
    many = replace(phrase, many=True)
    style = draw.weighted({"a": 2, "picture": 2, "any": 1})
    if style == "a":
        words = text(
            f"Is there {phrase.en_a}?", f"{phrase.ja}は{phrase.ja_be}か？", f"क्या कोई {phrase.hi} है?"
        )
    elif style == "picture":
        words = text(
            f"Is there {phrase.en_a} in the picture?",
            f"写真に{phrase.ja}は{phrase.ja_be}か？",
            f"क्या तस्वीर में {phrase.hi} है?",
        )
    else:
        words = text(f"Are there any {many.en}?", f"{many.ja}は{many.ja_be}か？", f"क्या यहाँ {many.hi} हैं?")
    seen = phrase.agree("दिख रहा", "दिख रहे", "दिख रही")
    shown = phrase.agree("दिखाई देता", "दिखाई देते", "दिखाई देती")
    reworded = (
        text(
            f"Can you see {phrase.en_a}?",
            f"{phrase.ja}は見えますか？",
            f"क्या आपको कोई {phrase.hi} {seen} {phrase.hi_be}?",
        ),
        text(
            f"Does the picture show {phrase.en_a}?",
            f"この写真には{phrase.ja}が写っていますか？",
            f"क्या इस तस्वीर में कोई {phrase.hi} {shown} {phrase.hi_be}?",
        ),
    )
    return Question(form, words, yes_or_no(truth), reworded=reworded)


def more_than(view: View, draw: Draw) -> Question | None:
    """Are there more Xs than Ys?"""
    if len(view.counts) < 2:
        return None
    first, second = (list(view.counts)[i] for i in draw.rng.permutation(len(view.counts))[:2])
    if view.counts[first] == view.counts[second]:
        return None
    one, other = Phrase(NOUNS[first], many=True), Phrase(NOUNS[second], many=True)
    words = text(
        f"Are there more {one.en} than {other.en}?",
        f"{one.ja}は{other.ja}より多いですか？",
        f"क्या {one.hi} {other.hi_o} से ज़्यादा हैं?",
    )
    return Question("more_than", words, yes_or_no(view.counts[first] > view.counts[second]))


def what_animal(view: View, draw: Draw) -> Question | None:
    """What animal is in the picture? What animals are in the picture?"""
    shown = sorted(kind for kind in view.counts if kind in kinds.ANIMALS)
    if not 1 <= len(shown) <= 2:
        return None
    if len(shown) == 2:
        words = text(
            "What animals are in the picture?", "写真には何の動物がいますか？", "तस्वीर में कौन से जानवर हैं?"
        )
        both = " and ".join(shown)
        spread = {shown[0]: 1.0, shown[1]: 1.0, " and ".join(reversed(shown)): 1.2}
        plural = " and ".join(NOUNS[kind].en_plural if view.counts[kind] > 1 else kind for kind in shown)
        reworded = (
            text("Which animals do you see?", "何の動物が見えますか？", "कौन से जानवर दिख रहे हैं?"),
            text(
                "Name the animals in the picture.",
                "写真の動物の名前を教えてください。",
                "तस्वीर में दिख रहे जानवरों के नाम बताइए।",
            ),
        )
        spread |= {plural: 1.5} if plural != both else {}
        return Question("what_animal", words, both, spread, reworded=reworded)
    words = text("What animal is in the picture?", "写真には何の動物がいますか？", "तस्वीर में कौन सा जानवर है?")
    plural = NOUNS[shown[0]].en_plural
    return Question(
        "what_animal",
        words,
        shown[0],
        {plural: 2.0} if view.counts[shown[0]] > 1 and plural != shown[0] else {},
        reworded=(
            text("Which animal do you see?", "何の動物が見えますか？", "कौन सा जानवर दिख रहा है?"),
            text(
                "Name the animal in the picture.",
                "写真の動物の名前を教えてください。",
                "तस्वीर में दिख रहे जानवर का नाम बताइए।",
            ),
        ),
    )


def what_vehicle(view: View, draw: Draw) -> Question | None:
    """What kind of vehicle is this?"""
    shown = [kind for kind in view.counts if kind in kinds.VEHICLES]
    if len(shown) != 1:
        return None
    words = text("What kind of vehicle is this?", "これはどんな種類の乗り物ですか？", "यह किस तरह का वाहन है?")
    reworded = (
        text("Which vehicle do you see?", "何の乗り物が見えますか？", "कौन सा वाहन दिख रहा है?"),
        text(
            "What type of vehicle is shown here?",
            "ここにはどのような乗り物が写っていますか？",
            "यहाँ किस प्रकार का वाहन दिखाया गया है?",
        ),
    )
    return Question("what_vehicle", words, shown[0], reworded=reworded)


def what_in_picture(view: View, draw: Draw) -> Question | None:
    """What is in the picture?"""
    largest = max(view.referents, key=lambda each: _area(each), default=None)
    if largest is None:
        return None
    shown = [each.phrase.noun.en_plural if each.phrase.many else each.kind for each in view.referents]
    answer = largest.phrase.noun.en_plural if largest.phrase.many else largest.kind
    loose = {word: 1.6 for word in shown if word != answer}
    if len(shown) > 1 and len(set(shown)) > 1:
        loose[f"{answer} and {next(word for word in shown if word != answer)}"] = 1.2
    words = text("What is in the picture?", "写真には何が写っていますか？", "तस्वीर में क्या है?")
    return Question("what_in_picture", words, answer, loose)


def _area(referent: Referent) -> int:
    x0, y0, x1, y1 = referent.first.box
    return (x1 - x0) * (y1 - y0) * len(referent.indices)


def how_many_hats(view: View, draw: Draw) -> Question | None:
    """How many people are wearing hats?"""
    people = [thing for thing in view.scene.things if thing.kind in kinds.PEOPLE]
    if not people:
        return None
    words = text(
        "How many people are wearing hats?",
        "帽子をかぶっている人は何人いますか？",
        "कितने लोग टोपी पहने हुए हैं?",
    )
    return Question("how_many_hats", words, str(sum(thing.hat is not None for thing in people)))


def what_thing(view: View, draw: Draw) -> Question | None:
    """What is the blue object on the left?"""
    colours: dict[str | None, int] = {}
    for thing in view.scene.things:
        if thing.kind not in (*kinds.PEOPLE, *kinds.ANIMALS):
            colours[thing.colour] = colours.get(thing.colour, 0) + 1
    options = [each for each in view.single if colours.get(each.first.colour) == 1]
    options = [each for each in options if each.kind not in (*kinds.PEOPLE, *kinds.ANIMALS)]
    referent = draw.pick_or_none([each for each in options if each.first.side != "middle"])
    if referent is None or referent.first.colour is None or " and " in referent.first.colour:
        return None
    paint = colour(referent.first.colour)
    english, japanese, hindi = SIDES[referent.first.side]
    words = text(
        f"What is the {paint.en} object {english}?",
        f"{japanese[:-1]}にある{paint.ja}物は何ですか？",
        f"{hindi} की {paint.hi_feminine} चीज़ क्या है?",
    )
    return Question("what_thing", words, referent.kind, about=frozenset({referent.pair}))


FORMS: dict[str, tuple[Form, float]] = {
    "how_many": (how_many, 4.0),
    "how_many_of_class": (how_many_of_class, 1.2),
    "how_many_coloured": (how_many_coloured, 0.9),
    "how_many_hats": (how_many_hats, 0.5),
    "exists": (exists, 1.9),
    "exists_coloured": (exists_coloured, 1.3),
    "more_than": (more_than, 0.6),
    "what_animal": (what_animal, 1.5),
    "what_vehicle": (what_vehicle, 0.9),
    "what_thing": (what_thing, 1.4),
    "what_in_picture": (what_in_picture, 0.5),
}
