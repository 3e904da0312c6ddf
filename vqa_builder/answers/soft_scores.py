"""Soft scores: how right each label is by the count of annotators who gave it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.answers.vocabulary import normalised

SCORE_OF_COUNT = np.array([0.0, 0.3, 0.6, 0.9, 1.0], np.float32)


def soft_scores(
    answers: pa.ChunkedArray, vocabulary: pa.Table, *, normalise: bool = False
) -> tuple[pa.Array, pa.Array]:
    """Labels and soft scores of every row.

    A label given by 1, 2, 3 or at least 4 of the ten annotators scores 0.3, 0.6, 0.9 or 1.0, which is the
    mean leave-one-out accuracy of the official metric. As in the published code (compute_softscore.py),
    answers are looked up as the annotation file has them, not normalised once more.

    Args:
        answers: ``list<struct<answer, ...>>``, null where the source has no answers.
        vocabulary: a table of schema ``VOCABULARY``.
        normalise: look answers up as the vocabulary lists them, for sources whose answers are not normalised.

    Returns:
        ``list<int32>`` of ascending labels and ``list<float32>`` of their scores, null where answers are
        null, empty where no answer is in the vocabulary.

    >>> given = pa.chunked_array([[[{"answer": "red"}] * 3 + [{"answer": "maroon"}] * 7]])
    >>> labels, scores = soft_scores(given, pa.table({"label": [0, 1], "answer_en": ["maroon", "red"]}))
    >>> labels.to_pylist(), [round(score, 1) for score in scores[0].as_py()]
    ([[0, 1]], [1.0, 0.9])
    """
    answers = answers.combine_chunks()
    known = vocabulary["answer_en"].combine_chunks()
    texts = pc.struct_field(pc.list_flatten(answers), "answer")
    found = pc.index_in(_normalised(texts) if normalise else texts, value_set=known)
    hits = found.is_valid().to_numpy(zero_copy_only=False)
    row = pc.list_parent_indices(answers).to_numpy()[hits]
    label = found.drop_null().to_numpy()
    pairs, counts = np.unique(np.stack([row, label]), axis=1, return_counts=True)
    scores = SCORE_OF_COUNT[np.minimum(counts, len(SCORE_OF_COUNT) - 1)]
    lengths = np.bincount(pairs[0], minlength=len(answers))
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
    missing = answers.is_null()
    return (
        pa.ListArray.from_arrays(offsets, pa.array(pairs[1], pa.int32()), mask=missing),
        pa.ListArray.from_arrays(offsets, pa.array(scores, pa.float32()), mask=missing),
    )


def _normalised(texts: pa.Array) -> pa.Array:
    """Every answer in the form of the vocabulary."""
    unique = texts.dictionary_encode()
    forms = [None if text is None else normalised(text) for text in unique.dictionary.to_pylist()]
    return pa.array(forms, pa.string()).take(unique.indices)
