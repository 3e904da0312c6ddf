"""A converted checkpoint translates as the original does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

pytest.importorskip("torch")
pytest.importorskip("transformers")

from tests.command import run
from tests.translation.engines import tiny_seq2seq as tiny
from vqa_builder.errors import EngineError, MissingExtraError, StorageError
from vqa_builder.plugins import construct
from vqa_builder.spec import EnginePlugin
from vqa_builder.translation.convert import Converted, _options, convert
from vqa_builder.translation.engines.transformers import Transformers
from vqa_builder.translation.request import Request

TEXTS = [*tiny.PAIRS, "Is this a bus?", "What color is the cat?"]


@pytest.fixture(scope="module")
def marian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.marian(tmp_path_factory.mktemp("marian"))


def translations(converted: Converted, language: str, folder: Path, **more: Any) -> list[Any]:
    """What the engine says that the printed lines name."""
    plugin = yaml.safe_load(converted.yaml)["translate"]["engine"]
    limits = {"max_decoding_length": 30, "compute_type": "float32"}
    with construct("engines", EnginePlugin.model_validate({**plugin, **limits, **more}), folder) as engine:
        results: list[Any] = engine.translate(Request(TEXTS, "en", language))
        return results


@pytest.mark.parametrize("family", [tiny.marian, tiny.m2m100, tiny.nllb])
def test_a_converted_model_says_what_the_original_says(family: Any, tmp_path: Path) -> None:
    original = family(tmp_path / "original")
    converted = convert(str(original), tmp_path / "converted", quantization="float32")
    options = Transformers.Options(folder=original, devices=("cpu",), max_new_tokens=29)
    with Transformers(options) as engine:
        for language in ("ja",) if family is tiny.marian else ("ja", "hi"):
            ours = translations(converted, language, tmp_path)
            theirs = engine.translate(Request(TEXTS, "en", language))
            assert ours[: len(tiny.PAIRS)] == theirs[: len(tiny.PAIRS)]
            both = [pair for pair in zip(ours, theirs, strict=True) if all(isinstance(x, str) for x in pair)]
            assert all(one == other for one, other in both)


def test_the_command_prints_lines_that_a_spec_takes(marian: Path, tmp_path: Path) -> None:
    ended = run("convert-model", marian, "opus", "--quantization", "int8", folder=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert yaml.safe_load(ended.stdout) == {
        "translate": {"engine": {"type": "ctranslate2", "model": "opus", "source_suffix": "</s>"}}
    }
    assert {"model.bin", "source.spm", "target.spm"} <= {file.name for file in (tmp_path / "opus").iterdir()}
    assert [file.name for file in tmp_path.iterdir()] == ["opus"]
    known = translations(
        Converted(tmp_path / "opus", {"source_suffix": "</s>"}), "ja", tmp_path, compute_type="int8"
    )
    assert known[1] == "これは猫ですか?"


def test_what_cannot_be_converted_leaves_nothing_behind(marian: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(EngineError, match="cannot be converted"):
        convert(str(tmp_path / "empty"), tmp_path / "out")
    with pytest.raises(EngineError, match="Unknown quantization"):
        convert(str(marian), tmp_path / "out", quantization="int4")
    with pytest.raises(StorageError, match="already"):
        convert(str(marian), tmp_path / "empty")
    assert [file.name for file in tmp_path.iterdir()] == ["empty"]


def test_the_frames_of_families() -> None:
    assert _options("t5", {"<2en>": 3})["source_prefix"] == "<2{target}>"
    assert _options("mbart", {"en_XX": 3})["codes"]["hi"] == "hi_IN"
    several = _options("marian", {">>jpn<<": 3, ">>hin<<": 4})
    assert (several["source_prefix"], several["codes"]["ja"]) == (">>{target}<<", "jpn")


def test_without_its_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="convert-model"):
        convert("a/b", tmp_path / "out")
