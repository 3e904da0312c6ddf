"""Questions about where, when, on what and beside what."""

from __future__ import annotations

from recipes.drawn_world.scenes import kinds
from recipes.drawn_world.scenes.questions import Draw, Form, Question, yes_or_no
from recipes.drawn_world.scenes.views import View
from recipes.drawn_world.scenes.words import NOUNS, PLACES, SIZES, TIMES, WEATHERS, Phrase, text

_LOOSE_PLACES: dict[str, dict[str, float]] = {
    "beach": {"ocean": 1.0, "on beach": 0.6, "sea": 0.3},
    "street": {"road": 1.4, "city": 1.4, "on street": 0.6},
    "field": {"park": 1.2, "farm": 0.8, "outside": 0.6, "grass": 0.6},
    "forest": {"woods": 1.6, "outside": 0.5, "park": 0.4},
    "desert": {"outside": 0.5, "in desert": 0.4},
    "ski slope": {"mountain": 1.5, "mountains": 1.5, "snow": 1.2},
    "kitchen": {"in kitchen": 0.6, "home": 0.3},
    "bedroom": {"in bedroom": 0.5, "home": 0.3},
    "living room": {"home": 0.6, "inside": 0.5, "house": 0.4},
    "bathroom": {"in bathroom": 0.5},
    "classroom": {"school": 1.8, "in classroom": 0.4},
}


def what_on(view: View, draw: Draw) -> Question | None:
    """What is on the table?"""
    carriers = [
        each for each in view.single if each.kind in kinds.TOPS and _tops(view, each.indices[0], people=False)
    ]
    referent = draw.pick_or_none(carriers)
    if referent is None:
        return None
    tops = _tops(view, referent.indices[0], people=False)
    phrase, noun = referent.phrase, NOUNS[tops[0]]
    words = text(
        f"What is on the {phrase.en}?", f"{phrase.ja}の上に何がありますか？", f"{phrase.hi_o} पर क्या है?"
    )
    answer = noun.en_plural if len(tops) > 1 else noun.en
    return Question("what_on", words, answer, {noun.en: 1.5} if answer != noun.en else {})


def _tops(view: View, carrier: int, *, people: bool) -> list[str]:
    found = [thing.kind for thing in view.scene.things if thing.on == carrier]
    return [kind for kind in found if people or kind not in kinds.PEOPLE]


def what_fruit(view: View, draw: Draw) -> Question | None:
    """What fruit is on the table?"""
    fruits = [kind for kind in view.counts if kind in ("apple", "banana", "orange")]
    tables = [each for each in view.single if each.kind == "table"]
    if len(fruits) != 1 or not tables or fruits[0] not in _tops(view, tables[0].indices[0], people=False):
        return None
    words = text("What fruit is on the table?", "テーブルの上にある果物は何ですか？", "मेज़ पर कौन सा फल है?")
    noun = NOUNS[fruits[0]]
    answer = noun.en_plural if view.counts[fruits[0]] > 1 else noun.en
    return Question("what_fruit", words, answer, {noun.en: 2.5} if answer != noun.en else {})


def where(view: View, draw: Draw) -> Question | None:
    """Where is the X?"""
    referent = draw.pick_or_none([each for each in view.referents if not each.phrase.side])
    if referent is None or referent.first.holder is not None:
        return None
    thing, phrase = referent.first, referent.phrase
    below = view.scene.things[thing.on].kind if thing.on is not None else None
    words = text(
        f"Where {phrase.en_be} the {phrase.en}?",
        f"{phrase.ja}はどこに{phrase.ja_be}か？",
        f"{phrase.hi} कहाँ {phrase.hi_be}?",
    )
    if below:
        return Question("where", words, f"on {below}", {below: 3.0, view.scene.place: 0.8})
    if thing.action == "flying" or thing.kind == "plane":
        return Question("where", words, "sky", {"in sky": 3.0, "in air": 1.5, "air": 1.0})
    place = view.scene.place
    preposition = PLACES[place].en_in.split(" ")[0]
    loose = dict(_LOOSE_PLACES[place]) | {f"{preposition} {place}": 2.0, thing.side: 0.8}
    return Question("where", words, place, loose)


def where_taken(view: View, draw: Draw) -> Question | None:
    """Where was this picture taken?"""
    place = view.scene.place
    words = text(
        "Where was this picture taken?", "この写真はどこで撮られましたか？", "यह तस्वीर कहाँ ली गई थी?"
    )
    reworded = (
        text(
            "In what place was this photo taken?",
            "この写真はどんな場所で撮られましたか？",
            "यह फ़ोटो किस जगह पर ली गई थी?",
        ),
        text(
            "What place does this picture show?",
            "この写真にはどんな場所が写っていますか？",
            "यह तस्वीर किस जगह की है?",
        ),
    )
    if PLACES[place].indoors and draw.chance(0.5):
        words = text("What room is this?", "ここは何の部屋ですか？", "यह कौन सा कमरा है?")
        reworded = (
            text(
                "Which room is shown here?",
                "ここには何の部屋が写っていますか？",
                "यहाँ कौन सा कमरा दिखाया गया है?",
            ),
            text("What kind of room is this?", "これはどんな部屋ですか？", "यह किस तरह का कमरा है?"),
        )
    return Question("where_taken", words, place, _LOOSE_PLACES[place], reworded=reworded)


