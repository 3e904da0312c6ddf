"""Predictions that are English labels: recognise them, translate them, accept their merged partners.

A model distilled from an English teacher answers with the teacher's classes. Its labels become answers of the
release through the answer map; a label of several senses ("orange") becomes what the annotators of its
question meant by it, and otherwise the sense with the most support.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder import languages
from vqa_builder.languages.en import normalise_official
from vqa_builder.metrics.normalisers import codes
from vqa_builder.metrics.references import References


def vocabulary_form(answer_en: str) -> str:
    """An English answer as vocabularies list it: the official normaliser, then commas removed.

    >>> vocabulary_form("The red, white")
    'red white'
    """
    return normalise_official(answer_en).replace(",", "")


def are_labels(predicted: pa.Array, references: References) -> bool:
    """Whether predictions for a translated release are English labels rather than target text.

    They are if more of them read like English answers of the release, its labels or its annotators' own, than
    like answers in the target language; those that are both (numbers, names) decide nothing.
    """
    if references.answer_map is None or references.language == "en":
        return False
    spoken, labels = predicted.drop_null(), references.answer_map
    rules = languages.get(references.language)
    english = _among(spoken, labels["answer_en"], references.answer_field("answer_en"), vocabulary_form)
    target = _among(spoken, labels["answer"], references.answer_field("answer"), rules.normalise)
    return bool((english & ~target).sum() > (target & ~english).sum())


def to_text(predicted: pa.Array, references: References) -> pa.Array:
    """English labels as answers in the target language; what is no label stays as it is.

    Args:
        predicted: one label per question, null where there is none.
        references: a release's rows with its answer map.

    Raises:
        ReleaseError: the references have no answer map.
    """
    of_label = _answers_of_labels(references.labels)
    encoded = predicted.dictionary_encode()
    texts = [_look_up(of_label, label) for label in encoded.dictionary.to_pylist()]
    mapped = pa.array(texts, pa.string()).take(encoded.indices)
    row = references.row_of_answer
    theirs, ours = codes(vocabulary_form, references.answer_field("answer_en"), predicted)
    same = np.flatnonzero((theirs == ours[row]) & (theirs >= 0))
    rows, places = np.unique(row[same], return_index=True)
    mask = np.zeros(len(predicted), bool)
    mask[rows] = True
    meant = references.answer_field("answer").take(pa.array(same[places]))
    return pc.replace_with_mask(mapped, pa.array(mask), meant)


def partners(predicted: pa.Array, references: References) -> NDArray[np.bool_]:
    """Which of the annotators' English answers merge with the prediction in the target language.

    Returns:
        One value per answer, all questions' answers in a row: true where the two labels have one surface form
        in the release in any of their senses ("cat", "cats" → 猫), so that no model of the target language
        could tell them apart.

    Raises:
        ReleaseError: the references have no answer map.
    """
    labels = references.labels
    theirs, ours, listed = codes(
        vocabulary_form,
        references.answer_field("answer"),
        predicted,
        labels["answer_en"].combine_chunks(),
    )
    others = labels["merged_with"].to_pylist()
    code_of = dict(zip(labels["label"].to_pylist(), listed.tolist(), strict=True))
    size = 1 + max(int(each.max(initial=0)) for each in (theirs, ours, listed))
    merged = [
        code * size + code_of[other]
        for code, of_label in zip(listed.tolist(), others, strict=True)
        for other in of_label or ()
        if other in code_of
    ]
    said = ours[references.row_of_answer]
    accepted: NDArray[np.bool_] = np.isin(said * size + theirs, np.array(merged, np.int64)) & (said >= 0)
    return accepted


def _among(
    texts: pa.Array, listed: pa.ChunkedArray, given: pa.Array, form: Callable[[str], str]
) -> NDArray[np.bool_]:
    """Which texts are in a column of the answer map or among the annotators' answers."""
    found, *known = codes(form, texts, listed.combine_chunks(), given)
    return np.isin(found, np.concatenate(known))


def _answers_of_labels(answer_map: pa.Table) -> dict[str, str]:
    """English label -> the answer of its best supported sense."""
    columns: tuple[list[Any], ...] = tuple(
        answer_map[name].to_pylist() for name in ("answer_en", "answer", "support")
    )
    ranked = sorted(zip(*columns, strict=True), key=lambda row: row[2] or 0)
    return {label: answer for label, answer, _ in ranked}


def _look_up(of_label: dict[str, str], label: str) -> str:
    return of_label.get(label) or of_label.get(vocabulary_form(label)) or label
