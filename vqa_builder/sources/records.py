"""Records of any shape: what the spec names is translated in place, everything else travels as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from vqa_builder import field_paths, registry
from vqa_builder.errors import SourceError
from vqa_builder.features import renamed_features
from vqa_builder.field_paths import FieldPath
from vqa_builder.schema import KINDS
from vqa_builder.sources import base
from vqa_builder.sources._input_files import existing, on_disk
from vqa_builder.sources._nested_tables import Layout, Part, Rows, hub_rows, table_rows
from vqa_builder.sources._record_turns import TurnFault, turn_faults
from vqa_builder.sources._table_options import SPLIT_NAMES, SUFFIXES, Columns, Encoding, FileFormat

ROW_ID = "row_id"
ENGLISH = "_en"
Kind = Literal["question", "answer", "option", "turn", "text", "copy"]


FIELDS = (
    "path -> kind of its texts: question, answer, option, turn, text or copy; the path of a column, of a"
    " field within, outer.inner, or of the items of a list, turns[*].value, which may be written as text;"
    " a ? behind a path lets it be missing"
)


class RecordsOptions(base.Options):
    """Options of the source ``records``."""

    splits: dict[base.SplitName, base.Paths] | None = Field(
        None,
        min_length=1,
        description="the file of each split, a list of files, a pattern or a folder; with repo, the name of"
        " the split in the dataset",
    )
    repo: str | None = Field(
        None, min_length=1, description="instead of files, a dataset on the hub, org/name"
    )
    config: str | None = Field(None, description="its configuration; left out, the default one")
    revision: str | None = Field(None, description="its branch, tag or commit; left out, the head of main")
    fields: dict[str, Kind] = Field(min_length=1, description=FIELDS)
    on_bad_string: Literal["reject", "english"] = Field(
        "reject",
        description="a string that no translation passes for rejects its row, or stays English and is named"
        " in the column kept_english",
    )
    rename: dict[str, str] = Field(
        default_factory=dict,
        description="column -> another name for it, where a release needs the name itself",
    )
    split_column: str | None = Field(
        None,
        min_length=1,
        description="the column that says the split, where a file holds several; rows of others are left out",
    )
    questions: Columns | None = Field(
        None,
        description="which column is what in a release of questions and answers, with labels, that is built"
        " beside the one of records, as NAME-questions-LANGUAGE; as of the source table",
    )
    format: FileFormat | None = Field(
        None, description="of the files; left out, it is seen from their suffix"
    )
    key: str | None = Field(
        None, min_length=1, description="where the records stand in a JSON object: data, or outer.inner"
    )
    delimiter: str | None = Field(None, min_length=1, max_length=1, description="between the fields of CSV")
    quote: str | None = Field(
        '"', min_length=1, max_length=1, description="around fields of CSV; null for none"
    )
    escape: str | None = Field(None, min_length=1, max_length=1, description="before a delimiter or quote")
    encoding: Encoding | None = Field(None, description="of JSON, JSONL, CSV and TSV; left out, UTF-8")

    @model_validator(mode="after")
    def _files_or_repo(self) -> RecordsOptions:
        if not (self.splits or self.repo):
            raise ValueError("name the files under splits, or a dataset under repo")
        if self.repo and self.split_column:
            raise ValueError("split_column is for files; a dataset on the hub names its splits")
        return self


def question_source(options: RecordsOptions) -> dict[str, Any] | None:
    """The same rows as questions and answers: a source ``table`` or ``hub``; None where none is wanted."""
    if options.questions is None:
        return None
    stated: dict[str, Any] = options.model_dump(exclude_unset=True)
    columns = options.questions.model_dump(exclude_unset=True)
    files = ("splits", "format", "key", "delimiter", "quote", "escape", "encoding", "split_column")
    named = files if options.repo is None else ("repo", "config", "revision")
    found = {name: stated[name] for name in stated if name in named}
    if options.repo is not None and options.splits:
        found["splits"] = {split: paths[0].name for split, paths in options.splits.items()}
    return {"type": "table" if options.repo is None else "hub", **found, "columns": columns}


class RecordBatch(NamedTuple):
    """Some rows of a source, as they stand there.

    Attributes:
        split: theirs.
        table: all columns of the source.
        row_ids: ``train-17``: the split, and the number of the row in it.
    """

    split: str
    table: pa.RecordBatch
    row_ids: pa.StringArray


class Records(base.Source):
    """Records of any shape: JSON, JSONL, CSV, TSV, Parquet, Arrow, folders of these, datasets on the hub.

    The release has the columns of the source, nested as there. Texts that ``fields`` names are translated in
    their places, and the English of their columns stands beside them as ``<column>_en``. Everything else,
    pictures too, travels byte for byte.

    Example::

        source:
          type: records
          splits: {train: llava_instruct.json}
          fields: {"conversations[*].value": turn}
    """

    name = "records"
    summary = "records of any shape, released in the source's own schema"
    Options: ClassVar = RecordsOptions
    signs: ClassVar[tuple[str, ...]] = ()
    """Columns by which a shape is known, beside the paths of its own ``fields``."""
    checked: ClassVar[tuple[str, ...]] = ()
    """Columns that ``faults`` looks at and no path names."""
    needs: ClassVar[tuple[Kind, ...]] = ()
    """Kinds that its paths must lead to."""

    def __init__(self, options: RecordsOptions) -> None:
        self.options = options

    @property
    def roles(self) -> tuple[str, ...]:
        """The kinds of texts that are translated."""
        return tuple(kind for kind in KINDS if kind in {path.kind for path in self.paths})

    @cached_property
    def _rows(self) -> Mapping[str, Sequence[Rows]]:
        """The tables of each split, unread."""
        options = self.options
        if options.repo is not None:
            names: dict[str, str] = {split: paths[0].name for split, paths in (options.splits or {}).items()}
            return hub_rows(options.repo, options.config, options.revision, names)
        layout = Layout(
            options.format,
            options.key,
            options.delimiter,
            options.quote,
            options.escape,
            options.encoding,
        )
        return {
            split: [table_rows(each, layout) for path in paths for each in resolved(path)]
            for split, paths in base.in_order(options.splits or {}).items()
        }

    def files(self) -> list[Path]:
        """Every local file, patterns and folders resolved."""
        paths = [path for tables in self._rows.values() for rows in tables for path in rows.paths]
        return list(dict.fromkeys(existing(on_disk(path)) for path in paths))

    def fingerprint(self) -> list[str]:
        """The hashes of the files, or ``org/name@`` and the commit."""
        marks = [rows.mark for tables in self._rows.values() for rows in tables if rows.mark]
        return list(dict.fromkeys(marks)) or super().fingerprint()

    @cached_property
    def _source_schema(self) -> pa.Schema:
        tables = [rows for of_split in self._rows.values() for rows in of_split]
        found = tables[0].schema()
        for rows in tables[1:]:
            found = rows.unified(found)
        said = self.options.split_column
        if said is not None and (said not in found.names or not field_paths.is_text(found.field(said).type)):
            raise SourceError(
                "The column that says the split is not there, or holds no text",
                where=self.where,
                expected=f"split_column: {said}",
                found=", ".join(name for name in found.names if field_paths.is_text(found.field(name).type)),
            )
        return found

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns of all files, with the features that ``datasets`` wrote beside them.

        Raises:
            SourceError: two files have different columns.
        """
        found, names = self._source_schema, self.options.rename
        fields = [field.with_name(names.get(field.name, field.name)) for field in found]
        return pa.schema(fields, renamed_features(found.metadata, names))

    @property
    def where(self) -> str:
        """The source for messages."""
        return self.options.repo or ", ".join(str(path) for path in self.files()[:3])

    @cached_property
    def paths(self) -> list[FieldPath]:
        """The paths to what is translated, as the schema has them."""
        where = self.where
        found = field_paths.settle(self.options.fields, self.schema, where)
        wanted = [path for path in found if path.kind != "copy"]
        for kind in {*self.needs} - {path.kind for path in wanted}:
            paths = [path.removesuffix("?") for path, own in self.options.fields.items() if own == kind]
            raise SourceError(
                f"The source has no {kind}s",
                where=where,
                expected=", ".join(paths) or f"a path of kind {kind}",
                found=", ".join(field_paths.text_paths(self.schema)),
                remedy=f"name the path of one under fields: {{PATH: {kind}}}",
            )
        if not wanted:
            raise SourceError("Nothing is to be translated", where=where, found="copy alone under fields")
        taken = {ROW_ID, "language", "scores", "engine", "kept_english", "reasons"}
        taken |= {f"{path.column}{ENGLISH}" for path in wanted}
        if twice := [name for name in self.schema.names if name in taken]:
            raise SourceError(
                f"The source has a column {twice[0]}, and so has the release",
                where=where,
                remedy=f"give that of the source another name: rename: {{{twice[0]}: source_{twice[0]}}}",
            )
        return wanted

    def columns(self) -> list[base.Column]:
        """What becomes of every column."""
        kinds: dict[str, list[str]] = {}
        for path in self.paths:
            kinds.setdefault(path.column, []).append(f"{path.text} as {path.kind}")
        return [base.Column(name, name) for name in kinds]

    def notices(self) -> list[str]:
        """The splits of a dataset that are left aside, and columns of which numbers become text."""
        lines = [line for tables in self._rows.values() for rows in tables for line in rows.notices()]
        return list(dict.fromkeys(lines))

    def description(self) -> list[str]:
        """The texts that are translated, and what travels as it is."""
        named = ", ".join(f"{path.text} as {path.kind}" for path in self.paths)
        columns = {path.column for path in self.paths}
        rest = ", ".join(name for name in self.schema.names if name not in columns)
        shape = recognised(self.schema) if type(self) is Records else None
        known = [f"shape: {shape}; `type: {shape}` needs no fields"] if shape else []
        return [*known, f"translated: {named}", *([f"as they are: {rest}"] if rest else []), *self.notices()]

    def batches(
        self, on_bad_record: base.OnBadRecord, limit: int | None = None, *, texts_alone: bool = False
    ) -> Iterator[RecordBatch]:
        """The rows, split after split; what cannot be used is told and left out, the same every time.

        Args:
            on_bad_record: told of every bad record.
            limit: at most so many records of each split.
            texts_alone: whether only columns that hold something to be translated are wanted.
        """
        said, renamed = self.options.split_column, self.options.rename
        looked_at = {path.column for path in self.paths} | {*self.checked}
        looked_at |= {renamed.get(said, said)} if said else set()
        wanted = looked_at if texts_alone else {*self.schema.names}
        names = [name for name in self.schema.names if name in wanted]
        own = [old for old in self._source_schema.names if renamed.get(old, old) in wanted]
        for split, tables in self._rows.items():
            start, left = 0, limit
            for rows in tables:
                end = taken = 0
                for numbers, table in self._of_split(split, rows, own, on_bad_record, left):
                    table = table.rename_columns(names)
                    good = self._usable(table, rows.label, numbers, on_bad_record)
                    ids = pa.array([f"{split}-{start + number}" for number in numbers], pa.string())
                    end, taken = numbers[-1] + 1 if len(numbers) else end, taken + len(numbers)
                    yield RecordBatch(split, table.filter(good), ids.filter(good))
                start, left = start + end, None if left is None else left - (taken if said else end)
                if left is not None and left <= 0:
                    break

    def _of_split(
        self,
        split: str,
        rows: Rows,
        columns: Sequence[str],
        report: base.OnBadRecord,
        limit: int | None,
    ) -> Iterator[Part]:
        """The rows of a file, those of other splits left out where a column says theirs."""
        said = self.options.split_column
        for numbers, table in rows.read(columns, self._source_schema, report, None if said else limit):
            if said is None:
                yield numbers, table
                continue
            mine = pc.is_in(table[said].cast(pa.string()), pa.array(sorted(SPLIT_NAMES[split])))
            places = pc.indices_nonzero(mine)[:limit]
            limit = None if limit is None else limit - len(places)
            yield [numbers[place] for place in places.to_pylist()], table.take(places)
            if limit == 0:
                return

    def read(self, on_bad_record: base.OnBadRecord, limit: int | None = None) -> Iterator[pa.RecordBatch]:
        """The rows without their splits; the pipeline asks for ``batches``."""
        return (batch.table for batch in self.batches(on_bad_record, limit))

    def faults(self, table: pa.RecordBatch) -> dict[int, TurnFault]:
        """The rows of a table that cannot be used, and why."""
        return turn_faults(table, self.paths)

    def _usable(
        self, table: pa.RecordBatch, label: str, numbers: Sequence[int], report: base.OnBadRecord
    ) -> pa.BooleanArray:
        """Which rows can be used; the others are told."""
        bad = self.faults(table)
        for row, (path, problem, expected, found) in sorted(bad.items()):
            report(base.BadRecord(label, numbers[row], None, f"{problem} at {path}", expected, found))
        good = np.ones(table.num_rows, dtype=bool)
        good[list(bad)] = False
        return pa.array(good)


