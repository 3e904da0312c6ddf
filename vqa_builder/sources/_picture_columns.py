"""Columns of pictures in Parquet, Arrow, CSV and on the hub: structs of bytes and path, or one of both."""

from __future__ import annotations

import binascii
from collections.abc import Mapping, Sequence
from pathlib import PurePath

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.arrays import is_list
from vqa_builder.errors import SourceError
from vqa_builder.pictures import COLUMNS
from vqa_builder.sources._table_options import Rows, missing

PLACED = pa.struct([("bytes", pa.binary()), ("path", pa.string()), ("place", pa.string())])
"""A picture as a source gives it, with the file and row that it stands in."""
BATCH = 200
_BASE64 = (
    r"^\s*(?:data:image/[\w.+-]+;base64,)?(?:iVBORw0KGgo|/9j/|R0lGOD|UklGR|Qk)[A-Za-z0-9+/\s]{30,}={0,2}\s*$"
)
"""PNG, JPEG, GIF, WebP and BMP as MMBench writes them into a text."""


def with_pictures(fields: Mapping[str, str], schema: pa.Schema, rows: Rows, label: str) -> dict[str, str]:
    """The fields, with ``image`` where the table has a column of pictures that is wanted.

    Args:
        fields: field of ``examples`` -> column.
        schema: all columns of the table.
        rows: what the spec says of the table.
        label: the table, for messages.

    Raises:
        SourceError: the column that the spec names is not there, or holds no pictures.
    """
    named = rows.options.columns.image
    if rows.pictures == "none":
        return dict(fields)
    if named is None:
        candidates = (*COLUMNS, fields.get("image_id", ""))
        there = [name for name in candidates if name in schema.names and _holds(schema.field(name).type)]
        return {**fields, **({"image": there[0]} if there else {})}
    if named not in schema.names:
        raise missing("image", named, schema.names, label)
    kind = schema.field(named).type
    if not (_holds(kind) or _refers(kind)):
        raise SourceError(
            f"The column {named!r} holds no pictures",
            where=label,
            expected="structs of bytes and path, bytes, paths, or lists of them",
            found=kind,
        )
    return {**fields, "image": named}


def pictures(values: pa.Array, label: str, numbers: Sequence[int]) -> pa.Array:
    """A column as pictures, or lists of them, each of ``PLACED``."""
    file = PurePath(label).name
    places = pa.array([f"{file}, record {number}" for number in numbers], pa.string())
    if not is_list(values.type):
        return _placed(values, places)
    lengths = pc.list_value_length(values).fill_null(0)
    offsets = pa.array([0, *pc.cumulative_sum(lengths).to_pylist()], pa.int32())
    flat = _placed(pc.list_flatten(values), places.take(pc.list_parent_indices(values)))
    return pa.ListArray.from_arrays(offsets, flat, mask=values.is_null())


def first_path(values: pa.Array) -> pa.Array:
    """The path of each row's picture, of its first where it has several; null where it has none."""
    if is_list(values.type):
        places = pc.list_value_length(values).fill_null(0)
        starts = pc.subtract(pc.cumulative_sum(places), places)
        values = pc.list_flatten(values).take(pc.if_else(pc.greater(places, 0), starts, None))
    return _parts(values)[1]


def has_paths(kind: pa.DataType) -> bool:
    """Whether a column's pictures have paths, or it is a list of pictures."""
    inner = kind.value_type if is_list(kind) else kind
    return bool(pa.types.is_struct(inner) and "path" in inner.names) or _holds(kind)


def _placed(values: pa.Array, places: pa.Array) -> pa.StructArray:
    data, path = _parts(values)
    return pa.StructArray.from_arrays([data, path, places], fields=list(PLACED), mask=values.is_null())


def _parts(values: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Bytes and paths; null where there are none."""
    nothing = pa.nulls(len(values))
    if pa.types.is_struct(values.type):
        parts = dict(zip(values.type.names, values.flatten(), strict=True))
        data, path = parts.get("bytes", nothing), parts.get("path", nothing)
    else:
        data, path = (values, nothing) if _is_binary(values.type) else _from_text(values.cast(pa.string()))
    return data.cast(pa.binary()), path.cast(pa.string())


def _from_text(texts: pa.StringArray) -> tuple[pa.Array, pa.Array]:
    """The bytes of pictures that are written in base64, and the other texts as paths.

    >>> texts = pa.array(["R0lGODdhAQABAIAAAP8AAAAAACwAAAAAAQABAAACAkQBADs=", "a.png"])
    >>> data, path = _from_text(texts)
    >>> data[0].as_py()[:6], path.to_pylist()
    (b'GIF87a', [None, 'a.png'])
    """
    coded = pc.fill_null(pc.match_substring_regex(texts, _BASE64), False)
    if not pc.any(coded).as_py():
        return pa.nulls(len(texts)), texts
    data = [
        binascii.a2b_base64(text.rpartition(",")[2]) if text is not None else None
        for text in pc.if_else(coded, texts, None).to_pylist()
    ]
    return pa.array(data, pa.binary()), pc.if_else(coded, None, texts)


def _holds(kind: pa.DataType) -> bool:
    """Whether a type, whatever its column is called, is one of pictures."""
    kind = kind.value_type if is_list(kind) else kind
    if pa.types.is_struct(kind):
        return {"bytes"} <= set(kind.names) <= {"bytes", "path"} and _is_binary(kind.field("bytes").type)
    return _is_binary(kind)


def _refers(kind: pa.DataType) -> bool:
    """Whether a type can hold paths of pictures."""
    kind = kind.value_type if is_list(kind) else kind
    if pa.types.is_struct(kind):
        return "path" in kind.names
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_binary(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))
