"""Slots: which words take one, what stands in the text meanwhile, and which form comes back."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from vqa_builder.translation import slots
from vqa_builder.translation.slots import (
    Word,
    Words,
    as_places,
    as_symbols,
    filled,
    in_places,
    merged,
    stands_alone,
    with_places,
)

ASHTRAY = Word(("राखदानी", "राखदानियाँ", "राखदानी", "राखदानियों"), ("<f>",))
ENGLISH = Words(
    [
        (("ashtray", "ashtrays"), ASHTRAY),
        (("fire hydrant", "fire hydrants"), Word(("फ़ायर हाइड्रेंट",) * 3 + ("फ़ायर हाइड्रेंटों",), ("<m>",))),
        (("fire", "fires"), Word(("आग", "आगें", "आग", "आगों"), ("<f>",))),
    ],
    "en",
)
BYTES = ["<0xEE>", "<0x80>", "<0x80>"]


def test_a_text_that_is_an_entry_is_translated_by_it() -> None:
    answers = Words([(("yes",), Word(("हाँ",))), (("fire",), Word(("आग में",)))], "en")
    texts = ["Yes", "ashtrays", "fire", "an ashtray", "ashtray"]
    found = slots.entries(texts, [{}, {}, {}, {}, {"ashtray": "ऐशट्रे"}], [answers, ENGLISH])
    assert list(found) == [(0, "हाँ"), (1, "राखदानियाँ"), (2, "आग में")]


def test_the_examples_hold() -> None:
    assert doctest.testmod(slots).failed == 0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("How many ashtrays are there?", [("ashtrays", 1)]),
        ("What color is the ashtray's rim?", [("ashtray", 0)]),
        ("Is the Fire Hydrant red?", [("Fire Hydrant", 0)]),
        ("Do firemen go out?", []),
        ("ashtray ashtray ashtray ashtray", [("ashtray", 0)] * 3),
        ("an ashtray \ue000", []),
    ],
)
def test_words_are_found_in_any_form_and_the_longest_first(text: str, found: list[tuple[str, int]]) -> None:
    assert [(text[each.start : each.end], each.form) for each in ENGLISH.find(text)] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ऐशट्रे कहाँ हैं?", ["ऐशट्रे"]),
        ("क्या ये ऐशट्रेज़ हैं?", []),
    ],
)
def test_hindi_words_are_whole_words(text: str, found: list[str]) -> None:
    words = Words([(("ऐशट्रे",), Word(("ashtray", "ashtrays")))], "hi")
    assert [text[each.start : each.end] for each in words.find(text)] == found


@pytest.mark.parametrize(
    ("text", "word", "alone"),
    [
        ("灰皿は何色ですか？", "灰皿", True),
        ("灰皿は何色ですか？", "皿", False),
        ("アイスクリームはありますか？", "クリーム", False),
        ("この柵は何色ですか？", "柵", True),
        ("光っていますか？", "光", False),
        ("消しゴムはどこですか？", "消しゴム", True),
    ],
)
def test_a_japanese_word_is_no_part_of_a_longer_one(text: str, word: str, alone: bool) -> None:
    at = text.index(word)
    assert stands_alone(text, at, at + len(word)) is alone
    assert bool(Words([((word,), Word(("x", "xs")))], "ja").find(text)) is alone


def test_a_slot_stands_behind_its_word_and_brings_the_form_back() -> None:
    text = "Is the ashtray red?"
    found = ENGLISH.find(text)
    marked = with_places(text, found)
    assert marked == "Is the ashtray\ue000 red?"
    pieces = ["▁Is", "▁the", "▁ashtray", *BYTES, "▁red", "?"]
    assert as_symbols(pieces, [ASHTRAY.marks]) == ["▁Is", "▁the", "▁ashtray", "<slot1>", "<f>", "▁red", "?"]
    placed = as_places(["▁क्या", "▁", "<slot1>", "<oblique-plural>", "▁में"], [ASHTRAY])
    assert placed == (["▁क्या", "▁", *BYTES, "▁में"], ["राखदानियों"])
    assert filled("क्या \ue000 में", placed[1]) == "क्या राखदानियों में"


@pytest.mark.parametrize(
    "pieces",
    [["▁क्या"], ["<slot1>", "<slot1>"], ["<slot1>", "<slot2>"]],
)
def test_every_slot_must_come_back_once(pieces: list[str]) -> None:
    assert as_places(pieces, [ASHTRAY]) is None


def test_a_word_with_one_form_takes_it_whatever_is_asked_for() -> None:
    placed = as_places(["<slot1>", "<oblique-plural>"], [Word(("灰皿",))])
    assert placed is not None and placed[1] == ["灰皿"]


def test_places_follow_the_slots_not_the_order_of_the_text() -> None:
    assert in_places("棚の上の灰皿", [(4, 6), (0, 1)]) == "\ue001の上の\ue000"


def test_terms_come_before_the_dictionary() -> None:
    text = "Is the fire hydrant near an ashtray?"
    found = merged(text, {"fire hydrant": "消火栓"}, ENGLISH.find(text))
    assert [each.senses[0].forms[0] for each in found] == ["消火栓", "राखदानी"]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Are there 12 cats or 3?", ["12", "3"]),
        ("Is it 4:30?", ["4:30"]),
        ("猫は2匹いますか？", ["2"]),
        ("Is this the 2nd B52?", []),
    ],
)
def test_numbers_take_slots(text: str, numbers: list[str]) -> None:
    assert [each.senses[0].forms[0] for each in merged(text, {}, [])] == numbers


def test_a_table_is_read_as_it_is_written(tmp_path: Path) -> None:
    table = tmp_path / "words.en-hi.tsv"
    table.write_text(f"ashtray|ashtrays\t{'|'.join(ASHTRAY.forms)}\t<f>\n", encoding="utf-8")
    words = Words.read(table, "en")
    assert words.find("Two ashtrays")[0].senses == [ASHTRAY]
    assert len(words) == 2
