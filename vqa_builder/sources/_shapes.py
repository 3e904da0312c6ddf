"""The records of JSON files as undecoded pieces, and which of the VQA JSON formats a file has."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar, overload

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from vqa_builder.errors import SourceError
from vqa_builder.sources._files import Content, read_text
from vqa_builder.sources._records import Annotation, Format, Question, TextVQA, VizWiz

KNOWN = (
    '{"questions": [...]} or {"annotations": [...]} (VQA v1 and v2, OK-VQA, VizWiz), '
    '{"data": [...]} (TextVQA), or [{"image": ..., "question": ...}, ...] (VizWiz)'
)
_LONE_SURROGATE = re.compile(
    rb"(?<!\\)(?:\\\\)*\\u[dD](?:[89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|[c-fC-F][0-9a-fA-F]{2})"
)
_BYTE = re.compile(r"\(byte (\d+)\)")
_SPACE = re.compile(r"[ \t\n\r]*")

_T = TypeVar("_T")


class RawRecords(NamedTuple):
    """The records of one file, or of a part of it, still JSON.

    Attributes:
        label: the file's name for messages.
        format: the struct that the records decode to.
        items: one piece of JSON per record.
        numbers: which record of the file each is, counted from 0; None where they are all and in order.
    """

    label: str
    format: type[Format]
    items: Sequence[bytes | Raw]
    numbers: Sequence[int] | None = None


class Keyed(Sequence[bytes | Raw]):
    """JSON objects, each with one more field in front; they are made when they are asked for.

    A field of the same name in the object itself wins. Pieces that are no objects stay as they are.

    >>> list(Keyed("question_id", [b'"07"', b"8"], [Raw(b'{"question": "Who?"}'), Raw(b"{}")]))
    [b'{"question_id":"07","question": "Who?"}', b'{"question_id":8}']
    """

    def __init__(self, name: str, values: Sequence[bytes | Raw], items: Sequence[bytes | Raw]) -> None:
        self._name, self._values, self._items = name, values, items
        self._start = b"{" + msgspec.json.encode(name) + b":"

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, place: int) -> bytes | Raw: ...
    @overload
    def __getitem__(self, place: slice) -> Keyed: ...
    def __getitem__(self, place: int | slice) -> bytes | Raw | Keyed:
        if isinstance(place, slice):
            return Keyed(self._name, self._values[place], self._items[place])
        item = bytes(self._items[place])
        if not item.startswith(b"{"):
            return item
        rest = item[1:].lstrip()
        return self._start + bytes(self._values[place]) + (b"" if rest == b"}" else b",") + rest


class _Top(Struct):
    questions: list[Raw] | UnsetType = UNSET
    annotations: list[Raw] | UnsetType = UNSET
    data: list[Raw] | UnsetType = UNSET


def read_records(path: Path) -> RawRecords:
    """Opens a file and recognises its format by its top-level shape.

    Raises:
        SourceError: the file cannot be read, is not JSON, has no known shape, or holds no record.
    """
    content = read_text(path)
    return not_empty(RawRecords(content.label, *_recognise(content)))


def not_empty(records: RawRecords) -> RawRecords:
    """The same records.

    Raises:
        SourceError: there are none.
    """
    if not records.items:
        raise SourceError(
            "The file holds no records", where=records.label, expected="at least one", found="none"
        )
    return records


def decoded(content: Content, shape: type[_T], expected: str) -> _T:
    """The content of a JSON file at its top level.

    Args:
        content: the file.
        shape: what it decodes to; ``Raw`` within it leaves the rest for later.
        expected: the shape in words, for messages.

    Raises:
        SourceError: it is not JSON, or has another shape.
    """
    try:
        return msgspec.json.decode(content.data, type=shape)
    except msgspec.ValidationError as error:
        raise unknown_shape(content, f"{describe(content.data)}; {error}", expected) from None
    except msgspec.DecodeError as error:
        raise _not_json(content, error) from None
    except RecursionError:
        raise unknown_shape(content, "lists or objects nested a thousand deep", expected) from None


def members(content: Content, expected: str) -> tuple[list[bytes], list[bytes | Raw]]:
    """Names and values of the object that a JSON file holds, names as JSON strings.

    A name that stands there twice is listed twice, where an ordinary decoder keeps the last.
    """
    pairs = decoded(content, dict[str, Raw], expected)
    within = sum(bytes(value).count(b'"') for value in pairs.values())
    if content.data.count(b'"') - within != 2 * len(pairs):
        return _all_members(content.data.decode())
    return [msgspec.json.encode(name) for name in pairs], list(pairs.values())


def _all_members(text: str) -> tuple[list[bytes], list[bytes | Raw]]:
    """The same by a walk through the text, which is known to be a JSON object."""
    names: list[bytes] = []
    values: list[bytes | Raw] = []
    scan = json.JSONDecoder().raw_decode
    place = _after_space(text, text.index("{") + 1)
    while text[place] != "}":
        name, place = scan(text, place)
        start = _after_space(text, _after_space(text, place) + 1)
        _, place = scan(text, start)
        names.append(msgspec.json.encode(name))
        values.append(text[start:place].encode())
        place = _after_space(text, place)
        place = _after_space(text, place + 1) if text[place] == "," else place
    return names, values


def _after_space(text: str, place: int) -> int:
    match = _SPACE.match(text, place)
    return match.end() if match else place


def wrong_part(records: RawRecords, wanted: str, remedy: str) -> SourceError:
    """The error for a file that is good but stands in the wrong place of the spec."""
    found = {Question: "a questions file", Annotation: "an annotations file"}.get(
        records.format, f"a {records.format.__name__} file, which holds questions and answers"
    )
    problem = f"The file named under {wanted} is {found}"
    return SourceError(problem, where=records.label, expected=f"{wanted} only", found=found, remedy=remedy)


def _recognise(content: Content) -> tuple[type[Format], list[Raw]]:
    if content.data.lstrip()[:1] == b"[":
        return VizWiz, _with_images(content, decoded(content, list[Raw], KNOWN))
    top = decoded(content, _Top, KNOWN)
    for record_format, items in (
        (Question, top.questions),
        (Annotation, top.annotations),
        (TextVQA, top.data),
    ):
        if isinstance(items, list):
            return record_format, items
    raise unknown_shape(content, describe(content.data), KNOWN)


def _with_images(content: Content, items: list[Raw]) -> list[Raw]:
    if items and not any(map(_has_image, items[:100])):
        raise unknown_shape(content, f"a list; its first record is {describe(items[0])}", KNOWN)
    return items


def _has_image(item: Raw) -> bool:
    try:
        return "image" in msgspec.json.decode(item, type=dict[str, Raw])
    except msgspec.DecodeError:
        return False


def describe(value: bytes | Raw) -> str:
    """An object by its keys, anything else by its beginning."""
    try:
        keys = list(msgspec.json.decode(value, type=dict[str, Raw]))
    except msgspec.DecodeError:
        return repr(bytes(value[:60] if isinstance(value, bytes) else value)[:60].decode("utf-8", "replace"))
    more = f" and {len(keys) - 8} more" if len(keys) > 8 else ""
    return f"an object with the keys {', '.join(keys[:8])}{more}" if keys else "an object without keys"


def unknown_shape(content: Content, found: str, expected: str) -> SourceError:
    """The error for a file that is JSON but not of the kind that is read here."""
    return SourceError(
        "The file has none of the known shapes",
        where=content.label,
        expected=expected,
        found=found,
        remedy="name a file of one of these shapes, or choose another source type",
    )


def _not_json(content: Content, error: msgspec.DecodeError) -> SourceError:
    data, reason = content.data, str(error).removeprefix("JSON is malformed: ")
    place = _BYTE.search(reason)
    if lone := _LONE_SURROGATE.search(data):
        found = f"half of a surrogate pair at byte {lone.end() - 6:,}: {_around(data, lone.start())}"
    elif place:
        found = f"{reason}: {_around(data, int(place[1]))}"
    else:
        found = f"the end of the file after {len(data):,} bytes: {_around(data, len(data))}"
    problem = "The file is not valid JSON" if place or lone else "The file ends in the middle of its JSON"
    remedy = "download or copy the file again, or correct it at this place"
    return SourceError(
        problem, where=content.label, expected="one whole JSON value", found=found, remedy=remedy
    )


def _around(data: bytes, place: int) -> str:
    return repr(data[max(0, place - 30) : place + 20].decode("utf-8", "replace"))
