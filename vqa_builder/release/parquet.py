"""Release tables as Parquet files: the same table gives the same bytes, whatever its chunks.

Small row groups serve streaming, the page index serves the hub's viewer, and content-defined chunking lets an
upload move only what changed. A large table is cut into shards by a hash of question_id, so that a row that
is added or changed touches its own shard alone. pandas leaves no trace in the files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from vqa_builder.batches import PIECE, Batches, Groups
from vqa_builder.errors import ReleaseError
from vqa_builder.pictures import Pictures, filled, picture_columns, sizes, with_sums

FOLDERS = {"default": "data", "rejected": "rejected", "answers": "answers"}
ANSWER_MAP_KEY = "answers/answer_map"
SHARD_BYTES = 250_000_000
HASH_BITS = 64
ROW_GROUP = 10_000
IMAGE_ROW_GROUP = 100
GROUP_BYTES = 32_000_000
IMAGE_GROUP_BYTES = 256_000_000
ZSTD_LEVEL = 3


def config_of(key: str) -> str:
    """The config that a table belongs to.

    >>> config_of("data/train")
    'default'
    """
    folder = key.split("/")[0]
    return next(config for config, name in FOLDERS.items() if name == folder)


def write_table(
    rows: pa.Table | Batches,
    folder: Path,
    split: str,
    *,
    shard_bytes: int | None = None,
    pictures: Pictures | None = None,
) -> list[Path]:
    """Write one split, in as many files as its size asks for; their number is a power of two, so that a
    growing table seldom changes it, and a row's file follows from its id. Rows keep their order in a file.

    Args:
        rows: at least one, with a column ``question_id``.
        folder: ``data`` or ``rejected`` of a release; made if missing.
        split: stands at the front of the file names.
        shard_bytes: about how many Arrow bytes go into one file, at most; ``SHARD_BYTES`` if None.
        pictures: where the pictures are whose sums stand in the rows.

    Returns:
        The files, in the order of their rows: ``train-00000-of-00002.parquet``, ...
    """
    rows = Batches.of(rows)
    wanted = -(-arrow_bytes(rows, pictures) // (shard_bytes or SHARD_BYTES))
    bits = max(wanted - 1, 0).bit_length()
    paths = [folder / f"{split}-{place:05}-of-{1 << bits:05}.parquet" for place in range(1 << bits)]
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as opened:
        files = [opened.enter_context(_File(path, rows.schema.remove_metadata(), pictures)) for path in paths]
        for piece in rows.read():
            places = _hashes(piece["question_id"]) >> np.uint64(HASH_BITS - bits) if bits else None
            for place, file in enumerate(files):
                file.add(piece if places is None else piece.filter(pa.array(places == place)))
    return paths


def write_file(rows: pa.Table | Batches, path: Path, pictures: Pictures | None = None) -> None:
    """Write one Parquet file, row group after row group; its folder is made if missing.

    Args:
        rows: what it holds.
        path: the file.
        pictures: where the pictures are whose sums stand in the rows; None if there are none.
    """
    rows = Batches.of(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _File(path, rows.schema.remove_metadata(), pictures) as file:
        for piece in rows.read():
            file.add(piece)


class _File:
    """A Parquet file that is being written; groups of pictures hold few rows, and few bytes.

    Args:
        path: the file.
        schema: the columns, with the metadata that the file keeps.
        pictures: where the pictures are whose sums stand in the rows.
        group_bytes: rows that take more go into a group of their own, however few they are; None for any.
    """

    def __init__(
        self, path: Path, schema: pa.Schema, pictures: Pictures | None = None, group_bytes: int | None = None
    ) -> None:
        self._pictures, self._group_bytes = pictures, group_bytes
        self._held = schema.empty_table()
        options = {"compression": "zstd", "compression_level": ZSTD_LEVEL, "write_page_index": True}
        self._writer = pq.ParquetWriter(path, schema, use_content_defined_chunking=True, **options)

    def add(self, piece: pa.Table) -> None:
        """Take in the next rows."""
        piece = piece.replace_schema_metadata(self._held.schema.metadata)
        self._held = pa.concat_tables([self._held, piece])
        *full, (start, rows) = _row_groups(self._held, self._pictures)
        if self._group_bytes is not None and self._held.slice(start).nbytes > self._group_bytes:
            full, start = [*full, (start, rows)], start + rows
        for at, some in full:
            self._write(self._held.slice(at, some))
        if full:
            self._held = self._held.slice(start).combine_chunks()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Write what is left over."""
        if self._held.num_rows:
            self._write(self._held)
        self._writer.close()

    def _write(self, group: pa.Table) -> None:
        for part in group.combine_chunks().to_batches():
            whole = part if self._pictures is None else filled(part, self._pictures)
            self._writer.write_table(pa.Table.from_batches([whole]), row_group_size=group.num_rows)


