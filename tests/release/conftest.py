"""Two small releases: Japanese rows with integer ids in three splits, Hindi rows with VizWiz's string ids."""

from __future__ import annotations

import dataclasses
import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pytest

from vqa_builder import schema
from vqa_builder.batches import Batches
from vqa_builder.release import manifest
from vqa_builder.release.contents import ReleaseContents
from vqa_builder.release.write import write_release

_ONCE = TemporaryDirectory(prefix="vqa-builder-tests-")

SCORES = pa.struct([("script_share", pa.float32()), ("chrf", pa.float32()), ("langid", pa.string())])
JA_ANSWERS = {"yes": "はい", "no": "いいえ", "2": "2", "red": "赤", "orange": "オレンジ色"}
HI_ANSWERS = {"unanswerable": "उत्तर नहीं दिया जा सकता", "foot": "पैर", "skin": "त्वचा", "door": "दरवाज़ा"}
# question_id, image_id, English, translation, back-translation, answers, chrF, reasons
Rows = dict[str, list[tuple[Any, ...]]]
JA: Rows = {
    "train": [
        (
            228478000,
            228478,
            "Is the man wearing glasses?",
            "男性は眼鏡をかけていますか？",
            None,
            ["yes"],
            61.2,
            [],
        ),
        (
            228478001,
            228478,
            "How many dogs are there?",
            "犬は何匹いますか？",
            "How many dogs?",
            ["2"],
            55.0,
            [],
        ),
        (
            1117560050,
            111756,
            "What color is his | uniform?",
            "彼の制服は何色ですか？",
            "What color is his uniform?",
            ["red", "orange"],
            98.7,
            [],
        ),
        (
            376241080,
            376241,
            "Which girl is this?",
            "Which girl is this?",
            None,
            ["no"],
            None,
            ["copy", "langid"],
        ),
    ],
    "validation": [
        (
            434045001,
            434045,
            "Is it raining?",
            "雨が降っていますか？",
            "Is it raining?",
            ["no", "yes"],
            100,
            [],
        ),
        (434045002, 434045, "Is it on?", "それはオンですか？", "Is that on?", ["no"], 20.5, ["chrf"]),
    ],
    "test": [
        (167330014, 167330, "Is the light red?", "信号は赤ですか？", "Is the signal red?", None, 44.0, []),
    ],
}
HI: Rows = {
    "validation": [
        (
            "VizWiz_val_00001089.jpg_1003",
            "VizWiz_val_00001089.jpg",
            "What is written on the paper?",
            "कागज पर क्या लिखा है?",
            "What is written on paper?",
            ["unanswerable"],
            81.5,
            [],
        ),
        (
            "VizWiz_val_00001467.jpg_1356",
            "VizWiz_val_00001467.jpg",
            "What is the picture of?",
            "यह तस्वीर क्या है?",
            "What is this picture?",
            ["foot", "skin"],
            62.0,
            [],
        ),
        (
            "VizWiz_val_00002557.jpg_2404",
            "VizWiz_val_00002557.jpg",
            "What do you see?",
            "तुम क्या देख रहे हो?",
            "What are you looking at?",
            ["skin", "door"],
            33.25,
            [],
        ),
    ],
}


@pytest.fixture(autouse=True)
def _fixed_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest, "__version__", "1.2.3")


@pytest.fixture
def ja() -> ReleaseContents:
    """Kept and rejected rows, a test split without answers, three splits."""
    return make_ja()


@pytest.fixture
def hi() -> ReleaseContents:
    """String ids, one split, nothing rejected."""
    return make_hi()


@cache
def make_ja() -> ReleaseContents:
    """The contents of the fixture ``ja``."""
    return _contents("vqa-ja", "ja", JA, JA_ANSWERS, pa.int64(), bad_records=1)


@cache
def make_hi() -> ReleaseContents:
    """The contents of the fixture ``hi``."""
    return _contents("vizwiz-hi", "hi", HI, HI_ANSWERS, pa.string(), bad_records=0)


def copy_of(contents: ReleaseContents, out: Path) -> Path:
    """What ``write_release`` writes of ``ja`` or ``hi``, which is written once and copied."""
    assert contents is make_ja() or contents is make_hi()
    once = Path(_ONCE.name)
    if not (once / contents.name).is_dir():
        write_release(contents, once)
    return Path(shutil.copytree(once / contents.name, out / contents.name))


def changed(contents: ReleaseContents, question_id: int, column: str, value: Any) -> ReleaseContents:
    """The same contents with one value of one kept row replaced."""
    data = {}
    for split, table in contents.data.items():
        table = Batches.of(table).table()
        rows = [
            {**row, column: value} if row["question_id"] == question_id else row for row in table.to_pylist()
        ]
        data[split] = pa.Table.from_pylist(rows, table.schema)
    return dataclasses.replace(contents, data=data)


