"""Rows that need not fit into memory: a schema, a count, and a way to go through the rows piece by piece.

One type for what lies in a step's file, in a release's Parquet files or in memory, so that what is computed
of rows never depends on where they are. A reader holds one piece at a time; nothing is memory-mapped, since
pages that were read count as memory.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vqa_builder.unpacking import Allowance, written_out

PIECE = 10_000
PIECE_BYTES = 32 << 20
"""Of a piece that is read from Parquet, which holds fewer rows where they are large."""
LARGE_PIECE = 100
"""Rows of a piece that holds bytes, such as pictures."""
HELD_BYTES = 64 << 20
"""What is no larger in memory may be held there, to be read several times."""
Read: TypeAlias = Callable[[Sequence[str] | None], Iterable[pa.Table]]


@dataclass(frozen=True)
class Batches:
    """A table in pieces of at most about ``PIECE`` rows, which can be read any number of times.

    Attributes:
        schema: of every piece.
        num_rows: in all pieces together.
        read_columns: gives the pieces, with these columns, or with all for None.

    >>> rows = Batches.of(pa.table({"n": [1, 2, 3]}))
    >>> rows.num_rows, [piece.num_rows for piece in rows.read()]
    (3, [3])
    """

    schema: pa.Schema
    num_rows: int
    read_columns: Read

    @classmethod
    def of(cls, rows: pa.Table | Batches) -> Batches:
        """A table in memory as batches; batches as they are."""
        if isinstance(rows, Batches):
            return rows
        return cls(rows.schema, rows.num_rows, partial(_slices, rows))

    @classmethod
    def arrow_file(cls, path: Path) -> Batches:
        """The batches of an Arrow file, as they were written."""
        reader = pa.ipc.open_file(pa.memory_map(str(path)))
        rows = sum(reader.get_batch(place).num_rows for place in range(reader.num_record_batches))
        return cls(reader.schema, rows, partial(_arrow_pieces, path, reader.schema.names))

    @classmethod
    def arrow_streams(cls, paths: Sequence[Path], num_rows: int) -> Batches:
        """So many rows in Arrow streams of one schema, one after the other."""
        with pa.OSFile(str(paths[0])) as file:
            return cls(pa.ipc.open_stream(file).schema, num_rows, partial(_stream_pieces, paths))

    @classmethod
    def parquet_files(cls, paths: Sequence[Path], most: int = PIECE) -> Batches:
        """The rows of Parquet files of one schema, file after file, at most so many at a time.

        Raises:
            pyarrow.ArrowInvalid: a file is no Parquet file, or is damaged.
        """
        files = [pq.ParquetFile(path) for path in paths]
        rows = sum(file.metadata.num_rows for file in files)
        return cls(files[0].schema_arrow, rows, partial(_parquet_pieces, paths, most))

    def read(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """The pieces that hold rows, in order, one chunk each."""
        for piece in self.read_columns(columns):
            if piece.num_rows:
                yield piece.combine_chunks()

    def table(self, columns: Sequence[str] | None = None) -> pa.Table:
        """All rows in memory, or some columns of them."""
        return pa.concat_tables([self._empty(columns), *self.read(columns)])

    def __getitem__(self, name: str) -> pa.ChunkedArray:
        """One column in memory."""
        return self.table([name])[name]

    def take(self, places: Sequence[int], columns: Sequence[str] | None = None) -> pa.Table:
        """The rows at some places, ascending."""
        start, found = 0, [self._empty(columns)]
        wanted = np.asarray(places, np.int64)
        for piece in self.read(columns):
            here = wanted[(wanted >= start) & (wanted < start + piece.num_rows)] - start
            found.append(piece.take(pa.array(here)))
            start += piece.num_rows
        return pa.concat_tables(found)

    def changed(
        self,
        change: Callable[[pa.Table], pa.Table],
        num_rows: int | None = None,
        *,
        rows: int | None = None,
    ) -> Batches:
        """The same with every piece changed as it is read.

        Args:
            change: of some rows, in any number.
            num_rows: how many there are then; None for as many as before.
            rows: the pieces that are changed hold so many at most; None for the pieces as they are.
        """

        def read(columns: Sequence[str] | None) -> Iterator[pa.Table]:
            for piece in self.read():
                for start in range(0, piece.num_rows, rows or piece.num_rows):
                    found = change(piece.slice(start, rows))
                    yield found if columns is None else found.select(list(columns))

        schema = change(self.schema.empty_table()).schema
        return Batches(schema, self.num_rows if num_rows is None else num_rows, read)

    def held(self) -> Batches:
        """The same pieces in memory where they take at most ``HELD_BYTES``; else as they are."""
        pieces, size = list[pa.Table](), 0
        for piece in self.read():
            pieces.append(piece)
            size += piece.nbytes
            if size > HELD_BYTES:
                return self
        return replace(self, read_columns=partial(_chosen, pieces))

    def _empty(self, columns: Sequence[str] | None) -> pa.Table:
        empty = self.schema.empty_table()
        return empty if columns is None else empty.select(list(columns))


class Groups:
    """Puts pieces of any size together into pieces of exactly so many rows, one chunk each."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._held: list[pa.Table] = []

    def add(self, piece: pa.Table) -> Iterator[pa.Table]:
        """The pieces that are full with this one."""
        self._held.append(piece)
        if sum(part.num_rows for part in self._held) < self._rows:
            return
        whole = pa.concat_tables(self._held)
        full = whole.num_rows // self._rows * self._rows
        self._held = [whole.slice(full).combine_chunks()]
        for start in range(0, full, self._rows):
            yield whole.slice(start, self._rows).combine_chunks()

    def rest(self) -> Iterator[pa.Table]:
        """What is left over."""
        if any(part.num_rows for part in self._held):
            yield pa.concat_tables(self._held).combine_chunks()


