"""Slots in training: which nouns get one, what the translation must confirm, and which form it has."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from recipes.translator import annotate, data
from recipes.translator.annotate import (
    Noun,
    Slotter,
    confirmed,
    directed,
    fits,
    hindi_forms,
    own_nouns,
    read_rows,
    texts,
    voted_nouns,
)
from recipes.translator.export import write_words
from vqa_builder.translation.slots import Word, Words

ROOM = Word(hindi_forms("कमरा", "m"), ("<m>",))
CAR = Word(hindi_forms("गाड़ी", "f"), ("<f>",))
PLATE = Word(("皿",))


def test_the_examples_hold() -> None:
    assert doctest.testmod(annotate).failed == 0


@pytest.mark.parametrize(
    ("word", "plural", "target", "found"),
    [
        (ROOM, 0, "कमरा कहाँ है?", ("कमरा", "<singular>")),
        (ROOM, 0, "इस कमरे में क्या है?", ("कमरे", "<oblique>")),
        (ROOM, 1, "यहाँ कितने कमरे हैं?", ("कमरे", "<plural>")),
        (ROOM, 1, "कमरों में क्या है?", ("कमरों", "<oblique-plural>")),
        (CAR, 0, "गाड़ी का रंग क्या है?", ("गाड़ी", "<oblique>")),
        (ROOM, 0, "कमरबंद कहाँ है?", None),
        (ROOM, 0, "कमरा कमरे में है?", None),
    ],
)
def test_the_form_of_a_hindi_noun_is_told_by_what_follows(
    word: Word, plural: int, target: str, found: tuple[str, str] | None
) -> None:
    place = confirmed(word, plural, target, "hi")
    assert (place and (target[place[0] : place[1]], *place[2])) == found


@pytest.mark.parametrize(
    ("target", "there"),
    [("皿は何色ですか？", True), ("灰皿は何色ですか？", False), ("猫はいますか？", False)],
)
def test_a_japanese_noun_must_stand_alone(target: str, there: bool) -> None:
    assert (confirmed(PLATE, 0, target, "ja") is not None) is there


def test_an_english_noun_keeps_its_number() -> None:
    found = confirmed(Word(("ashtray", "ashtrays")), 0, "Are the Ashtrays full?", "en")
    assert found is not None and found[2] == ("<plural>",)


def test_training_lines_get_what_the_target_confirms() -> None:
    words = [(("ashtray", "ashtrays"), Word(("灰皿",))), (("mantel", "mantels"), Word(("炉棚",)))]
    slotter = Slotter(Words(words, "en"), {word for _, word in words}, "ja", seed=0, shares=(1.0, 0.0))
    line = slotter.slotted("Is the ashtray on the mantel?", "灰皿は棚にありますか？")
    assert (line.source, line.target) == ("Is the ashtray\ue000 on the mantel?", "\ue000は棚にありますか？")
    assert slotter.slotted("Is the ashtray full?", "灰皿はいっぱいですか？", any_slots=False).marks == ()


def test_some_words_stay_without() -> None:
    word = Word(("灰皿",))
    slotter = Slotter(Words([(("ashtray",), word)], "en"), {word}, "ja", seed=1)
    drawn = [slotter.slotted("Is the ashtray full?", "灰皿はいっぱいですか？") for _ in range(1000)]
    assert 0.87 < sum(bool(line.marks) for line in drawn) / 1000 < 0.93


def test_the_lexicon_gives_forms_gender_and_life() -> None:
    row = {
        "en": "hen",
        "en_plural": "hens",
        "category": "animal",
        "tags": "anim",
        "ja": "めんどり",
        "hi": "मुर्गी",
    }
    forms = {"hi_plural": "मुर्गियाँ", "hi_oblique": "मुर्गी", "hi_oblique_plural": "मुर्गियों", "hi_gender": "f"}
    assert own_nouns([row | forms], "ja") == [Noun(("hen", "hens"), ("めんどり",), ("<animate>",))]
    assert own_nouns([row | forms], "hi")[0].marks == ("<f>",)
    assert own_nouns([row | forms | {"category": "verb"}], "hi") == []


@pytest.mark.parametrize(
    ("english", "text", "fit"),
    [
        ("ashtray", "灰皿", True),
        ("drying", "乾燥", False),
        ("led", "発光", False),
        ("wait", "待ち", False),
        ("pouf", "गाँडू", False),
    ],
)
def test_the_vote_is_asked_for_nouns_and_no_insults(english: str, text: str, fit: bool) -> None:
    assert fits(english, text) is fit


def test_compounds_of_the_vote_are_taken_only_where_they_name_something() -> None:
    row = {"pos": "n", "rank": "1", "sources": "a,b", "class": "F"}
    japanese = [("round table", "円卓会議"), ("baby tooth", "乳歯")]
    rows = [row | {"en": english, "ja": text} for english, text in japanese]
    assert [noun.en[0] for noun in voted_nouns(rows, "ja", {})] == ["baby tooth"]
    hindi = [("white horse", "महावीर"), ("mare", "घोड़ी")]
    rows = [row | {"en": english, "hi": text} for english, text in hindi]
    assert [(noun.en[0], noun.marks) for noun in voted_nouns(rows, "hi", {})] == [("mare", ("<f>",))]


def test_entries_stand_alone_as_answers_do() -> None:
    lexicon = read_rows(Path(data.__file__).parent / "tables" / "lexicon.tsv")
    found = {
        (language, into): Words(
            texts(lexicon, {"man": 9}, language, into), "en" if into != "en" else language
        )
        for language in ("ja", "hi")
        for into in (language, "en")
    }
    expected = {
        "yes": ("はい", "हाँ"),
        "orange": ("オレンジ色", "नारंगी"),
        "dirty": ("汚れている", "गंदा"),
        "walking": ("歩いている", "चलना"),
        "striped": ("縞模様", "धारीदार"),
        "twelve": ("十二", "बारह"),
        "cats": ("猫", "बिल्लियाँ"),
        "12": (None, None),
    }
    for english, others in expected.items():
        assert tuple(found[language, language].whole(english) for language in ("ja", "hi")) == others
    assert [found["ja", "en"].whole(text) for text in ("いいえ", "男性", "汚れている")] == [
        "no",
        "man",
        "dirty",
    ]
    assert found["hi", "en"].whole("बिल्लियाँ") == "cats"


def test_the_frequent_noun_comes_first_into_english(tmp_path: Path) -> None:
    nouns = [Noun(("bunny", "bunnies"), ("ウサギ",)), Noun(("rabbit", "rabbits"), ("ウサギ",))]
    rows = [row for _, row in directed(nouns, {"rabbit": 9}, "en")]
    write_words(rows, tmp_path / "words.tsv")
    assert Words.read(tmp_path / "words.tsv", "ja").find("ウサギはいますか？")[0].senses == [
        Word(("rabbit", "rabbits"))
    ]
