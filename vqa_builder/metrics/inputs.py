"""Predictions and references made ready for a metric: read, checked, in one order and in one language.

A model distilled from an English teacher answers with the teacher's classes. Its labels become answers of the
release through the answer map; a label of several senses ("orange") becomes what the annotators of its
question meant by it, and otherwise the sense with the most support.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder import languages
from vqa_builder.languages.en import normalise_official
from vqa_builder.metrics.normalisers import Normaliser, codes, normaliser
from vqa_builder.metrics.predictions import (
    Missing,
    Unknown,
    in_order,
    load_predictions,
    refuse_other_language,
)
from vqa_builder.metrics.references import References, load_references
from vqa_builder.version import __version__

AnswersIn = Literal["auto", "labels", "text"]


@dataclass(frozen=True)
class Settings:
    """How predictions are read and compared; the same for every metric.

    Attributes:
        split: of a release; None means its only one, or ``validation``.
        answers_in: whether the predictions are English ``labels``, which go through the release's answer map,
            or ``text`` in the language of the references; ``auto`` looks at them. The signature says which.
        missing: questions without a prediction are an ``error``, or ``wrong``.
        unknown: predictions for other questions are an ``error``, or one may ``ignore`` them.
        normaliser: one of ``normalisers.NAMES``; None means ``official`` in English, ``language`` elsewhere.
        accept_merged: when a release's English answers are compared, count labels as equal that its answer
            map merges (cat, cats → 猫); in the target language such labels are one text anyway.
        resamples: of the bootstrap.
        seed: of every random draw.
    """

    split: str | None = None
    answers_in: AnswersIn = "auto"
    missing: Missing = "error"
    unknown: Unknown = "error"
    normaliser: str | None = None
    accept_merged: bool = False
    resamples: int = 1000
    seed: int = 0


@dataclass(frozen=True)
class Inputs:
    """What a metric computes on.

    Attributes:
        predicted: one answer per question in the references' order and language; null is never right.
        references: the questions with their answers.
        rules: when two answers are the same.
        settings: as given.
        signature: of rules and predictions, without metric and interval.
    """

    predicted: pa.Array
    references: References
    rules: Normaliser
    settings: Settings
    signature: str

    @property
    def accepts_merged(self) -> bool:
        """Whether labels that the release merges count as equal."""
        return self.settings.accept_merged and self.references.language == "en"


def prepare(predictions: Any, references: Any, language: str | None, settings: Settings | None) -> Inputs:
    """Read, check, order and translate.

    Args:
        predictions: see ``predictions.load_predictions``.
        references: see ``references.load_references``.
        language: the language to compare in; None means that of the references.
        settings: None for the defaults.

    Raises:
        SourceError, ReleaseError, UnknownNameError: an input is wrong; with counts and first offenders.
    """
    settings = settings or Settings()
    given = load_predictions(predictions)
    held = load_references(references, language, settings.split)
    rules = normaliser(settings.normaliser, held.language)
    predicted = in_order(given, held, settings.missing, settings.unknown)
    refuse_other_language(predicted, given, held.language)
    labels = settings.answers_in == "labels" or (
        settings.answers_in == "auto" and are_labels(predicted, held)
    )
    if labels and held.language != "en":
        predicted = to_text(predicted, held)
    kind = "labels" if labels else "text"
    merged = "|merged:accepted" if settings.accept_merged and held.language == "en" else ""
    signature = f"{rules.signature}|predictions:{kind}{merged}|vqa-builder:{__version__}"
    return Inputs(predicted, held, rules, settings, signature)


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
