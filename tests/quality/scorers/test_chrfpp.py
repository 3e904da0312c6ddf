"""chrF++ against sacreBLEU, its definition."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from sacrebleu.metrics import CHRF

from vqa_builder import languages
from vqa_builder.quality.scorers.chrf import sentence_chrf
from vqa_builder.quality.scorers.chrfpp import ChrFPlusPlus

Measure = Callable[..., list[Any]]

CASES = [
    ("What color is the cat?", "What color is the cat?"),
    ("What colour is (this) cat?", "What color is the cat?"),
    ("A dog.", "What color is the cat?"),
    ("猫は何色ですか？", "その猫は何色ですか？"),
    ("बिल्ली किस रंग की है?", "यह बिल्ली किस रंग की है?"),
    ("😀 is a smile 👍🏽", "😀 smiles"),
    ("a" * 300, "a" * 200 + " b"),
    ("x\x1cy\x85z", "x y z"),
    ("", "cat"),
    ("cat", ""),
    ("", ""),
    ("  ", "cat"),
]


def gold(hypotheses: list[str], references: list[str]) -> list[float]:
    metric = CHRF(word_order=2)
    return [
        metric.sentence_score(one, [other]).score for one, other in zip(hypotheses, references, strict=True)
    ]


def test_cases_equal_sacrebleu() -> None:
    hypotheses, references = map(list, zip(*CASES, strict=True))
    assert list(sentence_chrf(hypotheses, references, words=2)) == pytest.approx(
        gold(hypotheses, references), abs=1e-9
    )


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT), max_size=5))
def test_any_batch_equals_sacrebleu(pairs: list[tuple[str, str]]) -> None:
    hypotheses, references = [one for one, _ in pairs], [other for _, other in pairs]
    assert np.allclose(
        sentence_chrf(hypotheses, references, words=2), gold(hypotheses, references), atol=1e-9, rtol=0
    )


def test_many_kinds_of_characters_are_renumbered_and_change_nothing() -> None:
    every = "".join(map(chr, range(0x4E00, 0x6200)))
    hypotheses, references = [every, "猫は黒い", every[::-1]], [every[5:], "猫は白い", every]
    assert list(sentence_chrf(hypotheses, references, words=2)) == pytest.approx(
        gold(hypotheses, references), abs=1e-9
    )


def test_the_column_and_its_signature(measure: Measure) -> None:
    rows = [("What color is the cat?", "猫は何色ですか？", "What color is the dog?"), ("cat", "猫", None)]
    assert measure("chrfpp", "ja", rows) == [pytest.approx(74.01624, abs=1e-3), None]
    metric = CHRF(word_order=2)
    metric.sentence_score("a", ["a"])
    assert ChrFPlusPlus(languages.get("ja")).signature == str(metric.get_signature())


def test_lowercase_is_an_option_that_shows(measure: Measure) -> None:
    rows = [("Tennis", "テニス", "tennis")]
    assert measure("chrfpp", "ja", rows, lowercase=True) == [100.0]
    assert measure("chrfpp", "ja", rows)[0] < 100
    options = ChrFPlusPlus.Options(lowercase=True)
    assert "case:lc" in ChrFPlusPlus(languages.get("ja"), options).signature
