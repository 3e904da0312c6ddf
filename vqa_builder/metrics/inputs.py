"""Predictions and references made ready for a metric: read, checked, in one order and in one language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

from vqa_builder.metrics import label_space
from vqa_builder.metrics.normalisers import Normaliser, normaliser
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
        settings.answers_in == "auto" and label_space.are_labels(predicted, held)
    )
    if labels and held.language != "en":
        predicted = label_space.to_text(predicted, held)
    kind = "labels" if labels else "text"
    merged = "|merged:accepted" if settings.accept_merged and held.language == "en" else ""
    signature = f"{rules.signature}|predictions:{kind}{merged}|vqa-builder:{__version__}"
    return Inputs(predicted, held, rules, settings, signature)
