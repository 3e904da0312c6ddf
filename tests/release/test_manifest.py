"""The manifest completes the builder's facts, repeats byte for byte, and tells what is wrong when read."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.release.conftest import copy_of
from vqa_builder.errors import ReleaseError
from vqa_builder.release import manifest
from vqa_builder.release.contents import ReleaseContents
from vqa_builder.release.manifest import load_manifest, score_summaries
from vqa_builder.release.verify import verify
from vqa_builder.release.write import write_release
from vqa_builder.schema import content_hash
from vqa_builder.store import file_hash

NUMBERS: dict[str, Any] = {"source": {}, "kept": {}, "rejected": {}, "bad_records": 0}


def test_counts_are_completed(ja: ReleaseContents) -> None:
    counts = manifest.describe(ja)["counts"]
    assert counts["source"] == {"train": 4, "validation": 2, "test": 1}
    assert counts["kept"] == {"train": 3, "validation": 1, "test": 1}
    assert counts["rejected"] == {"train": 1, "validation": 1, "test": 0}
    assert counts["reasons"] == {"chrf": 1, "copy": 1, "langid": 1}
    assert counts["answer_map"] == {"table": 4, "translation": 1}


def test_tables_and_files_are_identified(ja: ReleaseContents, tmp_path: Path) -> None:
    folder = copy_of(ja, tmp_path)
    found = load_manifest(folder)
    assert (found.name, found.language, found.key) == ("vqa-ja", "ja", ja.facts["key"])
    assert list(found.tables) == [
        "data/train",
        "data/validation",
        "data/test",
        "rejected/train",
        "rejected/validation",
        "answers/answer_map",
    ]
    assert found.tables["data/train"]["content_hash"] == content_hash(ja.data["train"])
    on_disk = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {*found.files} == on_disk - {manifest.FILE}
    assert found.files["README.md"]["sha256"] == file_hash(folder / "README.md")


def test_neither_times_nor_machine_paths(ja: ReleaseContents, tmp_path: Path) -> None:
    first, second = (write_release(ja, tmp_path / name) / manifest.FILE for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()
    assert str(tmp_path) not in first.read_text(encoding="utf-8")


def test_scores_are_summarised() -> None:
    kind = pa.struct([("chrf", pa.float32()), ("langid", pa.string())])
    rows = [{"chrf": value, "langid": "ja"} for value in (10.0, 20.0, 30.0, None, float("nan"))]
    table = pa.table({"scores": pa.array([*rows, {"chrf": 40.1, "langid": None}], kind)})
    found = score_summaries([table.slice(0, 2), table.slice(2), table.slice(0, 0)])
    assert found["chrf"] == {
        "count": 4,
        "nulls": 2,
        "min": 10.0,
        "q25": 17.5,
        "median": 25.0,
        "q75": 32.525,
        "max": 40.1,
        "mean": 25.025,
    }
    assert found["langid"] == {"count": 5, "nulls": 1, "values": {"ja": 5}}


def test_a_release_without_scorers_has_no_column_of_scores(ja: ReleaseContents, tmp_path: Path) -> None:
    place = ja.data["train"].schema.get_field_index("scores")

    def bare(table: pa.Table) -> pa.Table:
        nothing = pa.array([{}] * table.num_rows, pa.struct([]))
        return table.set_column(place, "scores", nothing)

    contents = dataclasses.replace(
        ja,
        data={split: bare(table) for split, table in ja.data.items()},
        rejected={split: bare(table) for split, table in ja.rejected.items()},
    )
    assert load_manifest(write_release(contents, tmp_path)).content["scores"] == {}


def test_packages_and_python_are_recorded(ja: ReleaseContents) -> None:
    described = manifest.describe(ja)
    assert described["packages"]["pyarrow"]["version"] == pa.__version__
    assert described["python"]["implementation"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "no release"),
        ("{", "cannot be read"),
        ("[]", "not one of ours"),
        ('{"format": 2, "builder": {"name": "vqa-builder", "version": "9.0"}}', "format that this version"),
        ('{"format": 1, "name": "vqa-ja"}', "damaged"),
    ],
)
def test_a_folder_that_is_no_release_is_refused(tmp_path: Path, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / manifest.FILE).write_text(text, encoding="utf-8")
    with pytest.raises(ReleaseError, match=message):
        load_manifest(tmp_path)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": "../evil"}, "name"),
        ({"name": "/tmp/evil"}, "name"),
        ({"language": "../../x"}, "language"),
        ({"tables": {"../data/train": {}}}, "tables"),
        ({"spec": [1]}, "spec"),
        ({"spec": {"translate": "x"}}, "translate"),
        ({"spec": {"translate": {"protect": 5}}}, "protect"),
        ({"spec": {"release": {"images": 5}}}, "images"),
        ({"engines": ["mini"]}, "engines"),
        ({"source": 5}, "source"),
        ({"form": [1]}, "form"),
        ({"form": "rows"}, "form"),
        ({"form": "records"}, "records"),
        ({"records": {"fields": 0, "types": {}, "columns": {}}}, "records.fields"),
        ({"tables": {}}, "table of kept rows"),
        ({"sources": ["VQA"]}, "sources"),
        ({"inputs": [{"path": "q.json", "sha256": "", "bytes": []}]}, "bytes"),
        ({"licence_url": 1e308}, "licence_url"),
        ({"authors": "A"}, "authors"),
        ({"scores": {"chrf": {"count": ["a"], "nulls": 0}}}, "count"),
        ({"policy": {"length": {"max": "short"}}}, "policy"),
        ({"policy": {"length": {"min": 1e308}}}, "policy"),
        ({"signatures": {"scorers": {"repetition": 3.5}}}, "signatures"),
        ({"counts": NUMBERS | {"segments": {"answer": {"rows": "日本", "strings": 1}}}}, "segments"),
        ({"counts": NUMBERS | {"translations": {"question": -1}}}, "translations"),
        ({"counts": NUMBERS | {"answers": None}}, "answers"),
        ({"counts": NUMBERS | {"answers": {"coverage": {"split": {"train": {}}}}}}, "coverage"),
        ({"counts": NUMBERS | {"round_trip": {"known": 1, "seen": 1}}}, "round_trip"),
        ({"counts": {"source": {}, "kept": {}, "rejected": {}, "bad_records": 1e999}}, "cannot be read"),
        ({"name": "vqa-\ud83d"}, "cannot be read"),
    ],
)
def test_a_manifest_of_another_shape_is_damaged(
    ja: ReleaseContents, tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    path = tmp_path / manifest.FILE
    content = {**manifest.describe(ja), **changes}
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ReleaseError, match=told):
        load_manifest(tmp_path)
    assert [check.ok for check in verify(tmp_path).checks] == [False]


@pytest.mark.parametrize(
    "text", [b"[" * 200_000, b'{"format": 1, "a": ' + b"9" * 5000 + b"}", b'{"format": 1, "a": "\xff"}']
)
def test_a_manifest_that_is_no_json_is_an_error_of_ours(tmp_path: Path, text: bytes) -> None:
    (tmp_path / manifest.FILE).write_bytes(text)
    with pytest.raises(ReleaseError, match="cannot be read"):
        load_manifest(tmp_path)


def test_any_change_by_hand_is_noticed(ja: ReleaseContents, tmp_path: Path) -> None:
    path = copy_of(ja, tmp_path) / manifest.FILE
    assert load_manifest(path.parent).is_untouched
    content: dict[str, Any] = json.loads(path.read_bytes())
    content["engines"][0]["licence"] = "MIT"
    path.write_text(json.dumps(content), encoding="utf-8")
    assert not load_manifest(path.parent).is_untouched
