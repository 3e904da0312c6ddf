"""Answers that the Hindi metric takes for one, and answers that it must keep apart."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from vqa_builder import languages

normalise = languages.get("hi").normalise
ONE = [
    ["2", "२", "दो", "दो।", "2।"],
    ["1", "१", "एक"],
    ["0", "०", "शून्य", "ज़ीरो"],
    ["6", "छह", "छः", "छ:", "छे"],
    ["21", "इक्कीस", "२१"],
    ["150", "एक सौ पचास", "१५०"],
    ["500", "पाँच सौ", "5 सौ", "५ सौ"],
    ["2000", "दो हज़ार", "2 हजार", "2,000"],
    ["100000", "1,00,000", "एक लाख"],
    ["2 बिल्लियाँ", "दो बिल्लियां", "२ बिल्लियाँ"],
    ["10:15", "१०:१५"],
    ["हाँ", "हां", "हाँ।", "हाँ!", "जी हाँ", "जी हां।", "हाँ जी", "जी", "हाँ है"],
    ["नहीं", "नही", "नहीं।", "जी नहीं", "ना", "नहीं है"],
    ["पता नहीं", "मुझे पता नहीं", "मुझे नहीं पता", "मालूम नहीं"],
    ["सफ़ेद", "सफेद", "सफ़ेद", "सफ़ेद रंग", "सफेद रंग का"],
    ["काला", "काली", "काले", "काले रंग की", "यह काला है"],
    ["नीला और काला", "नीली और काली", "नीला एवं काला", "नीला तथा काला"],
    ["बिल्ली", "बिल्ली।", "यह बिल्ली है", "एक बिल्ली", "यह एक बिल्ली है।", "वह बिल्ली है"],
    ["हिंदी", "हिन्दी"],
    ["कंबल", "कम्बल"],
    ["नई", "नयी"],
    ["रुपए", "रुपये"],
    ["टी-शर्ट", "टीशर्ट", "टी शर्ट"],
    ["टीवी", "टी.वी.", "टी वी", "टेलीविज़न"],
    ["फुटबॉल", "फ़ुटबॉल", "फुटबाल"],
    ["क्ष", "क्\u200dष"],
]
APART = [
    ("दो", "दोनों"),
    ("तीन", "तीसरा"),
    ("पाँच", "पाँचवाँ"),
    ("चार", "चारों"),
    ("हाँ", "नहीं"),
    ("एक तरफ़", "तरफ़"),
    ("नारंगी", "नारंगी रंग"),
    ("काला", "केला"),
    ("कल", "काल"),
    ("सौ", "सो"),
    ("2", "2 बजे"),
    ("लाल", "लाल और सफ़ेद"),
    ("है", ""),
    ("पेड़", "पेड"),
]


@pytest.mark.parametrize("answers", ONE, ids=lambda answers: answers[0])
def test_one_answer_in_many_spellings(answers: list[str]) -> None:
    assert {normalise(answer) for answer in answers} == {normalise(answers[0])}


@pytest.mark.parametrize(("one", "other"), APART)
def test_answers_that_stay_apart(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


def test_classes_stay_apart() -> None:
    assert len({normalise(answers[0]) for answers in ONE}) == len(ONE)


def test_all_cardinals_are_digits_and_no_ordinal_is() -> None:
    path = Path(languages.__file__).with_name("number_words_hi.tsv")
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines(), delimiter="\t"))
    first = next(place for place, row in enumerate(rows) if row["word"] == "तीसरा")
    assert all(normalise(row["word"]) == row["value"] for row in rows[:first])
    assert {int(row["value"]) for row in rows[:first]} >= {*range(1, 101)}
    assert not any(normalise(row["word"]).isdigit() for row in rows[first:])


def table() -> list[dict[str, str]]:
    path = Path(languages.__file__).with_name("answer_forms_hi.tsv")
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines(), delimiter="\t"))


def test_every_form_of_the_table_is_read_and_listed_once() -> None:
    written = [row["written"] for row in table()]
    assert len(written) == len(set(written))
    assert all(normalise(row["written"]) == normalise(row["read"]) for row in table())


def test_what_a_form_is_read_as_is_not_read_otherwise() -> None:
    assert not {row["written"] for row in table()} & {row["read"] for row in table()}


PIECES = [
    "एक",
    "दो",
    "तीन",
    "सौ",
    "हज़ार",
    "लाख",
    "5",
    "1.5",
    " ",
    " ",
    " ",
    "है",
    "हैं",
    "यह",
    "और",
    "एवं",
    "नीली",
]


@given(
    st.lists(st.sampled_from([*PIECES, "जी", "हाँ", "नहीं", "टी", "शर्ट", "रंग", "का", "गये", "।"])).map("".join)
)
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


def test_very_long_numbers_are_no_trouble() -> None:
    assert normalise("9" * 400 + " सौ") == "9" * 400 + " 100"


def test_the_version_stands_in_the_signature() -> None:
    assert languages.get("hi").signature == "language:hi|rules:hi|version:2"
