"""Soft scores: how right each label is by the share of annotators who gave it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder.answers.vocabulary import normalised

VERSION = "2"
LEAVE_ONE_OUT = 4
"""Annotators from which on the official average is taken."""


class SoftScores:
    """Labels and soft scores by one vocabulary, for rows that come piece by piece.

    Args:
        vocabulary: a table with ``answer_en`` by label.
        normalise: look answers up by the form in which vocabularies list them; False takes them as they
            stand, as releases of earlier versions did.
    """

    def __init__(self, vocabulary: pa.Table, *, normalise: bool = True) -> None:
        labels = list(enumerate(vocabulary["answer_en"].to_pylist()))[::-1]
        self._labels: dict[str, int | None] = {answer: label for label, answer in labels}
        self._forms = {normalised(answer): label for label, answer in labels} if normalise else None

    def of(self, answers: pa.Array | pa.ChunkedArray) -> tuple[pa.Array, pa.Array]:
        """Labels and soft scores of some rows; see ``soft_scores``."""
        answers = answers.combine_chunks() if isinstance(answers, pa.ChunkedArray) else answers
        found = self._found(pc.struct_field(pc.list_flatten(answers), "answer"))
        hits = found.is_valid().to_numpy(zero_copy_only=False)
        row = pc.list_parent_indices(answers).to_numpy()[hits]
        label = found.drop_null().to_numpy()
        pairs, counts = np.unique(row.astype(np.int64) * (1 << 32) + label, return_counts=True)
        rows, labels = pairs >> 32, pairs & 0xFFFFFFFF
        annotators = answers.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
        scores = _scores(counts.astype(np.int64), annotators[rows].astype(np.int64))
        lengths = np.bincount(rows, minlength=len(answers))
        offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
        missing = answers.is_null()
        return (
            pa.ListArray.from_arrays(offsets, pa.array(labels, pa.int32()), mask=missing),
            pa.ListArray.from_arrays(offsets, pa.array(scores, pa.float32()), mask=missing),
        )

    def _found(self, texts: pa.Array) -> pa.Array:
        """The label of every text, as it stands or by its normalised form; null for others."""
        unique = texts.dictionary_encode()
        distinct = unique.dictionary.to_pylist()
        if self._forms is not None:
            for text in distinct:
                if text not in self._labels:
                    self._labels[text] = self._forms.get(normalised(text))
        return pa.array([self._labels.get(text) for text in distinct], pa.int32()).take(unique.indices)


def soft_scores(
    answers: pa.Array | pa.ChunkedArray, vocabulary: pa.Table, *, normalise: bool = True
) -> tuple[pa.Array, pa.Array]:
    """Labels and soft scores of every row.

    Where four annotators or more answered, a label's score is the mean over them of the official accuracy
    with one left out: min(1, others who gave it / 3). Of ten annotators 1, 2, 3 and at least 4 give 0.3, 0.6,
    0.9 and 1.0. Where fewer answered, it is the share of them that gave it, so that the only answer scores 1.

    Args:
        answers: ``list<struct<answer, ...>>``, null where the source has no answers.
        vocabulary, normalise: as of ``SoftScores``.

    Returns:
        ``list<int32>`` of ascending labels and ``list<float32>`` of their scores, null where answers are
        null, empty where no answer is in the vocabulary.

    >>> ten = [{"answer": "Red."}] * 3 + [{"answer": "maroon"}] * 7
    >>> given = pa.chunked_array([[ten, [{"answer": "red"}]]])
    >>> labels, scores = soft_scores(given, pa.table({"label": [0, 1], "answer_en": ["maroon", "red"]}))
    >>> labels.to_pylist(), [[round(score, 1) for score in row] for row in scores.to_pylist()]
    ([[0, 1], [1]], [[1.0, 0.9], [1.0]])
    """
    return SoftScores(vocabulary, normalise=normalise).of(answers)


def _scores(counts: NDArray[np.int64], annotators: NDArray[np.int64]) -> NDArray[np.float32]:
    """The score of labels given by so many of so many annotators."""
    left_in = counts * np.minimum(3, counts - 1) + (annotators - counts) * np.minimum(3, counts)
    scores = np.where(
        annotators >= LEAVE_ONE_OUT,
        left_in / (3 * np.maximum(annotators, 1)),
        counts / np.maximum(annotators, 1),
    )
    return scores.astype(np.float32)
