"""Numbers across scripts and spellings."""

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from vqa_builder import languages
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
    every = {row: found for row, line in enumerate(texts.to_pylist()) if (found := japanese.numerals(line))}
    assert numbers_in(japanese, texts) == every
    assert len(every) > 500
