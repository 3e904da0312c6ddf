"""A dictionary's check of source against translation."""

from collections.abc import Callable
from typing import Any

import pytest

Measure = Callable[..., list[Any]]


@pytest.mark.parametrize(
    ("language", "source", "translation", "missing", "added"),
    [
        ("ja", "What color is the dog's collar?", "犬の首輪は何色ですか？", "", ""),
        ("ja", "What color is the dog's collar?", "犬の首は何色ですか？", "collar", "首"),
        ("ja", "What animal is this?", "この動物は何を身につけていますか？", "", "身"),
        ("ja", "Is the man wearing a red hat?", "男性は赤い帽子をかぶっていますか？", "", ""),
        ("hi", "What color is the dog's collar?", "कुत्ते का कॉलर किस रंग का है?", "", ""),
        ("hi", "How many cats are sleeping?", "कितनी बिल्लियाँ सो रही हैं?", "", ""),
        ("hi", "How many cats are sleeping?", "कितने कुत्ते सो रहे हैं?", "cats", "कुत्ते"),
        ("hi", "Are there empty seats in the stadium?", "क्या स्टेडियम में बर्फ़ है?", "empty, seats", "बर्फ़"),
    ],
)
def test_what_is_missing_and_added_is_named(
    measure: Measure, language: str, source: str, translation: str, missing: str, added: str
) -> None:
    pair = [(source, translation)]
    assert measure("lexical", language, pair, column="lexical_missing_words") == [missing]
    assert measure("lexical", language, pair, column="lexical_added_words") == [added]
    (share,) = measure("lexical", language, pair)
    assert (share == 1) == (not missing)


def test_rows_do_not_touch_each_other(measure: Measure) -> None:
    rows = [("How many cats are sleeping?", "कितने कुत्ते सो रहे हैं?"), ("Dogs?", "कुत्ते?"), ("", "x"), ("Cats?", "")]
    assert measure("lexical", "hi", rows, column="lexical_added_words") == ["कुत्ते", "", "", ""]
    assert measure("lexical", "hi", rows, column="lexical_missing_words") == ["cats", "", "", "cats"]


def test_a_word_that_no_table_knows_counts_nowhere(measure: Measure) -> None:
    assert measure("lexical", "ja", [("Is the zorblax red?", "ゾーブラックスは赤いですか？")]) == [1]


def test_a_language_without_a_dictionary_is_not_measured(measure: Measure) -> None:
    assert measure("lexical", "de", [("Is it red?", "Ist es rot?")], column="lexical_missing") == [None]
