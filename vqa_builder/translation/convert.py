"""A checkpoint of transformers, made into a folder that the engine ctranslate2 runs from."""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from vqa_builder.errors import EngineError, MissingExtraError, StorageError
from vqa_builder.store import atomic_folder
from vqa_builder.translation.engines._seq2seq import FamilyName, family_of
from vqa_builder.translation.pieces import JSON_NAME, SHARED_NAMES, SOURCE_NAME, TARGET_NAME

QUANTIZATIONS = ("int8", "int8_float16", "int8_bfloat16", "int16", "float16", "bfloat16", "float32")
FRAMES: dict[FamilyName, dict[str, str]] = {
    "marian": {"source_suffix": "</s>"},
    "nllb": {"source_prefix": "{source}", "source_suffix": "</s>", "target_prefix": "{target}"},
    "mbart50": {"source_prefix": "{source}", "source_suffix": "</s>", "target_prefix": "{target}"},
    "m2m100": {"source_prefix": "__{source}__", "source_suffix": "</s>", "target_prefix": "__{target}__"},
    "madlad": {"source_prefix": "<2{target}>", "source_suffix": "</s>"},
}
"""The tokens around a sentence, as ``CTranslate2Options`` names them."""
CODED: tuple[FamilyName, ...] = ("nllb", "mbart50")
SPIECE = "spiece.model"


class Converted(NamedTuple):
    """A converted model.

    Attributes:
        folder: weights, vocabulary and tokenizer.
        options: what the engine ctranslate2 is to be told.
    """

    folder: Path
    options: dict[str, Any]

    @property
    def yaml(self) -> str:
        """Lines to paste into a build.yaml."""
        plugin = {"type": "ctranslate2", "model": str(self.folder), **self.options}
        text: str = yaml.safe_dump(
            {"translate": {"engine": plugin}}, sort_keys=False, allow_unicode=True, width=100
        )
        return text


def convert(model: str, out: Path, *, quantization: str = "int8", revision: str | None = None) -> Converted:
    """Convert a checkpoint by CTranslate2's own converter, with its tokenizer beside it.

    This is what ``vqa-builder convert-model Helsinki-NLP/opus-mt-en-hi opus-en-hi`` does.

    Args:
        model: a name on the hub or a folder that ``save_pretrained`` wrote.
        out: the new folder, whole or not at all.
        quantization: one of ``QUANTIZATIONS``; int8 is the fastest on a CPU.
        revision: commit, tag or branch of the hub.

    Raises:
        MissingExtraError: torch or transformers is not installed.
        EngineError: the checkpoint cannot be loaded or converted.
        StorageError: ``out`` is there already.
    """
    for package in ("torch", "transformers"):
        if importlib.util.find_spec(package) is None:
            raise MissingExtraError("The command convert-model", package, "transformers")
    if quantization not in QUANTIZATIONS:
        raise EngineError(
            "Unknown quantization", expected=", ".join(QUANTIZATIONS), found=quantization, where=model
        )
    if out.exists():
        raise StorageError("There is something here already", where=out, remedy="name a new folder")
    try:
        tokenizer, model_type = _tokenizer(model, revision)
        with atomic_folder(out) as partial:
            _converter(model, revision).convert(str(partial), None, quantization, True)
            _save_pieces(tokenizer, partial)
    except (OSError, ValueError, KeyError, TypeError, ImportError, RuntimeError) as error:
        raise EngineError(
            "The checkpoint cannot be converted",
            where=model,
            expected="a translation model that transformers loads and CTranslate2 supports",
            found=f"{type(error).__name__}: {error}",
        ) from error
    return Converted(out, _options(model_type, tokenizer.get_vocab()))


def _tokenizer(model: str, revision: str | None) -> tuple[Any, str]:
    from transformers import AutoConfig, AutoTokenizer

    where = {} if revision is None else {"revision": revision}
    config = AutoConfig.from_pretrained(model, **where)
    return AutoTokenizer.from_pretrained(model, **where), str(config.model_type)


def _converter(model: str, revision: str | None) -> Any:
    """CTranslate2's converter, with what transformers 5 no longer tells it: M2M-100's language tokens."""
    from ctranslate2.converters import TransformersConverter

    class Converter(TransformersConverter):  # type: ignore[misc]
        def load_tokenizer(self, tokenizer_class: Any, name: str, **options: Any) -> Any:
            tokenizer = super().load_tokenizer(tokenizer_class, name, **options)
            if not hasattr(tokenizer, "lang_token_to_id"):
                return tokenizer
            known = {
                **tokenizer.special_tokens_map,
                "additional_special_tokens": [*tokenizer.lang_token_to_id],
            }
            kind = type(tokenizer)
            tokenizer.__class__ = type(kind.__name__, (kind,), {"special_tokens_map": known})
            return tokenizer

    return Converter(model, revision=revision)


def _save_pieces(tokenizer: Any, folder: Path) -> None:
    """The files that ``pieces.find_tokenizer`` looks for, under the names that it knows."""
    wanted = (SOURCE_NAME, TARGET_NAME, *SHARED_NAMES, SPIECE, JSON_NAME)
    with tempfile.TemporaryDirectory() as saved:
        tokenizer.save_pretrained(saved)
        found = [Path(saved) / name for name in wanted if (Path(saved) / name).is_file()]
        if not found:
            raise ValueError(f"{type(tokenizer).__name__} saves none of {', '.join(wanted)}")
        for file in found:
            name = "sentencepiece.model" if file.name == SPIECE else file.name
            shutil.copyfile(file, folder / name)


def _options(model_type: str, vocabulary: Mapping[str, int]) -> dict[str, Any]:
    family = family_of(model_type, vocabulary)
    options: dict[str, Any] = dict(FRAMES.get(family.name, {"source_suffix": "</s>"}))
    if family.name == "marian" and family.prefix:
        options = {"source_prefix": family.prefix.strip(), **options}
    if family.name in CODED or (family.name == "marian" and family.prefix):
        options["codes"] = {language: family.code(language) for language in ("en", "ja", "hi")}
    return options
