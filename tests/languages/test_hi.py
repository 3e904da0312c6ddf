from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, strategies as st

from vqa_builder import languages

HINDI = languages.get("hi")


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("क्या दो कुत्ते हैं?", ["2"]),
        ("तीन बिल्लियाँ और चार कुत्ते", ["3", "4"]),
        ("पाँच", ["5"]),
        ("पांच", ["5"]),
        ("छह, छः, छ: और छे", ["6", "6", "6", "6"]),
        ("सात", ["7"]),
        ("नौ बजे", ["9"]),
        ("पंद्रह", ["15"]),
        ("पन्द्रह", ["15"]),
        ("बीस लोग", ["20"]),
        ("पच्चीस", ["25"]),
        ("सौ लोग", ["100"]),
        ("एक सौ पचास", ["150"]),
        ("दो हज़ार", ["2000"]),
        ("दो हजार तेईस", ["2023"]),
        ("5 लाख", ["500000"]),
        ("१२ और 3", ["12", "3"]),
        ("दो-तीन लोग", ["2", "3"]),
        ("तीसरा आदमी", ["3"]),
        ("पाँचवीं मंज़िल", ["5"]),
        ("तीनों कुत्ते", ["3"]),
        ("एक या दो", ["2"]),
        ("एक कूबड़ है या दो?", ["2"]),
        ("दो", ["2"]),
        ("दो।", ["2"]),
        ("कितने? दो।", ["2"]),
    ],
)
def test_numerals_that_count(text: str, numbers: list[str]) -> None:
    assert HINDI.numerals(text) == numbers


@pytest.mark.parametrize(
    "text",
    [
        *[
            "एक आदमी",
            "एक",
            "दोनों आदमी",
            "दूसरा कुत्ता",
            "के साथ",
            "चारों ओर पेड़ हैं",
            "मुझे बता दो",
            "मुझे बता दो कि यह क्या है",
        ],
        *[
            "पानी दो।",
            "मुझे नौकरी दो",
            "नौकर",
            "दोस्त",
            "दोपहर",
            "सौंदर्य",
            "चारपाई",
            "तिपहिया",
            "सातवाहन",
            "बिल्ली",
            "",
        ],
        *["संयुक्त अरब अमीरात", "दुकान", "सैकड़ों लोग", "हज़ारों लोग"],
    ],
)
def test_numerals_that_are_none(text: str) -> None:
    assert HINDI.numerals(text) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("हाँ", "हां"),
        ("सफ़ेद", "सफेद"),
        ("\u092b\u093cोटो", "\u095eोटो"),
        ("हिन्दी", "हिंदी"),
        ("सम्बन्ध", "संबंध"),
        ("पञ्च", "पंच"),
        ("हाँ।", "हाँ"),
        ("१२", "12"),
        ("रंग\u200dबिरंगा", "रंगबिरंगा"),
        ("काला, सफ़ेद", "काला और सफेद"),
        ("  लाल  ", "लाल"),
        ("TV", "tv"),
    ],
)
def test_spellings_that_are_one(one: str, other: str) -> None:
    assert HINDI.normalise(one) == HINDI.normalise(other)


@pytest.mark.parametrize(("one", "other"), [("काला", "कला"), ("कल", "काल"), ("सात", "साथ")])
def test_words_that_stay_apart(one: str, other: str) -> None:
    assert HINDI.normalise(one) != HINDI.normalise(other)


def test_normalise_keeps_what_joins_digits() -> None:
    assert HINDI.normalise("१०:१५, २.५ और १,००,०००") == "100000 और 10:15 और 2.5"


DEVANAGARI = st.text(alphabet=st.characters(min_codepoint=0x900, max_codepoint=0x97F))


@example("0:&:१")
@given(st.one_of(st.text(), DEVANAGARI))
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = HINDI.normalise(text)
    assert HINDI.normalise(once) == once


@given(DEVANAGARI)
def test_numerals_do_not_depend_on_the_form_of_the_nukta(text: str) -> None:
    forms = {tuple(HINDI.numerals(unicodedata.normalize(form, text))) for form in ("NFC", "NFD", "NFKC")}
    assert len(forms) == 1


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("क्या यह बिल्ली है?", ["क्या", "यह", "बिल्ली", "है"]),
        ("यह एक कुत्ता है।", ["यह", "एक", "कुत्ता", "है"]),
        ("ऑफ़-व्हाइट", ["ऑफ़", "व्हाइट"]),
        ("१०:१५ बजे iPhone", ["१०:१५", "बजे", "iPhone"]),
        ("", []),
    ],
)
def test_tokens(text: str, tokens: list[str]) -> None:
    assert HINDI.tokens(text) == tokens


@pytest.mark.parametrize(
    ("answer_en", "answer", "method"),
    [
        ("2", "2", "number"),
        ("eleven", "11", "number"),
        ("2 and 3", "2 और 3", "number"),
        ("yes", "हाँ", "yes/no"),
        ("no", "नहीं", "yes/no"),
        ("maybe", "शायद", "yes/no"),
        ("don't know", "पता नहीं", "yes/no"),
        ("blue", "नीला", "colour"),
        ("white", "सफ़ेद", "colour"),
        ("gray", "स्लेटी", "colour"),
        ("grey", "स्लेटी", "colour"),
        ("light blue", "हल्का नीला", "colour"),
        ("dark blue", "गहरा नीला", "colour"),
        ("black and white", "काला और सफ़ेद", "colour"),
        ("white and black", "सफ़ेद और काला", "colour"),
        ("red white and blue", "लाल, सफ़ेद और नीला", "colour"),
        ("red, white, blue and green", "लाल, सफ़ेद, नीला और हरा", "colour"),
        ("orange and black", "नारंगी और काला", "colour"),
    ],
)
def test_answers_from_the_tables(answer_en: str, answer: str, method: str) -> None:
    assert HINDI.answer(answer_en) == (unicodedata.normalize("NFC", answer), method)


@pytest.mark.parametrize("answer_en", ["orange", "clear", "orange and lime", "", "rose"])
def test_answers_that_no_table_knows(answer_en: str) -> None:
    assert HINDI.answer(answer_en) is None
