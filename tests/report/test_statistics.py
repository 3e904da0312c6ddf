"""Counts per step and reasons add up."""

from pathlib import Path

import pyarrow as pa
import pytest

from vqa_builder.release.manifest import load_manifest
from vqa_builder.release.parquet import read_table
from vqa_builder.report import statistics
from vqa_builder.report.measures import bounds, gather, kept


def rows(*reasons: list[str]) -> pa.Table:
    return pa.table(
        {
            "reasons": pa.array(list(reasons), pa.list_(pa.string())),
            "keep": [not one for one in reasons],
            "engine": ["mini"] * (len(reasons) - 1) + [None],
        }
    )


def test_first_reasons_add_up_to_all_rejected_rows() -> None:
    found = statistics.reasons(
        rows(["chrf<35", "copy"], ["copy"], ["chrf<35"], ["chrf<35", "langid<0.2"], [])
    )
    assert [tuple(reason) for reason in found] == [
        ("chrf<35", 3, 1, 3, 2),
        ("copy", 2, 1, 1, 1),
        ("langid<0.2", 1, 0, 0, 1),
    ]


def test_nothing_rejected() -> None:
    assert statistics.reasons(rows([], [])) == []


def test_rows_without_an_engine_count_too() -> None:
    assert statistics.engines(rows([], ["copy"], [])) == [("mini", 1, 1), ("no engine", 1, 0)]


def test_the_phrasebook_is_counted_beside_the_engines() -> None:
    table = rows([], ["copy"], [])
    named = pa.chunked_array([["phrasebook|sha:1", "mini", "phrasebook|sha:1"]])
    table = table.set_column(table.column_names.index("engine"), "engine", named)
    assert statistics.engines(table) == [("phrasebook|sha:1", 2, 0), ("mini", 0, 1)]


def test_every_step_of_a_real_release_adds_up(release: Path) -> None:
    found = load_manifest(release)
    assert all(step.adds_up for step in statistics.steps(found.counts))
    table = gather({key: read_table(release, key) for key in found.tables})
    assert table.num_rows == sum(found.counts["source"].values())
    assert kept(table).sum() == sum(found.counts["kept"].values())
    reasons = statistics.reasons(table)
    assert {one.reason: one.rows for one in reasons} == found.counts["reasons"]
    assert sum(one.first for one in reasons) == sum(found.counts["rejected"].values())


def test_a_step_that_loses_a_row_is_shown() -> None:
    counts = {"source": {"train": 3}, "kept": {"train": 1}, "rejected": {"train": 1}}
    assert [step.name for step in statistics.steps(counts) if not step.adds_up] == ["Verdict"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"min": 0.5}, (0.5, None)),
        ({"max": 3}, (None, 3)),
        ("reject", (None, 0.0)),
        ("off", (None, None)),
        (None, (None, None)),
    ],
)
def test_bounds(rule: object, expected: tuple[float | None, float | None]) -> None:
    assert bounds(rule) == expected