def is_place(view: View, draw: Draw) -> Question | None:
    """Is this a kitchen?"""
    truth = draw.chance(0.5)
    same = [name for name in PLACES if PLACES[name].indoors == PLACES[view.scene.place].indoors]
    asked = view.scene.place if truth else draw.pick([name for name in same if name != view.scene.place])
    place = PLACES[asked]
    words = text(f"Is this a {place.en}?", f"ここは{place.ja}ですか？", f"क्या यह {place.hi} है?")
    looks = "जैसी लगती" if place.feminine else "जैसा लगता"
    reworded = (
        text(f"Is this place a {place.en}?", f"この場所は{place.ja}ですか？", f"क्या यह जगह {place.hi} है?"),
        text(
            f"Does this look like a {place.en}?",
            f"ここは{place.ja}のように見えますか？",
            f"क्या यह {place.hi} {looks} है?",
        ),
    )
    return Question("is_place", words, yes_or_no(truth), reworded=reworded)


def inside_or_outside(view: View, draw: Draw) -> Question | None:
    """Is the X inside or outside?"""
    referent = draw.pick_or_none(view.named(("dog", "cat", "bird", *kinds.PEOPLE)))
    if referent is None:
        return None
    phrase = referent.phrase
    words = text(
        f"{phrase.en_be.capitalize()} the {phrase.en} inside or outside?",
        f"{phrase.ja}は中にいますか、それとも外にいますか？",
        f"{phrase.hi} अंदर {phrase.hi_be} या बाहर?",
    )
    inside = PLACES[view.scene.place].indoors
    loose = {"indoors": 0.6} if inside else {"outdoors": 0.6}
    reworded = (
        text(
            f"{phrase.en_be.capitalize()} the {phrase.en} indoors or outdoors?",
            f"{phrase.ja}は屋内にいますか、それとも屋外にいますか？",
            f"{phrase.hi} भीतर {phrase.hi_be} या बाहर?",
        ),
        text(
            f"Where {phrase.en_be} the {phrase.en}, inside or outside?",
            f"{phrase.ja}がいるのは中と外のどちらですか？",
            f"{phrase.hi} कहाँ {phrase.hi_be}, अंदर या बाहर?",
        ),
    )
    answer = "inside" if inside else "outside"
    return Question("inside_or_outside", words, answer, loose, reworded=reworded)


def time_of_day(view: View, draw: Draw) -> Question | None:
    """Is it day or night? Is it night?"""
    time = view.scene.time
    style = draw.pick(("or", "is", "taken", "what"))
    if style == "what":
        words = text(
            "When was this picture taken?", "この写真はいつ撮られましたか？", "यह तस्वीर कब ली गई थी?"
        )
        answer = {"day": "afternoon", "evening": "evening", "night": "night"}[time]
        loose = {
            "day": {"daytime": 2.0, "day": 2.0, "morning": 1.5, "noon": 0.7},
            "evening": {"sunset": 1.5, "dusk": 1.0, "morning": 0.5},
            "night": {"nighttime": 0.8, "evening": 0.5},
        }[time]
        return Question("time_of_day", words, answer, loose, reworded=_WHEN)
    if time == "evening":
        return None
    if style == "or":
        words = text("Is it day or night?", "昼ですか、それとも夜ですか？", "दिन है या रात?")
        return Question("day_or_night", words, time, {f"{time}time": 0.5}, reworded=_DAY_OR_NIGHT)
    asked = draw.pick(("day", "night")) if style == "is" else "night"
    if style == "taken":
        words = text(
            "Was this picture taken at night?",
            "この写真は夜に撮られましたか？",
            "क्या यह तस्वीर रात में ली गई थी?",
        )
    else:
        english = "Is it night?" if asked == "night" else "Is it daytime?"
        hindi = TIMES[asked]["hi"]
        words = text(english, f"今は{TIMES[asked]['ja']}ですか？", f"क्या यह {hindi} का समय है?")
    said = TIMES[asked]
    reworded = text(
        f"Does it look like {asked}time?",
        f"{said['ja']}のように見えますか？",
        f"क्या {said['hi']} जैसा लगता है?",
    )
    return Question("is_time", words, yes_or_no(time == asked), reworded=(reworded,))


