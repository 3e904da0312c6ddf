"""Sentence BLEU of the back-translation against the source, as sacreBLEU defines it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np
import pyarrow as pa
from pydantic import BaseModel

from vqa_builder.languages.base import Language
from vqa_builder.quality.scorers import _ngrams, base
from vqa_builder.quality.text import Floats, per_unique

_ORDER = 4


class Bleu(base.Scorer):
    """Sentence BLEU (Papineni et al. 2002), 13a tokens, exponential smoothing, effective order; 0 to 100.

    Computed over whole batches; tests hold it equal to sacreBLEU's ``BLEU(effective_order=True)`` to 1e-9. A
    question has few four-grams, so that one other word costs much: prefer ``chrf`` for thresholds.

    Example:
        "What color is the cat?" -> 猫は何色ですか？ -> "What color is the dog?" is 53.7.
    """

    class Options(base.Options):
        """Options of ``bleu``.

        Attributes:
            lowercase: compare without case; shows in the signature.
        """

        lowercase: bool = False

    name = "bleu"
    summary = "sentence BLEU of the back-translation against the source, 0 to 100; 100 is good"
    bounds: ClassVar = (0.0, 100.0)
    columns: ClassVar = {"bleu": pa.float32()}
    needs_back_translation = True
    options: Options

    def __init__(self, language: Language, options: BaseModel | None = None) -> None:
        super().__init__(language, options)
        from sacrebleu.metrics import BLEU

        self._metric = BLEU(lowercase=self.options.lowercase, effective_order=True)

    @property
    def signature(self) -> str:
        """SacreBLEU's own, since it defines the number: ``nrefs:1|case:mixed|eff:yes|tok:13a|...``."""
        self._metric.sentence_score("", [""])
        return str(self._metric.get_signature())

    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """0 for no word in common, 100 for the same tokens."""
        preprocess = self._metric._preprocess_segment
        back, source = (pairs[name].to_pylist() for name in ("back_translation", "source"))
        return {"bleu": pa.array(sentence_bleu(back, source, preprocess), pa.float32())}


def sentence_bleu(
    hypotheses: Sequence[str], references: Sequence[str], preprocess: Callable[[str], str]
) -> Floats:
    """BLEU of each hypothesis against its one reference; ``preprocess`` puts spaces between the tokens."""
    split = [
        per_unique(lambda text: preprocess(text).split(), pa.array(texts, pa.string()))
        for texts in (hypotheses, references)
    ]
    tokens = _ngrams.words(*split)
    total, effective = np.zeros(len(hypotheses)), np.zeros(len(hypotheses))
    halvings, matched = np.zeros(len(hypotheses)), np.zeros(len(hypotheses), bool)
    for matches, counted, _ in _ngrams.shared(tokens, _ORDER):
        exists = counted > 0
        halvings += exists & (matches == 0)
        share = np.where(matches > 0, matches, 0.5**halvings) / np.maximum(counted, 1)
        total += np.where(exists, np.log(share), 0.0)
        effective += exists
        matched |= matches > 0
    length, wanted = (side.lengths.astype(np.float64) for side in tokens)
    penalty = np.minimum(1 - wanted / np.maximum(length, 1), 0.0)
    score: Floats = 100 * np.exp(penalty + total / np.maximum(effective, 1))
    return np.where(matched, score, 0.0)