def resolved(path: Path) -> list[Path]:
    """The files that a pattern or a folder holds, sorted; a path without either is itself."""
    if path.is_dir():
        found = [
            each
            for each in path.rglob("*")
            if each.is_file() and SUFFIXES.keys() & {*map(str.lower, each.suffixes)}
        ]
    elif "*" in path.name and not path.exists():
        found = [each for each in path.parent.glob(path.name) if each.is_file()]
    else:
        return [path]
    if not found:
        raise SourceError("No file of a table is there", where=path, expected=", ".join(SUFFIXES))
    return sorted(found)


def recognised(schema: pa.Schema) -> str | None:
    """The shape that columns have: of those whose signs and needs are there, the one that knows most of them.

    >>> recognised(pa.schema([("id", pa.string()), ("texts", pa.list_(pa.struct([("user", pa.string())])))]))
    >>> kinds = [("question", pa.string()), ("choices", pa.list_(pa.string())), ("answer", pa.int8())]
    >>> recognised(pa.schema(kinds))
    'multiple_choice'
    """
    found: list[tuple[int, int, str]] = []
    for name in registry.names("sources"):
        shape = registry.find("sources", name)
        if not issubclass(shape, Records) or shape is Records or not {*shape.signs} <= {*schema.names}:
            continue
        try:
            paths = field_paths.settle(shape.Options.model_fields["fields"].default, schema, name)
        except SourceError:
            continue
        if {*shape.needs} <= {path.kind for path in paths}:
            found.append((len(shape.signs), len(paths), name))
    return max(found)[2] if found else None
