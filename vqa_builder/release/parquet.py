"""Release tables as Parquet files: the same table gives the same bytes, whatever its chunks.

Small row groups serve streaming, the page index serves the hub's viewer, and content-defined chunking lets an
upload move only what changed. A large table is cut into shards by a hash of question_id, so that a row that
is added or changed touches its own shard alone. pandas leaves no trace in the files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

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
    table: pa.Table,
    folder: Path,
    split: str,
    *,
    shard_bytes: int | None = None,
    pictures: Pictures | None = None,
) -> list[Path]:
    """Write one split, in as many files as its size asks for.

    Args:
        table: the rows, at least one, in the order of ``by_shard``.
        folder: ``data`` or ``rejected`` of a release; made if missing.
        split: stands at the front of the file names.
        shard_bytes: about how many Arrow bytes go into one file, at most; ``SHARD_BYTES`` if None.
        pictures: where the pictures are whose sums stand in the rows.

    Returns:
        The files, in the order of their rows: ``train-00000-of-00002.parquet``, ...
    """
    parts = shards(table, shard_bytes, pictures)
    paths = [folder / f"{split}-{place:05}-of-{len(parts):05}.parquet" for place in range(len(parts))]
    for part, path in zip(parts, paths, strict=True):
        write_file(part, path, pictures)
    return paths


def write_file(table: pa.Table, path: Path, pictures: Pictures | None = None) -> None:
    """Write one Parquet file, row group after row group; its folder is made if missing.

    Args:
        table: the rows.
        path: the file.
        pictures: where the pictures are whose sums stand in the rows; None if there are none.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    table = table.replace_schema_metadata(None).combine_chunks()
    options = {"compression": "zstd", "compression_level": ZSTD_LEVEL, "write_page_index": True}
    with pq.ParquetWriter(path, table.schema, use_content_defined_chunking=True, **options) as writer:
        for start, rows in _row_groups(table, pictures):
            for part in table.slice(start, rows).to_batches():
                whole = part if pictures is None else filled(part, pictures)
                writer.write_table(pa.Table.from_batches([whole]), row_group_size=rows)


def _row_groups(table: pa.Table, pictures: Pictures | None) -> Iterator[tuple[int, int]]:
    """Start and length of each row group; groups of pictures hold few rows, and few bytes."""
    if pictures is None:
        yield from ((at, min(ROW_GROUP, table.num_rows - at)) for at in range(0, table.num_rows, ROW_GROUP))
        return
    start = held = 0
    for row, size in enumerate(sizes(table, pictures).tolist()):
        if row > start and (row - start == IMAGE_ROW_GROUP or held + size > IMAGE_GROUP_BYTES):
            yield start, row - start
            start, held = row, 0
        held += size
    yield start, table.num_rows - start


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
        self._most = shard_bytes or SHARD_BYTES
        self._waiting: list[pa.Table] = []
        self._bytes, self._size = 0, 0
        self._paths: list[Path] = []
        self._file: pq.ParquetWriter | None = None

    def add(self, table: pa.Table) -> None:
        """The next rows; they are written as soon as there are enough for a row group."""
        if table.num_rows:
            self._waiting.append(table)
            self._bytes += table.nbytes
        if self._bytes > GROUP_BYTES or sum(part.num_rows for part in self._waiting) >= ROW_GROUP:
            self._write()

    def close(self) -> list[Path]:
        """The files, named by their number once that is known."""
        self._write()
        if self._file is not None:
            self._file.close()
        names = [f"{self._split}-{at:05}-of-{len(self._paths):05}.parquet" for at in range(len(self._paths))]
        return [path.rename(self._folder / name) for path, name in zip(self._paths, names, strict=True)]

    def _write(self) -> None:
        if not self._waiting:
            return
        if self._file is None or self._size > self._most:
            self._next_file()
        assert self._file is not None
        self._file.write_table(pa.concat_tables(self._waiting).combine_chunks(), row_group_size=ROW_GROUP)
        self._size += self._bytes
        self._waiting, self._bytes = [], 0

    def _next_file(self) -> None:
        if self._file is not None:
            self._file.close()
        self._folder.mkdir(parents=True, exist_ok=True)
        self._paths.append(self._folder / f"{self._split}-part-{len(self._paths)}")
        self._size = 0
        self._file = pq.ParquetWriter(
            self._paths[-1],
            self._schema,
            compression="zstd",
            compression_level=ZSTD_LEVEL,
            write_page_index=True,
            use_content_defined_chunking=True,
            store_schema=True,
        )


