"""Sentence chrF of the back-translation against the source, as sacreBLEU defines it."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.quality.scorers import _ngrams, base
from vqa_builder.quality.text import Floats, per_unique

_CHARACTERS, _BETA = 6, 2
_PUNCTUATION = frozenset(string.punctuation)


class ChrF(base.Scorer):
    """chrF (character order 6, beta 2, no words; Popović 2015) of the round trip, 0 to 100.

    Computed over whole batches, some five times as fast as sacreBLEU, to which tests hold it equal to 1e-9.
    Control characters become spaces first.
    A right translation can come back in other words, and a wrong one can come back right.

    Example:
        "What color is the cat?" -> 猫は何色ですか？ -> "What color is the cat?" is 100.
    """

    class Options(base.Options):
        """Options of ``chrf`` and ``chrfpp``.

        Attributes:
            lowercase: compare without case, which sacreBLEU's default does not; shows in the signature.
        """

        lowercase: bool = False

    name = "chrf"
    summary = "chrF of the back-translation against the source, 0 to 100; 100 is good"
    bounds: ClassVar = (0.0, 100.0)
    columns: ClassVar = {"chrf": pa.float32()}
    needs_back_translation = True
    words: ClassVar[int] = 0
    control: ClassVar[str] = r"[\x00-\x1f\x7f]+"
    options: Options

    @property
    def signature(self) -> str:
        """SacreBLEU's own, since it defines the number: ``nrefs:1|case:mixed|eff:yes|nc:6|nw:0|...``."""
        from sacrebleu.metrics import CHRF

        metric = CHRF(word_order=self.words, lowercase=self.options.lowercase)
        metric.sentence_score("", [""])
        return str(metric.get_signature())

    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """0 for nothing in common, 100 for equal but for spaces."""
        hypotheses, references = (self._prepared(pairs[name]) for name in ("back_translation", "source"))
        return {self.name: pa.array(sentence_chrf(hypotheses, references, self.words), pa.float32())}

    def _prepared(self, strings: pa.ChunkedArray) -> list[str]:
        if self.control:
            strings = pc.replace_substring_regex(strings, self.control, " ")
        texts: list[str] = strings.to_pylist()
        return [text.lower() for text in texts] if self.options.lowercase else texts


def sentence_chrf(hypotheses: Sequence[str], references: Sequence[str], words: int = 0) -> Floats:
    """chrF of each hypothesis against its one reference, equal to sacreBLEU's.

    Args:
        hypotheses: texts to be scored.
        references: one per hypothesis.
        words: the longest word n-gram; 0 for chrF, 2 for chrF++.

    >>> sentence_chrf(["a cat"], ["a cat"]).tolist(), sentence_chrf(["a cat"], ["dogs"], words=2).tolist()
    ([100.0], [0.0])
    """
    precision, recall, orders = (np.zeros(len(hypotheses)) for _ in range(3))
    levels = [*_ngrams.shared(_ngrams.characters(hypotheses, references), _CHARACTERS)]
    if words:
        split = [per_unique(_words, pa.array(texts, pa.string())) for texts in (hypotheses, references)]
        levels += _ngrams.shared(_ngrams.words(*split), words)
    for matches, hypothesis, reference in levels:
        both = (hypothesis > 0) & (reference > 0)
        precision += np.divide(matches, hypothesis, out=np.zeros(len(both)), where=both)
        recall += np.divide(matches, reference, out=np.zeros(len(both)), where=both)
        orders += both
    np.divide(precision, orders, out=precision, where=orders > 0)
    np.divide(recall, orders, out=recall, where=orders > 0)
    weighted = _BETA**2 * precision + recall
    score = (1 + _BETA**2) * precision * recall
    return 100 * np.divide(score, weighted, out=np.zeros_like(score), where=weighted > 0)


def _words(text: str) -> list[str]:
    """Words with one punctuation mark split off, as sacreBLEU (and the author's script) does it."""
    found: list[str] = []
    for word in text.split():
        if len(word) > 1 and word[-1] in _PUNCTUATION:
            found += [word[:-1], word[-1]]
        elif len(word) > 1 and word[0] in _PUNCTUATION:
            found += [word[0], word[1:]]
        else:
            found.append(word)
    return found
