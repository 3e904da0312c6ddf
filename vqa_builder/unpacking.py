"""Files that unpack to far more than any data would are refused before they fill the memory or the disk."""

from __future__ import annotations

import io
from typing import Any, cast

import pyarrow as pa

from vqa_builder.errors import SourceError

TIMES, BESIDE = 100, 64 << 20
"""A file of n bytes may unpack to ``TIMES`` n + ``BESIDE``; the files of VQA v2 unpack to 8 to 30 n."""
_BUFFER = 1 << 16


class Allowance:
    """What a file may still unpack to.

    Args:
        packed: bytes of the file.
        where: names it in messages.

    >>> Allowance(10, "a.json.gz").take(1 << 20)
    """

    def __init__(self, packed: int, where: object) -> None:
        self._most, self._packed, self._where = packed * TIMES + BESIDE, packed, where
        self._taken = 0

    def take(self, unpacked: int) -> None:
        """So many bytes more have come.

        Raises:
            SourceError: that is too many.
        """
        self._taken += unpacked
        if self._taken > self._most:
            raise SourceError(
                "The file unpacks to far more than data would",
                where=self._where,
                expected=f"at most {self._most:,} bytes from {self._packed:,}",
                remedy="if that is meant, unpack it or write it without compression, and name that file",
            )


def written_out(batch: pa.RecordBatch) -> int:
    """Bytes of a batch whose dictionaries are written out: ``nbytes`` counts them whole for each slice.

    >>> column = pa.array(["long text"] * 2 + ["never taken"] * 9).dictionary_encode()
    >>> written_out(pa.record_batch({"text": column.slice(0, 1)})) < 20
    True
    """
    return sum(
        each.dictionary_decode().nbytes if isinstance(each, pa.DictionaryArray) else each.nbytes
        for each in batch.columns
    )


def unpacked(stream: Any, packed: int, where: object) -> io.BufferedReader:
    """A stream of unpacked bytes that ends in an error where they are too many; see ``Allowance``."""
    counted = _Counted(stream, Allowance(packed, where))
    return io.BufferedReader(cast(io.RawIOBase, counted), _BUFFER)


class _Counted(io.RawIOBase):
    def __init__(self, stream: Any, allowance: Allowance) -> None:
        self._stream, self._allowance = stream, allowance

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size: int = self._stream.readinto(buffer)
        self._allowance.take(size)
        return size

    def close(self) -> None:
        self._stream.close()
        super().close()
