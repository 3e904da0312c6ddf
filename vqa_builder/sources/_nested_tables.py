"""Tables of any schema, part after part: JSON, JSONL, CSV, TSV, Parquet, Arrow, and datasets on the hub."""

from __future__ import annotations

import io
import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from vqa_builder.errors import SourceError
from vqa_builder.sources import _nested_json as nested
from vqa_builder.sources._arrow_files import arrow_file
from vqa_builder.sources._input_files import opened
from vqa_builder.sources._table_formats import csv_rows, format_of, whole_rows
from vqa_builder.sources._table_options import SUFFIXES, FileFormat
from vqa_builder.sources.base import BadRecord, OnBadRecord
from vqa_builder.sources.hub import Hub, HubOptions

BATCH = 1_000
"""Rows at a time, fewer where they are large."""
_PICTURES = 64
"""Rows at a time of a dataset on the hub that holds bytes, whose sizes nobody knows before."""
Part = tuple[Sequence[int], pa.RecordBatch]


class Layout(NamedTuple):
    """What a spec says of files; None where their names say it."""

    format: FileFormat | None = None
    key: str | None = None
    delimiter: str | None = None
    quote: str | None = '"'
    escape: str | None = None
    encoding: str | None = None


class Rows(ABC):
    """The rows of one file, or of one split of a dataset.

    Attributes:
        label: its name for messages.
        paths: the local files that it reads.
        mark: what identifies it; None where the hashes of the files do.
    """

    label: str
    paths: Sequence[Path] = ()
    mark: str | None = None

    def notices(self) -> list[str]:
        """What a reader should know of it before."""
        return []

    @abstractmethod
    def schema(self) -> pa.Schema:
        """The columns; reads JSON once, and of others the head alone."""

    def unified(self, found: pa.Schema) -> pa.Schema:
        """The columns of this and of the tables before it.

        Raises:
            SourceError: they are others.
        """
        return _one_schema(found, self.schema(), self.label)

    @abstractmethod
    def read(
        self, columns: Sequence[str], schema: pa.Schema, report: OnBadRecord, limit: int | None
    ) -> Iterator[Part]:
        """Some columns of the rows, with the number of each row; bad ones are told and left out.

        Args:
            columns: their names.
            schema: the types of the whole source.
            report: told of every bad row.
            limit: at most so many rows, bad ones with them.
        """


class _Typed(Rows):
    """Rows that come in the types of the source."""

    @abstractmethod
    def parts(self, columns: Sequence[str], report: OnBadRecord, limit: int | None) -> Iterator[Part]:
        """Some columns of the rows, perhaps more of them than the limit."""

    def read(
        self, columns: Sequence[str], schema: pa.Schema, report: OnBadRecord, limit: int | None
    ) -> Iterator[Part]:
        """The parts, cut at the limit."""
        for numbers, table in self.parts(columns, report, limit):
            keep = len(numbers) if limit is None else sum(number < limit for number in numbers)
            table = pa.RecordBatch.from_arrays(
                [table[name].slice(0, keep) for name in columns],
                schema=pa.schema([schema.field(name) for name in columns]),
            )
            yield numbers[:keep], table
            if limit is not None and (keep < len(numbers) or numbers[keep - 1 : keep] == [limit - 1]):
                return


def table_rows(path: Path, layout: Layout) -> Rows:
    """The rows of a file.

    Raises:
        SourceError: its format is unknown.
    """
    kind = format_of(path, layout.format)
    if kind in ("json", "jsonl"):
        return _JSON(path, kind, layout)
    if kind in ("csv", "tsv"):
        return _CSV(path, kind, layout)
    return _Arrow(path, kind)


def hub_rows(
    repo: str, config: str | None, revision: str | None, splits: Mapping[str, str]
) -> dict[str, list[Rows]]:
    """The rows of the splits of a dataset on the hub, or of a local folder that is laid out like one."""
    hub = Hub(
        HubOptions.model_validate(
            {"repo": repo, "config": config, "revision": revision, "splits": splits or None}
        )
    )
    return {split: [_HubSplit(hub, name)] for split, name in hub.chosen_splits().items()}


class _File(Rows, ABC):
    def __init__(self, path: Path) -> None:
        self.path, self.paths, self.label = path, (path,), str(path)


