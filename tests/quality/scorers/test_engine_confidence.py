"""How likely the embedded model finds translations: right ones above wrong ones."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest

from vqa_builder import languages
from vqa_builder.quality.scorers.engine_confidence import EngineConfidence

MakePairs = Callable[..., pa.Table]


@pytest.mark.parametrize(
    ("language", "right", "wrong"),
    [
        ("ja", "男性は何を持っていますか？", "猫は何色ですか？"),
        ("hi", "आदमी ने क्या पकड़ा है?", "बिल्ली का रंग क्या है?"),
    ],
)
def test_a_right_translation_is_likelier_than_a_wrong_one(
    language: str, right: str, wrong: str, make_pairs: MakePairs
) -> None:
    scorer = EngineConfidence(languages.get(language))
    source = "What is the man holding?"
    table = scorer.score(make_pairs([(source, right), (source, wrong), (source, ""), (source, None)]))
    good, bad, empty, missing = table["engine_confidence"].to_pylist()
    assert 0 >= good > bad + 1
    assert empty is None and missing is None


def test_a_language_that_the_model_does_not_know_has_no_score(make_pairs: MakePairs) -> None:
    scorer = EngineConfidence(languages.get("de"))
    assert scorer.score(make_pairs([("a cat", "eine Katze")]))["engine_confidence"].to_pylist() == [None]


def test_the_signature_names_the_model() -> None:
    ours, other = (EngineConfidence(languages.get(code)).signature for code in ("ja", "hi"))
    assert "into_japanese" in ours and "into_hindi" in other
