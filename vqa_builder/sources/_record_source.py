"""Sources whose files hold a record for each question: how they are read, split after split."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from vqa_builder.sources import base
from vqa_builder.sources._input_files import existing, on_disk
from vqa_builder.sources._record_checks import CheckedRecords, IdTypes, Records, Rules, check
from vqa_builder.sources._record_joins import SeenIds, examples, unique, with_answers_or_none_at_all
from vqa_builder.sources._table_options import may_hold_answers, unread_answers

_File = TypeVar("_File")


@dataclass
class Reading:
    """What one reading of a source knows.

    Attributes:
        options: the source's.
        report: told of every bad record.
        limit: at most so many records of each split.
        columns: name in the files -> what it is read as, None if it is not; filled as files are read.
        rules: what records must satisfy.
    """

    options: base.SourceOptions
    report: base.OnBadRecord
    limit: int | None
    columns: dict[str, str | None]
    rules: Rules = field(init=False)
    _seen: dict[str, SeenIds] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rules = Rules(IdTypes(), getattr(self.options, "answers_per_question", None))

    def check(
        self, records: Records, *, limit: int | None = None, only: set[Any] | None = None
    ) -> CheckedRecords:
        """The good records; see `_record_checks.check`."""
        for name, read_as in records.columns().items():
            self.columns[name] = self.columns.get(name) or read_as
        return check(records, self.rules, self.report, limit=limit, only=only)

    def unique(self, checked: CheckedRecords, split: str) -> CheckedRecords:
        """The records whose question id has not come before, in the split if that is put in front."""
        scope = split if "question_id" in self.options.prefix_ids else ""
        return unique(checked, self._seen.setdefault(scope, SeenIds()), self.report)

    def examples(
        self, questions: CheckedRecords, annotations: CheckedRecords, split: str
    ) -> Iterator[pa.RecordBatch]:
        """Batches of ``schema.examples_schema``; see `_record_joins.examples`."""
        return examples(questions, annotations, split, self.options.prefix_ids)

    def refuse_unread_answers(self, records: Records) -> None:
        """Called where no answers were read.

        Raises:
            SourceError: there is a column that looks like answers, and the spec does not leave it out.
        """
        for name, read_as in records.columns(whole=True).items():
            wanted = read_as is None and name not in self.options.ignore and may_hold_answers(name)
            if wanted and records.has_value(name):
                raise unread_answers(name, records.label)


def read_files(
    splits: Mapping[str, Sequence[_File]], records_of: Callable[[_File], Iterable[Records]], reading: Reading
) -> Iterator[pa.RecordBatch]:
    """The examples of files that hold questions and answers in one, split after split.

    Args:
        splits: the files of each split.
        records_of: opens a file and gives its records, all at once or part after part.
        reading: what has been met so far.
    """
    for split, files in splits.items():
        left = reading.limit
        for file in files:
            answered = None
            for records in records_of(file) if left != 0 else ():
                checked = reading.unique(reading.check(records, limit=left), split)
                left = left if left is None else left - min(left, len(records))
                rows, without = checked.rows.num_rows, checked.rows["answers"].null_count
                if without == rows:
                    reading.refuse_unread_answers(records)
                if answered is None and rows:
                    answered = without < rows
                checked = with_answers_or_none_at_all(checked, reading.report, answered)
                yield from reading.examples(checked, checked, split)
                if left == 0:
                    break


class RecordSource(base.Source):
    """Base of the sources of this package; subclasses give the examples."""

    version = "2"

    def __init__(self, options: base.SourceOptions) -> None:
        self.options = options
        self._columns: dict[str, str | None] = {}

    @abstractmethod
    def examples(self, reading: Reading) -> Iterator[pa.RecordBatch]:
        """What `read` gives."""

    def read(self, on_bad_record: base.OnBadRecord, limit: int | None = None) -> Iterator[pa.RecordBatch]:
        """The examples, split after split, in the order in which they stand in the files.

        Args:
            on_bad_record: told of every record that cannot be used.
            limit: the first so many questions of each split.

        Yields:
            Batches of at most 10,000 rows.

        Raises:
            SourceError: a file is missing, damaged, or of no known shape.
        """
        return self.examples(Reading(self.options, on_bad_record, limit, self._columns))

    def columns(self) -> list[base.Column]:
        """What becomes of each column: of all that was read, or of the head of each split before that."""
        if not self._columns:
            for _ in self.read(lambda record: None, limit=1):
                pass
        return [base.Column(name, read_as) for name, read_as in self._columns.items()]


class FileSource(RecordSource):
    """Base of the sources whose splits are files with questions and answers in one."""

    def __init__(self, options: base.FileOptions) -> None:
        super().__init__(options)
        self._splits = base.in_order(options.splits)

    @abstractmethod
    def records(self, path: Path) -> Iterator[Records]:
        """The records of a file."""

    def files(self) -> list[Path]:
        """The files of train, validation and test; an archive named twice is listed once."""
        paths = [path for files in self._splits.values() for path in files]
        return list(dict.fromkeys(existing(on_disk(path)) for path in paths))

    def examples(self, reading: Reading) -> Iterator[pa.RecordBatch]:
        """File after file."""
        return read_files(self._splits, self.records, reading)
