"""BLEU against sacreBLEU, its definition."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from sacrebleu.metrics import BLEU

from vqa_builder import languages
from vqa_builder.quality.scorers.bleu import Bleu, sentence_bleu

Measure = Callable[..., list[Any]]

CASES = [
    ("What color is the cat?", "What color is the cat?"),
    ("What colour is this cat?", "What color is the cat?"),
    ("A dog.", "What color is the cat?"),
    ("the the the the", "the cat"),
    ("Is it 2.5, or 3-4?", "Is it 2.5 or 3-4 ?"),
    ("&quot;stop&quot; &amp; go", '"stop" & go'),
    ("猫は何色ですか？", "その猫は何色ですか？"),
    ("yes", "yes"),
    ("yes", "no"),
    ("", "cat"),
    ("cat", ""),
    ("", ""),
    ("a b", "a\u2003b"),
]


def gold(hypotheses: list[str], references: list[str]) -> list[float]:
    metric = BLEU(effective_order=True)
    return [
        metric.sentence_score(one, [other]).score for one, other in zip(hypotheses, references, strict=True)
    ]


def ours(hypotheses: list[str], references: list[str]) -> list[float]:
    preprocess = BLEU(effective_order=True)._preprocess_segment
    return list(sentence_bleu(hypotheses, references, preprocess))


def test_cases_equal_sacrebleu() -> None:
    hypotheses, references = map(list, zip(*CASES, strict=True))
    assert ours(hypotheses, references) == pytest.approx(gold(hypotheses, references), abs=1e-9)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.text("ab .,-5\n猫", max_size=14), st.text("ab .,-5\n猫", max_size=14)), max_size=6)
)
def test_any_batch_equals_sacrebleu(pairs: list[tuple[str, str]]) -> None:
    hypotheses, references = [one for one, _ in pairs], [other for _, other in pairs]
    assert np.allclose(ours(hypotheses, references), gold(hypotheses, references), atol=1e-9, rtol=0)


def test_the_column_and_its_signature(measure: Measure) -> None:
    rows = [("What color is the cat?", "猫は何色ですか？", "What color is the dog?"), ("cat", "猫", None)]
    assert measure("bleu", "ja", rows) == [pytest.approx(53.7285, abs=1e-3), None]
    metric = BLEU(effective_order=True)
    metric.sentence_score("a", ["a"])
    assert Bleu(languages.get("ja")).signature == str(metric.get_signature())


def test_lowercase_is_an_option_that_shows(measure: Measure) -> None:
    rows = [("Tennis", "テニス", "tennis")]
    assert measure("bleu", "ja", rows, lowercase=True) == [pytest.approx(100)]
    assert measure("bleu", "ja", rows) == [0.0]
    assert "case:lc" in Bleu(languages.get("ja"), Bleu.Options(lowercase=True)).signature