def _slices(table: pa.Table, columns: Sequence[str] | None) -> Iterator[pa.Table]:
    chosen = table if columns is None else table.select(list(columns))
    return (chosen.slice(start, PIECE) for start in range(0, table.num_rows, PIECE))


def _chosen(pieces: Sequence[pa.Table], columns: Sequence[str] | None) -> Iterator[pa.Table]:
    return (piece if columns is None else piece.select(list(columns)) for piece in pieces)


def _arrow_pieces(path: Path, names: Sequence[str], columns: Sequence[str] | None) -> Iterator[pa.Table]:
    included = None if columns is None else sorted(names.index(name) for name in columns)
    with pa.OSFile(str(path)) as file:
        reader = pa.ipc.open_file(file, options=pa.ipc.IpcReadOptions(included_fields=included))
        for place in range(reader.num_record_batches):
            piece = pa.Table.from_batches([reader.get_batch(place)])
            yield piece if columns is None else piece.select(list(columns))


def _stream_pieces(paths: Sequence[Path], columns: Sequence[str] | None) -> Iterator[pa.Table]:
    for path in paths:
        with pa.OSFile(str(path)) as file:
            for batch in pa.ipc.open_stream(file):
                piece = pa.Table.from_batches([batch])
                yield piece if columns is None else piece.select(list(columns))


def rows_at_once(
    opened: pq.ParquetFile, source: Path | pa.NativeFile, columns: Collection[str], most: int = PIECE
) -> int:
    """How many rows of a Parquet file to read at a time: at most so many, and fewer where they are large.

    Args:
        opened: the file; what it says of its size tells less of values that repeat than they take in memory,
            so that columns of bytes are never read by more than ``LARGE_PIECE`` rows, and the longest value
            of a dictionary counts as if every row held it.
        source: what ``opened`` was made of.
        columns: that are read, or fields within them: ``image.path``.
        most: rows at a time.

    Raises:
        pa.ArrowException, OSError: the file is damaged where it says what its columns are.
    """
    file = opened.metadata
    for number in range(file.num_row_groups):  # damage is an error here, and would end the process below
        next(opened.iter_batches(1, [number], columns=list(columns), use_threads=False), None)
    read = [
        at
        for at in range(file.num_columns)
        if any(f"{file.schema.column(at).path}.".startswith(f"{name}.") for name in columns)
    ]
    if any(_is_bytes(file.schema.column(at)) for at in read):
        most = min(most, LARGE_PIECE)
    texts = [
        file.schema.column(at).path for at in read if file.schema.column(at).physical_type == "BYTE_ARRAY"
    ]
    encoded = pq.ParquetFile(
        source, read_dictionary=texts, metadata=file, buffer_size=1 << 20, pre_buffer=False
    )
    largest = 1.0
    for number in range(file.num_row_groups):
        group = file.row_group(number)
        size = sum(group.column(at).total_uncompressed_size for at in read)
        largest = max(largest, size / max(group.num_rows, 1))
        for at in read:
            chunk = group.column(at)
            if chunk.physical_type == "BYTE_ARRAY" and chunk.total_uncompressed_size > PIECE_BYTES / most:
                each = chunk.num_values / max(group.num_rows, 1)
                largest = max(largest, each * _longest(encoded, number, chunk))
    return max(1, min(most, int(PIECE_BYTES / largest)))


def _longest(encoded: pq.ParquetFile, group: int, chunk: Any) -> int:
    """Bytes of the longest value in the dictionary of a column in a group of rows; 0 where it has none.

    Texts come as dictionaries from ``encoded``.
    """
    try:
        first = next(encoded.iter_batches(1, [group], [chunk.path_in_schema]), None)
    except pa.ArrowException:  # encodings that Arrow does not read as a dictionary
        return int(chunk.total_uncompressed_size) if "RLE_DICTIONARY" in chunk.encodings else 0
    return longest_repeated(first.column(0)) if first is not None else 0


def longest_repeated(values: pa.Array) -> int:
    """Bytes of the longest text in the dictionary of an array, or of what it holds; 0 where it has none.

    >>> longest_repeated(pa.array(["a", "abc", "a"]).dictionary_encode())
    3
    """
    while not isinstance(values, pa.DictionaryArray):
        if not isinstance(values, pa.ListArray | pa.LargeListArray | pa.StructArray):
            return 0
        if isinstance(values, pa.StructArray):
            return max(
                (longest_repeated(values.field(at)) for at in range(values.type.num_fields)), default=0
            )
        values = values.values
    known = values.dictionary
    sized = pa.types.is_string(known.type) or pa.types.is_binary(known.type)
    if not sized and not (pa.types.is_large_string(known.type) or pa.types.is_large_binary(known.type)):
        return 0
    return pc.max(pc.binary_length(known)).as_py() or 0


def _is_bytes(column: pq.ColumnSchema) -> bool:
    return bool(column.physical_type == "BYTE_ARRAY" and column.logical_type.type == "NONE")


def _parquet_pieces(paths: Sequence[Path], most: int, columns: Sequence[str] | None) -> Iterator[pa.Table]:
    for path in paths:
        allowance = Allowance(path.stat().st_size, path)
        with pq.ParquetFile(path, buffer_size=1 << 20, pre_buffer=False) as file:
            wanted = file.schema_arrow.names if columns is None else list(columns)
            for batch in file.iter_batches(rows_at_once(file, path, wanted, most), columns=wanted):
                allowance.take(written_out(batch))
                yield pa.Table.from_batches([batch]).select(wanted)
