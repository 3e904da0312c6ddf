"""Tables in JSON: lists, lines and objects of records, whose columns may be any and may come late."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, islice
from typing import TypeVar

import msgspec
from msgspec import Raw

from vqa_builder.errors import SourceError
from vqa_builder.sources._answer_texts import ReadText
from vqa_builder.sources._input_files import Content
from vqa_builder.sources._json_files import describe, top_level, unknown_shape
from vqa_builder.sources._json_records import BAD_JSON, ROW_NUMBER, JSONRecords, keys_of, members_of
from vqa_builder.sources._record_checks import BATCH
from vqa_builder.sources._record_formats import Format, record_format
from vqa_builder.sources._table_options import SPLIT_NAMES, Columns, Rows, TableOptions

JSON_SHAPES = '[{"COLUMN": ..., ...}, ...], {"KEY": [{...}, ...]} or {"ID": {"COLUMN": ..., ...}, ...}'
_LINE = 1 << 20
_T = TypeVar("_T")
_Numbered = list[tuple[int, bytes | Raw]]


def json_lines(stream: Iterable[bytes], label: str) -> Iterator[bytes]:
    """The lines that are not blank."""
    for number, line in enumerate(stream):
        line = (line.removeprefix(b"\xef\xbb\xbf") if number == 0 else line).strip()
        if number == 0 and line.startswith(b"["):
            raise SourceError(
                "The file is not JSONL",
                where=label,
                expected="one JSON object on each line",
                found="a JSON list",
                remedy="say format: json in the spec",
            )
        if line:
            yield line


def json_rows(content: Content, options: TableOptions) -> tuple[Iterable[bytes | Raw], list[bytes] | None]:
    """The records of a JSON file, and their keys where they stand in an object."""
    first = content.data[:_LINE].split(b"\n", 2)
    alone = options.format is None and options.key is None and len(first) > 1
    if alone and members_of(first[0]) and members_of(first[1]):  # JSONL under another name
        return json_lines(io.BytesIO(content.data), content.label), None
    found = top_level(content, JSON_SHAPES)
    for key in options.key.split(".") if options.key else ():
        parts = found if isinstance(found, dict) else {}
        if key not in parts:
            raise SourceError(
                "The file has no such part",
                where=content.label,
                expected=f"key: {options.key}",
                found=describe(content.data),
                remedy=f"name the part that holds the records: key: {next(iter(parts), 'NAME')}",
            )
        found = top_level(Content(content.label, bytes(parts[key])), JSON_SHAPES)
    question = options.columns.question.partition(".")[0]
    if isinstance(found, dict) and question in found and not _holds_records(found[question], question):
        return [content.data], None
    if isinstance(found, dict) and not any(question in members_of(each) for each in _first_parts(found)):
        found = _only_records(content, found, question)
    if isinstance(found, list):
        return found, None
    return list(found.values()), [msgspec.json.encode(name) for name in found]


def _only_records(content: Content, found: dict[str, Raw], question: str) -> list[Raw] | dict[str, Raw]:
    """The one part of an object that holds records."""
    usable = [name for name, value in found.items() if _holds_records(value, question)]
    lists = [name for name, value in found.items() if bytes(value).startswith(b"[")]
    for names in (usable, lists):
        if len(names) == 1:
            return top_level(Content(content.label, bytes(found[names[0]])), JSON_SHAPES)
    remedy = "say which part holds the records: key: NAME"
    raise unknown_shape(content, describe(content.data), JSON_SHAPES, remedy)


def _holds_records(value: Raw, question: str) -> bool:
    """Whether a piece of JSON is a list or an object of records, by its first."""
    with suppress(*BAD_JSON):
        parts = msgspec.json.decode(value, type=list[Raw] | dict[str, Raw])
        return any(question in members_of(each) for each in _first_parts(parts))
    return False


def _first_parts(parts: list[Raw] | dict[str, Raw]) -> list[Raw]:
    return list(islice(parts.values() if isinstance(parts, dict) else parts, 1))


def json_parts(
    rows: Iterable[bytes | Raw], keys: list[bytes] | None, label: str, file: Rows
) -> Iterator[JSONRecords]:
    """JSON objects; optional columns may come with any of them.

    Args:
        rows: the objects.
        keys: names of the objects, which are the question's ids if no column holds them.
        label: the file's name for messages.
        file: its split, and what the spec says of its columns.
    """
    columns, split_column, names = file.options.columns, file.options.split_column, SPLIT_NAMES[file.split]
    first, rest = _until_named(batched(enumerate(rows)), columns)
    if not first:
        return
    seen = keys_of(item for batch in first for _, item in batch)
    if not seen:
        raise _no_record(first, label)
    by_key = keys is not None and columns.question_id is not None and columns.question_id not in seen
    fields = columns.among([*seen, columns.question_id or ""] if by_key else seen, label, more=True)
    record = _row_format(fields, file.options.separator)
    for batch in chain(first, rest):
        if split_column:
            batch = [(number, item) for number, item in batch if _text_at(item, split_column) in names]
        numbers = [number for number, _ in batch]
        items = [item for _, item in batch]
        more: dict[str, Sequence[bytes | Raw]] = {
            name: [_within(item, name.split(".")) for item in items]
            for name in fields.values()
            if "." in name and name not in seen
        }
        if by_key and keys is not None:
            more[fields["question_id"]] = [keys[number] for number in numbers]
        if len(fields.keys() & {"question_id", "image_id"}) < 2:
            more[ROW_NUMBER] = [msgspec.json.encode(file.number(number)) for number in numbers]
        yield JSONRecords(label, record, items, numbers, more)


def _no_record(batches: Iterable[_Numbered], label: str) -> SourceError:
    """The error for a file of which no record is an object: it names the first one."""
    number, item = next(chain.from_iterable(batches))
    try:
        found = f"{type(msgspec.json.decode(item)).__name__}: {bytes(item)[:60].decode(errors='replace')}"
    except BAD_JSON as fault:
        found = f"{bytes(item)[:60].decode(errors='replace')}: {fault}"
    return SourceError(
        "None of the file's records can be read",
        where=f"{label}, record {number}",
        expected="a JSON object with the columns of a row",
        found=found,
        remedy="write every row as one whole JSON object; the first bad record is the one named",
    )


def _until_named(
    batches: Iterator[_Numbered], columns: Columns
) -> tuple[list[_Numbered], Iterator[_Numbered]]:
    """The first batches, until each column that the spec names has come, and the others."""
    wanted = {name.partition(".")[0] for _, name in columns if name is not None}
    first: list[_Numbered] = []
    for batch in batches:
        first.append(batch)
        wanted -= {*keys_of(item for _, item in batch)}
        if not wanted:
            break
    return first, batches


def _within(item: bytes | Raw, path: list[str]) -> bytes | Raw:
    for name in path:
        item = members_of(item).get(name, Raw(b"null"))
    return item


def _text_at(item: bytes | Raw, name: str) -> str:
    return bytes(members_of(item).get(name, b"")).decode().strip('"')


def _row_format(fields: Mapping[str, str], separator: str | None) -> type[Format]:
    numbered = {"question_id": ROW_NUMBER, "image_id": ROW_NUMBER}
    names = {field: (name,) for field, name in {**numbered, **fields}.items()}
    return record_format(names, ReadText(separator, fields.get("answers", "")))


def batched(rows: Iterable[_T]) -> Iterator[list[_T]]:
    """At most 10,000 at a time."""
    rows = iter(rows)
    while batch := list(islice(rows, BATCH)):
        yield batch
