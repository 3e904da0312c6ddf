"""The official VQA accuracy: a prediction is right as far as three of the other annotators agree with it.

English is bit-exact with GT-Vision-Lab/VQA, PythonEvaluationTools/vqaEvaluation/vqaEval.py, faults included:
where the annotators all agree, nothing is normalised. In other languages both sides are normalised always.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder.metrics.inputs import Inputs, Settings, partners, prepare
from vqa_builder.metrics.normalisers import codes
from vqa_builder.metrics.references import References
from vqa_builder.metrics.result import Result, summarise

VERSION = "2"
LEAVE_ONE_OUT_FROM = 4
METRIC = "vqa_accuracy"

LeaveOut = Literal["annotator", "equal_records"]


def vqa_accuracy(
    predictions: Any,
    references: Any,
    language: str | None = None,
    settings: Settings | None = None,
    *,
    leave_out: LeaveOut = "annotator",
) -> Result:
    """Leave-one-out accuracy overall, per answer type and per question type.

    For every annotator i the prediction scores min(1, matches among the others / 3); a question's accuracy is
    the mean over its annotators. With ten annotators, 0, 1, 2, 3 and at least 4 matches give 0, 0.3, 0.6, 0.9
    and 1. A question with fewer than four annotators scores the share of them that agree with the prediction,
    since leave-one-out would give less than 1 to an answer on which all agree; one annotator's answer scores
    0 or 1.

    Args:
        predictions: a file in the official result format, JSONL or CSV, a mapping ``{question_id: answer}``,
            or a list of ``{question_id, answer}``.
        references: a release's folder, an annotation file, or a list of annotations.
        language: the language to compare in; None means the release's own, and English for annotations.
            ``en`` on a translated release compares the English answers that it was made from.
        settings: how to read and compare; see ``Settings``.
        leave_out: whom "the others" leave out. The official code leaves out every record equal to the
            annotator's. Records with an ``answer_id`` are never equal, so this is the same as leaving out the
            ``annotator``; where there is none (VizWiz), ``equal_records`` repeats what that code does.

    Raises:
        SourceError: an input is wrong.

    >>> ten = [{"answer": "a cat" if i < 7 else "cat", "answer_id": i} for i in range(10)]
    >>> vqa_accuracy({1: "The cat."}, [{"question_id": 1, "answers": ten}]).overall
    100.0
    >>> two = [{"answer": "cat"}, {"answer": "dog"}]
    >>> vqa_accuracy({1: "cat"}, [{"question_id": 1, "answers": two}]).overall
    50.0
    """
    inputs = prepare(predictions, references, language, settings)
    return summarise(
        METRIC,
        _scores(inputs, leave_out),
        inputs.references,
        signature=f"metric:{METRIC}|version:{VERSION}|leave-out:{leave_out}|{inputs.signature}",
        resamples=inputs.settings.resamples,
        seed=inputs.settings.seed,
    )


def _scores(inputs: Inputs, leave_out: LeaveOut) -> NDArray[np.float64]:
    """The accuracy of every question, 0 to 1."""
    references = inputs.references
    lengths = pc.list_value_length(references.answers).to_numpy()
    row = references.row_of_answer
    answers, matches = _compare(inputs, row)
    count = np.bincount(row[matches], minlength=len(lengths))
    left_out = _equal_records(references, answers, row) if leave_out == "equal_records" else 1
    others = count[row] - matches * left_out
    few = lengths < LEAVE_ONE_OUT_FROM
    return np.where(few, count / lengths, _mean_in_order(np.minimum(1.0, others / 3), lengths))


def _compare(inputs: Inputs, row: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Every annotator's answer as compared, in code, and whether it is the prediction.

    An answer that may stand for several others agrees with each of them, while those do not agree: 茶 with
    茶色 (brown) and with お茶 (tea).
    """
    rules = inputs.rules
    texts = inputs.references.answer_field("answer")
    pairs = [(word, meaning) for word, meanings in rules.readings.items() for meaning in meanings]
    spoken = pa.array([text for pair in pairs for text in pair], pa.string())
    theirs, ours, known = codes(
        lambda text: rules.normalise(rules.clean(text)), texts, inputs.predicted, spoken
    )
    meant = known.reshape(-1, 2).tolist()
    if rules.only_on_disagreement:
        raw, predicted = codes(rules.clean, texts, inputs.predicted)
        agreed = _all_agree(raw, row)
        shift = theirs.max(initial=0) + 1
        theirs = np.where(agreed[row], raw + shift, theirs)
        ours = np.where(agreed & (predicted >= 0), predicted + shift, ours)
    matches = theirs == ours[row]
    for one, other in meant:
        matches |= (theirs == one) & (ours[row] == other) | (theirs == other) & (ours[row] == one)
    if inputs.accepts_merged:
        matches |= partners(inputs.predicted, inputs.references)
    return theirs, matches


def _all_agree(answers: NDArray[np.int64], row: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which questions' annotators all gave one answer."""
    starts = np.flatnonzero(np.diff(row, prepend=-1))
    agree: NDArray[np.bool_] = np.bincount(row, weights=answers != answers[starts][row]) == 0
    return agree


def _equal_records(
    references: References, answers: NDArray[np.int64], row: NDArray[np.int64]
) -> NDArray[np.int64]:
    """How many of a question's records equal each of its records, itself included."""
    confidences, ids = codes(str, *map(references.answer_field, ("answer_confidence", "answer_id")))
    _, inverse, counts = np.unique(
        np.stack([row, answers, confidences, ids]), axis=1, return_inverse=True, return_counts=True
    )
    return counts[inverse.reshape(-1)]


def _mean_in_order(values: NDArray[np.float64], lengths: NDArray[np.int64]) -> NDArray[np.float64]:
    """The mean of each question's values, added up one after the other as the official loop does.

    The order matters to the last bit, so that ``np.add.reduceat``, which adds in pairs, will not do.
    """
    starts = np.cumsum(lengths) - lengths
    sums = np.zeros(len(lengths))
    for place in range(int(lengths.max())):
        there = lengths > place
        sums[there] += values[starts[there] + place]
    return sums / lengths
