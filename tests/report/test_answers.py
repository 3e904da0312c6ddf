"""Coverage, merges with their verdicts, and drift, against what the manifest of the same build counted."""

from pathlib import Path

import pyarrow as pa
import pytest

from vqa_builder import schema
from vqa_builder.release.manifest import load_manifest
from vqa_builder.release.parquet import read_table
from vqa_builder.report import answers


@pytest.fixture(scope="module")
def tables(release: Path) -> dict[str, pa.Table]:
    return {key: read_table(release, key) for key in load_manifest(release).tables}


def answer_map(*rows: tuple[int, str, str, list[int], str, int]) -> pa.Table:
    names = ("label", "answer_en", "answer", "merged_with", "merge", "support")
    return pa.Table.from_pylist(
        [
            {"sense": "", "method": "translation", "score": 1.0, **dict(zip(names, row, strict=True))}
            for row in rows
        ],
        schema.ANSWER_MAP,
    )


TREES = answer_map(
    (0, "wood", "木", [3, 4], "flagged", 5),
    (1, "cat", "猫", [2], "intended", 9),
    (2, "cats", "猫", [1], "intended", 1),
    (3, "tree", "木", [0, 4], "flagged", 4),
    (4, "trees", "木", [0, 3], "flagged", 1),
    (5, "dog", "犬", [], "none", 20),
)


def test_flagged_merges_come_first_and_name_why_the_rest_is_intended() -> None:
    flagged, intended = answers.merged(TREES, "ja")
    assert flagged == answers.Merge("木", ["wood", "tree", "trees"], True, "number or spelling")
    assert intended == answers.Merge("猫", ["cat", "cats"], False, "number or spelling")


def test_labels_and_support_add_up() -> None:
    found = answers.labels(TREES, "ja")
    assert found["labels"] == sum(verdict.size for verdict in found["verdicts"]) == 6
    assert [(one.name, one.size, one.part, one.share) for one in found["verdicts"]] == [
        ("none", 1, 20, 0.5),
        ("flagged", 3, 10, 0.25),
        ("intended", 2, 10, 0.25),
    ]
    assert found["merged"] == 2
    assert [row["answer_en"] for row in found["shown"]] == ["dog", "cat", "wood", "tree", "cats", "trees"]


def test_a_release_without_an_answer_map() -> None:
    assert answers.labels(None, "ja")["labels"] == 0


def test_drift_is_what_the_build_counted(release: Path, tables: dict[str, pa.Table]) -> None:
    counted = load_manifest(release).counts["answers"]["drift"]
    found = answers.drift(tables, "ja")
    assert {one.kind: one.rows for one in found} == counted
    assert sum(counted.values()) > 0
    for one in found:
        assert sum(row.rows for row in one.shown) == one.rows or len(one.shown) == answers.SHOWN_DRIFTS
        assert all(row.question for row in one.shown)


def test_verdicts_are_what_the_build_counted(release: Path, tables: dict[str, pa.Table]) -> None:
    counted = load_manifest(release).counts["answers"]["merges"]
    found = answers.labels(tables["answers/answer_map"], "ja")["verdicts"]
    assert {one.name: (one.size, one.part) for one in found} == {
        name: (counts["entries"], counts["answers"]) for name, counts in counted.items()
    }


def test_coverage_by_split_is_in_the_order_of_the_splits(release: Path) -> None:
    (title, splits), (_, types) = answers.coverage(load_manifest(release).counts)
    assert title == "split"
    assert [split.name for split in splits] == ["train", "validation"]
    assert sum(split.size for split in splits) == sum(one.size for one in types)
    assert all(0 < split.share == split.part / split.size <= 1 for split in splits)


def test_a_release_without_answers_has_no_drift(tables: dict[str, pa.Table]) -> None:
    assert answers.drift({"data/test": tables["data/test"]}, "ja") == []
    assert answers.coverage({"source": {"test": 3}}) == []
