"""What the task folders for lm-evaluation-harness and lmms-eval call: image, answer, accuracy at the end.

The harness collects one record per question; the accuracy is computed over all of them at once, by the same
code as ``vqa-builder evaluate``.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from vqa_builder.errors import StorageError
from vqa_builder.metrics.references import load_references
from vqa_builder.metrics.vqa_accuracy import vqa_accuracy

IMAGES = "VQA_IMAGES"
IMAGE_NAME = "VQA_IMAGE_NAME"
COCO_NAME = "COCO_val2014_{:012d}.jpg"

_log = logging.getLogger(__name__)


def image_path(row: Mapping[str, Any]) -> Path:
    """Where the image of a row lies; releases hold ids, never images.

    The folder is that of the environment variable ``VQA_IMAGES``. Integer ids become names by the pattern of
    ``VQA_IMAGE_NAME`` (COCO val2014 unless told otherwise); string ids are names already.

    Raises:
        StorageError: the variable is not set, or there is no such image.
    """
    folder = os.environ.get(IMAGES)
    if not folder:
        raise StorageError(
            "The folder of the images is not known", expected=f"the environment variable {IMAGES}"
        )
    image_id = row["image_id"]
    pattern = os.environ.get(IMAGE_NAME, COCO_NAME)
    path = Path(folder) / (image_id if isinstance(image_id, str) else pattern.format(image_id))
    if not path.is_file():
        remedy = f"set {IMAGES}, and {IMAGE_NAME} if the names have another pattern"
        raise StorageError("There is no such image", where=path, remedy=remedy)
    return path


def record(row: Mapping[str, Any], response: str) -> dict[str, Any]:
    """A question with its annotators' answers and what the model said, up to the end of its first line.

    Args:
        row: a row of a release.
        response: the generated text.

    >>> record({"question_id": 7, "answers": [{"answer": "猫"}]}, " 猫。\\n質問:")["response"]
    '猫。'
    """
    lines = response.strip().splitlines()
    kept = ("question_id", "question_type", "answer_type", "answers")
    return {**{name: row.get(name) for name in kept}, "response": lines[0].strip() if lines else ""}


def accuracy(records: Iterable[Mapping[str, Any]], language: str) -> float:
    """The VQA accuracy of all records, 0 to 1; its interval and signature go to the log.

    Args:
        records: from ``record``.
        language: ISO 639 code of the release.

    >>> ten = [{"answer": "猫", "answer_id": place} for place in range(10)]
    >>> accuracy([record({"question_id": 7, "answers": ten}, "ネコです。")], "ja")
    1.0
    """
    records = list(records)
    references = load_references(records, language)
    result = vqa_accuracy({each["question_id"]: each["response"] for each in records}, references)
    _log.info("%.2f [%.2f, %.2f] %s", result.overall, result.low, result.high, result.signature)
    return result.overall / 100
