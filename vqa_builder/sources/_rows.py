"""Tables as pieces of JSON, part after part: JSONL, JSON, CSV, TSV, Parquet, Arrow."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
import pyarrow as pa
from msgspec import Raw

from vqa_builder.errors import SourceError
from vqa_builder.sources._columns import REQUIRED, ROW_NUMBER, Columns, row_format
from vqa_builder.sources._files import damaged, existing, opened, read_text
from vqa_builder.sources._records import Fault, IdTypes
from vqa_builder.sources._shapes import Keyed, RawRecords, decoded
from vqa_builder.sources._tables import BATCH
from vqa_builder.sources.base import BadRecord, OnBadRecord

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
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}")
_FIELD_LIMIT = 64 << 20


class Part(NamedTuple):
    """Some rows of a table.

    Attributes:
        columns: all columns of the table, whether they are read or not.
        numbers: which row of the file each is, counted from 0.
        items: the rows as JSON objects.
    """

    columns: Iterable[str]
    numbers: list[int]
    items: list[bytes | Raw]


@dataclass(frozen=True)
class Layout:
    """How tables are laid out.

    Attributes:
        columns: which column is what.
        separator: between answers in a text.
        format: of the file; None to see it from the suffix.
        delimiter: between the fields of CSV; None for a comma in .csv and a tab in .tsv.
        quote: around fields of CSV; None for none.
        escape: before a delimiter or quote that is meant literally; None for none.
        text_ids: whether ids in CSV stay text even where all are integers.
    """

    columns: Columns
    separator: str | None = None
    format: FileFormat | None = None
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


def read_table(
    path: Path, split: str, start: int, layout: Layout, id_types: IdTypes, report: OnBadRecord
) -> Iterator[RawRecords]:
    """The rows of a file, at most 10,000 at a time.

    Args:
        path: the file.
        split: its split, for ids made from row numbers.
        start: how many rows the split has before this file.
        layout: how it is laid out.
        id_types: the types that ids have so far, for formats that do not tell them.
        report: told of every row that does not even have the fields of a row.
    """
    kind = layout.format_of(path)
    if kind in ("parquet", "arrow"):
        yield from as_records(str(path), _arrow_parts(path, kind, layout.columns), split, start, layout)
    elif kind == "json":
        content = read_text(path)
        items = decoded(content, list[Raw], '[{"COLUMN": ..., ...}, ...]')
        yield from as_records(content.label, _with_keys(enumerate(items)), split, start, layout)
    else:
        suffixes = tuple(suffix for suffix, each in SUFFIXES.items() if each == kind)
        with opened(path, suffixes) as (label, stream):
            if kind == "jsonl":
                parts = _with_keys(enumerate(_lines(stream, label)))
            else:
                parts = _csv_parts(stream, label, kind, layout, id_types, report)
            yield from as_records(label, parts, split, start, layout)


def as_records(
    label: str, parts: Iterable[Part], split: str, start: int, layout: Layout
) -> Iterator[RawRecords]:
    """Parts of a table as records; columns are looked for in the first."""
    columns: dict[str, str] | None = None
    for part in parts:
        if columns is None:
            columns = layout.columns.among(list(part.columns), label)
            record_format = row_format(columns, layout.separator)
        items: Any = part.items
        if "question_id" not in columns:
            ids = [f'"{split}-{start + number}"'.encode() for number in part.numbers]
            items = Keyed(ROW_NUMBER, ids, part.items)
        yield RawRecords(label, record_format, items, part.numbers)
    if columns is None:
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


def _with_keys(rows: Iterable[tuple[int, bytes | Raw]]) -> Iterator[Part]:
    for batch in _batched(rows):
        keys: dict[str, None] = {}
        for _, item in batch:
            keys |= dict.fromkeys(_keys(item))
        yield Part(keys, [number for number, _ in batch], [item for _, item in batch])


def _keys(item: bytes | Raw) -> Iterable[str]:
    try:
        return msgspec.json.decode(item, type=dict[str, Raw])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ()


# CSV


def _csv_parts(
    stream: Any, label: str, kind: str, layout: Layout, id_types: IdTypes, report: OnBadRecord
) -> Iterator[Part]:
    with io.TextIOWrapper(stream, encoding="utf-8-sig", newline="") as lines:
        rows = _csv_rows(lines, label, kind, layout)
        header = next(rows, [])
        if len(set(header)) < len(header):
            found = ", ".join(header)
            raise SourceError("Two columns of the table have the same name", where=label, found=found)
        columns = layout.columns.among(header, label)
        for batch in _batched(enumerate(rows)):
            good = _csv_columns(batch, label, header, columns, report)
            if not layout.text_ids:
                _set_integers(good.values(), columns.get("question_id"), id_types.question_id)
                _set_integers(good.values(), columns["image_id"], id_types.image_id)
            yield Part(header, list(good), [msgspec.json.encode(row) for row in good.values()])


def _csv_columns(
    rows: list[tuple[int, list[str]]],
    label: str,
    header: list[str],
    columns: dict[str, str],
    report: OnBadRecord,
) -> dict[int, dict[str, Any]]:
    """The columns that are read, by number of the row; empty ones are null unless they are required."""
    places = {name: header.index(name) for name in columns.values()}
    required = {columns.get(field) for field in REQUIRED}
    id_place = places.get(columns.get("question_id", ""), len(header))
    good: dict[int, dict[str, Any]] = {}
    for number, row in rows:
        if len(row) == len(header):
            values = {name: row[place] for name, place in places.items()}
            good[number] = {
                name: value if value or name in required else None for name, value in values.items()
            }
        else:
            question_id = row[id_place] if id_place < len(row) else None
            fault = Fault("The number of fields is wrong", f"{len(header)}, as in the header", f"{len(row)}")
            report(BadRecord(label, number, question_id, *fault))
    return good


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


def _set_integers(rows: Iterable[dict[str, Any]], column: str | None, settled: type | None) -> None:
    """Ids that are integers as integers, if those of the source are, or all of the first rows."""
    if column is None or settled is str:
        return
    rows = list(rows)
    # A column that is question_id and image_id at once has been turned already.
    if settled is None and not all(type(row[column]) is int or _is_integer(row[column]) for row in rows):
        return
    for row in rows:
        if type(row[column]) is str and _is_integer(row[column]):
            row[column] = int(row[column])


def _is_integer(text: str) -> bool:
    return not text or bool(_INTEGER.fullmatch(text) and -(2**63) <= int(text) < 2**63)


# Arrow


def _arrow_parts(path: Path, kind: str, columns: Columns) -> Iterator[Part]:
    try:
        yield from (parquet_parts if kind == "parquet" else _ipc_parts)(existing(path), columns)
    except (pa.ArrowInvalid, pa.ArrowSerializationError, OSError) as error:
        if path.is_dir():
            raise SourceError("An input file cannot be read", where=path, found="a folder") from error
        raise damaged(str(path), f"a whole {kind} file", str(error)) from error


def parquet_parts(path: Path, columns: Columns) -> Iterator[Part]:
    """The rows of a Parquet file; columns that are not asked for are not read."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path, memory_map=True) as file:
        used = dict.fromkeys(columns.among(file.schema_arrow.names, path).values())
        start = 0
        for batch in file.iter_batches(BATCH, columns=list(used)):
            yield arrow_part(batch, file.schema_arrow.names, start, path)
            start += batch.num_rows


