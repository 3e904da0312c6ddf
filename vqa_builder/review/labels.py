"""Labels beside the scores of what was labelled: what a calibration learns from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from vqa_builder.errors import SourceError
from vqa_builder.report.measures import kept
from vqa_builder.review import sheet_csv
from vqa_builder.review.calibration import Labelled
from vqa_builder.review.sheet import Questions
from vqa_builder.review.sheet_import import Known, Said, known_questions, said_in


class Matched(NamedTuple):
    """The labels of one language.

    Attributes:
        labelled: for ``quality.calibration``.
        scores: of every question of the release, translated ones only.
        changed: labels that are left out because the translation has changed since.
    """

    labelled: Labelled
    scores: pa.Table
    changed: int


def matched(
    lines: Sequence[sheet_csv.Line],
    releases: Mapping[str, Questions],
    *,
    flaw_is_good: bool = True,
) -> dict[str, Matched]:
    """Match labels with the rows of releases.

    A label holds for the translation that was looked at; where the sheet states one, and the release has
    another by now, the label is left out. Labels of one question, by several reviewers, share its weight.

    Args:
        lines: rows of sheets, or of a file of labels.
        releases: language -> its release.
        flaw_is_good: whether a row labelled ``flaw`` may be kept.

    Raises:
        SourceError: there is no label, a label matches no row, or all are of older translations.
    """
    known: dict[str, Known] = {
        code: known_questions(one.rows, one.are_records) for code, one in releases.items()
    }
    said = [one for one in said_in(lines, known) if one.label]
    if not said:
        raise SourceError(
            "There is no label", where=lines[0].file if lines else None, expected=", ".join(sheet_csv.LABELS)
        )
    found = {}
    for code, questions in releases.items():
        own = [one for one in said if one.language == code]
        if own:
            found[code] = _of_language(own, questions, flaw_is_good)
    return found


def _of_language(said: Sequence[Said], questions: Questions, flaw_is_good: bool) -> Matched:
    ids, texts = (questions.rows[name].to_pylist() for name in ("segment_id", "question"))
    places: dict[str, int] = {}
    for place, segment in enumerate(ids):
        places.setdefault(segment, place)
    current = [one for one in said if _still_says(one, texts[places[one.segment_id]])]
    if not current:
        raise SourceError(
            "All labels are of translations that have changed since",
            where=questions.name,
            expected=f"labels of what the release says now, such as {texts[places[said[0].segment_id]]!r}",
            found=sheet_csv.named([one.question for one in said]),
            remedy="export a new sheet and label it",
        )
    rows = np.array([places[one.segment_id] for one in current])
    _, groups, votes = np.unique(rows, return_inverse=True, return_counts=True)
    labels = [one.label for one in current]
    labelled = Labelled(
        scores=questions.scores.take(rows),
        good=np.array([label == "good" or (flaw_is_good and label == "flaw") for label in labels]),
        weights=np.array([one.weight for one in current]) / votes[groups],
        groups=groups.astype(np.int64),
        kept=kept(questions.rows)[rows],
        counts={label: labels.count(label) for label in sheet_csv.LABELS},
    )
    translated = questions.scores.filter(questions.rows["question"].is_valid())
    return Matched(labelled, translated, len(said) - len(current))


def _still_says(one: Said, translation: str | None) -> bool:
    """Whether the release still has the translation that was labelled; one that failed has none."""
    if not translation:
        return False
    return not one.question or one.question == " ".join(translation.split())
