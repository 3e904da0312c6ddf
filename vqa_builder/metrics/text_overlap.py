"""Partial credit for models that answer freely: ANLS over characters and F1 over the language's tokens.

Both take the best of a question's references. ANLS: Biten et al. 2019, "Scene Text Visual Question
Answering"; F1: Rajpurkar et al. 2016, "SQuAD". Texts are normalised first; the signature says by which rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow.compute as pc

from vqa_builder import languages
from vqa_builder.metrics.inputs import Inputs, Settings, prepare
from vqa_builder.metrics.normalisers import codes
from vqa_builder.metrics.result import Result, summarise

VERSION = "1"
THRESHOLD = 0.5


def anls(
    predictions: Any, references: Any, language: str | None = None, settings: Settings | None = None
) -> Result:
    """Average normalised Levenshtein similarity; a distance of half the longer text or more scores 0.

    Args:
        predictions, references, language, settings: as for ``vqa_accuracy``.

    >>> one = [{"question_id": 1, "answers": [{"answer": "オーストラリア郵便局"}]}]
    >>> anls({1: "オーストリア郵便局"}, one, "ja").overall
    90.0
    """
    inputs = prepare(predictions, references, language, settings)
    return _best(inputs, "anls", f"threshold:{THRESHOLD}", similarity)


def token_f1(
    predictions: Any, references: Any, language: str | None = None, settings: Settings | None = None
) -> Result:
    """Token F1: words in Hindi and English, runs of one script in Japanese (see ``Language.tokens``).

    Args:
        predictions, references, language, settings: as for ``vqa_accuracy``.

    >>> one = [{"question_id": 1, "answers": [{"answer": "लाल बस"}]}]
    >>> token_f1({1: "बस"}, one, "hi").overall
    66.67
    """
    inputs = prepare(predictions, references, language, settings)
    tokens = languages.get(inputs.references.language).tokens
    return _best(inputs, "token_f1", "tokens:language", lambda one, two: f1(tokens(one), tokens(two)))


def similarity(one: str, two: str) -> float:
    """1 minus the edit distance over the longer length; 0 from half of it on.

    >>> similarity("kitten", "kittens"), similarity("cat", "dog"), similarity("", "")
    (0.8571428571428572, 0.0, 1.0)
    """
    longer = max(len(one), len(two))
    if one == two:
        return 1.0
    if abs(len(one) - len(two)) >= THRESHOLD * longer:
        return 0.0
    distance = _edit_distance(one, two) / longer
    return 1 - distance if distance < THRESHOLD else 0.0


def f1(predicted: list[str], reference: list[str]) -> float:
    """Harmonic mean of precision and recall of tokens; two empty lists agree.

    >>> f1(["red", "bus"], ["red", "big", "bus"])
    0.8
    """
    if not predicted or not reference:
        return float(predicted == reference)
    common = (Counter(predicted) & Counter(reference)).total()
    return 2 * common / (len(predicted) + len(reference))


def _best(inputs: Inputs, metric: str, variant: str, score: Callable[[str, str], float]) -> Result:
    """The best score over each question's references; equal pairs of texts are scored once."""
    references, rules = inputs.references, inputs.rules
    row = references.row_of_answer
    texts: list[str] = []

    def normalise(text: str) -> str:
        texts.append(rules.normalise(rules.clean(text)))
        return texts[-1]

    theirs, ours = codes(normalise, references.answer_field("answer"), pc.fill_null(inputs.predicted, ""))
    distinct = list(dict.fromkeys(texts))
    pairs, inverse = np.unique(ours[row] * len(distinct) + theirs, return_inverse=True)
    scored = np.array(
        [score(distinct[pair // len(distinct)], distinct[pair % len(distinct)]) for pair in pairs]
    )
    best = np.maximum.reduceat(scored[inverse], np.flatnonzero(np.diff(row, prepend=-1)))
    best[inputs.predicted.is_null().to_numpy(zero_copy_only=False)] = 0.0
    return summarise(
        metric,
        best,
        references,
        signature=f"metric:{metric}|version:{VERSION}|{variant}|{inputs.signature}",
        resamples=inputs.settings.resamples,
        seed=inputs.settings.seed,
    )


def _edit_distance(one: str, two: str) -> int:
    above = list(range(len(two) + 1))
    for place, char in enumerate(one, 1):
        row = [place]
        for column, other in enumerate(two, 1):
            row.append(min(above[column] + 1, row[-1] + 1, above[column - 1] + (char != other)))
        above = row
    return above[-1]