def many_rows(
    contents: ReleaseContents, rows: int, questions: dict[int, str] | None = None
) -> ReleaseContents:
    """One split of so many kept rows with the ids 0, 1, ...; ``questions`` replaces the text of some."""
    table = contents.data["train"]
    row = table.to_pylist()[1]
    found = [
        {**row, "question_id": place, "question": (questions or {}).get(place, f"{place}匹の犬がいますか？")}
        for place in range(rows)
    ]
    counts = {**contents.facts["counts"], "source": {"train": rows}}
    return dataclasses.replace(
        contents,
        data={"train": pa.Table.from_pylist(found, table.schema)},
        rejected={},
        facts={**contents.facts, "counts": counts},
    )


def _contents(
    name: str,
    language: str,
    rows: Rows,
    answers: dict[str, str],
    ids: pa.DataType,
    bad_records: int,
) -> ReleaseContents:
    data_schema = schema.data_schema(ids, ids, SCORES)
    every = {split: [_row(row, answers, language) for row in found] for split, found in rows.items()}
    kept = {split: [row for row in found if not row["reasons"]] for split, found in every.items()}
    rejected = {split: [row for row in found if row["reasons"]] for split, found in every.items()}
    source = {split: len(found) for split, found in rows.items()}
    return ReleaseContents(
        name=name,
        language=language,
        data={split: pa.Table.from_pylist(found, data_schema) for split, found in kept.items()},
        rejected={
            split: pa.Table.from_pylist(found, schema.rejected_schema(data_schema))
            for split, found in rejected.items()
        },
        answer_map=_answer_map(answers),
        facts=_facts(language, source, bad_records),
        spec_yaml=f"name: {name.removesuffix('-' + language)}\nlanguages: [{language}]\n",
    )


def _row(row: tuple[Any, ...], answers: dict[str, str], language: str) -> dict[str, Any]:
    question_id, image_id, english, translation, back, given, chrf, reasons = row
    scores = {
        list(answers).index(answer): score for answer, score in zip(given or [], [1.0, 0.3], strict=False)
    }
    return {
        "question_id": question_id,
        "image_id": image_id,
        "language": language,
        "question": translation,
        "question_en": english,
        "question_back": back,
        "question_type": " ".join(english.split()[:2]).lower(),
        "answer_type": "other",
        "multiple_choice_answer": None if given is None else answers[given[0]],
        "multiple_choice_answer_en": None if given is None else given[0],
        "multiple_choice_answer_method": None if given is None else "table",
        "answers": None if given is None else _annotators(given, answers),
        "labels": None if given is None else sorted(scores),
        "soft_scores": None if given is None else [scores[label] for label in sorted(scores)],
        "alignment": [],
        "scores": {"script_share": 1.0, "chrf": chrf, "langid": None if "langid" in reasons else "ok"},
        "engine": "memory|version:1",
        "reasons": reasons,
    }


def _annotators(given: list[str], answers: dict[str, str]) -> list[dict[str, Any]]:
    ten = [given[0]] * (10 - len(given) + 1) + given[1:]
    return [
        {
            "answer": answers[one],
            "answer_en": one,
            "method": "table",
            "answer_confidence": "yes",
            "answer_id": place,
        }
        for place, one in enumerate(ten, 1)
    ]


def _answer_map(answers: dict[str, str]) -> pa.Table:
    rows: list[dict[str, Any]] = [
        {
            "label": label,
            "answer_en": english,
            "sense": "",
            "answer": answer,
            "method": "table" if english in {"yes", "no", "2", "red"} else "translation",
            "support": 3,
            "score": 1.0,
            "merged_with": [],
        }
        for label, (english, answer) in enumerate(answers.items())
    ]
    return pa.Table.from_pylist(rows, schema.ANSWER_MAP)


def _facts(language: str, source: dict[str, int], bad_records: int) -> dict[str, Any]:
    return {
        "key": "5e1f" * 16,
        "spec": {
            "name": "vqa",
            "policy": {"chrf": {"min": 30.0}, "copy": "reject", "answers": {"chrf": {"min": 60.0}}},
        },
        "repo": "org/vqa-ja" if language == "ja" else None,
        "licence": "CC-BY-4.0",
        "sources": [{"name": "VQA v2", "licence": "cc-by-4.0", "url": "https://visualqa.org"}],
        "inputs": [{"path": "questions.json.gz", "bytes": 915127, "sha256": "ab" * 32}],
        "signatures": {
            "engine": ["memory|version:1"],
            "back_engine": ["mini|model:0123|version:1"],
            "scorers": {"chrf": "chrF2|nrefs:1|case:mixed"},
            "language": f"language:{language}|rules:{language}|version:1",
            "policy": "policy|version:1",
            "vocabulary": "vocabulary|size:5",
        },
        "engines": [
            {"name": "memory", "signature": "memory|version:1", "licence": None},
            {"name": "mini", "signature": "mini|model:0123|version:1", "licence": "CC-BY-2.0"},
        ],
        "counts": {
            "source": source,
            "bad_records": bad_records,
            "segments": {"question": {"rows": 7, "strings": 7}, "answer": {"rows": 60, "strings": 5}},
            "translations": {"question": {"ok": 7, "failed": 0}, "answer": {"ok": 5, "failed": 0}},
        },
    }
