"""Coverage, methods, merges and drift as they stand in a manifest."""

import pyarrow as pa

from tests.answers.test_winners import CAT, column
from vqa_builder import languages, schema
from vqa_builder.answers.summary import summary


def test_counts() -> None:
    rows = pa.table(
        {
            "question_id": [1, 2],
            "split": ["train", "test"],
            "answer_type": ["other", None],
            "question_en": ["What animal?", "Which?"],
            "multiple_choice_answer_en": ["dog", None],
            "multiple_choice_answer": ["猫", None],
            "answers": column(CAT, None),
        }
    )
    labels = [("cat", "猫", [1], "intended"), ("cats", "猫", [0], "intended"), ("fox", "fox", [], "none")]
    answer_map = pa.Table.from_pylist(
        [
            {
                "label": label,
                "answer_en": english,
                "sense": "",
                "answer": answer,
                "method": "english" if english == answer else "animal",
                "support": 3,
                "merged_with": partners,
                "merge": verdict,
            }
            for label, (english, answer, partners, verdict) in enumerate(labels)
        ],
        schema.ANSWER_MAP,
    )
    assert summary(rows, answer_map, languages.get("ja")) == {
        "coverage": {
            "split": {"train": {"rows": 1, "inside": 0}},
            "answer_type": {"other": {"rows": 1, "inside": 0}},
        },
        "methods": {"animal": {"entries": 2, "answers": 6}, "english": {"entries": 1, "answers": 3}},
        "merges": {"intended": {"entries": 2, "answers": 6}, "none": {"entries": 1, "answers": 3}},
        "drift": {"winner changed": 1, "agreement rose": 1, "agreement fell": 0},
    }
