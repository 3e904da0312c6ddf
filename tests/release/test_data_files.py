"""A large table is cut by a hash of its ids: what does not change keeps its file, byte for byte."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.release.conftest import many_rows
from vqa_builder.release import data_files
from vqa_builder.release.contents import ReleaseContents
from vqa_builder.release.data_files import arrow_bytes, by_shard
from vqa_builder.release.manifest import list_files, load_manifest
from vqa_builder.release.verify import verify
from vqa_builder.release.write import write_release
from vqa_builder.schema import content_hash

IDS = {"int64": pa.array(range(1000, 3000)), "string": pa.array([f"gqa_{n}" for n in range(2000)])}


def _table(ids: pa.Array) -> pa.Table:
    return pa.table({"question_id": ids, "question": [f"質問{n}番は何ですか？" for n in range(len(ids))]})


@pytest.mark.parametrize("kind", IDS)
def test_every_row_is_in_one_shard_and_keeps_its_order(kind: str) -> None:
    table = _table(IDS[kind])
    parts = data_files.shards(table, arrow_bytes(table) // 3)
    assert len(parts) == 4
    assert min(part.num_rows for part in parts) > 400
    places = np.concatenate([np.asarray(part["question"].to_pylist()) for part in parts])
    assert sorted(places) == sorted(table["question"].to_pylist())
    for part in parts:
        numbers = [int(text[2:-7]) for text in part["question"].to_pylist()]
        assert numbers == sorted(numbers)


def test_small_tables_stay_as_they_are_and_the_order_is_settled_once() -> None:
    table = _table(IDS["int64"])
    assert by_shard(table) is table
    once = by_shard(table, 30_000)
    assert content_hash(by_shard(once, 30_000)) == content_hash(once)


def test_an_id_has_its_place_forever() -> None:
    table = _table(pa.array([262148000, 1, 2]))
    assert [
        part["question_id"].to_pylist() for part in data_files.shards(table, arrow_bytes(table) // 2 + 1)
    ] == [
        [2],
        [262148000, 1],
    ]


def test_one_changed_row_changes_the_bytes_of_its_shard_alone(
    ja: ReleaseContents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_files, "SHARD_BYTES", 50_000)
    old = write_release(many_rows(ja, 1_000), tmp_path / "old")
    new = write_release(many_rows(ja, 1_000, {500: "彼は何を食べていますか？"}), tmp_path / "new")
    more = write_release(many_rows(ja, 1_001), tmp_path / "more")
    files = {name: _shards_of(folder) for name, folder in (("old", old), ("new", new), ("more", more))}
    assert len(files["old"]) > 4
    assert verify(old).ok
    for name in ("new", "more"):
        assert files[name].keys() == files["old"].keys()
        assert sum(files[name][path] != files["old"][path] for path in files["old"]) == 1
    assert load_manifest(new).tables["data/train"]["rows"] == 1_000


def _shards_of(folder: Path) -> dict[str, str]:
    return {path: facts["sha256"] for path, facts in list_files(folder).items() if path.startswith("data/")}
