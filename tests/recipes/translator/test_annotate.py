"""Annotations: which words get one, where it stands, and how it reads."""

from __future__ import annotations

import doctest

import pytest

from recipes.translator import annotate
from recipes.translator.annotate import (
    Annotator,
    Dictionary,
    Note,
    Sense,
    Shares,
    annotated,
    hindi_forms,
    known_notes,
    own_dictionary,
)


def test_the_examples_hold() -> None:
    assert doctest.testmod(annotate).failed == 0


@pytest.fixture
def hindi() -> Dictionary:
    rows = [
        {
            "en": "ashtray",
            "en_plural": "ashtrays",
            "category": "object",
            "hi": "राखदानी",
            "hi_plural": "राखदानियाँ",
            "hi_oblique": "राखदानी",
            "hi_oblique_plural": "राखदानियों",
            "hi_gender": "f",
        },
        {"en": "go", "en_plural": "", "category": "verb", "hi": "जाना", "hi_gender": ""},
        {
            "en": "fire hydrant",
            "en_plural": "fire hydrants",
            "category": "outdoor",
            "hi": "फ़ायर हाइड्रेंट",
            "hi_plural": "फ़ायर हाइड्रेंट",
            "hi_oblique": "फ़ायर हाइड्रेंट",
            "hi_oblique_plural": "फ़ायर हाइड्रेंटों",
            "hi_gender": "m",
        },
    ]
    return own_dictionary(rows, "hi")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("How many ashtrays are there?", ["ashtrays"]),
        ("What color is the ashtray's rim?", ["ashtray"]),
        ("Is the Fire Hydrant red?", ["fire hydrant"]),
        ("Do fires go out?", []),
    ],
)
def test_words_are_found_in_any_form_and_the_longest_first(
    hindi: Dictionary, text: str, found: list[str]
) -> None:
    assert [form for _, _, form, _ in hindi.find(text)] == found
    for start, end, form, _ in hindi.find(text):
        assert text[start:end].lower() == form


def test_a_hindi_annotation_ends_with_the_gender_of_its_noun(hindi: Dictionary) -> None:
    text = "Is the ashtray on the fire hydrant?"
    notes = known_notes(text, hindi)
    pieces = [f"▁{word}" for word in text.split()]
    written = " ".join(annotated(pieces, notes, [[note.sense.text] for note in notes]))
    assert "<tr> राखदानी <f>" in written
    assert written.endswith("<tr> फ़ायर हाइड्रेंट <m>")


def test_byte_pieces_move_no_annotation() -> None:
    pieces = ["▁a", "▁", "<0xE2>", "<0x98>", "<0x83>", "▁cat"]
    assert annotated(pieces, [Note(0, 1, Sense("一つ"))], [["▁一つ"]])[:4] == ["▁a", "<tr>", "▁一つ", "</tr>"]


@pytest.mark.parametrize(
    ("sense", "sentence", "there"),
    [
        (Sense("कमरा", "m", hindi_forms("कमरा", "m")), "कमरे में क्या है?", True),
        (Sense("कमरा", "m", hindi_forms("कमरा", "m")), "कमरबंद कहाँ है?", False),
        (Sense("गाड़ी", "f", hindi_forms("गाड़ी", "f")), "कितनी गाड़ियाँ हैं?", True),
        (Sense("灰皿"), "灰皿は何色ですか？", True),
        (Sense("灰皿"), "皿は何色ですか？", False),
    ],
)
def test_a_sense_occurs_in_any_of_its_forms_as_a_whole_word(sense: Sense, sentence: str, there: bool) -> None:
    assert sense.occurs_in(sentence) is there


def test_training_annotates_what_the_target_confirms() -> None:
    dictionary = Dictionary()
    dictionary.add("ashtray", Sense("灰皿"))
    dictionary.add("mantel", Sense("炉棚"))
    everything = Annotator(dictionary, {}, seed=0, shares=Shares(rare=1.0, wrong=0.0))
    assert [
        note.sense.text
        for note in everything.notes("Is the ashtray on the mantel?", "灰皿は棚にありますか？")
    ] == ["灰皿"]


def test_some_words_stay_without_and_some_annotations_are_wrong() -> None:
    dictionary = Dictionary()
    for number in range(40):
        dictionary.add(f"word{chr(97 + number % 26) * (1 + number // 26)}", Sense(f"語{number}"))
    dictionary.add("ashtray", Sense("灰皿"))
    annotator = Annotator(dictionary, {}, seed=1)
    drawn = [annotator.notes("Is the ashtray full?", "灰皿はいっぱいですか？") for _ in range(2000)]
    given = [notes[0].sense.text for notes in drawn if notes]
    assert 0.75 < len(given) / len(drawn) < 0.85
    assert 0.04 < sum(text != "灰皿" for text in given) / len(given) < 0.12
