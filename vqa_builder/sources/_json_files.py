"""JSON files at their top level: the pieces that their records are, still undecoded."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

import msgspec
from msgspec import Raw

from vqa_builder.errors import SourceError
from vqa_builder.sources._input_files import Content

_LONE_SURROGATE = re.compile(
    rb"(?<!\\)(?:\\\\)*\\u[dD](?:[89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|[c-fC-F][0-9a-fA-F]{2})"
)
_BYTE = re.compile(r"\(byte (\d+)\)")
_SPACE = re.compile(r"[ \t\n\r]*")

_T = TypeVar("_T")


def not_empty(items: Sequence[_T], label: str) -> Sequence[_T]:
    """The records of a file.

    Raises:
        SourceError: there are none.
    """
    if not items:
        raise SourceError("The file holds no records", where=label, expected="at least one", found="none")
    return items


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


def top_level(content: Content, expected: str) -> list[Raw] | dict[str, Raw]:
    """The list or the object that a JSON file holds, its parts undecoded.

    Raises:
        SourceError: it is neither, or an object that names a part twice.
    """
    if content.data.lstrip()[:1] == b"[":
        return decoded(content, list[Raw], expected)
    parts = decoded(content, dict[str, Raw], expected)
    names = members(content.data)[0]
    if len(names) > len(parts):
        twice = b", ".join(name for name, count in Counter(names).items() if count > 1).decode()
        raise SourceError("The file names a part twice", where=content.label, found=twice)
    return parts


def members(data: bytes) -> tuple[list[bytes], list[bytes | Raw]]:
    """Names and values of a JSON object, names as JSON strings.

    A name that stands there twice is listed twice, where an ordinary decoder keeps the last.

    >>> members(b'{"a": 1, "a": 2}')[0]
    [b'"a"', b'"a"']
    """
    pairs = msgspec.json.decode(data, type=dict[str, Raw])
    within = sum(bytes(value).count(b'"') for value in pairs.values())
    if data.count(b'"') - within != 2 * len(pairs):
        return _all_members(data.decode())
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


def describe(value: bytes | Raw) -> str:
    """An object by its keys, anything else by its beginning."""
    try:
        keys = list(msgspec.json.decode(value, type=dict[str, Raw]))
    except (msgspec.DecodeError, RecursionError):
        return repr(bytes(value[:60] if isinstance(value, bytes) else value)[:60].decode("utf-8", "replace"))
    more = f" and {len(keys) - 8} more" if len(keys) > 8 else ""
    return f"an object with the keys {', '.join(keys[:8])}{more}" if keys else "an object without keys"


def unknown_shape(
    content: Content,
    found: str,
    expected: str,
    remedy: str = "name a file of one of these shapes, or choose another source type",
) -> SourceError:
    """The error for a file that is JSON but not of the kind that is read here."""
    return SourceError(
        "The file has none of the known shapes",
        where=content.label,
        expected=expected,
        found=found,
        remedy=remedy,
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
