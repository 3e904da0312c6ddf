"""The grammar: agreement, counters and oblique forms."""

from __future__ import annotations

import pytest

from recipes.drawn_world.scenes.words import NOUNS, PLACES, VERBS, Phrase, colour, number


@pytest.mark.parametrize(
    ("noun", "many", "paint", "side", "expected"),
    [
        ("cat", False, "black", None, ("a black cat", "黒い猫", "काली बिल्ली", "काली बिल्ली")),
        (
            "cat",
            True,
            "black",
            "left",
            ("black cats on the left", "左の黒い猫", "बाईं ओर की काली बिल्लियाँ", "बाईं ओर की काली बिल्लियों"),
        ),
        ("dog", False, "brown", None, ("a brown dog", "茶色い犬", "भूरा कुत्ता", "भूरे कुत्ते")),
        (
            "dog",
            True,
            "brown",
            "right",
            ("brown dogs on the right", "右の茶色い犬", "दाईं ओर के भूरे कुत्ते", "दाईं ओर के भूरे कुत्तों"),
        ),
        (
            "umbrella",
            False,
            "blue and white",
            None,
            ("a blue and white umbrella", "青と白の傘", "नीला और सफ़ेद छाता", "नीले और सफ़ेद छाते"),
        ),
        ("apple", False, "green", None, ("a green apple", "緑のリンゴ", "हरा सेब", "हरे सेब")),
        (
            "elephant",
            False,
            None,
            "middle",
            ("an elephant in the middle", "真ん中のゾウ", "बीच का हाथी", "बीच के हाथी"),
        ),
    ],
)
def test_phrases(
    noun: str, many: bool, paint: str | None, side: str | None, expected: tuple[str, ...]
) -> None:
    phrase = Phrase(NOUNS[noun], many, colour(paint) if paint else None, side)
    assert (phrase.en_a, phrase.ja, phrase.hi, phrase.hi_o) == expected


@pytest.mark.parametrize(
    ("noun", "count", "japanese", "hindi"),
    [
        ("dog", 3, "3匹の犬", "तीन कुत्ते"),
        ("bird", 2, "2羽の鳥", "दो चिड़ियाँ"),
        ("man", 2, "2人の男性", "दो आदमी"),
        ("book", 4, "4冊の本", "चार किताबें"),
        ("umbrella", 5, "5本の傘", "पाँच छाते"),
        ("plane", 1, "1機の飛行機", "एक विमान"),
    ],
)
def test_numbers(noun: str, count: int, japanese: str, hindi: str) -> None:
    said = number(count, Phrase(NOUNS[noun], count > 1))
    assert (said["ja"], said["hi"]) == (japanese, hindi)


@pytest.mark.parametrize(
    ("noun", "many", "verb", "expected"),
    [
        ("boy", False, "running", "दौड़ रहा है"),
        ("boy", True, "running", "दौड़ रहे हैं"),
        ("girl", True, "sleeping", "सो रही हैं"),
        ("cat", False, "sitting", "बैठी है"),
        ("man", False, "holding an umbrella", "छाता पकड़े हुए है"),
    ],
)
def test_hindi_verbs_agree(noun: str, many: bool, verb: str, expected: str) -> None:
    assert Phrase(NOUNS[noun], many).hi_does(VERBS[verb]) == expected


def test_the_living_are_and_things_lie() -> None:
    assert Phrase(NOUNS["woman"]).ja_be == "います"
    assert Phrase(NOUNS["bus"]).ja_be == "あります"


def test_every_word_is_written_in_its_script() -> None:
    for noun in NOUNS.values():
        assert any("\u3040" <= letter <= "\u9fff" for letter in noun.ja)
        assert all("\u0900" <= letter <= "\u097f" or letter == " " for letter in noun.hi_oblique_plural)
    for place in PLACES.values():
        assert place.hi_in.startswith(place.hi)
