"""Which of the VQA JSON formats a file has, and its records as undecoded pieces."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

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


class RawRecords(NamedTuple):
    """The records of one file, still JSON.

    Attributes:
        label: the file's name for messages.
        format: the struct that the records decode to.
        items: one piece of JSON per record.
    """

    label: str
    format: Format
    items: list[Raw]


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
    records = RawRecords(content.label, *_recognise(content))
    if not records.items:
        raise SourceError(
            "The file holds no records", where=records.label, expected="at least one", found="none"
        )
    return records


def wrong_part(records: RawRecords, wanted: str, remedy: str) -> SourceError:
    """The error for a file that is good but stands in the wrong place of the spec."""
    found = {Question: "a questions file", Annotation: "an annotations file"}.get(
        records.format, f"a {records.format.__name__} file, which holds questions and answers"
    )
    problem = f"The file named under {wanted} is {found}"
    return SourceError(problem, where=records.label, expected=f"{wanted} only", found=found, remedy=remedy)


def _recognise(content: Content) -> tuple[Format, list[Raw]]:
    try:
        if content.data.lstrip()[:1] == b"[":
            return VizWiz, _with_images(content, msgspec.json.decode(content.data, type=list[Raw]))
        top = msgspec.json.decode(content.data, type=_Top)
    except msgspec.ValidationError as error:
        raise _unknown_shape(content, f"{_describe(content.data)}; {error}") from None
    except msgspec.DecodeError as error:
        raise _not_json(content, error) from None
    except RecursionError:
        raise _unknown_shape(content, "lists or objects nested a thousand deep") from None
    for record_format, items in (
        (Question, top.questions),
        (Annotation, top.annotations),
        (TextVQA, top.data),
    ):
        if isinstance(items, list):
            return record_format, items
    raise _unknown_shape(content, _describe(content.data))


def _with_images(content: Content, items: list[Raw]) -> list[Raw]:
    if items and not any(map(_has_image, items[:100])):
        raise _unknown_shape(content, f"a list; its first record is {_describe(items[0])}")
    return items


def _has_image(item: Raw) -> bool:
    try:
        return "image" in msgspec.json.decode(item, type=dict[str, Raw])
    except msgspec.DecodeError:
        return False


def _describe(value: bytes | Raw) -> str:
    """An object by its keys, anything else by its beginning."""
    try:
        keys = list(msgspec.json.decode(value, type=dict[str, Raw]))
    except msgspec.DecodeError:
        return repr(bytes(value[:60] if isinstance(value, bytes) else value)[:60].decode("utf-8", "replace"))
    more = f" and {len(keys) - 8} more" if len(keys) > 8 else ""
    return f"an object with the keys {', '.join(keys[:8])}{more}" if keys else "an object without keys"


def _unknown_shape(content: Content, found: str) -> SourceError:
    return SourceError(
        "The file has none of the known shapes",
        where=content.label,
        expected=KNOWN,
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
