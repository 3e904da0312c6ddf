"""Tables of any origin: JSONL, JSON, CSV, TSV, Parquet, Arrow, with a mapping of their columns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, NamedTuple

import pyarrow as pa
from pydantic import Field

from vqa_builder.errors import SourceError
from vqa_builder.sources import _record_joins, _table_formats, base
from vqa_builder.sources._column_mapping import Columns
from vqa_builder.sources._input_files import existing, on_disk
from vqa_builder.sources._record_checks import Records


class TableOptions(base.Options):
    """Options of the source ``table``."""

    splits: dict[base.SplitName, base.Paths] = Field(
        min_length=1,
        description="the file of each split, a list of files, or a pattern: data/train-*.parquet",
    )
    columns: Columns = Field(Columns(), description="which column is what")
    separator: str | None = Field(
        None,
        min_length=1,
        description="what stands between answers in a text, for example a semicolon; left out, a text is one"
        " answer, or a list if it begins with [",
    )
    answers_per_question: int | None = Field(
        None, ge=1, description="how many answers each question must have; left out, any number but zero"
    )
    format: _table_formats.FileFormat | None = Field(
        None, description="the format of the files; left out, it is seen from their suffix"
    )
    delimiter: str | None = Field(
        None,
        min_length=1,
        max_length=1,
        description="between the fields of CSV; left out, a comma in .csv and a tab in .tsv",
    )
    quote: str | None = Field(
        '"', min_length=1, max_length=1, description="around fields of CSV; null where quotes have no meaning"
    )
    escape: str | None = Field(
        None, min_length=1, max_length=1, description="before a delimiter or quote that is meant literally"
    )
    text_ids: bool = Field(
        False, description="keep ids in CSV and TSV as text; left out, they are integers if the first all are"
    )


class _File(NamedTuple):
    split: str
    path: Path


class Table(base.Source):
    """Tables of any origin: JSONL, JSON lists, CSV, TSV, Parquet and Arrow files, with your names of columns.

    Large files are read part after part. JSONL, CSV and TSV may be gzipped or in a zip archive. Where a table
    has no ids, ``question_id: null`` makes them from the number of the row in its split: ``train-0``,
    ``train-1``. Either all rows of a file have answers or none has (test data); the first 10,000 rows decide.

    Example::

        source:
          type: table
          splits: {train: data/train-*.parquet, validation: data/validation.csv}
          columns: {question_id: qid, image_id: image, question: text, answers: reply}
          separator: ";"
    """

    name = "table"
    summary = "JSONL, JSON, CSV, TSV, Parquet, Arrow with a mapping of columns"
    Options: ClassVar = TableOptions

    def __init__(self, options: TableOptions) -> None:
        self._splits = base.in_order(options.splits)
        self._answers = options.answers_per_question
        self._layout = _table_formats.Layout(
            options.columns,
            options.separator,
            options.format,
            options.delimiter,
            options.quote,
            options.escape,
            options.text_ids,
        )

    def files(self) -> list[Path]:
        """The files of train, validation and test, patterns resolved; an archive named twice is listed once.

        Raises:
            SourceError: a file is not there, or no file fits a pattern.
        """
        paths = [file.path for files in self._files().values() for file in files]
        return list(dict.fromkeys(existing(on_disk(path)) for path in paths))

    def read(self, on_bad_record: base.OnBadRecord, limit: int | None = None) -> Iterator[pa.RecordBatch]:
        """The examples, file after file, row after row."""
        reading = _record_joins.Reading(self._answers, on_bad_record, limit)
        rows: dict[str, int] = {}

        def records(file: _File) -> Iterator[Records]:
            start = rows.get(file.split, 0)
            for part in _table_formats.read_table(file.path, file.split, start, self._layout, on_bad_record):
                rows[file.split] = start + part.numbers[-1] + 1 if part.numbers else start
                yield part

        return _record_joins.read_files(self._files(), records, reading)

    def _files(self) -> dict[str, list[_File]]:
        return {
            split: [_File(split, each) for path in paths for each in _resolved(path)]
            for split, paths in self._splits.items()
        }


def _resolved(path: Path) -> list[Path]:
    """The files that a pattern names, sorted; a path without pattern is itself."""
    if "*" not in path.name or path.exists():
        return [path]
    found = sorted(each for each in path.parent.glob(path.name) if each.is_file())
    if not found:
        raise SourceError("No file fits the pattern", where=path, remedy="correct the pattern in the spec")
    return found
