"""Tables in files, part after part: JSONL, JSON, CSV, TSV, Parquet, Arrow."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.errors import SourceError
from vqa_builder.sources._arrow_files import arrow_file
from vqa_builder.sources._arrow_records import ArrowRecords, column_names, with_class_names
from vqa_builder.sources._input_files import opened, read_text
from vqa_builder.sources._json_tables import batched, json_lines, json_parts, json_rows
from vqa_builder.sources._picture_columns import BATCH as PICTURE_BATCH, with_pictures
from vqa_builder.sources._record_checks import BATCH, REQUIRED, Fault, Records
from vqa_builder.sources._table_options import SPLIT_NAMES, SUFFIXES, FileFormat, Rows, TableOptions
from vqa_builder.sources.base import BadRecord, OnBadRecord

_T = TypeVar("_T")
_FIELD_LIMIT = 64 << 20
_STATED_DELIMITER = re.compile(r"sep=(.)\s*")


def read_table(path: Path, rows: Rows, options: TableOptions, report: OnBadRecord) -> Iterator[Records]:
    """The rows of a file, at most 10,000 at a time.

    Args:
        path: the file.
        rows: their split, and how many it has before this file.
        options: how the file is laid out.
        report: told of every row that does not even have the fields of a row.
    """
    kind = format_of(path, options.format)
    if options.columns.image and kind in ("json", "jsonl"):
        raise SourceError(
            "Pictures in columns are read from Parquet, Arrow and CSV",
            where=path,
            found=f"{kind}, and columns: {{image: {options.columns.image}}}",
            remedy="name the files instead: columns: {image_id: COLUMN} and"
            ' release: {images: {file: "{image_id}"}}',
        )
    parts: Iterator[Records]
    with ExitStack() as stack:
        if kind in ("parquet", "arrow"):
            label, parts = str(path), _arrow_parts(path, kind, rows)
        elif kind == "json":
            content = read_text(path, options.encoding)
            label, parts = content.label, json_parts(*json_rows(content, options), content.label, rows)
        else:
            suffixes = tuple(suffix for suffix, each in SUFFIXES.items() if each == kind)
            label, stream = stack.enter_context(opened(path, suffixes, options.encoding))
            if kind == "jsonl":
                parts = json_parts(json_lines(stream, label), None, label, rows)
            else:
                parts = _csv_parts(stream, label, kind, rows, options, report)
        checked: Iterator[Records] = not_empty_table(parts, label)
        yield from checked


def format_of(path: Path, named: FileFormat | None) -> FileFormat:
    """The format of a file, by the spec or by its suffix.

    Raises:
        SourceError: neither says it.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() not in (".gz", ".zip")]
    found = named or SUFFIXES.get(suffixes[-1] if suffixes else "")
    if found is None:
        raise SourceError(
            "The format of the table cannot be seen from its name",
            where=path,
            expected=", ".join(SUFFIXES),
            remedy='save the workbook as "CSV UTF-8"'
            if suffixes[-1:] in ([".xlsx"], [".xls"], [".ods"])
            else "name it in the spec, for example format: jsonl",
        )
    return found


def arrow_records(
    table: pa.RecordBatch,
    fields: Mapping[str, str],
    known: Sequence[str],
    numbers: Sequence[int],
    label: str,
    rows: Rows,
    typed_ids: bool = False,
) -> ArrowRecords:
    """Some columns of a table as records, those of another split left out; arguments as of `ArrowRecords`."""
    records = ArrowRecords(label, table, fields, known, numbers, rows, typed_ids)
    column = rows.options.split_column
    return records.of_split(column, SPLIT_NAMES[rows.split]) if column else records


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


# CSV


def _csv_parts(
    stream: Any, label: str, kind: str, rows: Rows, options: TableOptions, report: OnBadRecord
) -> Iterator[ArrowRecords]:
    with io.TextIOWrapper(stream, encoding="utf-8-sig", newline="") as lines:
        found = csv_rows(lines, label, kind, options)
        header = next(found, [])
        if len(set(header)) < len(header):
            raise SourceError(
                "Two columns of the table have the same name", where=label, found=", ".join(header)
            )
        fields = options.columns.among(header, label)
        fields = with_pictures(fields, pa.schema([(name, pa.string()) for name in header]), rows, label)
        needed = {name for field, name in fields.items() if field in REQUIRED}
        for batch in batched(enumerate(found)):
            whole = whole_rows(batch, label, header, report, fields.get("question_id"))
            table = {}
            for name in rows.used(fields, header):
                place = header.index(name)
                values = pa.array([row[place] for _, row in whole], pa.string())
                table[name] = values if name in needed else pc.if_else(pc.equal(values, ""), None, values)
            numbers = [number for number, _ in whole]
            columns = pa.RecordBatch.from_pydict(table)
            yield arrow_records(columns, fields, header, numbers, label, rows, not options.text_ids)