def _row_groups(table: pa.Table, pictures: Pictures | None) -> list[tuple[int, int]]:
    """Start and length of each row group; the last may grow with rows to come."""
    rows = table.num_rows
    if pictures is None:
        return [(at, min(ROW_GROUP, rows - at)) for at in range(0, max(rows, 1), ROW_GROUP)]
    found, start, held = [], 0, 0
    for row, size in enumerate(sizes(table, pictures).tolist()):
        if row > start and (row - start == IMAGE_ROW_GROUP or held + size > IMAGE_GROUP_BYTES):
            found.append((start, row - start))
            start, held = row, 0
        held += size
    return [*found, (start, rows - start)]


class ShardWriter:
    """A split that is written as its rows come, into as many files as its size asks for.

    Args:
        folder: ``data`` or ``rejected`` of a release; made if missing.
        split: stands at the front of the file names.
        schema: the columns, with the metadata that the files keep.
        shard_bytes: about how many Arrow bytes go into one file; ``SHARD_BYTES`` if None.
    """

    def __init__(self, folder: Path, split: str, schema: pa.Schema, shard_bytes: int | None = None) -> None:
        self._folder, self._split, self._schema = folder, split, schema
        self._most, self._bytes = shard_bytes or SHARD_BYTES, 0
        self._paths: list[Path] = []
        self._file: _File | None = None

    def add(self, table: pa.Table) -> None:
        """The next rows; they are written as soon as there are enough for a row group."""
        if not table.num_rows:
            return
        if self._file is None or self._bytes > self._most:
            self._end_file()
            self._folder.mkdir(parents=True, exist_ok=True)
            self._paths.append(self._folder / f"{self._split}-part-{len(self._paths)}")
            self._file, self._bytes = _File(self._paths[-1], self._schema, group_bytes=GROUP_BYTES), 0
        self._file.add(table)
        self._bytes += table.nbytes

    def close(self) -> list[Path]:
        """The files, named by their number once that is known."""
        self._end_file()
        names = [f"{self._split}-{at:05}-of-{len(self._paths):05}.parquet" for at in range(len(self._paths))]
        return [path.rename(self._folder / name) for path, name in zip(self._paths, names, strict=True)]

    def _end_file(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None


def table_files(release: Path, key: str) -> list[Path]:
    """The files of one table of a release, in the order of their rows.

    Args:
        release: the release's folder.
        key: the table's name in the manifest, such as ``data/train``.
    """
    if key == ANSWER_MAP_KEY:
        found = [release / f"{key}.parquet"]
    else:
        folder, split = key.split("/")
        found = sorted((release / folder).glob(f"{split}-?????-of-?????.parquet"))
    return [path for path in found if path.is_file()]


def open_table(release: Path, key: str, *, pixels: bool = False) -> Batches:
    """One table of a release, to be read piece by piece; for the bytes of pictures stand their SHA-256 sums.

    Args:
        release: the release's folder.
        key: the table's name in the manifest.
        pixels: give the bytes of pictures themselves.

    Raises:
        ReleaseError: the table has no file.
        pyarrow.ArrowInvalid: a file is no Parquet file, or is damaged.
    """
    paths = _files(release, key)
    with pq.ParquetFile(paths[0]) as file:
        held = set(picture_columns(file.schema_arrow))
    rows = Batches.parquet_files(paths)
    if not held or pixels:
        return rows

    def summed(columns: Sequence[str] | None) -> Iterator[pa.Table]:
        for piece in rows.read(columns):
            yield pa.Table.from_batches(map(with_sums, piece.to_batches()), piece.schema)

    return replace(rows, read_columns=summed)


def read_table(
    release: Path, key: str, columns: Sequence[str] | None = None, *, pixels: bool = False
) -> pa.Table:
    """One table of a release in memory, or some columns of it; otherwise as ``open_table``."""
    return open_table(release, key, pixels=pixels).table(columns)


def table_schema(release: Path, key: str) -> pa.Schema:
    """The columns of a table, without reading it; raises as ``open_table`` does."""
    return open_table(release, key).schema


def arrow_bytes(rows: pa.Table | Batches, pictures: Pictures | None = None) -> int:
    """The bytes of a table's content as Arrow sends it in pieces, independent of chunks, and of pictures."""
    groups, total = Groups(PIECE), 0
    for piece in Batches.of(rows).read():
        total += int(sizes(piece, pictures).sum()) if pictures else 0
        total += sum(map(_sent_bytes, groups.add(piece)))
    return total + sum(map(_sent_bytes, groups.rest()))


def _sent_bytes(piece: pa.Table) -> int:
    copied = piece.take(pa.array(np.arange(piece.num_rows)))  # of a slice some bytes more would be sent
    return sum(pa.ipc.get_record_batch_size(batch) for batch in copied.combine_chunks().to_batches())


def _files(release: Path, key: str) -> list[Path]:
    files = table_files(release, key)
    if not files:
        raise ReleaseError("A table of the release has no file", where=release / key)
    return files


def _hashes(ids: pa.ChunkedArray) -> NDArray[np.uint64]:
    """A number per id that depends on its text alone, on every machine and in every version."""
    texts = pc.fill_null(ids.cast(pa.string()), "").to_pylist()
    digests = b"".join(hashlib.blake2b(text.encode(), digest_size=8).digest() for text in texts)
    return np.frombuffer(digests, dtype=">u8").astype(np.uint64)
