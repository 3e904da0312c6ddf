"""Numbers across scripts and spellings."""

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from vqa_builder import languages
from vqa_builder.quality.scorers._number_phrases import in_digits
from vqa_builder.quality.scorers.numerals import numbers_in, states_number

Measure = Callable[..., list[Any]]

AGREE = [
    ("ja", "Are there 2 dogs?", "犬は2匹いますか？"),
    ("ja", "Are there 2 dogs?", "犬は２匹いますか？"),
    ("ja", "Are there two dogs?", "犬は二匹いますか？"),
    ("ja", "Is it 10:15?", "10時15分ですか？"),
    ("ja", "What color is the cat?", "猫は何色ですか？"),
    ("ja", "Is one of the women tall?", "女性の1人は背が高いですか？"),
    ("ja", "Is there a dog?", "犬は一匹いますか？"),
    ("hi", "Are there 2 dogs?", "क्या २ कुत्ते हैं?"),
    ("hi", "Are there two dogs?", "क्या दो कुत्ते हैं?"),
    ("hi", "Is there 1 dog?", "क्या एक कुत्ता है?"),
    ("hi", "500 yen", "पाँच सौ येन"),
]
DISAGREE = [
    ("ja", "Are there 2 dogs?", "犬は3匹いますか？", 0.0),
    ("ja", "Are there two dogs?", "犬はいますか？", 0.0),
    ("ja", "357", "3個の", 0.0),
    ("ja", "25", "5", 0.0),
    ("ja", "Is it 10:15?", "10時30分ですか？", 1 / 3),
    ("hi", "100 feet", "10 फ़ीट", 0.0),
    ("hi", "Are there 2 or 3 dogs?", "क्या 2 कुत्ते हैं?", 0.5),
]


@pytest.mark.parametrize(("language", "source", "translation"), AGREE)
def test_the_same_numbers_agree(measure: Measure, language: str, source: str, translation: str) -> None:
    assert measure("numerals", language, [(source, translation)]) == [1.0]


@pytest.mark.parametrize(("language", "source", "translation", "agreement"), DISAGREE)
def test_other_numbers_do_not(
    measure: Measure, language: str, source: str, translation: str, agreement: float
) -> None:
    assert measure("numerals", language, [(source, translation)]) == pytest.approx([agreement])


def test_looking_at_words_first_misses_no_number(shared: Path) -> None:
    for code, file in (("en", "opus.eng-hin.eng"), ("hi", "opus.eng-hin.hin"), ("hi", "tico19.eng-hin.hin")):
        text = (shared / "data" / "parallel_tatoeba" / file).read_text(encoding="utf-8")
        for line in text.splitlines():
            folded = unicodedata.normalize("NFKC", line)
            if languages.get(code).numerals(folded):
                assert any(states_number(code, word) for word in folded.split()), line


def test_looking_at_signs_first_misses_no_number(shared: Path) -> None:
    japanese = languages.get("ja")
    text = (shared / "data/parallel_tatoeba/opus.eng-jpn.jpn").read_text(encoding="utf-8")
    texts = pa.array([unicodedata.normalize("NFKC", line) for line in text.splitlines()])
    written = in_digits("ja", texts).to_pylist()
    every = {row: found for row, line in enumerate(written) if (found := japanese.numerals(line))}
    assert numbers_in(japanese, texts) == every
    assert len(every) > 500


@pytest.mark.parametrize(
    ("language", "source", "translation"),
    [
        ("hi", "Are the two dogs brown?", "क्या दोनों कुत्ते भूरे हैं?"),
        ("hi", "Are both dogs brown?", "क्या दोनों कुत्ते भूरे हैं?"),
        ("hi", "Is it the 13th floor?", "क्या यह तेरहवीं मंज़िल है?"),
        ("hi", "Is it the 21st century?", "क्या यह इक्कीसवीं सदी है?"),
        ("hi", "Are there 200,000 people?", "क्या वहाँ दो लाख लोग हैं?"),
        ("hi", "Does it cost 1 lakh?", "क्या इसका दाम १ लाख है?"),
        ("hi", "Are there 10 million people?", "क्या वहाँ एक करोड़ लोग हैं?"),
        ("hi", "Is it one and a half liters?", "क्या यह डेढ़ लीटर है?"),
        ("hi", "Is it 2.5 kg?", "क्या यह ढाई किलो है?"),
        ("hi", "Are there 150 plates?", "क्या यहाँ डेढ़ सौ प्लेटें हैं?"),
        ("hi", "Are there 24 eggs?", "क्या यहाँ दो दर्जन अंडे हैं?"),
        ("hi", "Is there a dozen eggs?", "क्या यहाँ एक दर्जन अंडे हैं?"),
        ("hi", "Is it 4:30?", "क्या साढ़े चार बजे हैं?"),
        ("hi", "Is it a quarter to five?", "क्या पौने पाँच बजे हैं?"),
        ("ja", "Are both dogs brown?", "両方の犬は茶色ですか？"),
        ("ja", "Are there 12 eggs?", "卵は1ダースありますか？"),
        ("ja", "Is it half past two?", "2時半ですか？"),
    ],
)
def test_numbers_in_other_words(measure: Measure, language: str, source: str, translation: str) -> None:
    assert measure("numerals", language, [(source, translation)]) == [1]


@pytest.mark.parametrize(
    ("source", "translation"),
    [
        ("Are there two dogs?", "क्या यहाँ तीन कुत्ते हैं?"),
        ("Are there 12 eggs?", "क्या यहाँ दो दर्जन अंडे हैं?"),
        ("Is it the 13th floor?", "क्या यह चौदहवीं मंज़िल है?"),
        ("Is it 2.5 kg?", "क्या यह डेढ़ किलो है?"),
    ],
)
def test_other_numbers_in_other_words(measure: Measure, source: str, translation: str) -> None:
    assert measure("numerals", "hi", [(source, translation)]) == [0]
