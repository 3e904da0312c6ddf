"""Signs that tell a language from its neighbours: patterns by kind, endings by their longest match."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from vqa_builder.languages._signs import NO_LETTERS, ending_weight, endings_of, read_endings, read_signs


def count(text: str, pattern: str) -> int:
    """Matches of a pattern, the words parted as the language identifier parts them."""
    parted = pc.replace_substring_regex(pa.array([f" {text} "]), NO_LETTERS, "  ")
    return int(pc.count_substring_regex(parted, pattern)[0].as_py())


@pytest.mark.parametrize(
    ("code", "text", "own", "foreign"),
    [
        ("ja", "これは何ですか", 6, 0),
        ("ja", "她在吗", 0, 2),  # 她 and 吗 are no Japanese letters
        ("ja", "这是们", 0, 2),  # 这 and 们 are in gb2312 and not in cp932
        ("ja", "東京駅", 0, 0),  # both languages write these
        ("hi", "बिल्ली कहाँ है", 2, 0),
        ("hi", "बच्चों में से", 3, 0),  # two words, and an ending
        ("hi", "मांजर कुठे आहे", 0, 2),
        ("hi", "आहेत", 0, 1),
        ("hi", "बड़ा", 1, 0),  # the dot below
    ],
)
def test_signs_speak_for_a_language_or_for_its_neighbours(
    code: str, text: str, own: int, foreign: int
) -> None:
    signs = read_signs(code)
    assert signs
    assert (count(text, signs.own), count(text, signs.any_foreign)) == (own, foreign)


def test_a_language_without_a_table_has_no_signs() -> None:
    assert read_signs("de") is None
    assert read_endings("de") == {}
    assert ending_weight("de", "Haus") == 0


def test_an_ending_may_be_the_whole_word_and_is_at_most_four_characters() -> None:
    assert endings_of("है") == ["^है", "है", "ै"]
    assert endings_of("लड़कियाँ")[0] == "ियाँ"


@pytest.mark.parametrize(("word", "is_hindi"), [("लोगों", True), ("मांजराचा", False)])
def test_the_longest_known_ending_decides_and_no_single_word_decides_all(word: str, is_hindi: bool) -> None:
    weight = ending_weight("hi", word)
    assert (weight > 0) is is_hindi
    assert abs(weight) <= 4
