"""Exact match against one reference per question, times coverage: the metric of ja-VG-VQA.

cViL scores a classifier on the questions whose reference is among its classes and multiplies by the share of
such questions; both factors and the product are given here.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.errors import SourceError
from vqa_builder.metrics.inputs import Inputs, Settings, prepare
from vqa_builder.metrics.normalisers import codes
from vqa_builder.metrics.references import References
from vqa_builder.metrics.result import DECIMALS, Result, summarise
from vqa_builder.sources._input_files import read_text

VERSION = "1"
METRIC = "exact_match"


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
        METRIC,
        scores,
        inputs.references,
        signature=f"metric:{METRIC}|version:{VERSION}|vocabulary:{size}|{inputs.signature}",
        resamples=inputs.settings.resamples,
        seed=inputs.settings.seed,
        details={
            "accuracy_on_covered": round(100 * on_covered, DECIMALS),
            "coverage": round(100 * float(covered.mean()), DECIMALS),
            "accuracy_on_all": round(100 * float(right.mean()), DECIMALS),
        },
    )


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
        return msgspec.json.decode(content.data, type=list[str] | dict[str, int])
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
