"""Tables of any origin: JSONL, JSON, CSV, TSV, Parquet, Arrow, with a mapping of their columns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, NamedTuple

import pyarrow as pa

from vqa_builder.errors import SourceError
from vqa_builder.sources import base
from vqa_builder.sources._input_files import existing, on_disk
from vqa_builder.sources._record_checks import Records
from vqa_builder.sources._record_source import Reading, RecordSource, read_files
from vqa_builder.sources._table_formats import read_table
from vqa_builder.sources._table_options import Rows, TableOptions


class _File(NamedTuple):
    split: str
    path: Path


class Table(RecordSource):
    """Tables of any origin: JSONL, JSON, CSV, TSV, Parquet and Arrow files, with your names of columns.

    Large files are read part after part; JSONL, JSON, CSV and TSV may be gzipped or in a zip archive. A JSON
    file holds a list of records, also under a name (``key``), or an object of them, whose names are ids then.

    Where a table has no ids, ``question_id: null`` makes them from the number of the row in its split:
    ``train-0``, ``train-1``; ``image_id`` may be null, too, or a column of images, whose file names serve.
    Answers may be texts or numbers (2 and 2.0 are ``2``, true is ``yes``), one or a list, objects with an
    ``answer`` or ``text``, or the place of the right one among ``choices``. Lists that are empty or hold
    blanks alone are withheld answers. Either all rows of a file have answers or none has (test data); the
    first 10,000 rows decide. A column that looks like answers where none are read is an error.

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
        super().__init__(options)
        self._splits = base.in_order(options.splits)
        self._options = options

    def files(self) -> list[Path]:
        """The files of train, validation and test, patterns resolved; an archive named twice is listed once.

        Raises:
            SourceError: a file is not there, or no file fits a pattern.
        """
        paths = [file.path for files in self._files().values() for file in files]
        return list(dict.fromkeys(existing(on_disk(path)) for path in paths))

    def examples(self, reading: Reading) -> Iterator[pa.RecordBatch]:
        """File after file, row after row."""
        rows: dict[str, int] = {}

        def records(file: _File) -> Iterator[Records]:
            start = rows.get(file.split, 0)
            place = Rows(self._options, file.split, start, self.pictures)
            for part in read_table(file.path, place, self._options, reading.report):
                if part.numbers:
                    rows[file.split] = start + part.numbers[-1] + 1
                yield part

        return read_files(self._files(), records, reading)

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
