"""Release tables as Parquet files: the same table gives the same bytes, whatever its chunks.

Small row groups serve streaming, the page index serves the hub's viewer, and content-defined chunking lets an
upload move only what changed. pandas leaves no trace in the files.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from vqa_builder.errors import ReleaseError
from vqa_builder.release.contents import ANSWER_MAP_KEY

ROW_GROUP = 10_000
SHARD_BYTES = 250_000_000
ZSTD_LEVEL = 3


def write_table(table: pa.Table, folder: Path, split: str, *, shard_bytes: int = SHARD_BYTES) -> list[Path]:
    """Write one split, in as many files as its size asks for.

    Args:
        table: the rows, at least one.
        folder: ``data`` or ``rejected`` of a release; made if missing.
        split: stands at the front of the file names.
        shard_bytes: about how many Arrow bytes go into one file.

    Returns:
        The files, in the order of their rows: ``train-00000-of-00002.parquet``, ...
    """
    count = max(1, -(-arrow_bytes(table) // shard_bytes))
    rows = -(-table.num_rows // count)
    shards = [table.slice(start, rows) for start in range(0, table.num_rows, max(rows, 1))]
    paths = [folder / f"{split}-{place:05}-of-{len(shards):05}.parquet" for place in range(len(shards))]
    for shard, path in zip(shards, paths, strict=True):
        write_file(shard, path)
    return paths


def write_file(table: pa.Table, path: Path) -> None:
    """Write one Parquet file; its folder is made if missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(
        table.replace_schema_metadata(None).combine_chunks(),
        path,
        compression="zstd",
        compression_level=ZSTD_LEVEL,
        row_group_size=ROW_GROUP,
        write_page_index=True,
        use_content_defined_chunking=True,
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


def read_table(release: Path, key: str) -> pa.Table:
    """One table of a release, as it was written.

    Raises:
        ReleaseError: the table has no file.
        pyarrow.ArrowInvalid: a file is no Parquet file, or is damaged.
    """
    files = table_files(release, key)
    if not files:
        raise ReleaseError("A table of the release has no file", where=release / key)
    return pa.concat_tables(pq.ParquetFile(path).read() for path in files)


def arrow_bytes(table: pa.Table) -> int:
    """The bytes of a table's content as Arrow sends it, independent of chunks and of slices."""
    batches = table.combine_chunks().to_batches()
    return sum(pa.ipc.get_record_batch_size(batch) for batch in batches)
