from __future__ import annotations

import pyarrow as pa
import pytest

from vqa_builder.errors import UnknownNameError
from vqa_builder.metrics.normalisers import LANGUAGE_2, NAMES, codes, normaliser, vizwiz_multilingual


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("「はい」", "「はい」"),
        ("はい。", "はい"),
        ("《はい》", "はい"),
        ("ﾃﾚﾋﾞ", "テレビ"),
        ("２，０００", "2000"),
        ("It's a 100% cotton t-shirt", "it s 100 cotton t shirt"),
        ("he said 'no'", "he said no"),
        ("Unanswerable.", "unanswerable"),
        ("unanswerable image", "unanswerable"),
        ("dont know", "don't know"),
        ("one cat", "1 cat"),
        (" a\tcat\n", "cat"),
    ],
)
def test_vizwiz_multilingual(answer: str, expected: str) -> None:
    assert vizwiz_multilingual(answer) == expected


def test_english_is_official_and_others_use_their_own() -> None:
    assert normaliser(None, "en").only_on_disagreement
    assert not normaliser(None, "hi").only_on_disagreement
    assert normaliser(None, "hi").signature.startswith("language:hi|rules:hi|version:")
    assert normaliser("official", "ja").signature == "language:ja|rules:official-vqa"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", ["ja", "hi", "en", "de"])
def test_every_name_serves_every_language(name: str, language: str) -> None:
    if name == LANGUAGE_2 and language in ("en", "de"):  # of which there is one version alone
        with pytest.raises(UnknownNameError, match="version of the normaliser"):
            normaliser(name, language)
        return
    rules = normaliser(name, language)
    assert rules.normalise(rules.clean("Red")) == "red"


def test_unknown_rules() -> None:
    with pytest.raises(UnknownNameError, match="Unknown normaliser 'offical'") as error:
        normaliser("offical", "en")
    assert "did you mean 'official'" in str(error.value)


def test_codes_call_the_function_once_for_each_text() -> None:
    seen: list[str] = []

    def lower(text: str) -> str:
        seen.append(text)
        return text.lower()

    first, second = codes(lower, pa.array(["A", "b", "A"]), pa.array(["a", None, "b"]))
    assert first.tolist() == [0, 1, 0]
    assert second.tolist() == [0, -1, 1]
    assert sorted(seen) == ["A", "a", "b"]


def test_codes_of_nothing() -> None:
    (found,) = codes(str, pa.array([], pa.string()))
    assert found.tolist() == []
