"""Records into Arrow: decoded in typed batches, one by one only where a batch holds a bad one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Raw, Struct

from vqa_builder.schema import ANSWER, examples_schema
from vqa_builder.sources._records import Answer, Fault, Format, IdTypes, Record, Rules
from vqa_builder.sources._shapes import RawRecords
from vqa_builder.sources.base import BadRecord, OnBadRecord

BATCH = 10_000
_TYPE_FAULT = re.compile(r"Expected (?P<expected>.+?)(?:, got (?P<found>.+?))?(?: - at `\$\.?(?P<path>.*)`)?")
_MISSING = re.compile(r"Object missing required field `(?P<name>.+?)`(?: - at `\$\.?(?P<path>.*)`)?")


@dataclass(frozen=True)
class Loaded:
    """The good records of one file.

    Attributes:
        label: the file's name for messages.
        rows: the column ``record`` (its number in the file), then those of ``examples`` without ``split``.
        bad_ids: the question ids of records that were left out.
    """

    label: str
    rows: pa.RecordBatch
    bad_ids: set[Any]

    def bad(self, row: int, fault: Fault) -> BadRecord:
        """The bad record that one of the rows turned out to be; its id joins ``bad_ids``."""
        record, question_id = self.rows["record"][row].as_py(), self.rows["question_id"][row].as_py()
        self.bad_ids.add(question_id)
        return BadRecord(self.label, record, question_id, *fault)

    def without(self, rows: Sequence[int]) -> Loaded:
        """The same without some of the rows."""
        if not rows:
            return self
        keep = np.ones(self.rows.num_rows, bool)
        keep[list(rows)] = False
        return Loaded(self.label, self.rows.filter(pa.array(keep)), self.bad_ids)


def load(
    records: RawRecords,
    rules: Rules,
    report: OnBadRecord,
    *,
    limit: int | None = None,
    only: set[Any] | None = None,
) -> Loaded:
    """Decodes and checks the records of one file.

    Args:
        records: the file's records.
        rules: what each record must satisfy; the first good records settle the types of the ids.
        report: told of every bad record, which is then left out.
        limit: the first so many records only.
        only: the records with these question ids only; others are not even checked.
    """
    bad_ids: set[Any] = set()
    batches = []
    for numbers, items in _batches(records, limit, only):
        good = _decode_together(items, records, rules)
        if good is None:
            numbers, good = _decode_singly(numbers, items, records, rules, report, bad_ids)
        if good:
            batches.append(_columns(numbers, good, rules.id_types))
    rows = pa.concat_batches(batches) if batches else _columns([], [], rules.id_types)
    return Loaded(records.label, rows, bad_ids)


def _batches(
    records: RawRecords, limit: int | None, only: set[Any] | None
) -> Iterator[tuple[Sequence[int], Sequence[bytes | Raw]]]:
    """Numbers and pieces of at most ``BATCH`` records at a time."""
    numbers = range(len(records.items)) if records.numbers is None else records.numbers
    for start in range(0, len(numbers[:limit]), BATCH):
        stop = min(start + BATCH, len(numbers[:limit]))
        batch = list(zip(numbers[start:stop], records.items[start:stop], strict=True))
        if only is not None:
            batch = [(number, item) for number, item in batch if _id_of(item, records.format) in only]
        yield [number for number, _ in batch], [item for _, item in batch]


def _decode_together(items: Sequence[bytes | Raw], records: RawRecords, rules: Rules) -> list[Record] | None:
    """All of a batch, or None when something is wrong with one of its records."""
    try:
        decoded = msgspec.json.decode(b"[" + b",".join(items) + b"]", type=list[records.format])  # type: ignore[name-defined]
        good = [each.record() for each in decoded]
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    # A line of JSONL may hold two values with a comma between them.
    if len(good) != len(items):
        return None
    rules.id_types.settle(good)
    return good if rules.hold_for(good) else None


def _decode_singly(
    numbers: Sequence[int],
    items: Sequence[bytes | Raw],
    records: RawRecords,
    rules: Rules,
    report: OnBadRecord,
    bad_ids: set[Any],
) -> tuple[list[int], list[Record]]:
    decoded = [_decode(item, records) for item in items]
    rules.id_types.settle([each for each in decoded if isinstance(each, Record)])
    good: list[tuple[int, Record]] = []
    for number, item, each in zip(numbers, items, decoded, strict=True):
        fault = rules.fault(each) if isinstance(each, Record) else each
        if fault is not None:
            question_id = _id_of(item, records.format)
            bad_ids.add(question_id)
            report(BadRecord(records.label, number, question_id, *fault))
        elif isinstance(each, Record):
            good.append((number, each))
    return [number for number, _ in good], [each for _, each in good]


def _decode(item: bytes | Raw, records: RawRecords) -> Record | Fault:
    try:
        return msgspec.json.decode(item, type=records.format).record()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return _explained(str(error), item)


def _explained(message: str, item: bytes | Raw) -> Fault:
    """What msgspec says of a record, as problem, expected and found."""
    if match := _MISSING.fullmatch(message):
        name = ".".join(filter(None, [match["path"], match["name"]]))
        return Fault(f"The field {name} is missing", f"a field {name}", _excerpt(item))
    if match := _TYPE_FAULT.fullmatch(message):
        where = f"The field {match['path']}" if match["path"] else "The record"
        value = _excerpt(_value_at(item, match["path"] or ""))
        found = f"{match['found'].replace('`', '')}: {value}" if match["found"] else value
        return Fault(f"{where} has the wrong type or value", match["expected"].replace("`", ""), found)
    return Fault(f"The record cannot be decoded: {message}", "valid JSON", _excerpt(item))


def _value_at(item: bytes | Raw, path: str) -> bytes:
    """The part of a record at a path as msgspec writes it, ``answers[3].answer``; a part that holds it
    where a name has points or brackets of its own."""
    value = msgspec.json.decode(item)
    for part in re.findall(r"[^.\[\]]+", path):
        if isinstance(value, dict) and path in value:
            return msgspec.json.encode(value[path])
        if isinstance(value, dict) and part not in value:
            break
        value = value[int(part)] if isinstance(value, list) else value[part]
    return msgspec.json.encode(value)


def _excerpt(item: bytes | Raw) -> str:
    text = bytes(item).decode("utf-8", "replace")
    return text if len(text) <= 160 else f"{text[:160]}..."


def _id_of(item: bytes | Raw, record_format: type[Format]) -> int | str | None:
    """The question id of a record that may be broken elsewhere."""
    try:
        ids = _ids_decoder(record_format.id_fields).decode(item)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    found = (getattr(ids, name) for name in ids.__struct_fields__)
    return next((each for each in found if isinstance(each, (int, str))), None)


@cache
def _ids_decoder(fields: tuple[str, ...]) -> msgspec.json.Decoder[Struct]:
    names = {f"id_{place}": field for place, field in enumerate(fields)}
    ids = msgspec.defstruct("Ids", [(name, Any, None) for name in names], rename=names)
    return msgspec.json.Decoder(ids)


def _columns(numbers: Sequence[int], records: list[Record], id_types: IdTypes) -> pa.RecordBatch:
    schema = examples_schema(*id_types.arrow()).insert(0, pa.field("record", pa.int32()))
    schema = schema.remove(schema.get_field_index("split"))
    columns = [pa.array(numbers, pa.int32())]
    for name in schema.names[1:-1]:
        columns.append(pa.array([getattr(record, name) for record in records], schema.field(name).type))
    columns.append(_answers([record.answers for record in records]))
    return pa.record_batch(columns, schema=schema)


def _answers(lists: list[list[Answer] | None]) -> pa.ListArray:
    """Answers as a column; those without an id are numbered from 1 by their place."""
    lengths = np.array([len(answers) if answers else 0 for answers in lists], np.int32)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    flat = [answer for answers in lists if answers for answer in answers]
    places = np.arange(len(flat), dtype=np.int32) - np.repeat(offsets[:-1], lengths) + 1
    ids = pc.coalesce(
        pa.array([answer.answer_id for answer in flat], pa.int32()), pa.array(places, pa.int32())
    )
    values = [
        pa.array([answer.answer for answer in flat], pa.string()),
        pa.array([answer.answer_confidence for answer in flat], pa.string()),
        ids,
    ]
    return pa.ListArray.from_arrays(
        pa.array(offsets),
        pa.StructArray.from_arrays(values, fields=list(ANSWER)),
        mask=pa.array([answers is None for answers in lists], pa.bool_()),
    )
