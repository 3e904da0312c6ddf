"""chrF and chrF++ of whole batches."""

from __future__ import annotations

import string
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from vqa_builder.quality.scorers import _ngrams
from vqa_builder.quality.text import Floats, per_unique

_CHARACTERS, _BETA = 6, 2
_PUNCTUATION = frozenset(string.punctuation)


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
    levels = [
        *_ngrams.shared(_ngrams.characters(hypotheses, references), _CHARACTERS),
    ]
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
