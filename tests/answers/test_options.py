from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest

from vqa_builder import languages
from vqa_builder.answers.options import APART, colliding_rows, settle, told_apart


@pytest.mark.parametrize(
    ("language", "english", "texts", "apart"),
    [
        ("ja", ["boat", "ship"], ["船", "船"], ["船（boat）", "船（ship）"]),
        ("hi", ["street", "road", "river"], ["सड़क", "सड़क", "नदी"], ["सड़क (street)", "सड़क (road)", "नदी"]),
        # Tables know another word for one of them.
        ("ja", ["cup", "mug"], ["カップ", "カップ"], ["カップ", "マグカップ"]),
        ("hi", ["boat", "ship", "car"], ["नाव", "नाव", "कार"], ["नाव", "जहाज़", "कार"]),
        # Variants of spelling read alike; the same option twice is the source's own affair.
        ("hi", ["glass", "glasses"], ["काँच", "कांच"], ["काँच (glass)", "कांच (glasses)"]),
        ("ja", ["cat", "Cat.", "dog"], ["猫", "猫", "犬"], ["猫", "猫", "犬"]),
    ],
)
def test_options_that_read_alike_are_told_apart(
    language: str, english: list[str], texts: list[str], apart: list[str]
) -> None:
    assert told_apart(english, texts, languages.get(language)) == apart
    rows = np.zeros(len(apart), np.int64)
    assert not len(colliding_rows(rows, pa.array(english), pa.array(apart), languages.get(language)))


def test_rows_collide_by_their_own_options_alone() -> None:
    rows = np.array([0, 0, 1, 1, 2, 2, 3])
    english = pa.array(["3.5", "35", "boat", "ship", "+5", "5", "boat"])
    texts = pa.array(["3.5", "35", "船", "船", "+5", "5", None])
    assert colliding_rows(rows, english, texts, languages.get("ja")).tolist() == [1]


def settled(
    rows: Sequence[Sequence[tuple[str, str, str | None]]], language: str = "ja"
) -> list[tuple[int, str | None, bool, list[str], list[str]]]:
    """What ``settle`` makes of rows of (kind, English, translation)."""
    kinds = ["option", "answer", "text", "question"]
    strings = list(dict.fromkeys((kind, english, text) for row in rows for kind, english, text in row))
    flat = [(number, string) for number, row in enumerate(rows) for string in row]
    places = pa.table(
        {
            "string": pa.array([strings.index(string) for _, string in flat], pa.int32()),
            "row": pa.array([row for row, _ in flat], pa.int32()),
            "path": pa.array([kinds.index(string[0]) for _, string in flat], pa.int16()),
        }
    )
    translated = pa.table(
        {
            "text": pa.array([text for _, _, text in strings], pa.string()),
            "keep": [text is not None for _, _, text in strings],
            "reasons": pa.array(
                [[] if text else ["failed"] for _, _, text in strings], pa.list_(pa.string())
            ),
            "engines": pa.array([["mini"]] * len(strings), pa.list_(pa.string())),
            "chrf": pa.array(range(len(strings)), pa.float32()),
        }
    )
    english = pa.table({"text": [english for _, english, _ in strings]})
    found = settle(places, kinds, english, translated, languages.get(language))
    names = ("place", "text", "keep", "reasons", "engines")
    return [tuple(row[name] for name in names) for row in found.to_pylist()]


def test_an_answer_that_is_an_option_is_the_options_translation() -> None:
    boats = [("option", "boat", "船"), ("option", "ship", "船")]
    by = ["mini", APART]
    assert settled(
        [
            [*boats, ("answer", "Ship", "船舶"), ("answer", "raft", "いかだ")],
            [("option", "cat", "猫"), ("option", "dog", "犬"), ("answer", "Dog.", "ワンちゃん")],
            [("answer", "ship", "船")],
        ]
    ) == [
        (0, "船（boat）", True, [], by),
        (1, "船（ship）", True, [], by),
        (2, "船（ship）", True, [], by),
        (6, "犬", True, [], ["mini"]),
    ]


def test_a_rationale_that_quotes_an_option_quotes_its_translation() -> None:
    words: list[tuple[str, str, str | None]] = [("option", "run", "दौड़ना"), ("option", "red", "लाल")]
    said = 'The word "run" is a verb, and "blue" is none.'
    assert settled([[*words, ("text", said, 'शब्द "run" एक क्रिया है, और "blue" नहीं।')]], "hi") == [
        (2, 'शब्द "दौड़ना" एक क्रिया है, और "blue" नहीं।', True, [], ["mini", APART])
    ]
    assert settled([[("text", said, 'शब्द "run" एक क्रिया है।')], words], "hi") == []


def test_a_row_whose_options_cannot_be_told_apart_is_rejected() -> None:
    # The normaliser writes what alone tells these apart in one way.
    by = ["mini", APART]
    assert settled([[("option", "x²", "x²"), ("option", "x2", "x2"), ("option", "y", "y")]]) == [
        (0, "x²（x²）", False, ["options collide (x²)"], by),
        (1, "x2（x2）", False, ["options collide (x2)"], by),
        (2, "y", False, ["options collide (y)"], ["mini"]),
    ]


def test_nothing_changes_without_options_or_translations() -> None:
    assert settled([[("answer", "boat", "船"), ("question", "Is it a boat?", "船ですか？")]]) == []
    assert settled([[("option", "boat", None), ("option", "ship", None)]]) == []