_WHEN = (
    text(
        "At what time of day was this picture taken?",
        "この写真はどの時間帯に撮られましたか？",
        "यह तस्वीर दिन के किस समय ली गई थी?",
    ),
    text("What time of day is it?", "どの時間帯ですか？", "यह दिन का कौन सा समय है?"),
)
_DAY_OR_NIGHT = (
    text("Is it daytime or nighttime?", "日中ですか、それとも夜間ですか？", "दिन का समय है या रात का?"),
    text(
        "Was it day or night when this was taken?",
        "撮られたのは昼ですか、それとも夜ですか？",
        "यह दिन में ली गई थी या रात में?",
    ),
)


def weather(view: View, draw: Draw) -> Question | None:
    """How is the weather?"""
    shown = view.scene.weather
    if shown is None:
        return None
    words = text("How is the weather?", "天気はどうですか？", "मौसम कैसा है?")
    loose = {
        "sunny": {"clear": 1.2, "good": 0.6, "nice": 0.4, "hot": 0.2},
        "cloudy": {"overcast": 1.2, "gray": 0.3},
        "raining": {"rainy": 2.5, "rain": 1.0, "wet": 0.3},
        "snowing": {"snowy": 2.0, "cold": 1.2, "snow": 0.8},
    }[shown]
    return Question("weather", words, shown, loose)


def is_weather(view: View, draw: Draw) -> Question | None:
    """Is it raining?"""
    shown = view.scene.weather
    if shown is None:
        return None
    truth = draw.chance(0.5)
    asked = shown if truth else draw.pick([each for each in WEATHERS if each != shown])
    if asked == "cloudy" and shown in ("raining", "snowing"):
        return None
    said = WEATHERS[asked]
    words = text(f"Is it {said['en']} outside?", f"外は{said['ja']}か？", f"क्या बाहर {said['hi']}?")
    return Question("is_weather", words, yes_or_no(truth))


def in_the_sky(view: View, draw: Draw) -> Question | None:
    """What is in the sky?"""
    scene = view.scene
    if PLACES[scene.place].indoors or scene.time == "evening":
        return None
    flying = [t.kind for t in scene.things if t.action == "flying" or t.kind in ("plane", "kite")]
    plain = {"night": "moon", "day": "sun" if scene.weather == "sunny" else "clouds"}[scene.time]
    words = text("What is in the sky?", "空には何がありますか？", "आसमान में क्या है?")
    if not flying:
        return Question("in_the_sky", words, plain, {"stars": 1.0} if plain == "moon" else {"sky": 0.2})
    noun = NOUNS[flying[0]]
    answer = noun.en_plural if len(flying) > 1 and len(set(flying)) == 1 else noun.en
    return Question("in_the_sky", words, answer, {plain: 0.8, noun.en: 0.8})


_SIZED = (*kinds.ANIMALS, *kinds.VEHICLES[:5], "plane", "umbrella", "lamp")


def size(view: View, draw: Draw) -> Question | None:
    """Is the X big or small?"""
    options = [each for each in view.single if each.first.on is None and each.first.holder is None]
    carriers = {thing.on for thing in view.scene.things}
    options = [each for each in options if each.kind in _SIZED and each.indices[0] not in carriers]
    referent = draw.pick_or_none(options)
    if referent is None:
        return None
    phrase, large, small = referent.phrase, SIZES["large"], SIZES["small"]
    words = text(
        f"Is the {phrase.en} big or small?",
        f"{phrase.ja}は大きいですか、それとも小さいですか？",
        f"{phrase.hi} {phrase.hi_is(large)} है या {phrase.hi_is(small)}?",
    )
    answer = SIZES[referent.first.size].en
    return Question("size", words, answer, {"large": 0.8} if answer == "big" else {})


def is_on(view: View, draw: Draw) -> Question | None:
    """Is there a cup on the table?"""
    referent = draw.pick_or_none([each for each in view.single if each.kind in kinds.TOPS])
    if referent is None or referent.phrase.side:
        return None
    truth = draw.chance(0.7)
    shown = _tops(view, referent.indices[0], people=False)
    fitting = [kind for kind in kinds.TOPS[referent.kind] if kind not in shown]
    kind = draw.pick_or_none(shown if truth else fitting)
    if kind is None:
        return None
    top, below = Phrase(NOUNS[kind]), referent.phrase
    words = text(
        f"Is there {top.en_a} on the {below.en}?",
        f"{below.ja}の上に{top.ja}は{top.ja_be}か？",
        f"क्या {below.hi_o} पर {top.hi} है?",
    )
    return Question("is_on", words, yes_or_no(truth))


FORMS: dict[str, tuple[Form, float]] = {
    "what_on": (what_on, 1.8),
    "what_fruit": (what_fruit, 0.9),
    "is_on": (is_on, 0.9),
    "where": (where, 1.5),
    "where_taken": (where_taken, 1.4),
    "is_place": (is_place, 0.9),
    "inside_or_outside": (inside_or_outside, 0.4),
    "time_of_day": (time_of_day, 1.1),
    "weather": (weather, 1.0),
    "is_weather": (is_weather, 0.7),
    "in_the_sky": (in_the_sky, 0.8),
    "size": (size, 0.6),
}
