"""Sentence chrF++ of the back-translation against the source, as sacreBLEU defines it."""

from __future__ import annotations

from typing import ClassVar

import pyarrow as pa

from vqa_builder.quality.scorers import base
from vqa_builder.quality.scorers._chrf import sentence_chrf

_WORDS = 2


class ChrFPlusPlus(base.Scorer):
    """chrF with word order 2 (Popović 2017): characters up to six and words up to two, 0 to 100.

    Computed over whole batches; tests hold it equal to sacreBLEU's ``CHRF(word_order=2)`` to 1e-9. Against
    ``chrf`` it punishes a wrong word in an otherwise equal sentence more.

    Example:
        "What color is the cat?" -> 猫は何色ですか？ -> "What color is the dog?" is 74.0, and 74.8 by
        ``chrf``.
    """

    class Options(base.Options):
        """Options of ``chrfpp``.

        Attributes:
            lowercase: compare without case; shows in the signature.
        """

        lowercase: bool = False

    name = "chrfpp"
    summary = "chrF++ of the back-translation against the source, 0 to 100; 100 is good"
    columns: ClassVar = {"chrfpp": pa.float32()}
    needs_back_translation = True
    options: Options

    @property
    def signature(self) -> str:
        """SacreBLEU's own, since it defines the number: ``nrefs:1|case:mixed|eff:yes|nc:6|nw:2|...``."""
        from sacrebleu.metrics import CHRF

        metric = CHRF(word_order=_WORDS, lowercase=self.options.lowercase)
        metric.sentence_score("", [""])
        return str(metric.get_signature())

    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """0 for nothing in common, 100 for equal but for spaces."""
        hypotheses, references = (self._prepared(pairs[name]) for name in ("back_translation", "source"))
        return {"chrfpp": pa.array(sentence_chrf(hypotheses, references, _WORDS), pa.float32())}

    def _prepared(self, strings: pa.ChunkedArray) -> list[str]:
        texts: list[str] = strings.to_pylist()
        return [text.lower() for text in texts] if self.options.lowercase else texts
