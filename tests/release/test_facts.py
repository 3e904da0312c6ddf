"""The facts of a manifest are JSON, say what was counted, and name no machine."""

import json
from pathlib import Path

import pytest

from vqa_builder import build, load_spec
from vqa_builder.release.manifest import load_manifest


@pytest.fixture
def content(tiny: Path, tmp_path: Path) -> str:
    (release,) = build(load_spec(tiny), tmp_path / "out", languages=["ja"], workers=1)
    return (release.folder / "manifest.json").read_text(encoding="utf-8")


def test_counts_signatures_and_inputs_are_there_and_paths_are_not(content: str, tmp_path: Path) -> None:
    facts = json.loads(content)
    assert str(tmp_path) not in content
    assert facts["counts"]["segments"]["question"] == {"rows": 12, "strings": 11}
    assert facts["counts"]["translations"]["question"] == {"ok": 11, "failed": 0}
    assert facts["signatures"]["engine"][0].startswith("mini|")
    assert facts["signatures"]["scorers"]["chrf"].startswith("nrefs:1")
    assert {entry["path"] for entry in facts["inputs"]} >= {"train_q.json", "train_a.json", "test_q.json"}
    assert facts["policy"]
    assert [engine["name"] for engine in facts["engines"]] == ["mini"]


def test_load_manifest_reads_it_back(tiny: Path, tmp_path: Path) -> None:
    (release,) = build(load_spec(tiny), tmp_path / "out", languages=["hi"], workers=1)
    assert load_manifest(release.folder).content == release.manifest.content
