from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, strategies as st

from vqa_builder import languages
from vqa_builder.languages._answer_tables import AnswerTable
from vqa_builder.languages._numbers import multiplied, read_words, word_values
from vqa_builder.languages._text import bare, fold, ungroup, words
from vqa_builder.languages.base import Language

FULL_WIDTH_DIGITS = str.maketrans("0123456789", "０１２３４５６７８９")
DEVANAGARI_DIGITS = str.maketrans("0123456789", "०१२३४५६७८९")


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet=st.characters(codec="utf-8", categories=["L", "M", "N", "P", "S", "Z"])))
def test_taking_punctuation_twice_changes_nothing(text: str) -> None:
    once = bare(fold(text))
    assert bare(once) == once


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("1,000", "1000"),
        ("1,000,000", "1000000"),
        ("12,34,567", "1234567"),
        ("1,2,3", "1,2,3"),
        ("10,5", "10,5"),
        ("1,0000", "1,0000"),
        ("2,500.5", "2500.5"),
    ],
)
def test_thousands_separators(written: str, plain: str) -> None:
    assert ungroup(written) == plain


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Wie viele Hunde?", ["Wie", "viele", "Hunde"]),
        ("இந்த நாய் என்ன நிறம்?", ["இந்த", "நாய்", "என்ன", "நிறம்"]),
        ("বিড়ালটি কী রঙের?", ["বিড়ালটি", "কী", "রঙের"]),
        ("می‌خواهم ۲ سیب", ["می‌خواهم", "۲", "سیب"]),
        ("10:15, 2.5 and 3", ["10:15", "2.5", "and", "3"]),
        ("4th floor", ["4th", "floor"]),
        ("", []),
    ],
)
def test_words_keep_their_marks(text: str, tokens: list[str]) -> None:
    assert words(text) == tokens
    assert languages.get("ta").tokens(text) == tokens


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", []),
        ("keine Zahl", []),
        ("2 Katzen, 10 Hunde", ["10", "2"]),
        ("২টি বিড়াল", ["2"]),
        ("٣ قطط", ["3"]),
        ("③ and ３", ["3", "3"]),
        ("20 m²", ["20"]),
        ("10:15", ["10:15"]),
        ("1,000 or 2.5", ["1000", "2.5"]),
    ],
)
def test_numerals_of_any_script(text: str, numbers: list[str]) -> None:
    assert languages.get("bn").numerals(text) == numbers


@pytest.mark.parametrize("code", ["en", "ja", "hi", "de"])
@given(number=st.integers(min_value=0, max_value=99999), before=st.sampled_from(["", "abc ", "("]))
def test_numerals_do_not_depend_on_the_digits_form(code: str, number: int, before: str) -> None:
    language = languages.get(code)
    ascii_digits = f"{before}{number} "
    expected = language.numerals(ascii_digits)
    assert expected == [str(number)]
    assert language.numerals(ascii_digits.translate(FULL_WIDTH_DIGITS)) == expected
    assert language.numerals(ascii_digits.translate(DEVANAGARI_DIGITS)) == expected


@pytest.mark.parametrize("code", ["en", "ja", "hi", "de"])
@given(text=st.text(max_size=40))
def test_any_text_can_be_read(code: str, text: str) -> None:
    language = languages.get(code)
    assert language.numerals(text) == sorted(language.numerals(text))
    assert all(language.tokens(text))
    language.normalise(text)
    language.answer(text)


@pytest.mark.parametrize(
    ("values", "numbers"),
    [
        ([], []),
        ([1], [1]),
        ([20, 1], [21]),
        ([10, 2], [10, 2]),
        ([2, 100], [200]),
        ([100, 5], [105]),
        ([2, 1000, 3, 100, 4], [2304]),
        ([5, 100000, 2, 1000], [502000]),
        ([2, 3], [2, 3]),
        ([2, 100, 100], [200, 100]),
        ([20, 20], [20, 20]),
    ],
)
def test_number_words(values: list[int], numbers: list[int]) -> None:
    assert read_words(values) == numbers


@pytest.mark.parametrize("code", ["en", "ja", "hi", "de"])
@pytest.mark.parametrize(
    "text", ["9" * 5000 + " million", "hundred " * 5000, "सौ " * 5000, "九〇" * 5000, "9" * 5000 + "万"]
)
def test_endless_numbers_do_no_harm(code: str, text: str) -> None:
    languages.get(code).numerals(text)


def test_digits_times_a_word() -> None:
    english = word_values("en")
    assert multiplied("1.2 million", english) == "1200000"
    assert multiplied("3 hundredths", english) == "3 hundredths"


@pytest.mark.parametrize(
    ("code", "question_mark", "unit"),
    [
        ("de", "?", "word"),
        ("ar", "؟", "word"),
        ("el", ";", "word"),
        ("zh", "？", "character"),
        ("th", "?", "character"),
        ("ko", "?", "word"),
        ("ja", "？", "character"),
        ("hi", "?", "word"),
        ("en", "?", "word"),
    ],
)
def test_question_mark_and_unit(code: str, question_mark: str, unit: str) -> None:
    language = languages.get(code)
    assert (language.question_mark, language.unit) == (question_mark, unit)


def test_a_language_without_tables_answers_numbers_alone() -> None:
    german = Language("de")
    assert german.answer("12") == ("12", "number")
    assert german.answer("eleven") == ("11", "number")
    assert german.answer("red") is None
    assert german.answer("2 and 3") is None


def test_every_list_needs_one_sure_colour() -> None:
    table = AnswerTable(
        [("orange", "O", "colour, in company"), ("lime", "L", "colour, in company"), ("red", "R", "colour")]
    )
    assert table.members("orange and lime") is None
    assert table.members("orange and red") == (["O", "R"], "colour")
    assert table.members("red and red") is None
    assert table.members("red and") is None
    assert table.members("red") is None
    assert table.members("") is None


@pytest.mark.parametrize("code", ["hi", "ja"])
def test_answers_are_composed_and_clean(code: str) -> None:
    language = languages.get(code)
    for answer_en in ("yes", "red", "light blue", "red and white", "red white and blue", "10:15"):
        answer = language.answer(answer_en)
        assert answer is not None
        assert unicodedata.is_normalized("NFC", answer.text)
        assert answer.text == answer.text.strip()
