"""Files repeat byte for byte, whatever the chunks; large tables are cut; nothing of pandas stands in them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vqa_builder.errors import ReleaseError
from vqa_builder.release.contents import ReleaseContents
from vqa_builder.release.data_files import arrow_bytes, by_shard
from vqa_builder.release.parquet import ROW_GROUP, read_table, table_schema, write_file, write_table
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
    table = by_shard(table, limit)
    paths = write_table(table, tmp_path / "data", "train", shard_bytes=limit)
    assert [path.name for path in paths] == [f"train-{place:05}-of-00004.parquet" for place in range(4)]
    assert content_hash(read_table(tmp_path, "data/train")) == content_hash(table)
    assert read_table(tmp_path, "data/train", ["question"]).column_names == ["question"]
    assert table_schema(tmp_path, "data/train") == table.schema


def test_a_folder_that_looks_like_a_partition_adds_no_column(ja: ReleaseContents, tmp_path: Path) -> None:
    write_table(ja.data["train"], tmp_path / "run=1" / "data", "train")
    assert read_table(tmp_path / "run=1", "data/train").schema == ja.data["train"].schema


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="no file"):
        read_table(tmp_path, "data/train")