def table_files(release: Path, key: str) -> list[Path]:
    """The files of one table of a release, in the order of their rows.

    Args:
        release: the release's folder.
        key: the table's name in the manifest, such as ``data/train``.
    """
    if key == ANSWER_MAP_KEY:
        return [path for path in [release / f"{key}.parquet"] if path.exists()]
    folder, split = key.split("/")
    return sorted((release / folder).glob(f"{split}-?????-of-?????.parquet"))


def read_table(
    release: Path, key: str, columns: Sequence[str] | None = None, *, pixels: bool = False
) -> pa.Table:
    """One table of a release, as it was written; for the bytes of pictures stand their SHA-256 sums.

    Args:
        release: the release's folder.
        key: the table's name in the manifest.
        columns: only these.
        pixels: give the bytes of pictures themselves.

    Raises:
        ReleaseError: the table has no file.
        pyarrow.ArrowInvalid: a file is no Parquet file, or is damaged.
    """
    wanted = None if columns is None else list(columns)
    return pa.concat_tables(_read_file(path, wanted, pixels) for path in _files(release, key))


def _read_file(path: Path, columns: list[str] | None, pixels: bool) -> pa.Table:
    with pq.ParquetFile(path, buffer_size=1 << 20) as file:
        held = picture_columns(file.schema_arrow)
        if pixels or not (set(held) & set(file.schema_arrow.names if columns is None else columns)):
            return file.read(columns=columns)
        parts = map(with_sums, file.iter_batches(IMAGE_ROW_GROUP, columns=columns))
        return pa.Table.from_batches(parts)


def table_schema(release: Path, key: str) -> pa.Schema:
    """The columns of a table, without reading it; raises as ``read_table`` does."""
    return pq.ParquetFile(_files(release, key)[0]).schema_arrow


def shards(
    table: pa.Table, shard_bytes: int | None = None, pictures: Pictures | None = None
) -> list[pa.Table]:
    """The parts of a table that go into one file each; rows keep their order inside a part.

    Their number is a power of two, so that a growing table seldom changes it.

    Args:
        table: rows with a column ``question_id``.
        shard_bytes: about how many Arrow bytes go into one part, at most; ``SHARD_BYTES`` if None.
        pictures: where the pictures are whose sums stand in the rows.

    Returns:
        The table itself, if it is small enough; else the parts in the order of their hashes.
    """
    wanted = -(-arrow_bytes(table, pictures) // (shard_bytes or SHARD_BYTES))
    bits = max(wanted - 1, 0).bit_length()
    if bits == 0:
        return [table]
    places = _hashes(table["question_id"]) >> np.uint64(HASH_BITS - bits)
    return [table.take(pa.array(np.flatnonzero(places == place))) for place in range(1 << bits)]


def by_shard(table: pa.Table, shard_bytes: int | None = None, pictures: Pictures | None = None) -> pa.Table:
    """The same rows in the order in which the files of a release hold them."""
    parts = shards(table, shard_bytes, pictures)
    return table if len(parts) == 1 else pa.concat_tables(parts)


def arrow_bytes(table: pa.Table, pictures: Pictures | None = None) -> int:
    """The bytes of a table's content as Arrow sends it, whatever its chunks and slices, and of pictures."""
    batches = table.combine_chunks().to_batches()
    shown = sizes(table, pictures).sum() if pictures else 0
    return int(shown + sum(pa.ipc.get_record_batch_size(batch) for batch in batches))


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
