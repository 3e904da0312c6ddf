"""Links by the likeness of words in a multilingual encoder; for few questions, or rare words."""

from __future__ import annotations

import hashlib
import importlib.util
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from vqa_builder import schema
from vqa_builder.errors import EngineError, MissingExtraError
from vqa_builder.languages.base import Language
from vqa_builder.store import file_hash
from vqa_builder.translation.aligners import _words, base

PAIRS_AT_A_TIME = 1024
Embedded: TypeAlias = tuple[NDArray[np.float32], list[int]]
"""Unit vectors of a sentence's pieces, and the word of each piece."""


class Neural(base.Aligner):
    """Words whose vectors choose each other in a layer of a multilingual encoder.

    The Argmax method of SimAlign (Jalili Sabet, Dufter, Yvon and Schütze, Findings of EMNLP 2020, section
    2.1): two pieces are linked if each is the most like the other, two words if any of their pieces are.
    Install ``pip install 'vqa-builder[transformers]'``. Sentences of the same number of pieces share a batch,
    so that links do not depend on what else is in the build.

    Example:
        ``align: {type: neural, folder: models/bert-base-multilingual-cased}``
    """

    class Options(base.Options):
        """Options of ``neural``.

        Attributes:
            folder: an encoder with a fast tokenizer, as ``save_pretrained`` writes it.
            layer: whose vectors are compared; 0 are the embeddings. SimAlign found 8 best for mBERT.
            device: ``auto`` takes a GPU where there is one.
            batch_size: sentences at a time; changes no link.
        """

        folder: Path
        layer: int = Field(8, ge=0)
        device: Literal["auto", "cpu", "cuda"] = "auto"
        batch_size: int = Field(256, ge=1)

    name = "neural"
    summary = "words alike in a multilingual encoder of transformers (SimAlign); needs its folder"

    def __init__(self, language: Language, options: BaseModel | None = None) -> None:
        super().__init__(language, options)
        for package in ("torch", "transformers"):
            if importlib.util.find_spec(package) is None:
                raise MissingExtraError("The aligner neural", package, "transformers")
        if not (self.options.folder / "config.json").is_file():
            raise EngineError(
                "The folder holds no encoder",
                where=self.options.folder,
                expected="config.json, weights and tokenizer.json, as save_pretrained writes them",
            )

    @property
    def signature(self) -> str:
        """The encoder's content, the layer and the version of the words."""
        return (
            f"simalign-argmax|model:{self.options.folder.resolve().name}|sha:{self._content}"
            f"|layer:{self.options.layer}|version:1|transformers:{version('transformers')}"
            f"|torch:{version('torch').split('+')[0]}|words:{_words.VERSION}|{self.language.signature}"
        )

    def align(self, sources: Sequence[Sequence[str]], targets: Sequence[Sequence[str]]) -> pa.ListArray:
        """Embed and link pair by pair; a sentence that is too long for the encoder gets no links."""
        rows: list[list[dict[str, int]]] = []
        for start in range(0, len(sources), PAIRS_AT_A_TIME):
            part = slice(start, start + PAIRS_AT_A_TIME)
            both = zip(self._embed(sources[part]), self._embed(targets[part]), strict=True)
            rows += [_links(source, target) for source, target in both]
        return pa.array(rows, pa.list_(schema.TOKEN_PAIR))

    def _embed(self, sentences: Sequence[Sequence[str]]) -> list[Embedded]:
        import torch

        tokenizer, model = self._loaded
        found: list[Embedded] = [(np.zeros((0, 1), np.float32), [])] * len(sentences)
        of_length: dict[int, list[tuple[int, Any]]] = defaultdict(list)
        for place, sentence in enumerate(sentences):
            encoded = tokenizer(list(sentence), is_split_into_words=True) if sentence else None
            if encoded and len(encoded["input_ids"]) <= model.config.max_position_embeddings:
                of_length[len(encoded["input_ids"])].append((place, encoded))
        for same in of_length.values():
            for start in range(0, len(same), self.options.batch_size):
                batch = same[start : start + self.options.batch_size]
                ids = torch.tensor([encoded["input_ids"] for _, encoded in batch], device=model.device)
                with torch.inference_mode():
                    states = model(ids, output_hidden_states=True).hidden_states[self.options.layer]
                vectors = torch.nn.functional.normalize(states.float(), dim=-1).cpu().numpy()
                for (place, encoded), pieces in zip(batch, vectors, strict=True):
                    of_word = encoded.word_ids()
                    kept = [at for at, word in enumerate(of_word) if word is not None]
                    found[place] = pieces[kept], [of_word[at] for at in kept]
        return found

    @cached_property
    def _content(self) -> str:
        files = (
            file for file in self.options.folder.iterdir() if file.suffix in {".json", ".safetensors", ".bin"}
        )
        digest = hashlib.sha256("".join(file.name + file_hash(file) for file in sorted(files)).encode())
        return digest.hexdigest()[:12]

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        import torch
        from transformers import AutoModel, AutoTokenizer

        device = self.options.device
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        tokenizer = AutoTokenizer.from_pretrained(self.options.folder, local_files_only=True)
        model = AutoModel.from_pretrained(self.options.folder, local_files_only=True).eval().to(device)
        if not tokenizer.is_fast or self.options.layer > model.config.num_hidden_layers:
            raise EngineError(
                "The encoder cannot be used",
                where=self.options.folder,
                expected=f"a tokenizer.json and at least {self.options.layer} layers",
                found=f"{type(tokenizer).__name__} and {model.config.num_hidden_layers} layers",
            )
        return tokenizer, model


def _links(source: Embedded, target: Embedded) -> list[dict[str, int]]:
    """The word pairs with pieces that choose each other."""
    if not source[1] or not target[1]:
        return []
    alike = target[0] @ source[0].T
    chosen = (alike == alike.max(axis=0)) & (alike == alike.max(axis=1, keepdims=True))
    pairs = {(target[1][one], source[1][other]) for one, other in zip(*chosen.nonzero(), strict=True)}
    return [{"en": en, "target": place} for place, en in sorted(pairs)]
