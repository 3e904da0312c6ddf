"""The first table, column and rows that differ, from manifests and, where they are there, from the tables."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from tests.release.conftest import changed
from vqa_builder.release.contents import ReleaseContents
from vqa_builder.release.diff.first_difference import Difference, first_difference
from vqa_builder.release.manifest import load_manifest
from vqa_builder.release.write import write_release


def _first(old: Path, new: Path) -> Difference | None:
    return first_difference(load_manifest(old), load_manifest(new), old, new)


def test_equal_tables_have_no_difference(ja: ReleaseContents, tmp_path: Path) -> None:
    other = dataclasses.replace(ja, facts={**ja.facts, "licence": None})
    assert _first(write_release(ja, tmp_path / "a"), write_release(other, tmp_path / "b")) is None


@pytest.mark.parametrize("with_rows", [True, False])
def test_table_column_and_rows_are_named(ja: ReleaseContents, tmp_path: Path, with_rows: bool) -> None:
    old = write_release(ja, tmp_path / "a")
    new = write_release(changed(ja, 228478001, "soft_scores", [0.9]), tmp_path / "b")
    if not with_rows:
        shutil.rmtree(old / "data")
    found = _first(old, new)
    assert found is not None
    assert (found.table, found.column) == ("data/train", "soft_scores")
    assert found.ids == ((228478001,) if with_rows else ())
    told = "1 of 3 rows, first question_id 228478001" if with_rows else "another content hash; the original"
    assert str(found).startswith(f"data/train, column soft_scores: {told}")


def test_tables_that_came_went_or_grew(ja: ReleaseContents, tmp_path: Path) -> None:
    old = write_release(ja, tmp_path / "a")
    data = {**ja.data, "train": ja.data["train"].slice(1), "validation": ja.data["validation"].slice(0, 0)}
    counts = {**ja.facts["counts"], "source": {"train": 3, "validation": 1, "test": 1}}
    less = dataclasses.replace(ja, data=data, facts={**ja.facts, "counts": counts})
    new = write_release(less, tmp_path / "b")
    assert str(_first(old, new)) == "data/train: expected 3 rows, found 2"
    without = dataclasses.replace(less, data={**data, "train": ja.data["train"]})
    facts = {**ja.facts, "counts": {**counts, "source": {"train": 4, "validation": 1, "test": 1}}}
    third = write_release(dataclasses.replace(without, facts=facts), tmp_path / "c")
    assert str(_first(old, third)) == "data/validation: expected, and not there"
    assert str(_first(third, old)) == "data/validation: not expected"
