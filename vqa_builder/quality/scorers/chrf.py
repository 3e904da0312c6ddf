"""Sentence chrF of the back-translation against the source, as sacreBLEU defines it."""

from __future__ import annotations

from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.quality.scorers import base
from vqa_builder.quality.scorers._chrf import sentence_chrf

_CONTROL = r"[\x00-\x1f\x7f]+"


class ChrF(base.Scorer):
    """chrF (character order 6, beta 2, no words; Popović 2015) of the round trip, 0 to 100.

    Computed over whole batches, some five times as fast as sacreBLEU, to which tests hold it equal to 1e-9.
    Control characters become spaces first.
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
