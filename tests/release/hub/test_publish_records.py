"""Releases of records on the hub, read back as their users do, and judged by people."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.hub.plugin import hub, python
from tests.hub.server import Hub
from tests.sources.shapes import write
from tests.sources.test_shapes import spec_of
from vqa_builder import build, load_spec, verify
from vqa_builder.errors import SourceError
from vqa_builder.release import certificate
from vqa_builder.release.hub.publish import publish
from vqa_builder.review import certification, sheet, sheet_csv, sheet_import
from vqa_builder.steps.releasing import BuiltRelease

__all__ = ["hub"]

LOAD = """
import json, sys
from datasets import concatenate_datasets, get_dataset_config_names, load_dataset
repos = sys.argv[1:]
whole = [load_dataset(repo, split="train") for repo in repos]
both = concatenate_datasets(whole)
streamed = list(load_dataset(repos[0], split="train", streaming=True))
rows = list(both)
print(json.dumps({
    "configs": get_dataset_config_names(repos[0]),
    "columns": both.column_names,
    "languages": both["language"][:],
    "streamed": [row["row_id"] for row in streamed] == whole[0]["row_id"][:],
    "sizes": [[list(image.size) for image in row["images"]] for row in rows],
    "features": str(both.features["images"]),
    "texts": [row["texts"] for row in rows],
}))
"""


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> list[BuiltRelease]:
    folder = tmp_path_factory.mktemp("finevision")
    source = write("finevision", folder) | {"on_bad_string": "english"}
    images = {"licence": "cc-by-4.0", "images": {"licence": "cc-by-4.0"}}
    return build(load_spec(spec_of(folder, source, release=images)), folder / "out", workers=1)


def test_both_languages_load_from_the_hub_as_one(hub: Hub, releases: list[BuiltRelease]) -> None:
    repos = [f"org/{release.folder.name}" for release in releases]
    for release, repo in zip(releases, repos, strict=True):
        publish(release.folder, repo, reload=False, wait=lambda seconds: None, private=False)
    seen = json.loads(python(LOAD, *repos).stdout.splitlines()[-1])
    assert seen["configs"] == ["default"] and seen["streamed"]
    assert seen["languages"] == ["ja"] * 2 + ["hi"] * 2
    assert "Image(" in seen["features"] and {"texts", "texts_en", "row_id", "engine"} <= {*seen["columns"]}
    assert [len(sizes) for sizes in seen["sizes"]] == [1, 2, 1, 2] and seen["sizes"][0] == seen["sizes"][2]
    assert seen["texts"][0][0]["user"] != seen["texts"][2][0]["user"]


def test_people_judge_whole_records(tmp_path: Path, releases: list[BuiltRelease]) -> None:
    release = releases[0].folder
    asked = sheet.questions_of(release)
    drawn = sheet.of_rows(asked, certification.next_rows(asked, {}, 10))
    assert sorted(str(row["question_en"]).split("\n")[0] for row in drawn.rows) == [
        "What fruit is on the table?",
        "What is different between the pictures?",
    ]
    said = [str(row["question_en"]).split("\n") for row in drawn.rows]
    assert ["What fruit is on the table?", "An orange is on the table.", "What color is the table?"] in [
        texts[:3] for texts in said
    ]
    path = tmp_path / "sheet.csv"
    rows = [row | {"label": "good"} for row in drawn.rows]
    sheet_csv.write(path, drawn.columns, rows)
    known = {"ja": sheet_import.known_questions(asked.rows, asked.are_records)}
    judged = sheet_import.said_in(sheet_csv.read(path), known, reviewer="ann")
    assert {one.label for one in judged} == {"good"} and len(judged) == 2
    votes = certification.votes([(one.segment_id, one.reviewer, one.label) for one in judged])
    certificate.record(release, certification.certify(asked, votes))
    assert verify(release).ok
    sheet_csv.write(path, drawn.columns, [rows[0] | {"corrected_question": "果物は何ですか？"}])
    with pytest.raises(SourceError, match="judged here, and not corrected"):
        sheet_import.said_in(sheet_csv.read(path), known)
