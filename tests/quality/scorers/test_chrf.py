"""chrF against sacreBLEU, its definition."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from sacrebleu.metrics import CHRF

from vqa_builder import languages
from vqa_builder.quality.scorers.chrf import ChrF, sentence_chrf

Measure = Callable[..., list[Any]]

CASES = [
    ("What color is the cat?", "What color is the cat?"),
    ("What colour is this cat?", "What color is the cat?"),
    ("what color is the cat?", "What color is the cat?"),
    ("A dog.", "What color is the cat?"),
    ("猫は何色ですか？", "その猫は何色ですか？"),
    ("बिल्ली किस रंग की है?", "यह बिल्ली किस रंग की है?"),
    ("😀 is a smile 👍🏽", "😀 smiles"),
    ("", "cat"),
    ("cat", ""),
    ("", ""),
    ("   ", "cat"),
    ("a", "a"),
    ("yes", "Yes."),
    ("ice\u00a0cream", "ice cream"),
]


def gold(hypothesis: str, reference: str) -> float:
    return float(CHRF().sentence_score(hypothesis, [reference]).score)


def test_cases_equal_sacrebleu() -> None:
    hypotheses, references = map(list, zip(*CASES, strict=True))
    expected = [gold(*case) for case in CASES]
    assert list(sentence_chrf(hypotheses, references)) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=300)
@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40),
)
def test_any_text_equals_sacrebleu(hypothesis: str, reference: str) -> None:
    assert sentence_chrf([hypothesis], [reference])[0] == pytest.approx(gold(hypothesis, reference), abs=1e-9)


def test_control_characters_do_not_count(measure: Measure) -> None:
    rows = [("what is\x1cit", "x", "what is it"), ("what\x00 is it", "x", "what is\x1f it")]
    assert measure("chrf", "ja", rows) == [100.0, 100.0]


def test_pairs_without_back_translation_get_null(measure: Measure) -> None:
    assert measure("chrf", "hi", [("cat", "बिल्ली", None), ("cat", "बिल्ली", "cat")]) == [None, 100.0]


def test_the_signature_is_sacrebleus() -> None:
    metric = CHRF()
    metric.sentence_score("a", ["a"])
    assert ChrF(languages.get("ja")).signature == str(metric.get_signature())


def test_lowercase_is_an_option_that_shows(measure: Measure) -> None:
    assert measure("chrf", "ja", [("tennis", "テニス", "Tennis")], lowercase=True) == [100.0]
    assert measure("chrf", "ja", [("tennis", "テニス", "Tennis")])[0] < 100
    options = ChrF.Options(lowercase=True)
    assert "case:lc" in ChrF(languages.get("ja"), options).signature
