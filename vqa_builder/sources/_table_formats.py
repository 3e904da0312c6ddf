"""Tables in files, part after part: JSONL, JSON, CSV, TSV, Parquet, Arrow."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Raw

from vqa_builder.errors import SourceError
from vqa_builder.sources._answer_texts import ReadText
from vqa_builder.sources._arrow_records import ArrowRecords, column_names, top_name, with_class_names
from vqa_builder.sources._column_mapping import Columns, may_hold_answers
from vqa_builder.sources._input_files import Content, damaged, existing, opened, read_text
from vqa_builder.sources._json_files import decoded, describe, top_level, unknown_shape
from vqa_builder.sources._json_records import (
    ROW_NUMBER,
    Format,
    JSONRecords,
    keys_of,
    members_of,
    record_format,
)
from vqa_builder.sources._record_checks import BATCH, REQUIRED, Fault, Records
from vqa_builder.sources.base import BadRecord, OnBadRecord

JSON_SHAPES = '[{"COLUMN": ..., ...}, ...], {"KEY": [{...}, ...]} or {"ID": {"COLUMN": ..., ...}, ...}'
SPLIT_NAMES = {
    "train": frozenset({"train", "training"}),
    "validation": frozenset({"validation", "val", "valid", "dev", "minival"}),
    "test": frozenset({"test", "testing"}),
}
FileFormat = Literal["jsonl", "json", "csv", "tsv", "parquet", "arrow"]
SUFFIXES: dict[str, FileFormat] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
}
_T = TypeVar("_T")
_Numbered = list[tuple[int, bytes | Raw]]
_FIELD_LIMIT = 64 << 20


@dataclass(frozen=True)
class Layout:
    """How tables are laid out.

    Attributes:
        columns: which column is what.
        separator: between answers in a text.
        format: of the file; None to see it from the suffix.
        key: where the records stand in a JSON file; None for the only list.
        split_column: which column says to which split a row belongs; None if all rows of a file do to one.
        delimiter: between the fields of CSV; None for a comma in .csv and a tab in .tsv.
        quote: around fields of CSV; None for none.
        escape: before a delimiter or quote that is meant literally; None for none.
        text_ids: whether ids in CSV stay text even where all are integers.
    """

    columns: Columns
    separator: str | None = None
    format: FileFormat | None = None
    key: str | None = None
    split_column: str | None = None
    delimiter: str | None = None
    quote: str | None = '"'
    escape: str | None = None
    text_ids: bool = False

    def format_of(self, path: Path) -> FileFormat:
        """The format of a file, by the spec or by its suffix.

        Raises:
            SourceError: neither says it.
        """
        suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() not in (".gz", ".zip")]
        found = self.format or SUFFIXES.get(suffixes[-1] if suffixes else "")
        if found is None:
            raise SourceError(
                "The format of the table cannot be seen from its name",
                where=path,
                expected=", ".join(SUFFIXES),
                remedy="name it in the spec, for example format: jsonl",
            )
        return found


def read_table(path: Path, split: str, start: int, layout: Layout, report: OnBadRecord) -> Iterator[Records]:
    """The rows of a file, at most 10,000 at a time.

    Args:
        path: the file.
        split: its split, for ids made from row numbers.
        start: how many rows the split has before this file.
        layout: how it is laid out.
        report: told of every row that does not even have the fields of a row.
    """
    kind = layout.format_of(path)
    rows = Rows(layout, split, start)
    parts: Iterator[Records]
    with ExitStack() as stack:
        if kind in ("parquet", "arrow"):
            label, parts = str(path), _arrow_parts(path, kind, rows)
        elif kind == "json":
            content = read_text(path)
            label, parts = content.label, _json_parts(*_json_rows(content, layout), content.label, rows)
        else:
            suffixes = tuple(suffix for suffix, each in SUFFIXES.items() if each == kind)
            label, stream = stack.enter_context(opened(path, suffixes))
            if kind == "jsonl":
                parts = _json_parts(_lines(stream, label), None, label, rows)
            else:
                parts = _csv_parts(stream, label, kind, rows, report)
        checked: Iterator[Records] = not_empty_table(parts, label)
        yield from checked


@dataclass(frozen=True)
class Rows:
    """The rows of one file: how it is laid out, their split, and how many rows the split has before it."""

    layout: Layout
    split: str
    start: int

    def used(self, fields: Mapping[str, str], known: Iterable[str]) -> list[str]:
        """The columns of a table that are read: those of fields, and those that may hold answers unread."""
        wanted = [*fields.values(), *filter(None, [self.layout.split_column])]
        if "answers" not in fields:
            wanted += [name for name in known if may_hold_answers(name) and "." not in name]
        return list(dict.fromkeys(wanted))

    def records(
        self,
        table: pa.RecordBatch,
        fields: Mapping[str, str],
        known: Sequence[str],
        numbers: Sequence[int],
        label: str,
    ) -> ArrowRecords:
        """Some columns of a table as records, those of another split left out."""
        typed = not self.layout.text_ids and isinstance(numbers, list)
        records = ArrowRecords(
            label, table, fields, known, numbers, self.split, self.start, self.layout.separator, typed
        )
        column = self.layout.split_column
        return records.of_split(column, SPLIT_NAMES[self.split]) if column else records


def not_empty_table(parts: Iterable[_T], label: str) -> Iterator[_T]:
    """The same parts.

    Raises:
        SourceError: there are none.
    """
    empty = True
    for part in parts:
        empty = False
        yield part
    if empty:
        raise SourceError("The table has no rows", where=label, expected="at least one", found="none")


# JSON


def _lines(stream: Iterable[bytes], label: str) -> Iterator[bytes]:
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


def _json_rows(content: Content, layout: Layout) -> tuple[Iterable[bytes | Raw], list[bytes] | None]:
    """The records of a JSON file, and their keys where they stand in an object."""
    lines = content.data.split(b"\n", 2)
    alone = layout.format is None and layout.key is None and len(lines) > 1
    if alone and members_of(lines[0]) and members_of(lines[1]):  # JSONL under another name
        return _lines(io.BytesIO(content.data), content.label), None
    found = top_level(content, JSON_SHAPES)
    for key in layout.key.split(".") if layout.key else ():
        parts = found if isinstance(found, dict) else {}
        if key not in parts:
            raise SourceError(
                "The file has no such part",
                where=content.label,
                expected=f"key: {layout.key}",
                found=describe(content.data),
                remedy=f"name the part that holds the records: key: {next(iter(parts), 'NAME')}",
            )
        found = top_level(Content(content.label, bytes(parts[key])), JSON_SHAPES)
    if isinstance(found, list):
        return found, None
    names = layout.columns.model_dump().values()
    if layout.columns.question in found and not members_of(found[layout.columns.question]):
        return [content.data], None
    lists = [name for name, value in found.items() if bytes(value).startswith(b"[") and name not in names]
    if len(lists) == 1 and not layout.key:
        return decoded(Content(content.label, bytes(found[lists[0]])), list[Raw], JSON_SHAPES), None
    if found and all(bytes(value).startswith(b"{") for value in found.values()):
        return list(found.values()), [msgspec.json.encode(name) for name in found]
    raise unknown_shape(
        content, describe(content.data), JSON_SHAPES, "say which part holds the records: key: NAME"
    )


def _json_parts(
    rows: Iterable[bytes | Raw], keys: list[bytes] | None, label: str, file: Rows
) -> Iterator[JSONRecords]:
    """JSON objects; optional columns may come with any of them.

    Args:
        rows: the objects.
        keys: names of the objects, which are the question's ids if no column holds them.
        label: the file's name for messages.
        file: how it is laid out.
    """
    columns, split_column, names = file.layout.columns, file.layout.split_column, SPLIT_NAMES[file.split]
    first, rest = _until_named(_batched(enumerate(rows)), columns)
    if not first:
        return
    seen = keys_of(item for batch in first for _, item in batch)
    by_key = keys is not None and columns.question_id is not None and columns.question_id not in seen
    fields = columns.among([*seen, columns.question_id or ""] if by_key else seen, label, more=True)
    record = _row_format(fields, file.layout.separator)
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
            more[ROW_NUMBER] = [f'"{file.split}-{file.start + number}"'.encode() for number in numbers]
        yield JSONRecords(label, record, items, numbers, more)


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


# CSV


def _csv_parts(stream: Any, label: str, kind: str, file: Rows, report: OnBadRecord) -> Iterator[ArrowRecords]:
    with io.TextIOWrapper(stream, encoding="utf-8-sig", newline="") as lines:
        rows = _csv_rows(lines, label, kind, file.layout)
        header = next(rows, [])
        if len(set(header)) < len(header):
            found = ", ".join(header)
            raise SourceError("Two columns of the table have the same name", where=label, found=found)
        fields = file.layout.columns.among(header, label)
        needed = {name for field, name in fields.items() if field in REQUIRED}
        for batch in _batched(enumerate(rows)):
            whole = [(number, row) for number, row in batch if len(row) == len(header)]
            _report_short_rows(batch, label, header, fields.get("question_id"), report)
            table = {}
            for name in file.used(fields, header):
                place = header.index(name)
                values = pa.array([row[place] for _, row in whole], pa.string())
                table[name] = values if name in needed else pc.if_else(pc.equal(values, ""), None, values)
            numbers = [number for number, _ in whole]
            yield file.records(pa.RecordBatch.from_pydict(table), fields, header, numbers, label)


def _report_short_rows(
    rows: Iterable[tuple[int, list[str]]],
    label: str,
    header: list[str],
    id_column: str | None,
    report: OnBadRecord,
) -> None:
    place = header.index(id_column) if id_column else len(header)
    for number, row in rows:
        if len(row) != len(header):
            question_id = row[place] if place < len(row) else None
            fault = Fault("The number of fields is wrong", f"{len(header)}, as in the header", f"{len(row)}")
            report(BadRecord(label, number, question_id, *fault))


def _csv_rows(lines: Iterable[str], label: str, kind: str, layout: Layout) -> Iterator[list[str]]:
    csv.field_size_limit(_FIELD_LIMIT)
    reader = csv.reader(
        lines,
        delimiter=layout.delimiter or ("\t" if kind == "tsv" else ","),
        quotechar=layout.quote,
        quoting=csv.QUOTE_NONE if layout.quote is None else csv.QUOTE_MINIMAL,
        escapechar=layout.escape,
        strict=True,
    )
    try:
        yield from (row for row in reader if row)
    except csv.Error as error:
        raise SourceError(
            "The file cannot be read as CSV",
            where=f"{label}, line {reader.line_num}",
            expected="fields as the options delimiter, quote and escape say",
            found=error,
            remedy="set these options in the spec; quote: null where quotes have no meaning",
        ) from error


# Arrow


def _arrow_parts(path: Path, kind: str, file: Rows) -> Iterator[ArrowRecords]:
    try:
        number = 0
        for table, fields, known in (_parquet_tables if kind == "parquet" else _ipc_tables)(
            existing(path), file
        ):
            table.validate(full=True)
            numbers = range(number, number + table.num_rows)
            yield file.records(table, fields, known, numbers, str(path))
            number += table.num_rows
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        if path.is_dir():
            raise SourceError("An input file cannot be read", where=path, found="a folder") from error
        raise damaged(str(path), f"a whole {kind} file", str(error)[:300]) from error


_Tables = Iterator[tuple[pa.RecordBatch, dict[str, str], list[str]]]


def _parquet_tables(path: Path, file: Rows) -> _Tables:
    """The rows of a Parquet file; columns that are not asked for are not read, nor the pixels of images."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as parquet:
        schema = parquet.schema_arrow
        known = column_names(schema)
        fields = file.layout.columns.among(known, path)
        used = file.used(fields, schema.names)
        wanted = [f"{name}.path" if f"{name}.path" in known else name for name in used]
        for table in parquet.iter_batches(BATCH, columns=wanted):
            yield with_class_names(table, schema), fields, schema.names


def _ipc_tables(path: Path, file: Rows) -> _Tables:
    """The rows of an Arrow file; read, not mapped, so that a file cut short is an error and no signal."""
    with pa.OSFile(str(path)) as source:
        try:
            reader = pa.ipc.open_file(source)
            batches = (reader.get_batch(at) for at in range(reader.num_record_batches))
        except pa.ArrowInvalid:
            source.seek(0)
            batches = reader = pa.ipc.open_stream(source)
        fields = file.layout.columns.among(column_names(reader.schema), path)
        used = list(
            dict.fromkeys(top_name(name, reader.schema) for name in file.used(fields, reader.schema.names))
        )
        for batch in batches:
            table = batch.select(used)
            for at in range(0, table.num_rows, BATCH):
                yield with_class_names(table.slice(at, BATCH), reader.schema), fields, reader.schema.names


def _batched(rows: Iterable[_T]) -> Iterator[list[_T]]:
    rows = iter(rows)
    while batch := list(islice(rows, BATCH)):
        yield batch
