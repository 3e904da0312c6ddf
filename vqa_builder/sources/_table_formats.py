"""Tables in files, part after part: JSONL, JSON, CSV, TSV, Parquet, Arrow."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Raw

from vqa_builder.errors import SourceError
from vqa_builder.sources._arrow_records import ArrowRecords
from vqa_builder.sources._column_mapping import Columns
from vqa_builder.sources._input_files import damaged, existing, opened, read_text
from vqa_builder.sources._json_files import Keyed, decoded
from vqa_builder.sources._json_records import REQUIRED, Format, JSONRecords, parse_answers, record_format
from vqa_builder.sources._record_checks import BATCH, Fault, Records
from vqa_builder.sources.base import BadRecord, OnBadRecord

ROW_NUMBER = "(row number)"
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
_FIELD_LIMIT = 64 << 20


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
    parts: Iterator[Records]
    with ExitStack() as stack:
        if kind in ("parquet", "arrow"):
            label, parts = str(path), _arrow_parts(path, kind, split, start, layout)
        elif kind == "json":
            content = read_text(path)
            label, items = content.label, decoded(content, list[Raw], '[{"COLUMN": ..., ...}, ...]')
            parts = _json_parts(items, label, split, start, layout)
        else:
            suffixes = tuple(suffix for suffix, each in SUFFIXES.items() if each == kind)
            label, stream = stack.enter_context(opened(path, suffixes))
            if kind == "jsonl":
                parts = _json_parts(_lines(stream, label), label, split, start, layout)
            else:
                parts = _csv_parts(stream, label, kind, split, start, layout, report)
        rows: Iterator[Records] = not_empty_table(parts, label)
        yield from rows


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


def row_ids(columns: Mapping[str, str], split: str, numbers: Iterable[int]) -> list[str] | None:
    """Question ids from the numbers of rows, where no column holds them: ``train-0``, ``train-1``, ..."""
    return None if "question_id" in columns else [f"{split}-{number}" for number in numbers]


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


def _json_parts(
    rows: Iterable[bytes | Raw], label: str, split: str, start: int, layout: Layout
) -> Iterator[JSONRecords]:
    """JSON objects; columns are looked for in the first 10,000."""
    row_format = None
    for batch in _batched(enumerate(rows)):
        numbers, items = [number for number, _ in batch], [item for _, item in batch]
        if row_format is None:
            columns = layout.columns.among(_keys(items), label)
            row_format = _row_format(columns, layout.separator)
        ids = row_ids(columns, split, (start + number for number in numbers))
        keyed = (
            items if ids is None else Keyed(ROW_NUMBER, [msgspec.json.encode(each) for each in ids], items)
        )
        yield JSONRecords(label, row_format, keyed, numbers)


def _row_format(columns: Mapping[str, str], separator: str | None) -> type[Format]:
    fields = {field: (name,) for field, name in {"question_id": ROW_NUMBER, **columns}.items()}
    return record_format(
        fields, partial(parse_answers, separator=separator, column=columns.get("answers", ""))
    )


def _keys(items: Iterable[bytes | Raw]) -> list[str]:
    keys: dict[str, None] = {}
    for item in items:
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            keys |= dict.fromkeys(msgspec.json.decode(item, type=dict[str, Raw]))
    return list(keys)


# CSV


def _csv_parts(
    stream: Any,
    label: str,
    kind: str,
    split: str,
    start: int,
    layout: Layout,
    report: OnBadRecord,
) -> Iterator[ArrowRecords]:
    with io.TextIOWrapper(stream, encoding="utf-8-sig", newline="") as lines:
        rows = _csv_rows(lines, label, kind, layout)
        header = next(rows, [])
        if len(set(header)) < len(header):
            found = ", ".join(header)
            raise SourceError("Two columns of the table have the same name", where=label, found=found)
        columns = layout.columns.among(header, label)
        for batch in _batched(enumerate(rows)):
            whole = [(number, row) for number, row in batch if len(row) == len(header)]
            _report_short_rows(batch, label, header, columns.get("question_id"), report)
            numbers = [number for number, _ in whole]
            table = _csv_columns([row for _, row in whole], header, columns)
            ids = row_ids(columns, split, (start + number for number in numbers))
            typed = not layout.text_ids
            yield ArrowRecords(label, table, columns, numbers, ids, layout.separator, typed)


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


def _csv_columns(rows: list[list[str]], header: list[str], columns: Mapping[str, str]) -> pa.RecordBatch:
    """The columns that are read; empty fields are null unless they are required."""
    table: dict[str, pa.Array] = {}
    for field, name in columns.items():
        place = header.index(name)
        values = pa.array([row[place] for row in rows], pa.string())
        table[name] = values if field in REQUIRED else pc.if_else(pc.equal(values, ""), None, values)
    return pa.RecordBatch.from_pydict(table)


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


def _arrow_parts(path: Path, kind: str, split: str, start: int, layout: Layout) -> Iterator[ArrowRecords]:
    try:
        number = 0
        for batch, columns in (_parquet_batches if kind == "parquet" else _ipc_batches)(
            existing(path), layout
        ):
            numbers = range(number, number + batch.num_rows)
            ids = row_ids(columns, split, (start + each for each in numbers))
            yield ArrowRecords(str(path), batch, columns, numbers, ids, layout.separator)
            number += batch.num_rows
    except (pa.ArrowInvalid, pa.ArrowSerializationError, OSError) as error:
        if path.is_dir():
            raise SourceError("An input file cannot be read", where=path, found="a folder") from error
        raise damaged(str(path), f"a whole {kind} file", str(error)) from error


def _parquet_batches(path: Path, layout: Layout) -> Iterator[tuple[pa.RecordBatch, dict[str, str]]]:
    """The rows of a Parquet file; columns that are not asked for are not read."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        columns = layout.columns.among(file.schema_arrow.names, path)
        used = list(dict.fromkeys(columns.values()))
        for batch in file.iter_batches(BATCH, columns=used):
            yield batch, columns


def _ipc_batches(path: Path, layout: Layout) -> Iterator[tuple[pa.RecordBatch, dict[str, str]]]:
    with pa.OSFile(str(path)) as file:
        try:
            reader = pa.ipc.open_file(file)
            batches = (reader.get_batch(at) for at in range(reader.num_record_batches))
        except pa.ArrowInvalid:
            file.seek(0)
            batches = reader = pa.ipc.open_stream(file)
        columns = layout.columns.among(reader.schema.names, path)
        used = list(dict.fromkeys(columns.values()))
        for batch in batches:
            chosen = batch.select(used)
            chosen.validate(full=True)
            for at in range(0, batch.num_rows, BATCH):
                yield chosen.slice(at, BATCH), columns


def _batched(rows: Iterable[_T]) -> Iterator[list[_T]]:
    rows = iter(rows)
    while batch := list(islice(rows, BATCH)):
        yield batch
