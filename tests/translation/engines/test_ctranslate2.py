"""Converted models: a real trained transliterator, the embedded translator, and folders that are neither."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from vqa_builder.errors import EngineError, MissingExtraError
from vqa_builder.translation.engines.base import Failure
from vqa_builder.translation.engines.ctranslate2 import CTranslate2
from vqa_builder.translation.engines.mini import MODELS
from vqa_builder.translation.request import Request

MODEL = MODELS / "into_japanese"
WORDS = ["باريس", "لندن", "طوكيو", "محمد", "دلهي"]


@pytest.fixture
def transliterator(shared: Path) -> Path:
    return shared / "data" / "ct2_tiny_model" / "aren-transliteration-i8"


def engine(model: Path, **options: Any) -> CTranslate2:
    return CTranslate2(CTranslate2.Options(model=model, **options))


def mini(model: Path = MODEL, **options: Any) -> CTranslate2:
    return engine(model, source_prefix="<2{target}>", disable_unk=True, **options)


def test_a_model_of_characters(transliterator: Path) -> None:
    with engine(transliterator, tokenizer="characters", directions=["ar-en"]) as tiny:
        spelled = tiny.translate(Request(WORDS, "ar", "en"))
        assert all(isinstance(text, str) and text.isascii() and text.islower() for text in spelled)
        assert str(spelled[3]).startswith("m")
        assert spelled == [tiny.translate(Request([word], "ar", "en"))[0] for word in WORDS]
        with pytest.raises(EngineError, match="from en to ar"):
            tiny.translate(Request(WORDS, "en", "ar"))


def test_a_beam_is_another_signature(transliterator: Path) -> None:
    greedy = engine(transliterator, tokenizer="characters")
    beam = engine(transliterator, tokenizer="characters", beam_size=4)
    assert greedy.signature != beam.signature
    assert len(beam.translate(Request(WORDS, "ar", "en"))) == len(WORDS)


@pytest.mark.parametrize(
    ("options", "same"),
    [
        ({"batch_tokens": 8}, True),
        ({"threads": 1}, True),
        ({"device": "cpu"}, True),
        ({"licence": "MIT"}, True),
        ({"device_index": (1, 0)}, True),
        ({"compute_type": "float32"}, False),
        ({"length_penalty": 0.5}, False),
        ({"max_decoding_length": 9}, False),
        ({"codes": {"ja": "jpn"}}, False),
        ({"target_prefix": "{target}"}, False),
    ],
)
def test_the_signature_holds_what_decides_the_output(options: dict[str, Any], same: bool) -> None:
    assert (mini(**options).signature == mini().signature) == same


def test_the_signature_holds_the_content_of_the_files(tmp_path: Path) -> None:
    copy = tmp_path / MODEL.name
    shutil.copytree(MODEL, copy)
    assert mini(copy).signature == mini().signature
    with (copy / "model.bin").open("ab") as file:
        file.write(b"\0")
    assert mini(copy).signature != mini().signature
    (copy / "spm.model").write_bytes(b"no model")
    with pytest.raises(EngineError, match="tokenizer cannot be read"):
        mini(copy).translate(Request(["cat"], "en", "ja"))


def test_codes_stand_in_the_prefix() -> None:
    plain = mini().translate(Request(["Is it red?"], "en", "ja"))
    coded = engine(MODEL, source_prefix="<2{target}>", disable_unk=True, codes={"jpn": "ja"})
    assert coded.translate(Request(["Is it red?"], "en", "jpn")) == plain


def test_a_target_prefix_begins_the_decoding_and_is_taken_off() -> None:
    forced = mini(target_prefix="▁犬").translate(Request(["Is this a cat?"], "en", "ja"))[0]
    assert isinstance(forced, str)
    assert "犬" not in forced


def test_what_does_not_fit_fails_and_is_never_cut() -> None:
    short = mini(max_input_length=8, max_decoding_length=4)
    texts = ["What is the man in the red shirt holding in his left hand?", "How many cows are there?", "yes"]
    long, cut, good = short.translate(Request(texts, "en", "ja"))
    assert isinstance(long, Failure) and "more than 8" in long.reason
    assert isinstance(cut, Failure) and "cut off" in cut.reason
    assert isinstance(good, str)


def test_a_string_without_pieces_fails() -> None:
    first, second = mini().translate(Request(["\u200b", "cat"], "en", "ja"))
    assert isinstance(first, Failure)
    assert isinstance(second, str)


def test_only_strings_of_one_length_share_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = mini(batch_tokens=16)
    real, lengths = chosen._translator, []

    class Watched:
        def translate_batch(self, batch: list[list[str]], **options: Any) -> Any:
            lengths.append({len(pieces) for pieces in batch})
            assert options["max_batch_size"] == 0
            return real.translate_batch(batch, **options)

    monkeypatch.setitem(chosen.__dict__, "_translator", Watched())
    texts = ["cat", "dog", "a red bus", "How many cows are there?", "bird", "What is this?"] * 3
    assert len(chosen.translate(Request(texts, "en", "hi"))) == len(texts)
    assert all(len(some) == 1 for some in lengths)
    assert len(lengths) > len(set(map(frozenset, lengths)))


def test_a_tokenizer_json(tmp_path: Path) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    words = {"<unk>": 0, "cat": 1, "dog": 2}
    model = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="<unk>"))
    model.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    model.enable_truncation(1)
    from vqa_builder.translation.pieces import find_tokenizer

    model.save(str(tmp_path / "tokenizer.json"))
    found = find_tokenizer(tmp_path, None)
    assert found.encode(["cat dog", "cow"]) == [["cat", "dog"], ["<unk>"]]
    assert found.decode([["cat", "dog"], ["never heard"]]) == ["cat dog", ""]
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(EngineError, match="tokenizer cannot be read"):
        find_tokenizer(tmp_path, None).encode(["cat"])


def test_a_tokenizer_json_without_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"tokenizers") as caught:
        engine(MODEL, tokenizer=tmp_path / "tokenizer.json")
    assert "vqa-builder[tokenizers]" in str(caught.value)


def test_one_sentencepiece_model_for_each_side(tmp_path: Path) -> None:
    for name in ("source.spm", "target.spm"):
        shutil.copy(MODEL / "spm.model", tmp_path / name)
    assert mini(tokenizer=tmp_path).translate(Request(["cat"], "en", "ja")) == mini().translate(
        Request(["cat"], "en", "ja")
    )


def test_folders_that_hold_no_model(tmp_path: Path) -> None:
    for folder in (tmp_path / "none", tmp_path):
        with pytest.raises(EngineError, match="no model converted") as caught:
            engine(folder)
        assert "vqa-builder convert-model" in str(caught.value)
    (tmp_path / "model.bin").write_bytes(b"\x06\0\0\0")
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "shared_vocabulary.json").write_text("[]")
    with pytest.raises(EngineError, match="tokenizer was not found") as caught:
        engine(tmp_path)
    assert "model.bin" in str(caught.value)
    with pytest.raises(EngineError, match="cannot load the model"):
        engine(tmp_path, tokenizer="characters").translate(Request(["a"], "en", "ja"))


def test_closing_twice_and_going_on() -> None:
    with mini() as chosen:
        before = chosen.translate(Request(["cat"], "en", "ja"))
        chosen.close()
        assert chosen.translate(Request(["cat"], "en", "ja")) == before


def test_every_gpu_named_gets_the_model_and_a_missing_one_is_an_error() -> None:
    with pytest.raises(EngineError, match="cannot load the model"):
        mini(device="cpu", device_index=(0, 9)).translate(Request(["cat"], "en", "ja"))
