"""A file of a few kilobytes that unpacks without end is an error of ours, wherever it is read."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from vqa_builder import unpacking
from vqa_builder.errors import SourceError
from vqa_builder.metrics.predictions import load_predictions
from vqa_builder.sources._arrow_buffers import _blocks_of_file, _blocks_of_stream, _Table, unpacked_sizes
from vqa_builder.sources.base import Source
from vqa_builder.sources.table import Table
from vqa_builder.sources.vqa_json import VQAJSON
from vqa_builder.translation import interchange

BEGINNINGS = {"a text": b'{"questions": [{"question": "', "white space": b"[ ", "lines": b"\n"}
READERS: dict[str, Callable[[Path], object]] = {
    "vqa_json": lambda path: list(_read(VQAJSON, {"questions": str(path)})),
    "table": lambda path: list(_read(Table, [str(path)])),
    "predictions": load_predictions,
    "memory": lambda path: list(interchange.read_entries(path)),
}


def _read(kind: type[Source], split: object) -> Iterator[object]:
    return kind(kind.Options.model_validate({"splits": {"train": split}})).read(lambda record: None)


def bomb(path: Path, begins: bytes) -> Path:
    """Two megabytes in two kilobytes."""
    endless = begins + b" " * 2_000_000
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.json", endless)
    else:
        path.write_bytes(gzip.compress(endless, 1))
    return path


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@pytest.mark.parametrize("begins", BEGINNINGS.values(), ids=BEGINNINGS)
@pytest.mark.parametrize("suffix", [".jsonl.gz", ".json.zip"])
def test_bomb(
    reader: Callable[[Path], object],
    begins: bytes,
    suffix: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if suffix == ".json.zip" and reader is READERS["memory"]:
        return  # a memory is no archive
    monkeypatch.setattr(unpacking, "BESIDE", 1 << 16)
    monkeypatch.setattr(unpacking, "TIMES", 10)
    with pytest.raises(SourceError, match="unpacks to far more"):
        reader(bomb(tmp_path / f"bomb{suffix}", begins))


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_references_to_one_large_text(suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five hundred megabytes in a few kilobytes; read as one piece, they would stand in memory at once."""
    large = pa.DictionaryArray.from_arrays(pa.array([0] * 500, pa.int32()), ["Is it red? " + "x" * 1_000_000])
    rows = pa.table({"question_id": range(500), "image_id": range(500), "question": large})
    path = tmp_path / f"rows.{suffix}"
    if suffix == "parquet":
        parquet.write_table(rows, path, compression="zstd")
    else:
        with pa.ipc.new_file(path, rows.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
            writer.write_table(rows)
    assert path.stat().st_size < 200_000
    monkeypatch.setattr(unpacking, "BESIDE", 4 << 20)
    monkeypatch.setattr(unpacking, "TIMES", 10)
    with pytest.raises(SourceError, match="unpacks to far more"):
        list(_read(Table, [str(path)]))


@pytest.mark.parametrize("new", [pa.ipc.new_file, pa.ipc.new_stream])
@pytest.mark.parametrize("compression", ["lz4", "zstd"])
@pytest.mark.parametrize("kind", ["text", "dictionary"])
def test_buffers_of_arrow_are_measured_before_they_are_unpacked(
    new: Callable[..., Any], compression: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a column that nobody reads, too, since Arrow unpacks all of them."""
    note = pa.array(["x" * 9_000_000, "", "y"])
    column = note.dictionary_encode() if kind == "dictionary" else note
    rows = pa.table(
        {"question_id": range(3), "image_id": range(3), "question": ["Is it?"] * 3, "note": column}
    )
    path = tmp_path / "rows.arrow"
    with new(path, rows.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(rows)
    monkeypatch.setattr(unpacking, "BESIDE", 4 << 20)
    monkeypatch.setattr(unpacking, "TIMES", 10)
    with pytest.raises(SourceError, match="unpacks to far more"):
        list(_read(Table, [str(path)]))


@pytest.mark.parametrize("new", [pa.ipc.new_file, pa.ipc.new_stream])
def test_buffers_that_arrow_0_17_compressed_are_measured(new: Callable[..., Any]) -> None:
    """Which said so in the metadata of a message alone; Arrow believes it to this day."""
    sink, rows = pa.BufferOutputStream(), pa.record_batch({"note": ["x" * 1_000_000]})
    options = pa.ipc.IpcWriteOptions(compression="zstd", metadata_version=pa.ipc.MetadataVersion.V4)
    with new(sink, rows.schema, options=options) as writer:
        writer.write_batch(rows, custom_metadata={"ARROW:experimental_compression": "ZSTD"})
    file = bytearray(sink.getvalue())
    stream = new is pa.ipc.new_stream
    for at, size in (_blocks_of_stream if stream else _blocks_of_file)(pa.BufferReader(bytes(file))):
        batch = _Table.root(bytes(file[at + 8 : at + size])).table(2)
        field = at + 8 + batch._names + 4 + 2 * 3  # type: ignore[union-attr]
        file[field : field + 2] = b"\0\0"  # no compression in the field of version 5
    written = bytes(file)
    read = (pa.ipc.open_stream if stream else pa.ipc.open_file)(pa.BufferReader(written)).read_all()
    assert read.to_batches() == [rows]
    assert max(unpacked_sizes(pa.BufferReader(written), stream=stream)) == 1_000_000


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_categories_are_counted_as_often_as_they_stand_there(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A column of categories, as pandas writes it: each slice of it holds the whole dictionary."""
    passages = [f"{at} " + "x" * 10_000 for at in range(200)]
    column = pa.array(passages * 10).dictionary_encode()
    rows = pa.table({"question_id": range(2_000), "image_id": range(2_000), "question": column})
    path = tmp_path / f"rows.{suffix}"
    if suffix == "parquet":
        parquet.write_table(rows, path, compression="none")
    else:
        with pa.ipc.new_file(path, rows.schema) as writer:
            writer.write_table(rows)
    monkeypatch.setattr(unpacking, "BESIDE", 1 << 20)
    monkeypatch.setattr(unpacking, "TIMES", 12)
    monkeypatch.setattr("vqa_builder.batches.PIECE_BYTES", 1 << 20)
    monkeypatch.setattr("vqa_builder.sources._arrow_files.PIECE_BYTES", 1 << 20)
    batches: list[Any] = list(_read(Table, [str(path)]))
    assert sum(batch.num_rows for batch in batches) == 2_000
