"""Cut a large table by a hash of question_id: a row that is added or changed touches its own shard alone."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

SHARD_BYTES = 250_000_000
HASH_BITS = 64


def shards(table: pa.Table, shard_bytes: int | None = None) -> list[pa.Table]:
    """The parts of a table that go into one file each; rows keep their order inside a part.

    Their number is a power of two, so that a growing table seldom changes it.

    Args:
        table: rows with a column ``question_id``.
        shard_bytes: about how many Arrow bytes go into one part, at most; ``SHARD_BYTES`` if None.

    Returns:
        The table itself, if it is small enough; else the parts in the order of their hashes.
    """
    wanted = -(-arrow_bytes(table) // (shard_bytes or SHARD_BYTES))
    bits = max(wanted - 1, 0).bit_length()
    if bits == 0:
        return [table]
    places = _hashes(table["question_id"]) >> np.uint64(HASH_BITS - bits)
    return [table.take(pa.array(np.flatnonzero(places == place))) for place in range(1 << bits)]


def by_shard(table: pa.Table, shard_bytes: int | None = None) -> pa.Table:
    """The same rows in the order in which the files of a release hold them."""
    parts = shards(table, shard_bytes)
    return table if len(parts) == 1 else pa.concat_tables(parts)


def arrow_bytes(table: pa.Table) -> int:
    """The bytes of a table's content as Arrow sends it, independent of chunks and of slices."""
    batches = table.combine_chunks().to_batches()
    return sum(pa.ipc.get_record_batch_size(batch) for batch in batches)


def _hashes(ids: pa.ChunkedArray) -> NDArray[np.uint64]:
    """A number per id that depends on its text alone, on every machine and in every version."""
    texts = pc.fill_null(ids.cast(pa.string()), "").to_pylist()
    digests = b"".join(hashlib.blake2b(text.encode(), digest_size=8).digest() for text in texts)
    return np.frombuffer(digests, dtype=">u8").astype(np.uint64)
