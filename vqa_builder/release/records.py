"""A release in the source's own schema: rows put together batch by batch, and written as they come.

No table of it is ever held: what is known of all rows is counted, hashed and sampled on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder import record_strings
from vqa_builder.features import features_of, with_features
from vqa_builder.field_paths import FieldPath, put, take
from vqa_builder.release.parquet import ShardWriter
from vqa_builder.schema import IMAGE, StreamedHash
from vqa_builder.sources.records import ENGLISH, ROW_ID, RecordBatch

VERSION = "1"
KEPT_ENGLISH = "kept_english"
UNREAD = "picture cannot be read"
REASONS = pa.list_(pa.string())
_OWN = ("text", "keep", "reasons", "engines")


@dataclass(frozen=True)
class Form:
    """What a release of records looks like.

    Attributes:
        source: the columns of the source.
        paths: to what is translated.
        language: ISO 639 code.
        scores: score column -> its type.
        ends: score column -> the end at which it is good.
        keeps_english: whether a string that is rejected stays English and is named, instead of its row.
        embeds: whether every picture must be in its row.
    """

    source: pa.Schema
    paths: Sequence[FieldPath]
    language: str
    scores: pa.StructType
    ends: Mapping[str, str]
    keeps_english: bool
    embeds: bool = False

    @property
    def translated(self) -> list[str]:
        """The columns that hold something that is translated."""
        return list(dict.fromkeys(path.column for path in self.paths))

    def schema(self, rejected: bool = False) -> pa.Schema:
        """The columns of ``data``, or of ``rejected``, with the features that ``datasets`` knows of them."""
        fields, known = [], dict(features_of(self.source.metadata))
        for own in self.source:
            fields.append(own)
            if own.name in self.translated:
                fields.append(own.with_name(own.name + ENGLISH))
                known |= {own.name + ENGLISH: known[own.name]} if own.name in known else {}
        fields += [pa.field(ROW_ID, pa.string()), pa.field("language", pa.string())]
        fields += [pa.field("scores", self.scores)] if self.scores.num_fields else []
        fields += [pa.field("engine", pa.string())]
        fields += [pa.field(KEPT_ENGLISH, REASONS)] if self.keeps_english else []
        fields += [pa.field("reasons", REASONS)] if rejected else []
        return with_features(pa.schema(fields), known)


@dataclass
class Written:
    """What is known of the tables once they are written.

    Attributes:
        schema: key -> the columns of the table.
        tables: key -> rows, bytes and hashes, as the manifest states them.
        source: split -> column -> the hash of the source's own column.
        rows: step -> split -> rows.
        scores: of the kept rows.
        reasons, engines: how often each occurs.
    """

    schemas: dict[str, pa.Schema] = field(default_factory=dict)
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    source: dict[str, dict[str, str]] = field(default_factory=dict)
    rows: dict[str, dict[str, int]] = field(
        default_factory=lambda: {"source": {}, "kept": {}, "rejected": {}}
    )


def write(
    batches: Iterator[RecordBatch],
    places: pa.Table,
    strings: pa.Table,
    settled: pa.Table,
    form: Form,
    folder: Path,
) -> Written:
    """Write the tables of a release.

    Args:
        batches: the rows of the source, in its order.
        places: as ``record_strings.Places`` gathered them from the same rows.
        strings: as ``record_strings.translated`` made them.
        settled: what single places hold instead, as ``answers.options.settle`` found.
        form: of the release.
        folder: the release's.
    """
    written, row, place = Written(), 0, 0
    sinks: dict[str, _Sink] = {}
    split, source = "", StreamedHash()
    rows, paths = places["row"].to_numpy(), places["path"].to_numpy()
    numbers = record_strings.string_numbers(places).copy()
    numbers[settled["place"].to_numpy()] = strings.num_rows + np.arange(settled.num_rows)
    strings = pa.concat_tables([strings, settled.select(strings.column_names).cast(strings.schema)])
    for batch in batches:
        if batch.split != split:
            _finish(written, split, sinks, source)
            split, source = batch.split, StreamedHash()
            sinks = {
                config: _Sink(folder, config, split, form.schema(config == "rejected"))
                for config in ("data", "rejected")
            }
        end = int(np.searchsorted(rows, row + batch.table.num_rows))
        mine = _Own(numbers[place:end], rows[place:end] - row, paths[place:end])
        table, keep = rows_of(batch, mine, strings, form)
        source.add(pa.Table.from_batches([batch.table]))
        sinks["data"].add(table.filter(keep).select(form.schema().names))
        sinks["rejected"].add(table.filter(pc.invert(keep)))
        row, place = row + batch.table.num_rows, end
    _finish(written, split, sinks, source)
    return written


@dataclass(frozen=True)
class _Own:
    """The places of one batch: their strings, rows and paths."""

    strings: NDArray[np.int32]
    rows: NDArray[np.int32]
    paths: NDArray[np.int16]


def rows_of(batch: RecordBatch, own: _Own, strings: pa.Table, form: Form) -> tuple[pa.Table, pa.BooleanArray]:
    """The rows of a batch in the schema of ``rejected``, and which of them are kept."""
    at = pa.array(own.strings, mask=own.strings < 0)
    found = strings.take(at)
    texts, keep = found["text"].combine_chunks(), pc.fill_null(found["keep"].combine_chunks(), True)
    columns = {name: batch.table[name] for name in batch.table.schema.names}
    names: NDArray[Any] = np.empty(len(own.strings), object)
    for number, path in enumerate(form.paths):
        mine = own.paths == number
        english = take(columns[path.column], path.steps[1:])
        bad = np.flatnonzero(mine)[~keep.filter(pa.array(mine)).to_numpy(zero_copy_only=False)]
        within = bad - np.flatnonzero(mine)[0] if len(bad) else bad
        for place, inner in zip(bad.tolist(), within.tolist(), strict=True):
            names[place] = path.at([int(one[inner]) for one in english.places])
        own_texts = texts.filter(pa.array(mine))
        if form.keeps_english:
            own_texts = pc.if_else(keep.filter(pa.array(mine)), own_texts, english.texts)
        columns[path.column] = put(columns[path.column], path.steps[1:], own_texts)
    size, bad = batch.table.num_rows, np.flatnonzero(~keep.to_numpy(zero_copy_only=False))
    reasons = _reasons(found["reasons"].take(pa.array(bad)), names[bad], own.rows[bad], size)
    unread = _unread_pictures(batch.table, form.embeds)
    measures = found.drop_columns(list(_OWN))
    scores = record_strings.worst(measures, own.rows.astype(np.int64), size, form.ends)
    by = _of_rows(found["engines"].combine_chunks(), own.rows, size)
    named = pc.binary_join(by, " + ")
    added = {
        ROW_ID: batch.row_ids,
        "language": pa.repeat(form.language, size),
        "scores": pa.StructArray.from_arrays(scores, fields=list(form.scores)) if scores else None,
        "engine": pc.if_else(pc.equal(named, ""), None, named),
        KEPT_ENGLISH: reasons,
        "reasons": unread if form.keeps_english else _joined(reasons, unread),
    }
    schema = form.schema(rejected=True)
    english_of = {name + ENGLISH: batch.table[name] for name in form.translated}
    arrays = [{**columns, **added, **english_of}[name] for name in schema.names]
    return pa.Table.from_arrays(arrays, schema=schema), pc.equal(pc.list_value_length(added["reasons"]), 0)


def _of_rows(lists: pa.ListArray, rows: NDArray[np.int32], size: int) -> pa.ListArray:
    """The values of the lists of each row's strings, each once."""
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    owners = np.repeat(rows.astype(np.int64), lengths)
    return record_strings.distinct_lists(owners, pc.list_flatten(lists), size)


