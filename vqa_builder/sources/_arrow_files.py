"""Parquet and Arrow files, some rows at a time; what a damaged one makes Arrow raise is an error of ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from vqa_builder.batches import PIECE_BYTES, longest_repeated, rows_at_once
from vqa_builder.errors import SourceError
from vqa_builder.sources._arrow_buffers import unpacked_sizes
from vqa_builder.sources._input_files import damaged, existing
from vqa_builder.unpacking import Allowance, written_out


class ArrowFile:
    """An open file.

    Attributes:
        schema: its columns, with their metadata.
    """

    def __init__(self, kind: str, opened: pa.NativeFile, path: Path) -> None:
        import pyarrow.parquet as pq

        self._opened = opened
        self._path = path
        self._parquet: pq.ParquetFile | None = None
        if kind == "parquet":
            self._parquet = pq.ParquetFile(opened, buffer_size=1 << 20, pre_buffer=False)
            self.schema: pa.Schema = self._parquet.schema_arrow
            return
        try:
            file = pa.ipc.open_file(opened)
            self._batches = (file.get_batch(at) for at in range(file.num_record_batches))
        except pa.ArrowInvalid:
            opened.seek(0)
            file = self._batches = pa.ipc.open_stream(opened)
        allowance = Allowance(opened.size(), path)
        for size in unpacked_sizes(opened, stream=file is self._batches):
            allowance.take(size)
        self.schema = file.schema

    def read(self, columns: Sequence[str], rows: int) -> Iterator[pa.RecordBatch]:
        """Some columns, at most so many rows at a time, and fewer where they are large.

        Args:
            columns: their names; of Parquet, fields within them, too: ``image.path``.
            rows: of a batch.
        """
        if self._parquet is not None:
            size = rows_at_once(self._parquet, self._opened, columns, rows)
            batches = self._parquet.iter_batches(size, columns=list(columns), use_threads=False)
        else:
            names = [name if name in self.schema.names else name.partition(".")[0] for name in columns]
            whole = (batch.select(list(dict.fromkeys(names))) for batch in self._batches)
            batches = (piece for batch in whole for piece in _pieces(batch, rows))
        allowance = Allowance(self._opened.size(), self._path)
        for batch in batches:
            batch.validate(full=True)
            allowance.take(written_out(batch))
            yield batch


def _pieces(batch: pa.RecordBatch, rows: int) -> Iterator[pa.RecordBatch]:
    """Parts of a batch, smaller where a long text of a dictionary may stand in every row."""
    batch.validate(full=True)
    longest = sum(map(longest_repeated, batch.columns))
    rows = max(1, min(rows, PIECE_BYTES // max(longest, 1)))
    return (batch.slice(at, rows) for at in range(0, batch.num_rows, rows))


@contextmanager
def arrow_file(path: Path, kind: str) -> Iterator[ArrowFile]:
    """A Parquet or an Arrow file; read, not mapped, so that one cut short is an error and no signal.

    Raises:
        SourceError: it is not there, a folder, or damaged, whenever that shows.
    """
    try:
        with pa.OSFile(str(existing(path))) as opened:
            yield ArrowFile(kind, opened, path)
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        if path.is_dir():
            raise SourceError("An input file cannot be read", where=path, found="a folder") from error
        raise damaged(str(path), f"a whole {kind} file", str(error)[:300]) from error
