"""croissant.json is valid Croissant 1.1, loads the rows of every config, and tells where they come from."""

from __future__ import annotations

import dataclasses
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from tests.release.conftest import copy_of
from vqa_builder.release import croissant, manifest
from vqa_builder.release.contents import ReleaseContents
from vqa_builder.release.write import write_release

STATED = {"version": "1.0.0", "date": "2026-01-31"}


def _read(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / croissant.FILE).read_text(encoding="utf-8"))
    return content


@pytest.mark.parametrize("which", ["ja", "hi"])
@pytest.mark.filterwarnings("ignore")
def test_mlcroissant_finds_nothing_wrong_and_loads_every_config(
    which: str, request: pytest.FixtureRequest, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mlcroissant = pytest.importorskip("mlcroissant")
    contents: ReleaseContents = request.getfixturevalue(which)
    contents = dataclasses.replace(contents, facts={**contents.facts, **STATED})
    folder = write_release(contents, tmp_path)
    with caplog.at_level(logging.WARNING):
        dataset = mlcroissant.Dataset(jsonld=str(folder / croissant.FILE))
    assert caplog.text == ""
    for split, table in contents.data.items():
        rows = [row for row in dataset.records("default") if row["default/split"] == split.encode()]
        assert len(rows) == table.num_rows
        first = table.to_pylist()[0]
        assert rows[0]["default/question_id"] in (first["question_id"], str(first["question_id"]).encode())
        assert rows[0]["default/question"].decode() == first["question"]
        assert rows[0]["default/labels"] == first["labels"]
        assert rows[0]["default/scores"]["default/scores/chrf"] == pytest.approx(first["scores"]["chrf"])
        if first["answers"]:
            answers = [one["default/answers/answer"].decode() for one in rows[0]["default/answers"]]
            assert answers == [one["answer"] for one in first["answers"]]
    assert len(list(dataset.records("answers"))) == contents.answer_map.num_rows


def test_every_parquet_file_has_its_checksum(ja: ReleaseContents, tmp_path: Path) -> None:
    folder = copy_of(ja, tmp_path)
    files = manifest.load_manifest(folder).files
    listed = {one["@id"]: one["sha256"] for one in _read(folder)["distribution"] if "sha256" in one}
    assert listed == {path: facts["sha256"] for path, facts in files.items() if path.endswith(".parquet")}
    assert croissant.FILE in files


def test_a_config_without_rows_has_no_record_set(hi: ReleaseContents, tmp_path: Path) -> None:
    assert [one["@id"] for one in _read(copy_of(hi, tmp_path))["recordSet"]] == ["default", "answers"]


def test_lineage_names_inputs_engines_and_signatures(ja: ReleaseContents, tmp_path: Path) -> None:
    source = {"type": "hub", "version": "1", "fingerprint": ["org/english-vqa@0123abcd", "ab" * 32]}
    found = _read(write_release(dataclasses.replace(ja, facts={**ja.facts, "source": source}), tmp_path))
    assert [one["prov:label"] for one in found["prov:wasDerivedFrom"]] == [
        "questions.json.gz",
        "org/english-vqa@0123abcd",
        "VQA v2",
    ]
    activity = found["prov:wasGeneratedBy"]
    assert activity["@id"].endswith(ja.facts["key"])
    agents = {one["prov:label"]: one["prov:value"] for one in activity["prov:wasAssociatedWith"]}
    assert agents["vqa-builder"] == "vqa-builder|version:1.2.3"
    assert agents["mini"] == "mini|model:0123|version:1"
    assert "scorers chrf: chrF2|nrefs:1|case:mixed" in activity["prov:value"]


def test_what_nobody_stated_is_left_out(hi: ReleaseContents, tmp_path: Path) -> None:
    found = _read(copy_of(hi, tmp_path))
    assert {"datePublished", "url"} & found.keys() == set()
    assert found["version"] == "0.0.0+5e1f5e1f5e1f"
    assert found["citeAs"].startswith("@misc{vizwiz-hi,")
