"""What many modules ask of Arrow's arrays and Arrow has no word for."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc


def is_list(kind: pa.DataType) -> bool:
    """Whether a type is one of lists, of whatever offsets or of one length.

    >>> is_list(pa.large_list(pa.string())), is_list(pa.string())
    (True, False)
    """
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def one_array(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """A column in one piece, also where Arrow leaves an extension type in its chunks.

    >>> one_array(pa.chunked_array([[1], [2]])).to_pylist()
    [1, 2]
    """
    if not isinstance(column, pa.ChunkedArray):
        return column
    combined = column.combine_chunks()
    if not isinstance(combined, pa.ChunkedArray):
        return combined
    return pa.concat_arrays(combined.chunks) if combined.num_chunks else pa.array([], combined.type)


def is_blank(texts: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Whether each text is missing, empty or nothing but white space; without nulls.

    >>> is_blank(pa.array(["犬", "\\u3000", None])).to_pylist()
    [False, True, True]
    """
    return pc.fill_null(pc.equal(pc.utf8_trim_whitespace(texts), ""), True)


def in_lists_like(values: pa.Array, like: pa.ListArray) -> pa.ListArray:
    """Values in lists of the same lengths as others; null where those are.

    >>> in_lists_like(pa.array([1, 2]), pa.array([["a"], None, [], ["b"]])).to_pylist()
    [[1], None, [], [2]]
    """
    lengths = pc.fill_null(like.value_lengths(), 0)
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), pc.cumulative_sum(lengths).cast(pa.int32())])
    return pa.ListArray.from_arrays(offsets, values, mask=like.is_null())