def _reasons(
    reasons: pa.ChunkedArray, names: NDArray[Any], rows: NDArray[np.int32], size: int
) -> pa.ListArray:
    """Every reason with the path of its string: ``chrf<35 (turns[1].value)``."""
    lists = reasons.combine_chunks()
    parents = pc.list_parent_indices(lists).to_numpy()
    told = []
    for reason, parent in zip(pc.list_flatten(lists).to_pylist(), parents.tolist(), strict=True):
        code, mark, words = reason.partition(" (")
        told.append(f"{code} ({names[parent]}{': ' + words if mark else ')'}")
    return record_strings.distinct_lists(rows[parents].astype(np.int64), pa.array(told, pa.string()), size)


def _unread_pictures(table: pa.RecordBatch, embeds: bool) -> pa.ListArray:
    """Why rows are rejected whose pictures nobody could open, or find where they must be in the rows."""
    rows, told = [], []
    for name in table.schema.names:
        steps = [name]
        column, owners = table[name], np.arange(table.num_rows)
        if pa.types.is_list(column.type):
            owners, column = pc.list_parent_indices(column).to_numpy(), pc.list_flatten(column)
            steps.append("[{}]")
        if column.type != IMAGE:
            continue
        starts = np.searchsorted(owners, owners)
        missing = pc.and_(column.field("path").is_valid(), embeds).to_pylist()
        for at, picture in enumerate(column.field("bytes")):
            if not _opens(picture.as_buffer()) if picture.is_valid else missing[at]:
                rows.append(int(owners[at]))
                told.append(f"{UNREAD} ({''.join(steps).format(at - starts[at])})")
    return record_strings.distinct_lists(
        np.array(rows, np.int64), pa.array(told, pa.string()), table.num_rows
    )


def _opens(picture: pa.Buffer) -> bool:
    from PIL import Image

    try:
        with Image.open(pa.BufferReader(picture)) as opened:
            opened.verify()
    except Exception:  # Pillow raises whatever a damaged file makes a decoder do
        return False
    return True


def _joined(one: pa.ListArray, other: pa.ListArray) -> pa.ListArray:
    """The items of both lists of each row."""
    owners = np.concatenate([pc.list_parent_indices(each).to_numpy() for each in (one, other)])
    values = pa.concat_arrays([pc.list_flatten(each) for each in (one, other)])
    return record_strings.distinct_lists(owners, values, len(one))


class _Sink:
    """A table that is written, hashed and counted as it comes; without rows it leaves no file."""

    def __init__(self, folder: Path, config: str, split: str, schema: pa.Schema) -> None:
        self.key, self.schema, self.bytes = f"{config}/{split}", schema, 0
        self.hash = StreamedHash()
        self._writer = ShardWriter(folder / config, split, schema)

    def add(self, table: pa.Table) -> None:
        self.hash.add(table)
        self.bytes += sum(pa.ipc.get_record_batch_size(one) for one in table.combine_chunks().to_batches())
        self._writer.add(table)

    def close(self) -> dict[str, Any]:
        self._writer.close()
        whole, columns = self.hash.hashes()
        return {"rows": self.hash.rows, "bytes": self.bytes, "content_hash": whole, "columns": columns}


def _finish(written: Written, split: str, sinks: Mapping[str, _Sink], source: StreamedHash) -> None:
    if not split:
        return
    for step, config in (("kept", "data"), ("rejected", "rejected")):
        sink = sinks[config]
        facts = sink.close()
        written.rows[step][split] = facts["rows"]
        if facts["rows"]:
            written.tables[sink.key], written.schemas[sink.key] = facts, sink.schema
    written.rows["source"][split] = source.rows
    written.source[split] = source.hashes()[1]
