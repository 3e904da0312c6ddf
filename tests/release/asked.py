"""Releases to ask people about: rows with one score that matters, made without a build."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from vqa_builder import segments
from vqa_builder.quality.rules import Policy
from vqa_builder.review.sheet import Questions

POLICY = Policy.model_validate({"chrf": {"min": 35}, "copy": "reject"})


def questions(
    chrf: Sequence[float | None], copies: Sequence[float] | None = None, each: int = 1
) -> Questions:
    """One Japanese question per score, each in as many rows as ``each`` says."""
    count = len(chrf)
    scores = pa.table(
        {
            "chrf": pa.array(chrf, pa.float32()),
            "copy": pa.array([0.0] * count if copies is None else copies, pa.float32()),
            "langid_label": pa.repeat("ja", count),
        }
    )
    english = [f"How many dogs are there in picture {place}?" for place in range(count)]
    low = np.array([value is not None and value < 35 for value in chrf])
    rejected = low | (np.array(scores["copy"].to_pylist()) > 0)
    answer = {"answer": "2", "answer_en": "2", "answer_confidence": "yes", "answer_id": 1}
    rows = pa.table(
        {
            "question_id": [str(place) for place in range(count)],
            "split": ["train"] * count,
            "keep": ~rejected,
            "reasons": [["chrf<35"] if wrong else [] for wrong in rejected],
            "question": [f"写真{place}に犬は何匹いますか？" for place in range(count)],
            "question_en": english,
            "question_back": english,
            "multiple_choice_answer": ["2"] * count,
            "multiple_choice_answer_en": ["2"] * count,
            "answers": [[answer]] * count,
            "segment_id": [segments.segment_id("question", "", text) for text in english],
            "scores": scores.to_struct_array(),
        }
    )
    return Questions("vqa-ja", "ja", POLICY, pa.concat_tables([rows] * each), {("2", "2"): ""})
