"""How likely a translation model finds a translation."""

from __future__ import annotations

from typing import ClassVar

import pyarrow as pa
from pydantic import BaseModel

from vqa_builder.languages.base import Language
from vqa_builder.quality.scorers import base
from vqa_builder.translation.engines.ctranslate2 import CTranslate2, CTranslate2Options
from vqa_builder.translation.engines.mini import DIRECTIONS, MODELS, side_options
from vqa_builder.translation.request import Request


class EngineConfidence(base.Scorer):
    """The mean log-probability of a translation's pieces, given its source.

    Any translation is judged, whoever made it: one that the model itself made tells how sure it was, another
    engine's how far two engines agree. No back-translation is needed. The default model is the embedded
    ``mini``; any that CTranslate2 has converted serves.
    Source: Fomicheva et al., Unsupervised Quality Estimation for Neural Machine Translation (TACL 2020).

    Example:
        ``engine_confidence: {engine: {model: nllb-600m-int8, source_prefix: "{source}", ...}}`` in the spec.
    """

    class Options(base.Options):
        """Options of ``engine_confidence``.

        Attributes:
            engine: the options of the engine ``ctranslate2``; default the model of ``mini`` for the language.
        """

        engine: CTranslate2Options | None = None

    name = "engine_confidence"
    summary = "mean log-probability of the translation under a model, at most 0; near 0 is good"
    columns: ClassVar = {"engine_confidence": pa.float32()}
    partial = True
    threaded = True
    options: Options

    def __init__(self, language: Language, options: BaseModel | None = None) -> None:
        super().__init__(language, options)
        side = DIRECTIONS.get(f"en-{language.name}", "into_japanese")  # which serves no other language
        self.engine = CTranslate2(self.options.engine or side_options(MODELS, side))

    @property
    def signature(self) -> str:
        """Names the model."""
        return f"{self.name}|{self.language.signature}|{self.engine.signature}|version:{self.version}"

    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """At most 0; null where the model has no pieces for a side, or the language is none of its own."""
        code = self.language.name
        if not self.engine.serves("en", code):
            return {"engine_confidence": pa.nulls(pairs.num_rows, pa.float32())}
        sources, translations = (pairs[name].to_pylist() for name in ("source", "translation"))
        unique = list(dict.fromkeys(zip(sources, translations, strict=True)))
        request = Request([source for source, _ in unique], "en", code)
        found = dict(
            zip(unique, self.engine.log_probabilities(request, [text for _, text in unique]), strict=True)
        )
        values = [found[pair] for pair in zip(sources, translations, strict=True)]
        return {"engine_confidence": pa.array(values, pa.float32())}
