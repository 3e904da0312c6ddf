"""Precision and recall of mode ``auto``: which answers are copied, against 400 rows graded by a reader.

    python -m tests.benchmarks.copied

``copied_rows.tsv`` holds 200 rows of VizWiz validation (drawn at random: blind people ask what things are and
say) and 200 of VQA v2: 70 that ``auto`` copied before its cues were mended, 70 whose question has a word of
reading, 60 others. ``copy`` says whether the answer is a quotation or a name; ``either`` where both give the
same, as for a number. The cues were mended on these rows. Texts are read from ``VQA_BUILDER_SHARED``.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa

from vqa_builder.answers import modes

ROWS = Path(__file__).with_name("copied_rows.tsv")
QUESTIONS = {
    "vizwiz": "vizwiz_val_vqa_format/vizwiz_val_questions_vqa_format.json",
    "vqa_v2": "vqa_v2_60k/vqa_questions_train.json.gz",
}


def main() -> None:
    """Measure and print, with every row that differs from its grade."""
    folder = Path(os.environ.get("VQA_BUILDER_SHARED", "../shared")) / "data"
    rows = list(csv.DictReader(ROWS.read_text("utf-8").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    for name, file in QUESTIONS.items():
        asked = _questions(folder / file)
        of_data = [row | {"question": asked[row["question_id"]]} for row in rows if row["data"] == name]
        report(name, [row for row in of_data if row["copy"] != "either"])


def report(name: str, rows: list[dict[str, str]]) -> None:
    """Print the figures of one data set and its differences."""
    questions, answers = (pa.array([row[key] for row in rows]) for key in ("question", "answer"))
    examples = pa.table(
        {
            "question": questions,
            "multiple_choice_answer": answers,
            "answers": pa.array([[{"answer": answer}] for answer in answers.to_pylist()]),
        }
    )
    copied = modes.decide(examples, "auto")["winner_copied"].is_valid().to_pylist()
    graded = [row["copy"] == "yes" for row in rows]
    both = sum(made and right for made, right in zip(copied, graded, strict=True))
    print(
        f"{name}: {len(rows)} rows, precision {_share(both, sum(copied))}, recall {_share(both, sum(graded))}"
    )
    for row, made, right in zip(rows, copied, graded, strict=True):
        if made != right:
            print(f"  {'copied' if made else 'missed'}: {row['question']} | {row['answer']}")


def _share(part: int, whole: int) -> str:
    return f"{part}/{whole} = {part / max(whole, 1):.0%}"


def _questions(path: Path) -> dict[str, str]:
    content: dict[str, Any] = json.loads(
        gzip.decompress(data) if (data := path.read_bytes())[:2] == b"\x1f\x8b" else data
    )
    return {str(row["question_id"]): row["question"] for row in content["questions"]}


if __name__ == "__main__":
    main()
