"""A small Japanese release with two splits, homographs and merged labels, as a build lays it down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from vqa_builder import schema
from vqa_builder.release.parquet import write_file, write_table

# label, English, sense, Japanese, support, merged with
MAP: list[tuple[int, str, str, str, int, list[int]]] = [
    (0, "yes", "", "はい", 90, []),
    (1, "no", "", "いいえ", 80, []),
    (2, "cat", "", "猫", 30, [3]),
    (3, "cats", "", "猫", 9, [2]),
    (4, "orange", "colour", "オレンジ色", 40, []),
    (4, "orange", "fruit", "オレンジ", 12, []),
    (5, "2", "", "2", 70, []),
    (6, "red", "", "赤", 50, []),
]
# question_id, question type, answer type, (English, Japanese, how many annotators)
Row = tuple[int, str, str, list[tuple[str, str, int]]]
VALIDATION: list[Row] = [
    (11, "what color is the", "other", [("orange", "オレンジ色", 7), ("red", "赤", 3)]),
    (12, "what fruit is", "other", [("orange", "オレンジ", 10)]),
    (13, "what animal is", "other", [("cat", "猫", 4), ("cats", "猫", 5), ("kitten", "子猫", 1)]),
    (14, "how many", "number", [("2", "2", 8), ("3", "3", 2)]),
    (15, "is the", "yes/no", [("yes", "はい", 9), ("no", "いいえ", 1)]),
]
TRAIN: list[Row] = [(21, "is the", "yes/no", [("no", "いいえ", 10)])]


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """The release's folder."""
    folder = tmp_path / "vqa-ja"
    for split, rows in (("train", TRAIN), ("validation", VALIDATION), ("test", [(31, "is the", "", [])])):
        data = schema.data_schema(pa.int64(), pa.int64(), pa.struct([("chrf", pa.float32())]))
        write_table(pa.Table.from_pylist([_row(row) for row in rows], data), folder / "data", split)
    columns = ("label", "answer_en", "sense", "answer", "support", "merged_with")
    labels: list[dict[str, Any]] = [
        {**dict(zip(columns, row, strict=True)), "method": "table", "score": None} for row in MAP
    ]
    write_file(pa.Table.from_pylist(labels, schema.ANSWER_MAP), folder / "answers" / "answer_map.parquet")
    (folder / "manifest.json").write_text(json.dumps({"format": 1, "language": "ja"}))
    return folder


@pytest.fixture
def perfect() -> dict[int, str]:
    """The winners of ``VALIDATION`` in Japanese."""
    return {11: "オレンジ色", 12: "オレンジ", 13: "猫", 14: "2", 15: "はい"}


def _row(row: Row) -> dict[str, Any]:
    question_id, question_type, answer_type, given = row
    answers = [(en, ja) for en, ja, count in given for _ in range(count)]
    winner = max(given, key=lambda answer: answer[2], default=(None, None, 0))
    return {
        "question_id": question_id,
        "image_id": question_id // 10,
        "question": "これは何ですか？",
        "question_en": "What is this?",
        "question_type": question_type,
        "answer_type": answer_type or None,
        "multiple_choice_answer": winner[1],
        "multiple_choice_answer_en": winner[0],
        "answers": [
            {"answer": ja, "answer_en": en, "answer_confidence": "yes", "answer_id": place}
            for place, (en, ja) in enumerate(answers, 1)
        ]
        or None,
        "scores": {"chrf": 50.0},
        "engine": "memory|version:1",
    }