def whole_rows(
    rows: Iterable[tuple[int, list[str]]],
    label: str,
    header: list[str],
    report: OnBadRecord,
    id_column: str | None = None,
) -> list[tuple[int, list[str]]]:
    """The rows, with their numbers, that have a field for each column; the others are told."""
    place = header.index(id_column) if id_column else len(header)
    whole = []
    for number, row in rows:
        if len(row) == len(header):
            whole.append((number, row))
            continue
        question_id = row[place] if place < len(row) else None
        fault = Fault("The number of fields is wrong", f"{len(header)}, as in the header", f"{len(row)}")
        report(BadRecord(label, number, question_id, *fault))
    return whole


class CsvLayout(Protocol):
    """What stands between and around the fields."""

    @property
    def delimiter(self) -> str | None: ...
    @property
    def quote(self) -> str | None: ...
    @property
    def escape(self) -> str | None: ...


def csv_rows(lines: Iterable[str], label: str, kind: str, options: CsvLayout) -> Iterator[list[str]]:
    """The rows of a CSV or TSV, that of the header first; blank lines are none.

    A first line ``sep=;``, as spreadsheets write it, says the delimiter.

    Raises:
        SourceError: the quotes do not fit, or the header shows another delimiter.
    """
    csv.field_size_limit(_FIELD_LIMIT)
    rest = iter(lines)
    start = next(rest, "")
    stated = _STATED_DELIMITER.fullmatch(start)
    reader = csv.reader(
        rest if stated else chain([start], rest),
        delimiter=options.delimiter or (stated[1] if stated else "\t" if kind == "tsv" else ","),
        quotechar=options.quote,
        quoting=csv.QUOTE_NONE if options.quote is None else csv.QUOTE_MINIMAL,
        escapechar=options.escape,
        strict=True,
    )
    try:
        rows = (row for row in reader if row)
        header = next(rows, [])
        if options.delimiter is None:
            _check_delimiter(header, label)
        yield from chain([header] if header else [], rows)
    except csv.Error as error:
        raise SourceError(
            "The file cannot be read as CSV",
            where=f"{label}, line {reader.line_num}",
            expected="fields as the options delimiter, quote and escape say",
            found=error,
            remedy="set these options in the spec; quote: null where quotes have no meaning",
        ) from error


def _check_delimiter(header: Sequence[str], label: str) -> None:
    """Refuse a header of one field that would be several with another delimiter."""
    others = [mark for mark in ";\t,|" if len(header) == 1 and mark in header[0]]
    if others:
        best = "\\t" if (mark := max(others, key=header[0].count)) == "\t" else mark
        raise SourceError(
            "The table has one column, with what parts fields inside its name",
            where=label,
            expected="fields between commas, or tabs in a .tsv",
            found=header[0][:200],
            remedy=f'name the delimiter in the spec: delimiter: "{best}"',
        )


# Arrow


def _arrow_parts(path: Path, kind: str, rows: Rows) -> Iterator[ArrowRecords]:
    """The rows of a Parquet or Arrow file; other columns are not read, nor pixels that nobody wants."""
    number, label = 0, str(path)
    with arrow_file(path, kind) as file:
        known = column_names(file.schema)
        fields = with_pictures(rows.options.columns.among(known, path), file.schema, rows, label)
        pixels = fields.get("image") if rows.pictures == "bytes" else None
        used = rows.used(fields, file.schema.names)
        wanted = [f"{name}.path" if f"{name}.path" in known and name != pixels else name for name in used]
        for part in file.read(wanted, PICTURE_BATCH if "image" in fields else BATCH):
            table, numbers = with_class_names(part, file.schema), range(number, number + part.num_rows)
            yield arrow_records(table, fields, file.schema.names, numbers, label, rows)
            number += part.num_rows
