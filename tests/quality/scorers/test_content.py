"""Content words of source and back-translation: shared, missing, added."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from vqa_builder.quality.scorers._content_words import content_words, meaning
from vqa_builder.quality.scorers._english_forms import lemma

Measure = Callable[..., list[Any]]


@pytest.mark.parametrize(
    ("source", "back", "expected"),
    [
        ("Does the man have a red hat?", "Has that man red hats?", 1.0),
        ("What colour is the bus?", "What color are the buses?", 1.0),
        ("Is the sky grey?", "Isn't the sky gray?", 1.0),  # the negation is agreement's part
        ("Does the man have a red hat?", "Is the woman wearing a red hat?", 4 / 7),
        ("How many cows are there?", "What color is the cat?", 0.0),
        ("Is there?", "Are they?", 1.0),
        ("cat", "", 0.0),
        ("potato", "potatoes", 1.0),
    ],
)
def test_overlap(measure: Measure, source: str, back: str, expected: float) -> None:
    assert measure("content", "hi", [(source, "x", back)]) == [pytest.approx(expected)]


@pytest.mark.parametrize(
    ("source", "back", "missing", "added", "words"),
    [
        ("Where was this picture taken?", "Where was this photo taken?", 0, 0, ("", "")),
        ("What is the guy riding?", "What does the man ride?", 0, 0, ("", "")),
        ("Is the cat asleep?", "Is the cat sleeping?", 0, 0, ("", "")),
        ("Is her cell phone on?", "Is her mobile phone on?", 0, 0, ("", "")),
        ("How many women held an umbrella?", "How many ladies hold umbrellas?", 0, 0, ("", "")),
        ("Is this a street festival?", "Is this a street?", 1, 0, ("festival", "")),
        ("What color is the dog's collar?", "What color is the dog's neck?", 1, 1, ("collar", "neck")),
        ("What kind of dog is it?", "What dog is it?", 0.25, 0, ("kind", "")),
        ("What room is this?", "What room is this room?", 0, 0.75, ("", "room")),
        ("Is that Paris?", "Is that London?", 1, 1, ("paris", "london")),
        ("Are there two dogs?", "Are there 2 dogs?", 0, 0, ("", "")),
        ("Are there two dogs?", "Are there three dogs?", 1, 1, ("two", "three")),
        ("What is this?", "", 0, 0, ("", "")),
    ],
)
def test_what_is_missing_and_added_is_weighed_and_named(
    measure: Measure, source: str, back: str, missing: float, added: float, words: tuple[str, str]
) -> None:
    names = ("content_missing", "content_added", "content_missing_words", "content_added_words")
    found = [measure("content", "fr", [(source, "x", back)], column=name)[0] for name in names]
    assert found == [pytest.approx(missing), pytest.approx(added), *words]


@pytest.mark.parametrize(
    ("language", "source", "translation", "back", "missing", "added"),
    [
        (
            "ja",
            "What type of bird is it?",
            "これはどんな鳥ですか？",
            "What type of bird is on the left?",
            "",
            "",
        ),
        (
            "ja",
            "How many racks in oven?",
            "オーブンにラックはいくつありますか？",
            "How many wheels in the oven?",
            "",
            "",
        ),
        (
            "ja",
            "What color is the dog's collar?",
            "犬の首は何色ですか？",
            "What color is the dog's neck?",
            "collar",
            "neck",
        ),
        (
            "ja",
            "Is it big or small?",
            "大きいですか、小さいですか？",
            "Is it big or dirty?",
            "small",
            "dirty",
        ),
        (
            "ja",
            "Are the men eating fast food?",
            "男性たちは速く食べていますか？",
            "Are the men eating fast?",
            "food",
            "",
        ),
        ("hi", "Is there snow here?", "क्या यहाँ बर्फ़ है?", "Is there ice here?", "", ""),
        ("hi", "Is fruit growing?", "क्या फल कर रहा है?", "Is it a fruit?", "growing", ""),
    ],
)
def test_what_the_way_back_lost_or_put_in_does_not_count(
    measure: Measure, language: str, source: str, translation: str, back: str, missing: str, added: str
) -> None:
    rows = [(source, translation, back), ("", "", "")]
    assert measure("content", language, rows, column="content_missing_words") == [missing, ""]
    assert measure("content", language, rows, column="content_added_words") == [added, ""]


def test_a_longer_text_may_be_paraphrased_more(measure: Measure) -> None:
    nouns = "apple bread cat dog elephant farm glass house island jacket kite lemon moon nest orange park"
    source = " ".join(nouns.split())
    back = source.replace("park", "zoo")
    (missing,) = measure("content", "fr", [(source, "x", back)], column="content_missing")
    assert missing == pytest.approx(0.5)


def test_rows_do_not_touch_each_other(measure: Measure) -> None:
    rows = [("a red bus", "x", "a bus"), ("a bus", "x", "a red bus"), ("", "x", ""), ("a cat", "x", "a cat")]
    assert measure("content", "fr", rows, column="content_missing") == [1, 0, 0, 0]
    assert measure("content", "fr", rows, column="content_added") == [0, 1, 0, 0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *[
            ("sitting", "sat"),
            ("riding", "rides"),
            ("worn", "wearing"),
            ("cities", "city"),
            ("stopped", "stop"),
        ],
        *[
            ("rode", "riding"),
            ("mice", "mouse"),
            ("fried", "fry"),
            ("cookies", "cookie"),
            ("knives", "knife"),
        ],
        *[
            ("horses", "horse"),
            ("buses", "bus"),
            ("dancing", "dances"),
            ("staring", "stare"),
            ("using", "used"),
        ],
    ],
)
def test_inflection_is_no_difference(one: str, other: str) -> None:
    assert lemma(one) == lemma(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *[("closed", "near"), ("glass", "glasses"), ("left", "right"), ("string", "strong")],
        *[("cane", "can"), ("tube", "tub"), ("plane", "plan"), ("stare", "star"), ("added", "ad")],
    ],
)
def test_words_that_look_alike_stay_apart(one: str, other: str) -> None:
    assert meaning(one) != meaning(other)


def test_glasses_to_drink_from_are_many_a_glass() -> None:
    found = content_words(pa.array(["wine in the glasses", "wine in a glass", "the man's glasses"]))
    assert len(set(found.meaning[[1, 3]])) == 1 != len(set(found.meaning[[1, 5]]))


def test_what_stands_in_another_place_is_seen_and_a_paraphrase_forgiven(measure: Measure) -> None:
    rows = [
        ("Is there a dog in the picture?", "x", "Are there any dogs in the image?"),
        ("Is the dog behind the cat?", "x", "Is the cat behind the dog?"),
        ("", "x", ""),
    ]
    bigrams = measure("content", "fr", rows, column="content_bigrams")
    assert bigrams[0] == bigrams[2] == 1 > 0.5 > bigrams[1]


def test_words_stand_in_the_order_of_the_text() -> None:
    found = content_words(pa.array(["", "Is the stuffed animal on the couch?"]))
    assert found.text.to_pylist() == ["stuffed animal", "couch"]
    assert found.row.tolist() == [1, 1]


def test_pairs_without_back_translation_get_null(measure: Measure) -> None:
    assert measure("content", "ja", [("cat", "猫", None)]) == [None]
