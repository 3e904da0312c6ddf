"""The real vocabulary on real questions: everything has a verdict, and the homographs their senses."""

import gzip
import json
from collections import Counter
from functools import cache
from pathlib import Path

import pyarrow as pa
import pytest

from tests.answers.conftest import assigned
from vqa_builder import languages, schema, segments as segmentation
from vqa_builder.answers import alignment, candidates, contexts, senses, vocabulary

HOMOGRAPHS = {
    "orange": {"colour", "fruit"},
    "right": {"direction"},
    "left": {"direction"},
    "light": {"lamp", "shade"},
    "glasses": {"eyewear", "vessel"},
    "watch": {"timepiece"},
    "fall": {"season", "action"},
    "spring": {"season"},
    "mouse": {"animal", "computer"},
    "turkey": {"bird", "country"},
    "china": {"country", "porcelain"},
    "crane": {"bird", "machine"},
    "park": {"place", "action"},
    "apple": {"brand", "fruit"},
    "bat": {"sport"},
}


@cache
def train(folder: Path) -> pa.Table:
    parts = {
        name: json.loads(gzip.decompress((folder / f"vqa_{name}_train.json.gz").read_bytes()))
        for name in ("questions", "annotatons")
    }
    lists = [
        part if isinstance(part, list) else next(v for v in part.values() if isinstance(v, list))
        for part in parts.values()
    ]
    asked = {row["question_id"]: row["question"] for row in lists[0]}
    rows = [{**row, "split": "train", "question": asked[row["question_id"]]} for row in lists[1]]
    return pa.Table.from_pylist(rows, schema.examples_schema(pa.int64(), pa.int64()))


@pytest.fixture(scope="module")
def examples(shared: Path) -> pa.Table:
    return train(shared / "data" / "vqa_v2_60k")


@pytest.fixture(scope="module")
def found(shared: Path, examples: pa.Table) -> tuple[pa.Table, pa.Table]:
    labels = vocabulary.from_file(shared / "data" / "answer_vocab" / "lxmert_vqa_trainval_label2ans.json")
    rules = senses.known_rules()
    given = assigned(examples, rules)
    return given, contexts.find(examples, given, labels, rules)


def test_the_homographs_have_their_senses(found: tuple[pa.Table, pa.Table]) -> None:
    supported = {
        answer: {
            row["sense"] for row in found[1].to_pylist() if row["answer_en"] == answer and row["support"]
        }
        for answer in HOMOGRAPHS
    }
    for answer, expected in HOMOGRAPHS.items():
        assert expected <= supported[answer], answer


@pytest.mark.parametrize("code", ["ja", "hi"])
def test_nearly_all_answers_come_from_tables_and_no_merge_is_silent(
    examples: pa.Table, found: tuple[pa.Table, pa.Table], code: str
) -> None:
    given, senses_of_labels = found
    segments = segmentation.extract(examples, given)
    size = segments.num_rows
    blank = pa.nulls(size, pa.string())
    translations = pa.table(
        [segments["segment_id"], pa.repeat(code, size), *[blank] * 6], schema=schema.TRANSLATIONS
    )
    verdicts = pa.table({"keep": pa.repeat(False, size)})
    table = alignment.align(
        senses_of_labels,
        segments,
        translations,
        verdicts,
        pa.table({"segment_id": segments["segment_id"]}),
        candidates.table([], [], []),
        languages.get(code),
        glossary={},
        engines=[],
    )
    assert len(set(table["label"].to_pylist())) == 3129
    mass: Counter[str] = Counter()
    for row in table.to_pylist():
        mass[row["method"]] += row["support"]
        assert (row["merge"] == "none") == (not row["merged_with"]), row
    assert mass["untranslated"] < 0.001 * sum(mass.values())
    flagged = sum(row["merge"] == "flagged" for row in table.to_pylist())
    assert flagged <= 25
    known = {(row["label"], partner) for row in table.to_pylist() for partner in row["merged_with"]}
    assert known == {(partner, label) for label, partner in known}
