"""Exact match with coverage, ANLS over characters and F1 over the language's tokens.

cViL scores a classifier on the questions whose reference is among its classes and multiplies by the share of
such questions (the metric of ja-VG-VQA); both factors and the product are given here. ANLS and F1 give
partial credit to models that answer freely, and take the best of a question's references. Texts are
normalised first; the signature says by which rules. Sources: Biten et al. 2019, "Scene Text Visual Question
Answering" (ANLS); Rajpurkar et al. 2016, "SQuAD" (F1).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder import languages
from vqa_builder.errors import SourceError
from vqa_builder.metrics.inputs import Inputs, Settings, prepare
from vqa_builder.metrics.normalisers import codes
from vqa_builder.metrics.references import References
from vqa_builder.metrics.result import DECIMALS, Result, summarise
from vqa_builder.sources._input_files import read_text
from vqa_builder.strict_json import decode

VERSION = "1"
EXACT_MATCH = "exact_match"
THRESHOLD = 0.5


def exact_match(
    predictions: Any,
    references: Any,
    language: str | None = None,
    settings: Settings | None = None,
    *,
    vocabulary: Iterable[str] | Path | None = None,
) -> Result:
    """The share of questions that are covered and answered exactly as the reference, both normalised.

    The reference is ``multiple_choice_answer``, or else the most frequent answer, of equals the first.

    Args:
        predictions, references, language, settings: as for ``vqa_accuracy``.
        vocabulary: the answers that the model can give, or a JSON file with them: ``[answer, ...]`` or
            ``{answer: label}``. None means those of the release's answer map, and without one every question
            counts as covered.

    Raises:
        SourceError: an input is wrong.

    Returns:
        ``overall`` is the product; ``details`` has ``accuracy_on_covered``, ``coverage``, and
        ``accuracy_on_all``, which also counts right answers from outside the vocabulary.

    >>> single = [{"question_id": n, "answers": [{"answer": text}]} for n, text in [(1, "猫"), (2, "三毛猫")]]
    >>> exact_match({1: "猫。", 2: "犬"}, single, "ja", vocabulary=["猫", "犬"]).details
    {'accuracy_on_covered': 100.0, 'coverage': 50.0, 'accuracy_on_all': 50.0}
    """
    inputs = prepare(predictions, references, language, settings)
    known = _vocabulary(inputs, vocabulary)
    wanted, given, classes = codes(
        lambda text: inputs.rules.normalise(inputs.rules.clean(text)),
        _winners(inputs.references),
        inputs.predicted,
        pa.array([], pa.string()) if known is None else known,
    )
    right = wanted == given
    covered = np.ones(len(right), bool) if known is None else np.isin(wanted, classes)
    scores = (right & covered).astype(np.float64)
    on_covered = float(right[covered].mean()) if covered.any() else 0.0
    size = "all" if known is None else len(known)
    return summarise(
        EXACT_MATCH,
        scores,
        inputs.references,
        signature=f"metric:{EXACT_MATCH}|version:{VERSION}|vocabulary:{size}|{inputs.signature}",
        resamples=inputs.settings.resamples,
        seed=inputs.settings.seed,
        details={
            "accuracy_on_covered": round(100 * on_covered, DECIMALS),
            "coverage": round(100 * float(covered.mean()), DECIMALS),
            "accuracy_on_all": round(100 * float(right.mean()), DECIMALS),
        },
    )


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


def _vocabulary(inputs: Inputs, given: Iterable[str] | Path | None) -> pa.Array | None:
    if isinstance(given, Path):
        given = _read_vocabulary(given)
    if given is not None:
        return pa.array(list(given), pa.string())
    if inputs.references.answer_map is None:
        return None
    column = "answer_en" if inputs.references.language == "en" else "answer"
    return pc.unique(inputs.references.answer_map[column])


def _read_vocabulary(path: Path) -> Iterable[str]:
    content = read_text(path)
    try:
        answers: Iterable[str] = decode(content.data, list[str] | dict[str, int])
        return answers
    except msgspec.MsgspecError as error:
        raise SourceError(
            "This is no vocabulary", where=path, expected="[answer, ...] or {answer: label}", found=error
        ) from None


def _winners(references: References) -> pa.Array:
    named = references.rows["multiple_choice_answer"].combine_chunks()
    if not named.null_count:
        return named
    answers, row = references.answer_field("answer"), references.row_of_answer
    (found,) = codes(str, answers)
    pairs, first, counts = np.unique(np.stack([row, found]), axis=1, return_index=True, return_counts=True)
    best = np.lexsort((first, -counts, pairs[0]))
    _, places = np.unique(pairs[0][best], return_index=True)
    return pc.coalesce(named, answers.take(pa.array(first[best][places])))


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
