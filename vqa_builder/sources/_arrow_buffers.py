"""What the buffers of an Arrow file or stream unpack to, read from its metadata before anything is unpacked.

Arrow unpacks every buffer of a batch at once, and one of a few kilobytes may hold gigabytes of one letter.
The layout is that of the Arrow columnar format, "Serialization and Interprocess Communication", with messages
in FlatBuffers; a compressed buffer begins with the size that it must have unpacked.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa

_CONTINUES = 0xFFFFFFFF
_DICTIONARY_BATCH, _RECORD_BATCH = 2, 3
_V4, _COMPRESSED_V4 = 3, b"ARROW:experimental_compression"
"""Arrow 0.17 told in custom metadata of version 4 that buffers are compressed; readers go by that still."""


class _Block(NamedTuple):
    """Where a message lies, and how many bytes come before its body."""

    at: int
    metadata: int


def unpacked_sizes(file: pa.NativeFile, *, stream: bool) -> Iterator[int]:
    """Bytes of each compressed buffer as Arrow would unpack it.

    Args:
        file: its position is kept.
        stream: whether it is to be read as a stream; else by its footer.

    Raises:
        ValueError: it is cut short, or no Arrow.

    >>> rows, sink = pa.table({"text": ["a" * 5_000]}), pa.BufferOutputStream()
    >>> options = pa.ipc.IpcWriteOptions(compression="zstd")
    >>> with pa.ipc.new_stream(sink, rows.schema, options=options) as writer:
    ...     writer.write_table(rows)
    >>> max(unpacked_sizes(pa.BufferReader(sink.getvalue()), stream=True))
    5000
    """
    position = file.tell()
    try:
        for block in _blocks_of_stream(file) if stream else _blocks_of_file(file):
            yield from _sizes(file, block)
    except (struct.error, OverflowError) as error:
        raise ValueError(f"metadata that lead nowhere ({error})") from None
    finally:
        file.seek(position)


def _read(file: pa.NativeFile, at: int, size: int) -> bytes:
    if at < 0 or size < 0 or at + size > file.size():
        raise ValueError("metadata that lead beyond the end")
    return bytes(file.read_at(size, at))


def _blocks_of_file(file: pa.NativeFile) -> list[_Block]:
    """The blocks that the footer names, before its own length and the magic word at the end."""
    end = file.size() - len("ARROW1") - 4
    (size,) = struct.unpack("<i", _read(file, end, 4))
    footer = _Table.root(_read(file, end - size, size))
    return [
        _Block(*struct.unpack_from("<qi", footer.data, place))
        for field in (2, 3)
        for place in footer.vector(field, 24)
    ]


def _blocks_of_stream(file: pa.NativeFile) -> Iterator[_Block]:
    at = 0
    while at + 8 <= file.size():
        first, second = struct.unpack("<Ii", _read(file, at, 8))
        before, size = (8, second) if first == _CONTINUES else (4, first)
        if size == 0:
            return
        message = _Table.root(_read(file, at + before, size))
        body = message.number(3, "<q")
        if body < 0:
            raise ValueError("a body of a negative size")
        yield _Block(at, before + size)
        at += before + size + body


def _sizes(file: pa.NativeFile, block: _Block) -> Iterator[int]:
    begin = 8 if _read(file, block.at, 4) == b"\xff" * 4 else 4
    message = _Table.root(_read(file, block.at + begin, block.metadata - begin))
    kind, batch = message.number(1, "<B"), message.table(2)
    if kind == _DICTIONARY_BATCH and batch:
        batch = batch.table(1)
    elif kind != _RECORD_BATCH:
        return
    old = message.number(0, "<h") == _V4 and _COMPRESSED_V4 in message.data
    if batch is None or not (old or batch.table(3)):  # nothing is compressed
        return
    for place in batch.vector(2, 16):
        at, size = struct.unpack_from("<qq", batch.data, place)
        if size >= 8:
            (unpacked,) = struct.unpack("<q", _read(file, block.at + block.metadata + at, 8))
            yield size if unpacked == -1 else max(unpacked, 0)


class _Table:
    """A table of a FlatBuffer: fields by their number."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self._at = data, at
        self._names = at - self._get("<i", at)

    @classmethod
    def root(cls, data: bytes) -> _Table:
        return cls(data, struct.unpack_from("<I", data)[0])

    def number(self, field: int, form: str) -> int:
        """A number; 0 where it is missing."""
        place = self._place(field)
        return self._get(form, place) if place else 0

    def table(self, field: int) -> _Table | None:
        """A table within; None where it is missing."""
        place = self._place(field)
        return _Table(self.data, place + self._get("<I", place)) if place else None

    def vector(self, field: int, size: int) -> range:
        """The places of structures of so many bytes each."""
        place = self._place(field)
        if not place:
            return range(0)
        place += self._get("<I", place)
        count = self._get("<I", place)
        if count * size > len(self.data):
            raise ValueError("more buffers than there is room for")
        return range(place + 4, place + 4 + count * size, size)

    def _place(self, field: int) -> int:
        length = self._get("<H", self._names)
        at = 4 + 2 * field
        offset = self._get("<H", self._names + at) if at < length else 0
        return self._at + offset if offset else 0

    def _get(self, form: str, at: int) -> int:
        if at < 0:
            raise ValueError("metadata that lead before their beginning")
        value: int = struct.unpack_from(form, self.data, at)[0]
        return value
