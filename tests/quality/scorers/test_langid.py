"""Language identification of questions."""

import importlib.util
import json
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vqa_builder import languages
from vqa_builder.errors import MissingExtraError, ScorerError, SpecError
from vqa_builder.quality.scorers._identifiers import installed_model
from vqa_builder.quality.scorers.langid import LangID

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
    ("ja", "Wiiで遊んでいますか？"),
    ("ja", "コカ・コーラのロゴはどこ？"),
    ("hi", "यह क्या है?"),
    ("hi", "लैपटॉप Apple का है?"),
    ("hi", "घड़ी में 10:15 बजे हैं?"),
]
WRONG = [
    ("ja", "猫是什么颜色的？", "zh"),
    ("ja", "고양이는 무슨 색입니까?", "ko"),
    ("ja", "What color is the cat?", "en"),
    ("hi", "मांजराचा रंग कोणता आहे?", "mr"),
    ("hi", "बिरालोको रङ के हो?", "ne"),
    ("hi", "कुन रङको गाडी छ?", "ne"),
    ("hi", "ही गाडी कोणत्या रंगाची आहे?", "mr"),
    ("hi", "बिलाई के रंग कइसन बा?", "bho"),
    ("hi", "बिलाड़िक रंग केहन अछि?", "mai"),
    ("ja", "房间里有几扇窗户？", "zh"),
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


def test_a_question_in_kanji_alone_is_kept(measure: Measure) -> None:
    assert all(chance > 0.2 for chance in measure("langid", "ja", [("x", "何色？"), ("x", "今何時？")]))


def test_answers_are_not_measured(measure: Measure) -> None:
    assert measure("langid", "ja", [("cat", "猫")], role="answer") == [None]


def test_a_line_break_does_not_end_the_text(measure: Measure) -> None:
    broken, whole = measure("langid", "ja", [("x", "猫は\n何色\r\nですか？"), ("x", "猫は 何色 ですか？")])
    assert broken == whole


def test_the_signature_names_the_model() -> None:
    scorer = LangID(languages.get("ja"))
    rules = languages.get("ja").signature
    assert scorer.signature == f"langid|{rules}|model:lid.176.ftz|sha256:{SHA}|version:2"


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


GUESSES = [(0.9, "__label__jpn_Jpan"), (0.08, "__label__zho_Hans"), (0.02, "__label__hin_Deva")]


class Bindings:
    """Stands in for a large model whose labels are ISO 639-3 with a script."""

    def predict(self, line: str, k: int, threshold: float, errors: str) -> list[tuple[float, str]]:
        return [guess for guess in GUESSES if guess[0] >= threshold][:k]


@pytest.fixture
def glotlid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    fake = types.ModuleType("fasttext")
    fake.load_model = lambda path: types.SimpleNamespace(f=Bindings())  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "fasttext", fake)
    path = tmp_path / "glotlid.bin"
    path.write_bytes(installed_model().read_bytes()[:4])
    return path


def test_labels_of_three_letters_with_a_script_are_mapped(glotlid: Path, measure: Measure) -> None:
    rows = [("x", "猫は何色ですか？")]
    assert measure("langid", "ja", rows, model=glotlid)[0] > 0.9
    assert measure("langid", "zh", rows, model=glotlid, column="langid_label") == ["ja"]


def test_labels_may_be_mapped_by_hand(glotlid: Path, measure: Measure) -> None:
    labels = {"jpn_Jpan": "de", "hin_Deva": "ja"}
    assert measure("langid", "de", [("x", "Katze")], model=glotlid, labels=labels)[0] > 0.5
    options = LangID.Options(model=glotlid, labels=labels)
    assert "labels:" in LangID(languages.get("de"), options).signature


def test_a_model_that_lacks_the_language(glotlid: Path, measure: Measure) -> None:
    with pytest.raises(ScorerError, match="no label for de") as caught:
        measure("langid", "de", [("x", "Katze")], model=glotlid)
    assert "hin_Deva" in str(caught.value)
    assert "scores: langid: labels" in str(caught.value)


def test_lingua_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="lingua-language-detector") as caught:
        LangID(languages.get("ja"), LangID.Options(engine="lingua"))
    assert "vqa-builder[lingua]" in str(caught.value)


def test_lingua_takes_no_model(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="exclude each other"):
        LangID(languages.get("ja"), LangID.Options(engine="lingua", model=tmp_path / "lid.bin"))


@pytest.mark.skipif(not importlib.util.find_spec("lingua"), reason="needs the extra lingua")
@pytest.mark.parametrize(("language", "question"), RIGHT)
def test_lingua_finds_true_questions(measure: Measure, language: str, question: str) -> None:
    assert measure("langid", language, [("x", question)], engine="lingua")[0] > 0.2


@pytest.mark.skipif(not importlib.util.find_spec("lingua"), reason="needs the extra lingua")
@pytest.mark.parametrize(
    ("language", "question"), [(code, text) for code, text, is_in in WRONG if is_in != "mai"]
)
def test_lingua_finds_other_languages(measure: Measure, language: str, question: str) -> None:
    assert measure("langid", language, [("x", question)], engine="lingua")[0] < 0.2


def test_a_language_without_figures_goes_by_the_model(measure: Measure) -> None:
    rows = [("x", "Welche Farbe hat die Katze?"), ("x", "What color is the cat?"), ("x", "猫は何色ですか？")]
    german, english, japanese = measure("langid", "de", rows)
    assert german > 0.5 > english > japanese == 0
    assert measure("langid", "de", rows, column="langid_label") == ["de", "en", "ja"]


def test_nothing_to_identify_is_null(measure: Measure) -> None:
    assert measure("langid", "ja", [("2?", "2？"), ("Is it NASA?", "NASA？"), ("x", "")]) == [None] * 3


@pytest.mark.parametrize(("code", "other"), [("hi", "mr"), ("hi", "ne"), ("ja", "zh"), ("ja", "ko")])
def test_short_text_of_neighbours_is_rejected(shared: Path, measure: Measure, code: str, other: str) -> None:
    name = {"mr": "mar", "ne": "nep", "zh": "zho-CN", "ko": "kor"}[other]
    text = (shared / f"data/ntrex/newstest2019-ref.{name}.txt").read_text(encoding="utf-8").splitlines()
    short = [line[:12] if other == "zh" else " ".join(line.split()[:6]) for line in text[1::2]]
    scored = measure("langid", code, [("x", line) for line in short])
    assert sum(value is None or value >= 0.2 for value in scored) <= 0.03 * len(scored)


def test_true_questions_are_kept(shared: Path, measure: Measure) -> None:
    read = json.loads((shared / "data/xquad/xquad.hi.json").read_text(encoding="utf-8"))["data"]
    asked = [qa["question"] for article in read for part in article["paragraphs"] for qa in part["qas"]]
    scored = measure("langid", "hi", [("x", " ".join(question.split()[:8])) for question in asked])
    assert sum(value is not None and value < 0.2 for value in scored) <= 0.005 * len(scored)
