"""Real checkpoints of three families, tiny and trained on the spot: codes, batches, memory, devices."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from tests.translation.engines import tiny_seq2seq as tiny
from vqa_builder.errors import EngineError, MissingExtraError, SpecError
from vqa_builder.plugins import plugin_options
from vqa_builder.spec import EnginePlugin
from vqa_builder.translation.engines._seq2seq import Family, Seq2Seq, family_of
from vqa_builder.translation.engines.base import Failure
from vqa_builder.translation.engines.transformers import Transformers
from vqa_builder.translation.memory import TranslationMemory
from vqa_builder.translation.request import Request
from vqa_builder.translation.run import translate

TEXTS = list(tiny.PAIRS)
IN = {"ja": [both[0] for both in tiny.PAIRS.values()], "hi": [both[1] for both in tiny.PAIRS.values()]}


@pytest.fixture(scope="module")
def marian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.marian(tmp_path_factory.mktemp("marian"))


@pytest.fixture(scope="module")
def m2m100(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.m2m100(tmp_path_factory.mktemp("m2m100"))


@pytest.fixture(scope="module")
def nllb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.nllb(tmp_path_factory.mktemp("nllb"))


def engine(folder: Path, **options: Any) -> Transformers:
    return Transformers(Transformers.Options(folder=folder, **{"devices": ["cpu"], **options}))


def plain(texts: list[str]) -> list[str]:
    """SentencePiece folds full-width marks."""
    return [text.replace("？", "?") for text in texts]


def test_marian_translates_into_its_one_language(marian: Path) -> None:
    with engine(marian) as chosen:
        assert chosen.translate(Request(TEXTS, "en", "ja")) == plain(IN["ja"])


@pytest.mark.parametrize("family", ["m2m100", "nllb"])
def test_the_language_code_decides_the_language(family: str, request: pytest.FixtureRequest) -> None:
    with engine(request.getfixturevalue(family)) as chosen:
        for language in ("ja", "hi"):
            found = chosen.translate(Request(TEXTS, "en", language))
            assert plain([str(text) for text in found]) == plain(IN[language])


def test_a_language_that_the_checkpoint_lacks(m2m100: Path, nllb: Path) -> None:
    for folder in (m2m100, nllb):
        with engine(folder) as chosen, pytest.raises(EngineError, match="knows no language 'tlh'"):
            chosen.translate(Request(["cat"], "en", "tlh"))


def test_codes_of_the_spec_come_before_those_of_the_family(nllb: Path) -> None:
    with engine(nllb, codes={"xx": "hin_Deva"}) as chosen:
        assert chosen.translate(Request(["yes"], "en", "xx")) == ["हाँ"]


@pytest.mark.parametrize(
    ("model_type", "vocabulary", "target", "expected"),
    [
        ("marian", ["▁a"], "ja", ("marian", "ja", "", None)),
        ("marian", [">>jpn<<", ">>hin<<"], "ja", ("marian", "jpn", ">>{target}<< ", None)),
        ("marian", [">>ja<<"], "ja", ("marian", "ja", ">>{target}<< ", None)),
        ("m2m_100", ["__ja__"], "ja", ("m2m100", "ja", "", "__ja__")),
        ("m2m_100", ["eng_Latn", "jpn_Jpan"], "ja", ("nllb", "jpn_Jpan", "", "jpn_Jpan")),
        ("m2m_100", ["eng_Latn", "tam_Taml"], "ta", ("nllb", "tam_Taml", "", "tam_Taml")),
        ("m2m_100", ["eng_Latn", "tam_Taml", "tam_Latn"], "ta", ("nllb", "ta", "", "ta")),
        ("mbart", ["en_XX", "hi_IN"], "hi", ("mbart50", "hi_IN", "", "hi_IN")),
        ("mbart", ["en_XX", "ta_IN"], "ta", ("mbart50", "ta_IN", "", "ta_IN")),
        ("t5", ["<2en>", "<2ja>"], "ja", ("madlad", "ja", "<2{target}> ", None)),
        ("t5", ["▁a"], "ja", ("plain", "ja", "", None)),
    ],
)
def test_families_and_their_codes(
    model_type: str, vocabulary: list[str], target: str, expected: tuple[Any, ...]
) -> None:
    family: Family = family_of(model_type, {piece: at for at, piece in enumerate(vocabulary)})
    code = family.code(target)
    assert (family.name, code, family.prefix, family.token and family.token(code)) == expected


def test_a_prefix_of_the_spec_stands_before_every_text(marian: Path) -> None:
    with engine(marian, prefix="{target} {source} ") as chosen:
        with_prefix = chosen._local.pieces(["cat"], "en", "ja")
    with engine(marian) as chosen:
        assert with_prefix == chosen._local.pieces(["ja en cat"], "en", "ja")


def test_equal_to_the_bare_library_text_by_text(marian: Path) -> None:
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(marian)
    model = AutoModelForSeq2SeqLM.from_pretrained(marian).eval()
    texts = [*TEXTS, "Is this a bus?", "What is it?", "How many cats?"]
    bare = [
        tokenizer.batch_decode(
            model.generate(**tokenizer([text], return_tensors="pt"), max_new_tokens=40, num_beams=1),
            skip_special_tokens=True,
        )[0]
        for text in texts
    ]
    with engine(marian, max_new_tokens=40) as chosen:
        ours = chosen.translate(Request(texts, "en", "ja"))
    assert [text for text in ours if isinstance(text, str)] == [
        text for text, our in zip(bare, ours, strict=True) if isinstance(our, str)
    ]
    assert ours[: len(TEXTS)] == bare[: len(TEXTS)]


def test_batches_and_company_change_nothing(marian: Path) -> None:
    texts = [*TEXTS, "Is this a bus?", "What is it?", "How many dogs are there?", "no bus"]
    with engine(marian, max_new_tokens=20) as one, engine(marian, max_new_tokens=20, batch_tokens=1) as other:
        together = one.translate(Request(texts, "en", "ja"))
        assert other.translate(Request(texts, "en", "ja")) == together
        assert [one.translate(Request([text], "en", "ja"))[0] for text in texts] == together
        assert one.signature == other.signature


def test_a_batch_that_does_not_fit_is_halved_and_the_size_kept(
    marian: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    sizes: list[int] = []
    original = Seq2Seq._generate

    def cramped(self: Seq2Seq, pieces: Any, target: str) -> Any:
        sizes.append(len(pieces))
        if len(pieces) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return original(self, pieces, target)

    monkeypatch.setattr(Seq2Seq, "_generate", cramped)
    with engine(marian) as chosen:
        one = chosen._local.pieces(["Is this a cat?"], "en", "ja")
        assert chosen._local.translate(one * 9, "ja") == ["これは猫ですか?"] * 9
    assert sizes == [9, 4, 2, 2, 2, 2, 1]


def test_a_text_that_does_not_fit_alone_fails_and_the_others_go_on(
    marian: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    original = Seq2Seq._generate

    def cramped(self: Seq2Seq, pieces: Any, target: str) -> Any:
        if len(pieces[0]) > 6:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return original(self, pieces, target)

    monkeypatch.setattr(Seq2Seq, "_generate", cramped)
    with engine(marian) as chosen:
        results = chosen.translate(Request(["What color is the bus?", "yes", "no"], "en", "ja"))
    assert isinstance(results[0], Failure) and "not enough memory" in results[0].reason
    assert results[1:] == ["はい", "いいえ"]


def test_what_is_too_long_fails_and_is_never_cut(marian: Path) -> None:
    long = " ".join(["cat"] * 80)
    with engine(marian, max_input_length=200) as chosen:
        results = chosen.translate(Request([long, "yes"], "en", "ja"))
        assert isinstance(results[0], Failure) and "more than 64" in results[0].reason
        assert results[1] == "はい"
    with engine(marian, max_input_length=6, max_new_tokens=3) as short:
        over, cut = short.translate(Request(["What color is the bus?", "Is this a cat?"], "en", "ja"))
    assert isinstance(over, Failure) and "more than 6" in over.reason
    assert isinstance(cut, Failure)


@pytest.mark.slow
def test_two_devices_are_two_processes_with_the_same_result(marian: Path) -> None:
    with engine(marian, devices=["cpu", "cpu"], batch_tokens=8) as two, engine(marian) as one:
        assert two.translate(Request(TEXTS, "en", "ja")) == one.translate(Request(TEXTS, "en", "ja"))
        assert two.signature == one.signature


def test_through_the_run_and_remembered(marian: Path, memory: TranslationMemory) -> None:
    for remembered in (0, len(TEXTS)):
        with engine(marian) as chosen:
            outcome = translate(Request(TEXTS, "en", "ja", "question"), [chosen], memory)
        assert outcome.text.to_pylist() == plain(IN["ja"])
        assert outcome.counts.remembered == remembered


@pytest.mark.parametrize(
    ("options", "same"),
    [
        ({"batch_tokens": 8}, True),
        ({"devices": ["cpu", "cpu"]}, True),
        ({"licence": "MIT"}, True),
        ({"num_beams": 4}, False),
        ({"dtype": "bfloat16"}, False),
        ({"codes": {"ja": "jpn"}}, False),
        ({"prefix": ""}, False),
        ({"max_new_tokens": 9}, False),
    ],
)
def test_the_signature_holds_what_decides_the_output(
    marian: Path, options: dict[str, Any], same: bool
) -> None:
    assert (engine(marian, **options).signature == engine(marian).signature) == same


def test_the_signature_holds_the_content_of_the_weights(marian: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(marian, tmp_path / marian.name)
    assert engine(copy).signature == engine(marian).signature
    with (copy / "model.safetensors").open("ab") as file:
        file.write(b"\0")
    assert engine(copy).signature != engine(marian).signature


def test_a_name_that_neither_hub_nor_cache_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    chosen = Transformers(Transformers.Options(model="nobody/nothing"))
    with pytest.raises(EngineError, match="neither on the hub nor in its cache"):
        _ = chosen.signature


def test_a_name_in_the_cache_is_loaded_from_there_and_its_commit_signed(
    marian: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    commit = "0123456789abcdef0123456789abcdef01234567"
    cached = tmp_path / "models--someone--opus"
    shutil.copytree(marian, cached / "snapshots" / commit)
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text(commit)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with Transformers(Transformers.Options(model="someone/opus", devices=("cpu",))) as chosen:
        assert f"model:someone/opus|revision:{commit}|" in chosen.signature
        assert chosen._settings.revision == commit


def test_folders_that_hold_no_checkpoint(marian: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="no checkpoint of transformers"):
        engine(tmp_path)
    copy = shutil.copytree(marian, tmp_path / "copy")
    (copy / "source.spm").unlink()
    with pytest.raises(EngineError, match="cannot load"):
        engine(copy).translate(Request(["cat"], "en", "ja"))


def test_options_that_contradict_each_other(tmp_path: Path) -> None:
    for options in ({}, {"model": "a/b", "folder": str(tmp_path)}):
        with pytest.raises(SpecError, match="exactly one of model and folder"):
            plugin_options(
                "engines", EnginePlugin.model_validate({"type": "transformers", **options}), tmp_path
            )


def test_a_direction_that_the_spec_excludes(marian: Path) -> None:
    chosen = engine(marian, directions=["en-ja"])
    chosen.check_direction("en", "ja")
    with pytest.raises(EngineError, match="from en to hi"):
        chosen.check_direction("en", "hi")


def test_without_its_packages(marian: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError) as caught:
        engine(marian)
    assert "vqa-builder[transformers]" in str(caught.value)
