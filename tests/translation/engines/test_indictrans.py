"""IndicTrans2: its own code only where it is allowed, its own processor around every batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from tests.translation.engines import tiny_seq2seq as tiny
from vqa_builder.errors import EngineError
from vqa_builder.translation.engines._indictrans import CODES, is_indictrans
from vqa_builder.translation.engines.transformers import Transformers
from vqa_builder.translation.request import Request

PROCESSOR = """\
import re
from queue import Queue


class IndicProcessor:
    def __init__(self, inference=True):
        self._taken = Queue()

    def preprocess_batch(self, batch, src_lang, tgt_lang=None, is_target=False, visualize=False):
        ready = []
        for text in batch:
            numbers = re.findall(r"\\d+:\\d+", text)
            self._taken.put(numbers)
            for place, number in enumerate(numbers, 1):
                text = text.replace(number, f"<ID{place}>")
            ready.append(f"{src_lang} {tgt_lang} {text.replace('?', ' ?')}")
        return ready

    def postprocess_batch(self, sents, lang="hin_Deva", visualize=False, num_return_sequences=1):
        made = []
        for sentence in sents:
            for place, number in enumerate(self._taken.get_nowait(), 1):
                sentence = sentence.replace(f"<ID{place}>", number)
            made.append(sentence.replace(" ?", "?"))
        while not self._taken.empty():
            self._taken.get_nowait()
        return made
"""
"""Stands for IndicTransToolkit 1.1: the same calls, and the same queue between them."""


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.indictrans(tmp_path_factory.mktemp("indictrans"))


@pytest.fixture
def processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package, and a place for the checkpoint's own code."""
    from transformers import dynamic_module_utils

    package = tmp_path / "site" / "IndicTransToolkit"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "processor.py").write_text(PROCESSOR)
    about = tmp_path / "site" / "indictranstoolkit-1.1.1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: indictranstoolkit\nVersion: 1.1.1\n")
    monkeypatch.syspath_prepend(str(package.parent))
    monkeypatch.setattr(dynamic_module_utils, "HF_MODULES_CACHE", str(tmp_path / "modules"))


def engine(folder: Path, **options: Any) -> Transformers:
    fixed = {"devices": ["cpu"], "trust_remote_code": True}
    return Transformers(Transformers.Options(folder=folder, **{**fixed, **options}))


@pytest.mark.usefixtures("processor")
def test_texts_go_through_the_processor_and_what_it_took_out_comes_back_to_its_own_text(
    checkpoint: Path,
) -> None:
    asked = {
        "Does the clock say 11:45?": "क्या घड़ी में 11:45 बज रहे हैं?",
        "yes": "हाँ",
        "Is it 10:30?": "क्या अभी 10:30 बजे हैं?",
        "What color is the bus?": "बस किस रंग की है?",
        "Is it 9:15?": "क्या अभी 9:15 बजे हैं?",
    }
    with engine(checkpoint) as chosen:
        assert chosen.translate(Request(list(asked), "en", "hi")) == list(asked.values())
        assert chosen._local.family.name == "indictrans"
        assert chosen.signature.endswith("|processor:1.1.1")


def test_code_of_the_checkpoint_runs_only_where_it_is_allowed(checkpoint: Path) -> None:
    with pytest.raises(EngineError, match="nobody has allowed") as caught:
        engine(checkpoint, trust_remote_code=False)
    assert "trust_remote_code: true" in str(caught.value)


def test_without_the_package(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name.startswith("Indic") else name)
    with pytest.raises(EngineError, match="needs the package IndicTransToolkit") as caught:
        engine(checkpoint)
    assert "pip install indictranstoolkit" in str(caught.value)


@pytest.mark.usefixtures("processor")
def test_languages(checkpoint: Path) -> None:
    chosen = engine(checkpoint)
    chosen.check_direction("en", "ta")
    with pytest.raises(EngineError, match="knows no language 'ja'"):
        chosen.check_direction("en", "ja")
    engine(checkpoint, codes={"ja": "jpn_Jpan"}).check_direction("en", "ja")
    assert all(len(code) == 8 and code[3] == "_" for code in CODES.values())


@pytest.mark.parametrize(
    ("config", "expected"),
    [({"model_type": "IndicTrans"}, True), ({"model_type": "m2m_100"}, False), ({}, False)],
)
def test_what_is_indictrans(config: dict[str, Any], expected: bool) -> None:
    assert is_indictrans(config) is expected
