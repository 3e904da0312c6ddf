"""Files repeat byte for byte, whatever the chunks; large tables are cut; nothing of pandas stands in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.release.conftest import many_rows
from vqa_builder.errors import ReleaseError
from vqa_builder.release import parquet
from vqa_builder.release.contents import ReleaseContents
from vqa_builder.release.manifest import list_files, load_manifest
from vqa_builder.release.parquet import (
    ROW_GROUP,
    arrow_bytes,
    open_table,
    read_table,
    write_file,
    write_table,
)
from vqa_builder.release.verify import verify
from vqa_builder.release.write import write_release
from vqa_builder.schema import content_hash
from vqa_builder.store import file_hash


def _large(table: pa.Table, rows: int) -> pa.Table:
    return pa.concat_tables([table] * (rows // table.num_rows + 1)).slice(1, rows)


def test_a_table_comes_back_as_it_was(ja: ReleaseContents, tmp_path: Path) -> None:
    table = ja.data["train"]
    (path,) = write_table(table, tmp_path / "data", "train")
    assert path.name == "train-00000-of-00001.parquet"
    found = read_table(tmp_path, "data/train")
    assert found.schema == table.schema
    assert content_hash(found) == content_hash(table)


def test_bytes_do_not_depend_on_chunks_slices_or_metadata(ja: ReleaseContents, tmp_path: Path) -> None:
    chunked = _large(ja.data["train"], 25_000)
    whole = chunked.take(list(range(chunked.num_rows))).combine_chunks()
    marked = whole.replace_schema_metadata({"pandas": "{}"})
    for name, table in {"a": chunked, "b": whole, "c": marked}.items():
        write_file(table, tmp_path / f"{name}.parquet")
    assert len({file_hash(path) for path in tmp_path.glob("*.parquet")}) == 1
    assert arrow_bytes(chunked) == arrow_bytes(whole)


def test_files_are_made_for_streaming_and_for_the_viewer(ja: ReleaseContents, tmp_path: Path) -> None:
    table = _large(ja.data["train"], 25_000).replace_schema_metadata({"pandas": "{}"})
    (path,) = write_table(table, tmp_path, "train")
    found = pq.ParquetFile(path)
    column = found.metadata.row_group(0).column(0)
    assert [found.metadata.row_group(place).num_rows for place in range(found.metadata.num_row_groups)] == [
        ROW_GROUP,
        ROW_GROUP,
        5_000,
    ]
    assert (column.compression, column.has_column_index, column.has_offset_index) == ("ZSTD", True, True)
    assert b"pandas" not in (found.metadata.metadata or {})
    assert found.schema_arrow.metadata is None


def test_a_large_table_is_cut_into_shards(ja: ReleaseContents, tmp_path: Path) -> None:
    table = _large(ja.data["train"], 1_000)
    limit = arrow_bytes(table) // 3 + 1
    paths = write_table(table, tmp_path / "data", "train", shard_bytes=limit)
    assert [path.name for path in paths] == [f"train-{place:05}-of-00004.parquet" for place in range(4)]
    assert read_table(tmp_path, "data/train").num_rows == table.num_rows
    assert read_table(tmp_path, "data/train", ["question"]).column_names == ["question"]
    assert open_table(tmp_path, "data/train").schema == table.schema


def test_a_folder_that_looks_like_a_partition_adds_no_column(ja: ReleaseContents, tmp_path: Path) -> None:
    write_table(ja.data["train"], tmp_path / "run=1" / "data", "train")
    assert read_table(tmp_path / "run=1", "data/train").schema == ja.data["train"].schema


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="no file"):
        read_table(tmp_path, "data/train")


# Shards

IDS = {"int64": pa.array(range(1000, 3000)), "string": pa.array([f"gqa_{n}" for n in range(2000)])}


def _table(ids: pa.Array) -> pa.Table:
    return pa.table({"question_id": ids, "question": [f"質問{n}番は何ですか？" for n in range(len(ids))]})


def _shards(table: pa.Table, limit: int, folder: Path) -> list[pa.Table]:
    return [pq.read_table(path) for path in write_table(table, folder, "train", shard_bytes=limit)]


@pytest.mark.parametrize("kind", IDS)
def test_every_row_is_in_one_shard_and_keeps_its_order(kind: str, tmp_path: Path) -> None:
    table = _table(IDS[kind])
    parts = _shards(table, arrow_bytes(table) // 3, tmp_path)
    assert len(parts) == 4
    assert min(part.num_rows for part in parts) > 400
    places = np.concatenate([np.asarray(part["question"].to_pylist()) for part in parts])
    assert sorted(places) == sorted(table["question"].to_pylist())
    for part in parts:
        numbers = [int(text[2:-7]) for text in part["question"].to_pylist()]
        assert numbers == sorted(numbers)


def test_small_tables_stay_as_they_are_and_the_order_is_settled_once(tmp_path: Path) -> None:
    table = _table(IDS["int64"])
    assert _shards(table, parquet.SHARD_BYTES, tmp_path / "small") == [table]
    once = pa.concat_tables(_shards(table, 30_000, tmp_path / "once"))
    again = pa.concat_tables(_shards(once, 30_000, tmp_path / "again"))
    assert content_hash(again) == content_hash(once) != content_hash(table)


def test_an_id_has_its_place_forever(tmp_path: Path) -> None:
    table = _table(pa.array([262148000, 1, 2]))
    assert [
        part["question_id"].to_pylist() for part in _shards(table, arrow_bytes(table) // 2 + 1, tmp_path)
    ] == [
        [2],
        [262148000, 1],
    ]


def test_one_changed_row_changes_the_bytes_of_its_shard_alone(
    ja: ReleaseContents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "SHARD_BYTES", 50_000)
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
