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
    ["हाँ", "हां", "हाँ।", "हाँ!", "जी हाँ", "जी हां।", "हाँ जी", "जी", "हाँ है", "हाँ, है", "जी हाँ, यह बिल्ली है"],
    ["नहीं", "नही", "नहीं।", "जी नहीं", "ना", "नहीं है", "नहीं, यह कुत्ता है"],
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
    ["बैठा है", "बैठी है", "बैठे हैं", "बैठी हुई है", "वह बैठी है"],
    ["खड़ा", "खड़ी है", "खडे हैं"],
    ["घास खा रहा है", "घास खा रही है।", "घास खा रहे हैं"],
    ["बड़ा", "बड़ी", "बड़े"],
    ["लकड़ी का", "लकड़ी की", "लकडी के"],
    ["दायाँ", "दाईं", "दाएँ"],
    ["लाल और काला", "काला और लाल", "लाल, काली", "काला, लाल", "काला एवं लाल"],
    ["लाल, सफ़ेद और नीला", "नीला, लाल और सफेद", "नीला और सफ़ेद और लाल"],
    ["लाल", "लाल रंग", "लाल रंग का", "लाल रंग की", "रंग लाल है", "लाल ###", "**लाल**"],
    ["स्लेटी", "ग्रे", "स्लेटी रंग"],
    ["बिलकुल नहीं", "बिल्कुल नहीं"],
    ["पेड़", "पेड"],
    ["3", "तीन लोग", "3 लोग", "तीन व्यक्ति"],
    ["50%", "50 प्रतिशत", "५०%", "पचास प्रतिशत", "50 फ़ीसदी"],
    ["-5", "माइनस 5", "−५"],
]
APART = [
    ("लड़का", "लड़की"),
    ("बच्चा", "बच्ची"),
    ("घोड़ा", "घोड़ी"),
    ("पत्ता", "पत्ती"),
    ("नीला हरा", "हरा नीला"),
    ("-5", "5"),
    ("C++", "C"),
    ("50%", "50"),
    ("10 रुपये", "10"),
    ("", "？"),
    ("नहीं, पता नहीं", "नहीं"),
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
    lines = path.read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(lines, delimiter="\t", restval=""))


@pytest.mark.parametrize("version", ["2", "3"])
def test_every_form_of_the_table_is_read(version: str) -> None:
    rows = [row for row in table() if not row["rules"] or version in row["rules"]]
    last = {row["written"]: row["read"] for row in rows}  # rows of one version stand last and win
    for written, read in last.items():
        assert normalise(written, version) == normalise(read, version)


def test_every_form_is_listed_once_for_a_version() -> None:
    listed = [(row["written"], row["rules"]) for row in table()]
    assert len(listed) == len(set(listed))


def test_what_a_form_is_read_as_is_not_read_otherwise() -> None:
    for version in ("2", "3"):
        read = {normalise(row["read"], version) for row in table()}
        assert {normalise(each, version) for each in read} == read


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
    assert languages.get("hi").signature == "language:hi|rules:hi|version:3"


@pytest.mark.parametrize(
    ("text", "second", "third"),
    [("बैठी है", "बैठी", "बैठा"), ("लाल और काली", "लाल और काला", "काला और लाल"), ("पेड़", "पेड़", "पेड")],
)
def test_older_rules_can_be_asked_for(text: str, second: str, third: str) -> None:
    assert (normalise(text, "2"), normalise(text, "3"), normalise(text)) == (second, third, third)
