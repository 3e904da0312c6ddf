"""Twelve questions in the official format, in three splits, for tests that build something."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

Row = tuple[int, str, str | None, dict[str, int] | None]

QUESTIONS: dict[str, list[Row]] = {
    "train": [
        (1001, "What color is the cat?", "other", {"black": 7, "black and white": 3}),
        (1002, "How many dogs are there?", "number", {"2": 9, "3": 1}),
        (2001, "Is the man wearing a hat?", "yes/no", {"yes": 10}),
        (2002, "What is on the table?", "other", {"cup": 6, "coffee": 3, "drink": 1}),
        (3001, "What color is the bus?", "other", {"red": 10}),
        (3002, "Where is the yellow bus?", "other", {"street": 5, "on street": 4, "road": 1}),
        (3003, "How many people are in the picture?", "number", {"4": 8, "5": 2}),
        (3004, "Frobnicate the quux over zyzzyva?", "other", {"unknown": 10}),
    ],
    "validation": [
        (9001, "Is this a dog?", "yes/no", {"no": 9, "yes": 1}),
        (9002, "What color is the cat?", "other", {"white": 10}),
    ],
    "test": [(9500, "How many cats are there?", None, None), (9501, "Is it raining?", None, None)],
}


def write_vqa(folder: Path, **changes: object) -> Path:
    """Small files in the official format and a spec for them; ``changes`` replace its top-level keys.

    Engines are asked for every question: the phrasebook, which knows most of these, is off unless
    ``translate`` says otherwise.
    """
    folder.mkdir(parents=True, exist_ok=True)
    splits: dict[str, dict[str, str]] = {}
    for split, rows in QUESTIONS.items():
        questions = [{"question_id": q, "image_id": q // 1000, "question": text} for q, text, _, _ in rows]
        (folder / f"{split}_q.json").write_text(json.dumps({"questions": questions}))
        splits[split] = {"questions": f"{split}_q.json"}
        annotations = [_annotation(q, kind, counts) for q, _, kind, counts in rows if counts]
        if annotations:
            (folder / f"{split}_a.json").write_text(json.dumps({"annotations": annotations}))
            splits[split]["annotations"] = f"{split}_a.json"
    spec: dict[str, object] = {
        "name": "tiny",
        "languages": ["ja", "hi"],
        "source": {"type": "vqa_json", "splits": splits},
        "answers": {"vocabulary": {"min_count": 1}},
        "translate": {},
    }
    spec |= changes
    if isinstance(spec["translate"], dict):
        spec["translate"] = {"phrasebook": False, **spec["translate"]}
    path = folder / "build.yaml"
    path.write_text(yaml.safe_dump(spec, sort_keys=False, allow_unicode=True))
    return path


def unsettle(folder: Path) -> None:
    """Put answers that no table translates into the training split that ``write_vqa`` wrote."""
    path = folder / "train_a.json"
    text = path.read_text()
    for settled, unsettled in (("cup", "zither"), ("street", "quay wall"), ("road", "bat")):
        text = text.replace(f'"{settled}"', f'"{unsettled}"')
    path.write_text(text)


def _annotation(question_id: int, kind: str | None, counts: dict[str, int]) -> dict[str, object]:
    given = [answer for answer, count in counts.items() for _ in range(count)]
    return {
        "question_id": question_id,
        "image_id": question_id // 1000,
        "question_type": "none of the above",
        "answer_type": kind,
        "multiple_choice_answer": max(counts, key=counts.__getitem__),
        "answers": [
            {"answer": answer, "answer_confidence": "yes", "answer_id": number}
            for number, answer in enumerate(given, 1)
        ],
    }
