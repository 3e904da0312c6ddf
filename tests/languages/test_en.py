from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from vqa_builder import languages
from vqa_builder.languages.en import (
    clean_whitespace,
    contractions,
    normalise_official,
    process_digit_article,
    process_punctuation,
)

LINES = Path(__file__).with_name("official_cases.tsv").read_text(encoding="utf-8").splitlines()
OFFICIAL_CASES = [tuple(map(json.loads, line.split("\t"))) for line in LINES if not line.startswith("#")]


def test_the_official_cases_are_many() -> None:
    assert len(OFFICIAL_CASES) > 500


@pytest.mark.parametrize(("answer", "expected"), OFFICIAL_CASES)
def test_official_cases(answer: str, expected: str) -> None:
    assert normalise_official(answer) == expected
    assert languages.get("en").normalise(answer) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("The Cat.", "cat"),
        ("u.s.", "us"),
        ("2.5", "2.5"),
        (".5", ".5"),
        ("10:15", "10:15"),
        ("it's", "it's"),
        ("1,000", "1000"),
        ("red, white", "red white"),
        ("red,white", "red white"),
        ("t-shirt", "t shirt"),
        ("t-shirt - red", "tshirt red"),
        ("dont", "don't"),
        ("Im here", "im here"),
        ("somebody'd", "somebodyd"),
        ("none", "0"),
        ("twenty one", "twenty 1"),
        ("a", ""),
        ("." * 40, "." * 8),
    ],
)
def test_faults_are_kept(answer: str, expected: str) -> None:
    assert normalise_official(answer) == expected


@given(st.text())
def test_the_steps_make_the_whole(answer: str) -> None:
    cleaned = clean_whitespace(answer)
    assert process_digit_article(process_punctuation(cleaned)) == normalise_official(answer)


def test_the_contraction_table_is_whole() -> None:
    table = contractions()
    assert len(table) == 120
    assert table["couldn'tve"] == "couldn't've"
    assert table["ow's'at"] == "'ow's'at"


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Are there two dogs?", ["2"]),
        ("Twenty-one people", ["21"]),
        ("twenty one people and 3 dogs", ["21", "3"]),
        ("two or three", ["2", "3"]),
        ("two, three", ["2", "3"]),
        ("two hundred and fifty", ["250"]),
        ("a hundred years ago", ["100"]),
        ("one hundred", ["100"]),
        ("five thousand", ["5000"]),
        ("1.2 million", ["1200000"]),
        ("the third one", ["3"]),
        ("twenty-first century", ["21"]),
        ("appears twice", ["2"]),
        ("the 2nd floor", []),
        ("the 3rd floor", ["3"]),
        ("one of the men", []),
        ("Is there no one?", []),
        ("zero", []),
        ("the first man and the second man", []),
        ("someone often listens to tennis", []),
        ("hundreds of people", []),
        ("10:15 or 1,000", ["1000", "10:15"]),
    ],
)
def test_numerals(text: str, numbers: list[str]) -> None:
    assert languages.get("en").numerals(text) == numbers


def test_tokens() -> None:
    assert languages.get("en").tokens("Is the man's t-shirt, at 10:15, red?") == [
        *["Is", "the", "man's", "t-shirt", "at", "10:15", "red"],
    ]


@pytest.mark.parametrize("answer", ["yes", "red", "2"])
def test_english_answers_need_no_table(answer: str) -> None:
    assert languages.get("en").answer(answer) is None