class _JSON(_File):
    """Objects; the schema is that of all of them, and grows with the files of the source."""

    def __init__(self, path: Path, kind: str, layout: Layout) -> None:
        super().__init__(path)
        self._lines, self._key, self._encoding = kind == "jsonl", layout.key, layout.encoding
        self._suffixes = tuple(suffix for suffix, each in SUFFIXES.items() if each in ("json", "jsonl"))
        self._mixed: dict[str, str] = {}

    def notices(self) -> list[str]:
        told = "numbers among texts are written as text, the first in"
        return [f"{path}: {told} {where}" for path, where in sorted(self._mixed.items())]

    def schema(self) -> pa.Schema:
        kind: pa.DataType = pa.struct([])
        for batch in self._batches(None):
            mixed: set[str] = set()
            kind = nested.learnt(kind, [value for _, value in batch], mixed)
            self._name(mixed, batch, kind)
        if not kind.num_fields:
            raise SourceError("The file holds no records", where=self.label, expected="objects")
        return pa.schema(list(nested.writable(kind)))

    def unified(self, found: pa.Schema) -> pa.Schema:
        try:
            both = pa.struct(list(found)), pa.struct(list(self.schema()))
            mixed: set[str] = set()
            unified = pa.schema(list(nested.unified(*both, mixed=mixed)))
            self._mixed |= dict.fromkeys(mixed, self.path.name)
            return unified
        except nested.Mixed as error:
            raise _other_type(error.path, error.expected, error.found, self.label) from None

    def read(
        self, columns: Sequence[str], schema: pa.Schema, report: OnBadRecord, limit: int | None
    ) -> Iterator[Part]:
        kind, wanted = pa.struct(list(schema)), pa.struct([schema.field(name) for name in columns])
        for batch in self._batches(limit):
            numbers, values = [list(each) for each in zip(*batch, strict=True)]
            try:
                array = nested.array_of(values, kind)
            except nested.UNFIT:
                faults = {
                    at: fault for at, value in enumerate(values) if (fault := nested.fault(value, kind))
                }
                for at, fault in faults.items():
                    report(BadRecord(self.label, numbers[at], None, *fault))
                numbers = [number for at, number in enumerate(numbers) if at not in faults]
                array = nested.array_of([each for at, each in enumerate(values) if at not in faults], kind)
            table = pa.RecordBatch.from_struct_array(array).select(list(columns))
            yield numbers, pa.RecordBatch.from_arrays(table.columns, schema=pa.schema(list(wanted)))

    def _name(self, mixed: set[str], batch: Sequence[nested.Record], kind: pa.DataType) -> None:
        """Remember the first number under each path that has texts, too."""
        for path in mixed - self._mixed.keys():
            first = next((number for number, value in batch if nested.becomes_text(value, kind, path)), 0)
            self._mixed[path] = f"{self.path.name}, record {first}"

    def _batches(self, limit: int | None) -> Iterator[list[nested.Record]]:
        with ExitStack() as stack:
            label, stream = stack.enter_context(opened(self.path, self._suffixes, self._encoding))
            self.label = label
            records = nested.json_records(io.BufferedReader(stream), label, self._lines, self._key)  # type: ignore[arg-type]
            yield from nested.batched(itertools.islice(records, limit), BATCH)


class _CSV(_File, _Typed):
    """Texts, as CSV knows nothing else; an empty field is null."""

    def __init__(self, path: Path, kind: str, layout: Layout) -> None:
        super().__init__(path)
        self._kind, self._layout = kind, layout

    def schema(self) -> pa.Schema:
        with ExitStack() as stack:
            header = next(self._lines(stack), [])
        if len(set(header)) < len(header) or not header:
            raise SourceError(
                "The table needs a name for each column", where=self.label, found=", ".join(header)
            )
        return pa.schema([(name, pa.string()) for name in header])

    def parts(self, columns: Sequence[str], report: OnBadRecord, limit: int | None) -> Iterator[Part]:
        with ExitStack() as stack:
            lines = self._lines(stack)
            header = next(lines)
            places = [header.index(name) for name in columns]
            for batch in nested.batched(enumerate(itertools.islice(lines, limit)), BATCH):
                good = whole_rows(batch, self.label, header, report)
                texts = [pa.array([row[place] or None for _, row in good], pa.string()) for place in places]
                yield [number for number, _ in good], pa.RecordBatch.from_arrays(texts, list(columns))

    def _lines(self, stack: ExitStack) -> Iterator[list[str]]:
        suffixes = tuple(suffix for suffix, each in SUFFIXES.items() if each == self._kind)
        label, stream = stack.enter_context(opened(self.path, suffixes, self._layout.encoding))
        text = stack.enter_context(io.TextIOWrapper(stream, encoding="utf-8-sig", newline=""))
        return csv_rows(text, label, self._kind, self._layout)


class _Arrow(_File, _Typed):
    """Parquet and Arrow, in the types of the file."""

    def __init__(self, path: Path, kind: str) -> None:
        super().__init__(path)
        self._kind = kind

    def schema(self) -> pa.Schema:
        with arrow_file(self.path, self._kind) as file:
            return file.schema

    def parts(self, columns: Sequence[str], report: OnBadRecord, limit: int | None) -> Iterator[Part]:
        with arrow_file(self.path, self._kind) as file:
            yield from _numbered(file.read(columns, BATCH))


class _HubSplit(_Typed):
    def __init__(self, hub: Hub, name: str) -> None:
        self._hub, self._name = hub, name
        self.label, self.paths = f"{hub.repo}, split {name}", hub.files()
        self.mark = None if self.paths else hub.fingerprint()[0]

    def notices(self) -> list[str]:
        return self._hub.notices()

    def schema(self) -> pa.Schema:
        empty = pa.record_batch({})
        return self._hub.schema(self._name) or next(self._hub.batches(self._name, 1), empty).schema

    def parts(self, columns: Sequence[str], report: OnBadRecord, limit: int | None) -> Iterator[Part]:
        size = _PICTURES if "binary" in str(self.schema()) else BATCH
        yield from _numbered(self._hub.batches(self._name, min(size, limit or size), columns))


def _numbered(batches: Iterator[pa.RecordBatch]) -> Iterator[Part]:
    number = 0
    for batch in batches:
        yield range(number, number + batch.num_rows), batch
        number += batch.num_rows


def _one_schema(found: pa.Schema, other: pa.Schema, label: str) -> pa.Schema:
    kinds, others = (dict(zip(each.names, each.types, strict=True)) for each in (found, other))
    for name in dict.fromkeys([*kinds, *others]):
        if kinds.get(name) != others.get(name):
            raise _other_type(
                name, str(kinds.get(name, "no such column")), str(others.get(name, "none")), label
            )
    return found


def _other_type(path: str, expected: str, found: str, label: str) -> SourceError:
    return SourceError(
        f"Two files of the source have different columns, the first is {path}",
        where=label,
        expected=expected,
        found=found,
    )
