"""JSON of any shape as Arrow: one schema for all records of a source, the ones that do not fit by name."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

import msgspec
import pyarrow as pa

from vqa_builder.errors import SourceError
from vqa_builder.sources._input_files import Content, damaged
from vqa_builder.sources._json_files import describe, top_level, unknown_shape
from vqa_builder.sources._json_records import BAD_JSON, members_of
from vqa_builder.sources._json_tables import json_lines

KEY = "key"
"""The column for the names of records that stand in an object: ``{"17": {...}, ...}``."""
_CHUNK = 4 << 20
_SHAPES = "a list of objects, one object on each line, or an object that holds either"
_SPACE = " \t\n\r"
_GAP = re.compile(r"[ \t\n\r]*,?[ \t\n\r]*")
Record = tuple[int, Any]


class Mixed(Exception):
    """A value of another type than the schema has there.

    Attributes:
        path, expected, found: where, and what.
    """

    def __init__(self, path: str, expected: object, found: object) -> None:
        super().__init__(path)
        self.path, self.expected, self.found = path or "the record", str(expected), str(found)


UNFIT = (Mixed, pa.ArrowException, OverflowError, UnicodeError)
"""What is raised where records do not fit a type."""


class Broken(Exception):
    """A record that is no JSON object; says what it is instead."""


def json_records(stream: io.BufferedReader, label: str, lines: bool, key: str | None) -> Iterator[Record]:
    """The number of every record and its object, or ``Broken`` in its place; a list is never held whole.

    Args:
        stream: the uncompressed bytes of a file.
        label: its name for messages.
        lines: whether it holds one object on each line, as its name or the spec says.
        key: where the records stand in an object, ``data`` or ``outer.inner``; None for the only list.
    """
    start = stream.peek(_CHUNK)[: 1 << 16].removeprefix(b"\xef\xbb\xbf").lstrip()
    head = start.split(b"\n", 2)
    if lines or (key is None and len(head) > 1 and members_of(head[0]) and members_of(head[1].strip())):
        return _lines(stream, label)
    if start[:1] == b"[":
        return enumerate(_listed(io.TextIOWrapper(stream, "utf-8-sig"), label))
    return enumerate(_within(Content(label, stream.read().removeprefix(b"\xef\xbb\xbf")), key))


def unified(
    one: pa.DataType, other: pa.DataType, path: str = "", mixed: set[str] | None = None
) -> pa.DataType:
    """The type that holds the values of both; raises ``Mixed`` where there is none.

    Texts, numbers, true and false under one path are texts; ``mixed`` is told of the path.
    """
    if one == other or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    if pa.types.is_list(one) and pa.types.is_list(other):
        return pa.list_(unified(one.value_type, other.value_type, f"{path}[*]", mixed))
    if pa.types.is_struct(one) and pa.types.is_struct(other):
        kinds = {field.name: field.type for field in one}
        for field in other:
            inner = f"{path}.{field.name}" if path else field.name
            kinds[field.name] = unified(kinds.get(field.name, pa.null()), field.type, inner, mixed)
        return pa.struct(list(kinds.items()))
    both = {str(one), str(other)}
    if both == {"int64", "double"}:
        return pa.float64()
    if both <= {"string", "int64", "double", "bool"}:
        if mixed is not None:
            mixed.add(path)
        return pa.string()
    raise Mixed(path, _name(one), _name(other))


def fitted(value: Any, kind: pa.DataType) -> Any:
    """The same with numbers, true and false as JSON writes them where a type has text.

    >>> fitted({"id": 17, "n": 2}, pa.struct([("id", pa.string()), ("n", pa.int64())]))
    {'id': '17', 'n': 2}
    """
    if isinstance(value, Mapping) and pa.types.is_struct(kind):
        kinds = {field.name: field.type for field in kind}
        return {name: fitted(each, kinds.get(name, pa.null())) for name, each in value.items()}
    if isinstance(value, list) and pa.types.is_list(kind):
        return [fitted(each, kind.value_type) for each in value]
    return json.dumps(value) if isinstance(value, int | float) and kind == pa.string() else value


def becomes_text(value: Any, kind: pa.DataType, path: str) -> bool:
    """Whether a record has a number, true or false under a path where a type has text."""
    mixed: set[str] = set()
    try:
        unified(kind, type_of(value), "", mixed)
    except Mixed:
        return False
    return path in mixed


def type_of(value: Any, path: str = "") -> pa.DataType:
    """The type of one value; raises ``Mixed`` where a list holds values of several."""
    if isinstance(value, Mapping):
        inner = f"{path}." if path else ""
        return pa.struct([(name, type_of(each, f"{inner}{name}")) for name, each in value.items()])
    if isinstance(value, list):
        kind = pa.null()
        for place, each in enumerate(value):
            kind = unified(kind, type_of(each, f"{path}[{place}]"), f"{path}[{place}]")
        return pa.list_(kind)
    try:
        return pa.scalar(value).type
    except (pa.ArrowException, OverflowError, UnicodeError) as error:
        raise Mixed(path, "text in Unicode, or a number of 64 bits", error) from None


def learnt(kind: pa.DataType, values: Sequence[Any], mixed: set[str] | None = None) -> pa.DataType:
    """A type that holds these records, too, those that do not fit left aside; ``mixed`` as of ``unified``."""
    good = [value for value in values if isinstance(value, Mapping)]
    for fit in (False, True):
        try:
            return unified(
                kind, pa.array([fitted(each, kind) for each in good] if fit else good).type, "", mixed
            )
        except UNFIT:
            continue
    for value in good:
        try:
            kind = unified(kind, type_of(value), mixed=mixed)
        except Mixed:
            continue
    return kind


def array_of(values: Sequence[Any], kind: pa.DataType) -> pa.StructArray:
    """Records as a column; raises one of ``UNFIT`` where one does not fit the type.

    >>> array_of([{"id": "a"}, {"id": 17}], pa.struct([("id", pa.string())])).to_pylist()
    [{'id': 'a'}, {'id': '17'}]
    """
    for fit in (False, True):
        given = [fitted(value, kind) for value in values] if fit else values
        try:
            if unified(kind, pa.array(given).type) == kind:
                return pa.array(given, kind)
        except UNFIT:
            continue
    raise Mixed("", kind, "a field that the schema has not")


def writable(kind: pa.DataType) -> pa.DataType:
    """The same with a field ``_`` that is always null in objects without any, which Parquet cannot hold.

    >>> str(writable(pa.struct([("meta", pa.struct([]))])))
    'struct<meta: struct<_: null>>'
    """
    if pa.types.is_list(kind):
        return pa.list_(writable(kind.value_type))
    if not pa.types.is_struct(kind):
        return kind
    return pa.struct([(field.name, writable(field.type)) for field in kind] or [("_", pa.null())])


def fault(value: Any, kind: pa.DataType) -> tuple[str, str, str] | None:
    """What of a record does not fit a type, as (problem, expected, found); None if it does."""
    if isinstance(value, Broken):
        return "The record is no JSON object", "an object", str(value)
    value = fitted(value, kind)
    try:
        if unified(kind, type_of(value)) == kind:
            pa.array([value], kind)
            return None
    except Mixed as error:
        return f"Mixed types under {error.path}", error.expected, error.found
    except (pa.ArrowException, OverflowError, UnicodeError) as error:
        return "The record cannot be read", str(kind)[:200], str(error)[:200]
    return "The record has a field that its source has not", str(kind)[:200], ", ".join(value)[:200]


def batched(records: Iterable[Record], size: int) -> Iterator[list[Record]]:
    """At most so many at a time."""
    records = iter(records)
    while batch := list(islice(records, size)):
        yield batch


def _lines(stream: io.BufferedReader, label: str) -> Iterator[Record]:
    for number, line in enumerate(json_lines(stream, label)):
        yield number, _decoded(line)


def _decoded(text: bytes | msgspec.Raw) -> Any:
    try:
        value = msgspec.json.decode(text)
    except BAD_JSON as error:
        return Broken(str(error))
    return value if isinstance(value, dict) else Broken(describe(text))


def _listed(text: io.TextIOWrapper, label: str) -> Iterator[Any]:
    """The items of a JSON list, decoded one by one while the file is read."""
    decoder = json.JSONDecoder(parse_constant=partial(_no_number, label))
    part, size, number = text.read(_CHUNK), _CHUNK, 0
    at = part.index("[") + 1
    while True:
        at = _after_gap(part, at)
        try:
            value, end = decoder.raw_decode(part, at)
        except (ValueError, RecursionError) as error:
            value, end, reason = None, len(part), str(error)
        else:
            reason = "its end"
        if part[at : at + 1] == "]" and not part[at + 1 :].strip(_SPACE):
            return
        if end < len(part):
            yield value if isinstance(value, dict) else Broken(repr(value)[:60])
            at, size, number = end, _CHUNK, number + 1
        elif more := text.read(size):
            part, at, size = part[at:] + more, 0, size * 2
        else:
            raise damaged(label, "one whole JSON list", f"after {number:,} records: {reason}")


def _after_gap(part: str, at: int) -> int:
    """The place behind white space and the comma between two items."""
    gap = _GAP.match(part, at)
    return gap.end() if gap else at


def _within(content: Content, key: str | None) -> Iterator[Any]:
    """The records of an object: those under a key, the only list in it, or its members, by their names."""
    found = top_level(content, _SHAPES)
    for name in key.split(".") if key else ():
        if not isinstance(found, dict) or name not in found:
            named = ", ".join(found) if isinstance(found, dict) else "a list"
            raise SourceError(
                "The file has no such part", where=content.label, expected=f"key: {key}", found=named
            )
        found = top_level(Content(content.label, bytes(found[name])), _SHAPES)
    if isinstance(found, dict) and 2 * sum(bytes(part)[:1] == b"{" for part in found.values()) <= len(found):
        lists = [name for name, part in found.items() if bytes(part).startswith(b"[{")]
        if len(lists) != 1:
            remedy = "say which part holds the records: key: NAME"
            raise unknown_shape(content, describe(content.data), _SHAPES, remedy)
        found = top_level(Content(content.label, bytes(found[lists[0]])), _SHAPES)
    if isinstance(found, list):
        yield from map(_decoded, found)
        return
    for name, part in found.items():
        record = _decoded(part)
        yield record if isinstance(record, Broken) else {KEY: name, **record}


def _no_number(label: str, text: str) -> Any:
    found = f"the number {text}"
    raise SourceError("The file is not valid JSON", where=label, found=found, remedy="write null instead")


def _name(kind: pa.DataType) -> str:
    """A type in JSON's words."""
    if pa.types.is_struct(kind):
        return "an object"
    if pa.types.is_list(kind):
        return "a list"
    words = {"string": "a text", "int64": "an integer", "double": "a number", "bool": "true or false"}
    return words.get(str(kind), str(kind))