def _ipc_parts(path: Path, columns: Columns) -> Iterator[Part]:
    with pa.memory_map(str(path)) as file:
        try:
            reader = pa.ipc.open_file(file)
            batches = (reader.get_batch(at) for at in range(reader.num_record_batches))
        except pa.ArrowInvalid:
            file.seek(0)
            batches = reader = pa.ipc.open_stream(file)
        used = list(dict.fromkeys(columns.among(reader.schema.names, path).values()))
        start = 0
        for batch in batches:
            for at in range(0, batch.num_rows, BATCH):
                part = batch.select(used).slice(at, BATCH)
                yield arrow_part(part, reader.schema.names, start, path)
                start += part.num_rows


def arrow_part(rows: pa.RecordBatch | pa.Table, columns: Iterable[str], start: int, where: object) -> Part:
    """Rows of an Arrow table as JSON.

    Args:
        rows: the columns that are read.
        columns: the names of all columns.
        start: the number of the first row.
        where: the table, for messages.

    Raises:
        SourceError: a column has a type that is none of JSON's.
    """
    for field in rows.schema:
        if not _is_json(field.type):
            raise SourceError(
                f"The column {field.name!r} cannot be read as text or numbers",
                where=where,
                expected="strings, integers, or lists or structs of them",
                found=field.type,
                remedy="name another column in the spec",
            )
    items: list[bytes | Raw] = [msgspec.json.encode(row) for row in rows.to_pylist()]
    return Part(columns, list(range(start, start + len(items))), items)


def _is_json(kind: pa.DataType) -> bool:
    types = pa.types
    if types.is_dictionary(kind):
        return _is_json(kind.value_type)
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return _is_json(kind.value_type)
    if types.is_struct(kind):
        return all(_is_json(field.type) for field in kind.fields)
    tests = (types.is_string, types.is_large_string, types.is_string_view, types.is_integer)
    return any(test(kind) for test in (*tests, types.is_floating, types.is_boolean, types.is_null))


def _batched(rows: Iterable[Any]) -> Iterator[list[Any]]:
    batch = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
