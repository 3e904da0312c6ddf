"""The shared measures of text."""

import pyarrow as pa
import pytest

from vqa_builder.quality.text import folded, lengths, per_unique


@pytest.mark.parametrize(
    ("text", "words", "characters"),
    [
        ("What color is the cat?", 5, 17),
        ("बिल्ली किस रंग की है ?", 5, 16),
        ("猫は何色ですか？", 1, 7),
        ("データー 2台", 2, 6),
        ("- ?! …", 0, 0),
        ("", 0, 0),
        ("don't", 1, 4),
    ],
)
def test_lengths(text: str, words: int, characters: int) -> None:
    assert lengths(pa.array([text]), "word").tolist() == [words]
    assert lengths(pa.array([text]), "character").tolist() == [characters]


def test_folding_takes_chunks_and_slices() -> None:
    column = pa.chunked_array([["ＡＢ", "か\u3099"], [], ["ﾃﾞ"]])
    assert folded(column).to_pylist() == ["AB", "が", "デ"]
    assert folded(column.slice(1)).to_pylist() == ["が", "デ"]


def test_each_distinct_string_is_asked_once() -> None:
    asked: list[str] = []

    def length(text: str) -> int:
        asked.append(text)
        return len(text)

    assert per_unique(length, pa.chunked_array([["a", "bb"], ["a"]])) == [1, 2, 1]
    assert asked == ["a", "bb"]
