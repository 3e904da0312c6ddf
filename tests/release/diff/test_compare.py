"""A diff names everything that changed and how much a version number has to rise."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.release.conftest import changed, copy_of
from vqa_builder import diff
from vqa_builder.errors import ReleaseError, UnknownNameError
from vqa_builder.release.contents import ReleaseContents
from vqa_builder.release.diff.compare import (
    Difference,
    ReleaseDiff,
    described,
    first_difference,
    next_version,
)
from vqa_builder.release.manifest import load_manifest
from vqa_builder.release.write import write_release


def _diff(old: ReleaseContents, new: ReleaseContents, out: Path) -> ReleaseDiff:
    found = diff(write_release(old, out / "old"), write_release(new, out / "new"))
    json.dumps(found.to_json())
    return found


def _facts(contents: ReleaseContents, **facts: Any) -> ReleaseContents:
    return dataclasses.replace(contents, facts={**contents.facts, **facts})


def _answer(contents: ReleaseContents, label: int, **values: Any) -> ReleaseContents:
    table = contents.answer_map
    rows = [{**row, **values} if row["label"] == label else row for row in table.to_pylist()]
    return dataclasses.replace(contents, answer_map=pa.Table.from_pylist(rows, table.schema))


def _without_scores(contents: ReleaseContents) -> ReleaseContents:
    def bare(tables: Any) -> dict[str, pa.Table]:
        return {split: table.drop_columns(["scores"]) for split, table in tables.items()}

    return dataclasses.replace(contents, data=bare(contents.data), rejected=bare(contents.rejected))


def test_a_release_does_not_differ_from_itself(ja: ReleaseContents, tmp_path: Path) -> None:
    found = _diff(ja, ja, tmp_path)
    assert (found.is_empty, found.level, found.because) == (True, "none", ())


def test_a_new_translation_is_a_minor_change(ja: ReleaseContents, tmp_path: Path) -> None:
    old = _facts(ja, version="1.4.2")
    found = _diff(old, changed(old, 228478001, "question", "犬は全部で何匹いますか？"), tmp_path)
    assert (found.level, found.proposed) == ("minor", "1.5.0")
    assert found.because == ("1 row: question text",)
    (line,) = found.to_pandas().to_dict("records")
    assert (line["kind"], line["rows"], line["question_id"]) == ("question text", 1, 228478001)
    assert line["new"] == "犬は全部で何匹いますか？"
    assert found.to_pandas("answers").empty
    with pytest.raises(UnknownNameError, match="answers, counts"):
        found.to_pandas("scores")
    assert found.schema == found.vocabulary == found.answers == found.metadata == ()


def test_only_what_is_said_about_it_is_a_patch(ja: ReleaseContents, tmp_path: Path) -> None:
    found = _diff(ja, _facts(ja, licence="cc0-1.0", version="2.0.0"), tmp_path)
    assert (found.level, found.proposed, found.version) == ("patch", None, "2.0.0")
    assert [vars(one) for one in found.metadata] == [
        {"where": "licence", "old": "CC-BY-4.0", "new": "cc0-1.0"},
        {"where": "version", "old": None, "new": "2.0.0"},
    ]
    assert found.rows == ()


def test_a_label_with_another_meaning_is_a_major_change(hi: ReleaseContents, tmp_path: Path) -> None:
    found = _diff(hi, _answer(hi, 3, answer_en="gate", answer="फाटक"), tmp_path)
    assert found.level == "major"
    assert found.because == ("label 3 was 'door' and is 'gate'",)
    assert {one.where for one in found.answers} == {"door", "gate"}


def test_an_answer_with_another_translation_is_a_minor_change(hi: ReleaseContents, tmp_path: Path) -> None:
    found = _diff(hi, _answer(hi, 3, answer="द्वार", method="engine"), tmp_path)
    assert found.level == "minor"
    (change,) = found.answers
    assert vars(change) == {"where": "door", "old": "दरवाज़ा [translation]", "new": "द्वार [engine]"}


def test_a_column_that_goes_breaks_users_and_one_that_comes_does_not(
    ja: ReleaseContents, tmp_path: Path
) -> None:
    found = _diff(ja, _without_scores(ja), tmp_path / "gone")
    assert found.level == "major"
    assert vars(found.schema[0]) == {"where": "default: scores.script_share", "old": "float", "new": None}
    found = _diff(_without_scores(ja), ja, tmp_path / "new")
    assert (found.level, found.because[0]) == ("minor", "default: scores.script_share is new")


def test_scores_drift(ja: ReleaseContents, tmp_path: Path) -> None:
    scores = {"script_share": 1.0, "chrf": 95.0, "langid": "ok"}
    found = _diff(ja, changed(ja, 228478001, "scores", scores), tmp_path)
    drift = {one.where: (one.old, one.new) for one in found.drift}
    assert drift["chrf.mean"] == (71.78, 79.78)
    assert "script_share.mean" not in drift


def test_engines_and_counts_are_told(ja: ReleaseContents, tmp_path: Path) -> None:
    signatures = {**ja.facts["signatures"], "language": "language:ja|rules:ja|version:9"}
    data = {**ja.data, "test": ja.data["test"].slice(0, 0)}
    counts = {**ja.facts["counts"], "source": {"train": 4, "validation": 2}}
    new = _facts(dataclasses.replace(ja, data=data), signatures=signatures, counts=counts)
    found = _diff(ja, new, tmp_path)
    assert [one.where for one in found.metadata] == ["signatures.language"]
    assert {one.where: (one.old, one.new) for one in found.counts} == {
        "source.test": (1, 0),
        "kept.test": (1, 0),
    }


def test_manifests_alone_tell_the_level_without_rows(ja: ReleaseContents, tmp_path: Path) -> None:
    old = copy_of(ja, tmp_path / "old")
    new = write_release(changed(ja, 228478001, "question", "犬は？"), tmp_path / "new")
    found = described(load_manifest(old), load_manifest(new))
    assert (found.level, found.rows, found.because) == ("minor", (), ("data/train: question",))


def test_another_order_is_a_change_of_columns_and_not_of_rows(ja: ReleaseContents, tmp_path: Path) -> None:
    turned = {**ja.data, "train": ja.data["train"].take([2, 1, 0])}
    found = _diff(ja, dataclasses.replace(ja, data=turned), tmp_path)
    assert (found.level, found.rows) == ("minor", ())
    assert found.because[0].startswith("data/train: question_id, image_id, ")


def test_what_is_no_release_or_damaged_is_refused(ja: ReleaseContents, tmp_path: Path) -> None:
    folder = copy_of(ja, tmp_path / "a")
    with pytest.raises(ReleaseError, match="no release"):
        diff(folder, tmp_path)
    other = write_release(changed(ja, 228478001, "question", "犬は？"), tmp_path / "b")
    (other / "data" / "train-00000-of-00001.parquet").write_bytes(b"PAR1 not")
    with pytest.raises(ReleaseError, match="cannot be read"):
        diff(folder, other)


@pytest.mark.parametrize(
    ("version", "level", "expected"),
    [
        ("1.4.2", "major", "2.0.0"),
        ("1.4.2", "minor", "1.5.0"),
        ("1.4.2", "patch", "1.4.3"),
        ("1.4.2-rc.1", "none", "1.4.2"),
    ],
)
def test_versions_rise(version: str, level: Any, expected: str) -> None:
    assert next_version(version, level) == expected


# The first difference


def _first(old: Path, new: Path) -> Difference | None:
    return first_difference(load_manifest(old), load_manifest(new), old, new)


def test_equal_tables_have_no_difference(ja: ReleaseContents, tmp_path: Path) -> None:
    other = dataclasses.replace(ja, facts={**ja.facts, "licence": None})
    assert _first(copy_of(ja, tmp_path / "a"), write_release(other, tmp_path / "b")) is None


@pytest.mark.parametrize("with_rows", [True, False])
def test_table_column_and_rows_are_named(ja: ReleaseContents, tmp_path: Path, with_rows: bool) -> None:
    old = copy_of(ja, tmp_path / "a")
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
    old = copy_of(ja, tmp_path / "a")
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
