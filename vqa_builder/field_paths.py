"""Paths into nested columns: which strings of a schema a spec names, taken out of a table and put back.

``conversations[*].value`` names the field ``value`` of every struct in the lists of the column
``conversations``. A path is settled on the schema once; taking and putting work on whole columns by the
offsets of their lists, so that nesting, nulls and types come back as they were.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder.arrays import is_list
from vqa_builder.errors import SourceError
from vqa_builder.text_lists import read_lists, write_lists

ITEMS = "[*]"
OPTIONAL = "?"


class FieldPath(NamedTuple):
    """A path that leads to strings.

    Attributes:
        text: as the spec writes it, without the mark of an optional one.
        kind: what the strings are: ``question``, ``answer``, ``option``, ``turn``, ``text`` or ``copy``.
        steps: names of columns and fields, and ``[*]`` for the items of a list.
    """

    text: str
    kind: str
    steps: tuple[str, ...]

    @property
    def column(self) -> str:
        """The column that it leads into."""
        return self.steps[0]

    def at(self, places: Sequence[int]) -> str:
        """The path to one string.

        >>> FieldPath("turns[*].value", "turn", ("turns", "[*]", "value")).at([3])
        'turns[3].value'
        """
        numbers = iter(places)
        named = (f"[{next(numbers)}]" if step == ITEMS else f".{step}" for step in self.steps)
        return "".join(named).removeprefix(".")


class Strings(NamedTuple):
    """The strings that a path leads to in some rows, one after the other.

    Attributes:
        texts: of every place, null where there is none.
        rows: the row of each.
        places: for every list on the path, the place of each in it.
    """

    texts: pa.Array
    rows: NDArray[np.int64]
    places: tuple[NDArray[np.int64], ...]


def settle(fields: Mapping[str, str], schema: pa.Schema, where: object) -> list[FieldPath]:
    """The paths of a spec, in its order, as the schema has them; an optional one (``hint?``) may be missing.

    Raises:
        SourceError: a path leads nowhere, or to something that is no text; two lead to the same strings.

    >>> schema = pa.schema([("turns", pa.list_(pa.struct([("value", pa.string())])))])
    >>> [path.steps for path in settle({"turns[*].value": "turn", "hint?": "text"}, schema, "train.json")]
    [('turns', '[*]', 'value')]
    """
    found: list[FieldPath] = []
    for text, kind in fields.items():
        optional = text.endswith(OPTIONAL)
        path = text.removesuffix(OPTIONAL)
        steps = _steps(path, pa.struct(list(schema)))
        if steps is None and optional:
            continue
        if steps is None:
            raise _nothing(path, schema, where)
        end = _end(pa.struct(list(schema)), steps)
        as_one = steps[-1] == ITEMS and any(other.steps == steps[:-1] for other in found)
        if optional and (as_one or not is_text(end)):
            continue
        if not (is_text(end) or pa.types.is_null(end)):
            raise _no_text(path, end, schema, where)
        if twin := next((other for other in found if other.steps == steps), None):
            raise SourceError("Two paths lead to the same strings", where=where, found=f"{twin.text}, {path}")
        found.append(FieldPath(path, kind, steps))
    if not found:
        raise SourceError(
            "None of the paths is there",
            where=where,
            expected=", ".join(fields),
            found=", ".join(text_paths(schema)) or "no text at all",
            remedy="name the texts that are to be translated under fields",
        )
    return found


def text_paths(schema: pa.Schema) -> list[str]:
    """Every path that leads to strings, as a spec writes it.

    >>> text_paths(pa.schema([("id", pa.int64()), ("options", pa.list_(pa.string()))]))
    ['options[*]']
    """
    return [path for path, kind in _paths(pa.struct(list(schema))) if is_text(kind)]


def take(column: pa.Array, steps: Sequence[str]) -> Strings:
    """The strings of a column; ``steps`` are those behind the column's name."""
    rows = np.arange(len(column))
    places: tuple[NDArray[np.int64], ...] = ()
    for step in steps:
        if pa.types.is_null(column.type):
            return Strings(pa.array([], pa.string()), rows[:0], ())
        if step == ITEMS:
            column = read_lists(column) if is_text(column.type) else column
            lengths = _lengths(column)
            parents = np.repeat(np.arange(len(lengths)), lengths)
            starts = np.cumsum(lengths) - lengths
            places = (*(place[parents] for place in places), np.arange(len(parents)) - starts[parents])
            rows, column = rows[parents], pc.list_flatten(column)
        else:
            column = column.flatten()[column.type.get_field_index(step)]
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return Strings(column.cast(pa.string()), rows, places)


