"""Sentence chrF of the back-translation against the source, as sacreBLEU defines it."""

from __future__ import annotations

import importlib.util
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel

from vqa_builder.languages.base import Language
from vqa_builder.quality.scorers import base

_CONTROL = r"[\x00-\x1f\x7f]+"


class ChrF(base.Scorer):
    """chrF (character order 6, beta 2, no words; Popović 2015) of the round trip, 0 to 100.

    The package fastchrf (extra ``fast``) gives the same numbers some four times faster; without it sacreBLEU
    itself computes them. Control characters become spaces first: the two disagree on U+001C to U+001F.
    A right translation can come back in other words, and a wrong one can come back right.

    Example:
        "What color is the cat?" -> 猫は何色ですか？ -> "What color is the cat?" is 100.
    """

    class Options(base.Options):
        """Options of ``chrf``.

        Attributes:
            lowercase: compare without case, which sacreBLEU's default does not; shows in the signature.
        """

        lowercase: bool = False

    name = "chrf"
    summary = "chrF of the back-translation against the source, 0 to 100; 100 is good"
    columns: ClassVar = {"chrf": pa.float32()}
    needs_back_translation = True
    options: Options

    def __init__(self, language: Language, options: BaseModel | None = None) -> None:
        super().__init__(language, options)
        self.threaded = _has_fastchrf()

    @property
    def signature(self) -> str:
        """SacreBLEU's own, since it defines the number: ``nrefs:1|case:mixed|eff:yes|nc:6|nw:0|...``."""
        from sacrebleu.metrics import CHRF

        metric = CHRF(lowercase=self.options.lowercase)
        metric.sentence_score("", [""])
        return str(metric.get_signature())

    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """0 for nothing in common, 100 for equal but for spaces."""
        hypotheses, references = (self._prepared(pairs[name]) for name in ("back_translation", "source"))
        return {"chrf": pa.array(sentence_chrf(hypotheses, references), pa.float32())}

    def _prepared(self, strings: pa.ChunkedArray) -> list[str]:
        clean: list[str] = pc.replace_substring_regex(strings, _CONTROL, " ").to_pylist()
        return [text.lower() for text in clean] if self.options.lowercase else clean


def sentence_chrf(hypotheses: list[str], references: list[str]) -> list[float]:
    """chrF of each hypothesis against its one reference, by whichever package is installed."""
    if _has_fastchrf():
        import fastchrf

        matrices = fastchrf.pairwise_chrf([[text] for text in hypotheses], [[text] for text in references])
        return [matrix[0][0] for matrix in matrices]
    from sacrebleu.metrics import CHRF

    metric = CHRF()
    return [
        metric.sentence_score(one, [other]).score for one, other in zip(hypotheses, references, strict=True)
    ]


def _has_fastchrf() -> bool:
    return importlib.util.find_spec("fastchrf") is not None
