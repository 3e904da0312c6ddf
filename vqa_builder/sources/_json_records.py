"""Records of JSON files: decoded in typed batches, one by one only where a batch holds a bad one."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain
from typing import Any, ClassVar

import msgspec
import pyarrow as pa
from msgspec import Raw, Struct, ValidationError

from vqa_builder.sources._answer_texts import holds_something
from vqa_builder.sources._json_files import members
from vqa_builder.sources._record_checks import BATCH, REQUIRED, BadRow, Fault, IdTypes, examples_batch
from vqa_builder.sources._record_formats import Format, Record, listed

ROW_NUMBER = "(row number)"
_MOST_NAMES = 100
_ID = (int, str)
BAD_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_TYPE_FAULT = re.compile(r"Expected (?P<expected>.+?)(?:, got (?P<found>.+?))?(?: - at `\$\.?(?P<path>.*)`)?")
_MISSING = re.compile(r"Object missing required field `(?P<name>.+?)`(?: - at `\$\.?(?P<path>.*)`)?")


@dataclass(frozen=True)
class JSONRecords:
    """The records of one file, or of a part of it, still JSON.

    Attributes:
        label: the file's name for messages.
        format: the struct that the records decode to.
        items: one piece of JSON per record.
        numbers: which record of the file each is, counted from 0.
        more: fields that do not stand in the records themselves: name -> a piece of JSON for each record. A
            record's own field of the same name wins.
    """

    label: str
    format: type[Format]
    items: Sequence[bytes | Raw]
    numbers: Sequence[int]
    more: Mapping[str, Sequence[bytes | Raw]] = dataclasses.field(default_factory=dict)
    names: ClassVar[Mapping[str, str]] = {}

    def __len__(self) -> int:
        return len(self.items)

    def columns(self, whole: bool = False) -> dict[str, str | None]:
        """The names of the first 10,000 records, or of all -> what they are read as, or None."""
        names = keys_of(self.items if whole else self.items[:BATCH])
        names += [name for name in self.more if name != ROW_NUMBER and name not in names]
        return {name: self.format.fields.get(name) for name in names}

    def has_value(self, name: str) -> bool:
        """Whether a record holds something under a name: neither null nor empty."""
        values = (members_of(item).get(name, b"null") for item in self.items)
        return name not in self.format.unread and any(
            holds_something(msgspec.json.decode(each)) for each in values
        )

    def batches(
        self, id_types: IdTypes, limit: int | None, only: set[Any] | None
    ) -> Iterator[tuple[pa.RecordBatch, list[BadRow]]]:
        """Rows of at most ``BATCH`` records at a time, and the records that cannot be decoded."""
        for numbers, items in self._pieces(limit, only):
            rows = self._decode_together(items)
            columns = None if rows is None else self.format.plain_columns(rows)
            if columns is not None and id_types.fit(columns["question_id"], columns["image_id"]):
                yield _batch(numbers, columns, id_types), []
                continue
            decoded = self._decoded(numbers, items, rows)
            good = [each for each in decoded if isinstance(each, Record)]
            id_types.settle((each.question_id for each in good), (each.image_id for each in good))
            kept: list[tuple[int, Record]] = []
            bad: list[BadRow] = []
            for number, each in zip(numbers, decoded, strict=True):
                if isinstance(each, BadRow):
                    bad.append(each)
                elif fault := _id_fault(each, id_types):
                    bad.append(BadRow(number, each.question_id, fault))
                else:
                    kept.append((number, each))
            yield _rows([number for number, _ in kept], [each for _, each in kept], id_types), bad

    def _pieces(
        self, limit: int | None, only: set[Any] | None
    ) -> Iterator[tuple[Sequence[int], Sequence[bytes | Raw]]]:
        numbers = self.numbers[:limit]
        for start in range(0, len(numbers), BATCH):
            stop = min(start + BATCH, len(numbers))
            items: Sequence[bytes | Raw] = self.items[start:stop]
            for name, values in self.more.items():
                front = b"{" + msgspec.json.encode(name) + b":"
                items = [_with(front, *pair) for pair in zip(values[start:stop], items, strict=True)]
            batch = list(zip(numbers[start:stop], items, strict=True))
            if only is not None:
                ids = _ids_of(items, self.format)
                batch = [pair for pair, its_id in zip(batch, ids, strict=True) if its_id in only]
            yield [number for number, _ in batch], [item for _, item in batch]

    def _decode_together(self, items: Sequence[bytes | Raw]) -> list[Any] | None:
        """All of a batch, or None when a record does not decode, or a name may stand twice in one."""
        joined = b"[" + b",".join(items) + b"]"
        if any(joined.count(each) > len(items) for each in _quoted_names(self.format)):
            return None
        try:
            decoded = msgspec.json.decode(joined, type=list[self.format])  # type: ignore[name-defined]
        except BAD_JSON:
            return None
        # A line of JSONL may hold two values with a comma between them.
        return decoded if len(decoded) == len(items) else None

    def _decoded(
        self, numbers: Sequence[int], items: Sequence[bytes | Raw], rows: list[Any] | None
    ) -> list[Record | BadRow]:
        """The records of a batch, one by one where one of them is bad."""
        if rows is not None:
            with suppress(ValidationError):
                return [row.record() for row in rows]
        return [self._decode(number, item) for number, item in zip(numbers, items, strict=True)]

    def _decode(self, number: int, item: bytes | Raw) -> Record | BadRow:
        try:
            record = msgspec.json.decode(item, type=self.format).record()
        except BAD_JSON as error:
            return BadRow(number, _id_of(item, self.format), explained(str(error), item))
        if twice := _named_twice(item, self.format):
            fault = Fault("The record names a field twice", "every name once", ", ".join(twice))
            return BadRow(number, record.question_id, fault)
        return record


def _with(front: bytes, value: bytes | Raw, item: bytes | Raw) -> bytes:
    """A JSON object with one more field in front; pieces that are no objects stay as they are.

    >>> _with(b'{"id":', b"8", b'{"question": "Who?"}')
    b'{"id":8,"question": "Who?"}'
    """
    data = bytes(item)
    rest = data[1:].lstrip()
    if not data.startswith(b"{") or (front[1:-1] in data and front[2:-2].decode() in members_of(item)):
        return data
    return front + bytes(value) + (b"" if rest == b"}" else b",") + rest


def _named_twice(item: bytes | Raw, record_format: type[Format]) -> list[str]:
    """The names that are read and stand twice in a record that can be read."""
    with suppress(*BAD_JSON):
        names = Counter(members(bytes(item))[0])
        quoted = (each[:-1] for each in _quoted_names(record_format))
        return [name.decode() for name in quoted if names[name] > 1]
    return []


@cache
def _quoted_names(record_format: type[Format]) -> list[bytes]:
    """The names that are read and stand nowhere else in most records; ``answer`` stands in answers, too."""
    found = [name for name, field in record_format.fields.items() if field in (*REQUIRED, "answers")]
    return [msgspec.json.encode(name) + b":" for name in found if name != "answer"]


def _id_fault(record: Record, id_types: IdTypes) -> Fault | None:
    return id_types.fault("question_id", record.question_id) or id_types.fault("image_id", record.image_id)


def _rows(numbers: Sequence[int], records: Sequence[Record], id_types: IdTypes) -> pa.RecordBatch:
    names = Record.__struct_fields__[:-1]
    columns: dict[str, Any] = {name: [getattr(record, name) for record in records] for name in names}
    return _batch(numbers, columns | {"answers": listed([record.answers for record in records])}, id_types)


def _batch(numbers: Sequence[int], columns: Mapping[str, Any], id_types: IdTypes) -> pa.RecordBatch:
    types = dict(zip(("question_id", "image_id"), id_types.arrow(), strict=True))
    arrays = {
        name: values if isinstance(values, pa.Array) else pa.array(values, types.get(name, pa.string()))
        for name, values in columns.items()
    }
    return examples_batch(numbers, arrays)


def keys_of(items: Iterable[bytes | Raw]) -> list[str]:
    """The names in some JSON objects, in the order in which they come."""
    some = list(items)
    first = members_of(some[0]) if some else {}
    if 0 < len(first) <= _MOST_NAMES and _has_no_other(some, tuple(first)):
        return list(first)
    return list(dict.fromkeys(chain.from_iterable(map(members_of, some))))


def _has_no_other(items: Sequence[bytes | Raw], names: tuple[str, ...]) -> bool:
    """Whether all items are JSON objects whose members have some of these names."""
    with suppress(*BAD_JSON, ValueError):  # the latter of names that no struct can have
        return len(_named_decoder(names).decode(b"[" + b",".join(items) + b"]")) == len(items)
    return False


@lru_cache(maxsize=64)
def _named_decoder(names: tuple[str, ...]) -> msgspec.json.Decoder[list[Any]]:
    """Decodes lists of objects that have some of these members and no other."""
    fields = {f"member_{place}": name for place, name in enumerate(names)}
    members = [(field, Raw, b"") for field in fields]
    kind = msgspec.defstruct("Members", members, rename=fields, forbid_unknown_fields=True, gc=False)
    return msgspec.json.Decoder(list[kind])  # type: ignore[valid-type]


def members_of(item: bytes | Raw) -> dict[str, Raw]:
    """The members of a JSON object; none where it is something else."""
    with suppress(*BAD_JSON):
        return msgspec.json.decode(item, type=dict[str, Raw])
    return {}


def explained(message: str, item: Any, name: str = "") -> Fault:
    """What msgspec says of a record, or of the value under a name, as problem, expected and found."""
    if match := _MISSING.fullmatch(message):
        path = ".".join(filter(None, [name, match["path"], match["name"]]))
        return Fault(f"The field {path} is missing", f"a field {path}", _excerpt(item))
    match = _TYPE_FAULT.fullmatch(message)
    try:
        value = item if name or match is None else _value_at(item, match["path"] or "")
    except BAD_JSON as error:
        match, message = None, str(error)
    if match is None:
        return Fault(f"The record cannot be decoded: {message}", "valid JSON", _excerpt(item))
    path = name or match["path"]
    where = f"The field {path}" if path else "The record"
    found = f"{match['found'].replace('`', '')}: " if match["found"] else ""
    expected = match["expected"].replace("`", "")
    return Fault(f"{where} has the wrong type or value", expected, found + _excerpt(value))


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


def _excerpt(item: Any) -> str:
    data = bytes(item) if isinstance(item, bytes | Raw) else repr(item).encode("utf-8", "replace")
    text = data[:1000].decode("utf-8", "replace")
    return text if len(text) <= 160 else f"{text[:160]}..."


def _ids_of(items: Sequence[bytes | Raw], record_format: type[Format]) -> list[int | str | None]:
    """The question ids of records, decoded together where none of them is broken."""
    with suppress(*BAD_JSON):
        decoded = _ids_decoder(record_format.id_fields).decode(b"[" + b",".join(items) + b"]")
        if len(decoded) == len(items):
            return list(map(_first_id, decoded))
    return [_id_of(item, record_format) for item in items]


def _id_of(item: bytes | Raw, record_format: type[Format]) -> int | str | None:
    """The question id of a record that may be broken elsewhere."""
    with suppress(*BAD_JSON):
        decoded = _ids_decoder(record_format.id_fields).decode(b"[" + bytes(item) + b"]")
        return _first_id(decoded[0]) if len(decoded) == 1 else None
    return None


def _first_id(ids: Struct) -> int | str | None:
    for each in msgspec.structs.astuple(ids):
        if isinstance(each, _ID):
            return each
    return None


@cache
def _ids_decoder(fields: tuple[str, ...]) -> msgspec.json.Decoder[list[Any]]:
    """Decodes lists of records to what may be their ids, the likeliest first."""
    names = {f"id_{place}": field for place, field in enumerate(fields)}
    ids = msgspec.defstruct("Ids", [(name, Any, None) for name in names], rename=names)
    return msgspec.json.Decoder(list[ids])  # type: ignore[valid-type]