def put(column: pa.Array, steps: Sequence[str], texts: pa.Array) -> pa.Array:
    """The same column with other strings; ``texts`` stand in the order of ``take``."""
    kind = column.type
    if pa.types.is_null(kind):
        return column
    if not steps:
        return (
            texts.cast(kind.value_type).dictionary_encode().cast(kind) if _coded(kind) else texts.cast(kind)
        )
    if steps[0] != ITEMS:
        children = column.flatten()
        at = kind.get_field_index(steps[0])
        children[at] = put(children[at], steps[1:], texts)
        return pa.StructArray.from_arrays(children, fields=list(kind), mask=column.is_null())
    if is_text(kind):
        return put(column, (), write_lists(put(read_lists(column), steps, texts), column))
    return _rebuilt(column, put(pc.list_flatten(column), steps[1:], texts))


def is_text(kind: pa.DataType) -> bool:
    """Whether a type holds strings."""
    if _coded(kind):
        return is_text(kind.value_type)
    return any(test(kind) for test in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view))


def _coded(kind: pa.DataType) -> bool:
    return bool(pa.types.is_dictionary(kind))


def _lengths(lists: pa.Array) -> NDArray[np.int64]:
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    return np.asarray(lengths, np.int64)


def _rebuilt(column: pa.Array, values: pa.Array) -> pa.Array:
    """Lists of other values; null lists stay null."""
    kind, mask = column.type, column.is_null()
    if pa.types.is_fixed_size_list(kind):
        slots = np.cumsum(~mask.to_numpy(zero_copy_only=False)) - 1
        spread = slots[:, None] * kind.list_size + np.arange(kind.list_size)
        index = pa.array(spread.ravel(), mask=np.repeat(mask.to_numpy(zero_copy_only=False), kind.list_size))
        return pa.FixedSizeListArray.from_arrays(values.take(index), type=kind, mask=mask)
    make = pa.LargeListArray if pa.types.is_large_list(kind) else pa.ListArray
    offsets = np.concatenate([[0], np.cumsum(_lengths(column))])
    wide = pa.int64() if pa.types.is_large_list(kind) else pa.int32()
    return make.from_arrays(pa.array(offsets, wide), values, type=kind, mask=mask)


def _steps(path: str, kind: pa.DataType) -> tuple[str, ...] | None:
    """The steps of a path; a name may hold dots. None where the type has no such path."""
    if not path:
        return ()
    if pa.types.is_null(kind):
        return tuple(path.removeprefix(".").replace(ITEMS, f".{ITEMS}").split("."))
    if path.startswith(ITEMS):
        if path == ITEMS and is_text(kind):
            return (ITEMS,)  # a list that is written as text
        rest = _steps(path[len(ITEMS) :].removeprefix("."), kind.value_type) if is_list(kind) else None
        return None if rest is None else (ITEMS, *rest)
    if not pa.types.is_struct(kind):
        return None
    names = [
        field.name
        for field in kind
        if path == field.name or path.startswith((field.name + ".", field.name + "["))
    ]
    for name in sorted(names, key=len, reverse=True):
        rest = _steps(path[len(name) :].removeprefix("."), kind.field(name).type)
        if rest is not None:
            return (name, *rest)
    return None


def _end(kind: pa.DataType, steps: Sequence[str]) -> pa.DataType:
    for step in steps:
        if pa.types.is_null(kind):
            break
        if step != ITEMS:
            kind = kind.field(step).type
        elif not is_text(kind):
            kind = kind.value_type
    return kind


def _paths(kind: pa.DataType, before: str = "") -> Iterator[tuple[str, pa.DataType]]:
    """Every path and the type that it leads to, the innermost alone."""
    if pa.types.is_struct(kind):
        for field in kind:
            yield from _paths(field.type, f"{before}.{field.name}" if before else field.name)
    elif is_list(kind):
        yield from _paths(kind.value_type, f"{before}{ITEMS}")
    else:
        yield before, kind


def _nothing(path: str, schema: pa.Schema, where: object) -> SourceError:
    known = text_paths(schema)
    close = [other for other in known if other.replace(ITEMS, "").rstrip(".") == path.replace(ITEMS, "")]
    close = close or difflib.get_close_matches(path, known, n=1, cutoff=0.4)
    return SourceError(
        f"The path {path!r} matches nothing",
        where=where,
        expected="the path of a text: column, outer.inner, list[*], list[*].field",
        found=", ".join(known) or "no text at all",
        remedy=f"did you mean {close[0]}?" if close else "name one of these under fields",
    )


def _no_text(path: str, kind: pa.DataType, schema: pa.Schema, where: object) -> SourceError:
    inside = [other for other in text_paths(schema) if other.startswith((f"{path}.", f"{path}["))]
    inside.sort(key=lambda other: other.endswith((".from", ".role", ".id", ".type")))
    remedy = f"did you mean {inside[0]}?" if inside else "leave it out: what is not named travels as it is"
    return SourceError(
        f"The path {path!r} leads to something that is no text",
        where=where,
        expected="strings",
        found=kind,
        remedy=remedy,
    )
