"""How unusual a question is put, in real Japanese and Hindi."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

from vqa_builder.quality.scorers import _ngram_model

Measure = Callable[..., list[Any]]


@pytest.mark.parametrize(
    ("language", "usual", "unusual"),
    [
        ("ja", "食べ物はおいしいですか？", "食べ物はおいですか？"),
        ("ja", "2人とも笑っていますか？", "2人とも笑いをはいていますか？"),
        ("ja", "この人たちは喧嘩をしていますか？", "この人たちはけをしていますか？"),
        ("hi", "क्या बत्ती चालू है?", "क्या चालू पर बत्ती है?"),
        ("hi", "इस तस्वीर में कितने लोग हैं?", "इस में तस्वीर लोग कितने हैं?"),
        ("hi", "यह फ़ोटो दिन के किस समय ली गई थी?", "यह दिनों में कितने बजे हैं?"),
    ],
)
def test_what_nobody_would_write_costs_more_bits(
    language: str, usual: str, unusual: str, measure: Measure
) -> None:
    few, many = measure("cross_entropy", language, [("Is it?", usual), ("Is it?", unusual)])
    assert few * 1.3 < many


def test_the_form_counts_and_not_the_thing(measure: Measure) -> None:
    rows = [
        ("?", "猫は何色ですか？"),
        ("?", "象は何色ですか。"),
        ("?", "テレビは何色ですか"),
        ("?", "TVは何色ですか？"),
    ]
    one, other, screen, latin = measure("cross_entropy", "ja", rows)
    assert one == other
    assert screen == pytest.approx(one, abs=0.6)
    assert latin == pytest.approx(one, abs=1.5)


def test_answers_and_other_languages_have_none(measure: Measure) -> None:
    assert measure("cross_entropy", "ja", [("cat", "猫")], role="answer") == [None]
    assert measure("cross_entropy", "ko", [("What is this?", "이것은 무엇입니까?")]) == [None]


@pytest.mark.parametrize("language", ["ja", "hi"])
@settings(deadline=None, max_examples=12)
@given(texts=st.lists(st.text(max_size=30), min_size=1, max_size=4))
def test_every_text_costs_a_finite_number_of_bits_whatever_stands_beside_it(
    language: str, texts: list[str]
) -> None:
    model = _ngram_model.model(language)
    assert model is not None
    together = model.bits(pa.array(texts))
    assert np.isfinite(together).all() and (together >= 0).all()
    alone = [model.bits(pa.array([text]))[0] for text in texts]
    assert together == pytest.approx(alone)


def test_a_model_is_written_as_it_is_read(tmp_path: Path) -> None:
    texts = pa.array(["क्या यह बिल्ली है?", "यह किस रंग की है?", "क्या यह 2 है?"])
    made = _ngram_model.count(texts, ["क्या", "यह", "है"], 3)
    _ngram_model.write(made, tmp_path / "ngrams.npz")
    with np.load(tmp_path / "ngrams.npz") as arrays:
        assert arrays["words"].tolist() == made.words
        assert [np.cumsum(arrays[f"keys_{n}"]).tolist() for n in (1, 2, 3)] == [
            grams.keys.tolist() for grams in made.grams
        ]
    assert made.bits(texts).mean() < made.bits(pa.array(["रंग बिल्ली किस"]))[0]


def test_probabilities_are_witten_and_bells() -> None:
    model = _ngram_model.count(pa.array(["ああ", "あい"]), [], 2)
    # あ 3, い 1, the end 2 of 6, 3 kinds, 1/4 for each unseen; after あ: あ, い, the end of 3, 3 kinds
    unigram = {unit: (count + 3 / 4) / 9 for unit, count in {"あ": 3, "end": 2}.items()}
    first = (2 + 1 * unigram["あ"]) / 3
    last = (1 + 3 * unigram["end"]) / 6
    assert model.bits(pa.array(["あ"]))[0] == pytest.approx(-(np.log2(first) + np.log2(last)) / 2)
