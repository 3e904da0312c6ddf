"""Records of JSON files: decoded in typed batches, one by one only where a batch holds a bad one."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import chain
from operator import attrgetter
from types import NoneType
from typing import Annotated, Any, ClassVar, cast

import msgspec
import numpy as np
import pyarrow as pa
from msgspec import Meta, Raw, Struct, ValidationError

from vqa_builder.sources._answer_texts import Answer, ReadText, choose, holds_something, text_of
from vqa_builder.sources._json_files import members
from vqa_builder.sources._record_checks import (
    BATCH,
    REQUIRED,
    BadRow,
    Fault,
    IdTypes,
    answer_lists,
    examples_batch,
)

ROW_NUMBER = "(row number)"
BAD_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
EXACT = 2**53
Id = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | str | Annotated[float, Meta(ge=-EXACT, le=EXACT)]
Scalar = str | int | float | bool
Position = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
_TYPE_FAULT = re.compile(r"Expected (?P<expected>.+?)(?:, got (?P<found>.+?))?(?: - at `\$\.?(?P<path>.*)`)?")
_MISSING = re.compile(r"Object missing required field `(?P<name>.+?)`(?: - at `\$\.?(?P<path>.*)`)?")


class Record(Struct, gc=False):
    """What every format's record comes down to; ``question`` is None in an annotation."""

    question_id: int | str
    image_id: int | str
    question: str | None = None
    question_type: str | None = None
    answer_type: str | None = None
    multiple_choice_answer: str | None = None
    answers: list[Answer] | None = None


class Format(Struct, gc=False):
    """Base of the structs that records are decoded to.

    Attributes:
        fields: the names in the file that are read -> what they are read as.
        unread: names that are known to be left out, though they look like answers.
        id_fields: where a record's question id may stand, the best first; read even from broken records.
    """

    fields: ClassVar[Mapping[str, str]] = {}
    unread: ClassVar[frozenset[str]] = frozenset()
    id_fields: ClassVar[tuple[str, ...]] = ("question_id",)

    def record(self) -> Record:
        """The same as a `Record`.

        Raises:
            msgspec.ValidationError: there is a fault that the types do not show.
        """
        raise NotImplementedError

    @classmethod
    def plain_columns(cls, rows: list[Any]) -> dict[str, Any] | None:
        """Many records as columns at once: lists, and answers as an array; None where `record` is needed."""
        return None


class _AnswerObject(Struct, gc=False):
    answer: Scalar | None = None
    text: Scalar | None = None
    answer_confidence: Scalar | None = None
    answer_id: Position | Annotated[float, Meta(ge=-(2**31), le=2**31 - 1, multiple_of=1)] | None = None


class _AnswersByField(Struct):
    """Answers as a table of their own: ``{"answer": [...], "answer_id": [...]}``, ``{"text": [...]}``."""

    answer: list[Scalar | None] | Scalar | None = None
    text: list[Scalar | None] | Scalar | None = None
    answer_confidence: list[Scalar | None] | None = None
    answer_id: list[Position | None] | None = None

    def __post_init__(self) -> None:
        texts = self.text if self.answer is None else self.answer
        if texts is None:
            raise ValueError("Object missing required field `answer`")
        self.answer = texts if isinstance(texts, list) else [texts]
        others = (self.answer_confidence, self.answer_id)
        if any(other is not None and len(other) != len(self.answer) for other in others):
            raise ValueError("Expected `lists of one length`")


ANSWERS: Any = list[Scalar | _AnswerObject | None] | Scalar | _AnswersByField | None
_TYPES: dict[str, Any] = {
    "question_id": Id,
    "image_id": Id,
    "question": str,
    "answers": ANSWERS,
    "question_type": Scalar | None,
    "answer_type": Scalar | None,
    "multiple_choice_answer": Scalar | None,
    "choices": list[Scalar] | None,
    "choice": int | None,
}


def record_format(fields: Mapping[str, Sequence[str]], read_text: ReadText | None = None) -> type[Format]:
    """The struct that a file's records decode to; its messages speak of the file's own names.

    Args:
        fields: field of `Record`, ``choices`` or ``choice`` (the place of the right one) -> the names under
            which it may stand, of which the first that has a value counts.
        read_text: the answers in a text; None where a text is one answer.
    """
    needed = [field for field in REQUIRED if field in fields]
    alone = {fields[field][0] for field in needed if len(fields[field]) == 1}
    kinds = {name: _TYPES[field] for field in reversed(list(fields)) for name in fields[field]}
    renamed = {f"member_{place}": name for place, name in enumerate(kinds)}
    members = [
        (attribute, kinds[name]) if name in alone else (attribute, kinds[name] | None, None)
        for attribute, name in renamed.items()
    ]
    members.sort(key=len)
    attribute_of = {name: attribute for attribute, name in renamed.items()}
    attributes = {field: [attribute_of[name] for name in names] for field, names in fields.items()}

    def record(row: Any) -> Record:
        found: dict[str, Any] = {
            field: next((value for each in places if (value := getattr(row, each)) is not None), None)
            for field, places in attributes.items()
        }
        for field in needed:
            if found[field] is None:
                raise ValidationError(f"Object missing required field `{fields[field][0]}`")
        choices, choice = found.pop("choices", None), found.pop("choice", None)
        among = None if choices is None else [text_of(each) or "" for each in choices]
        if among is not None and choice is not None:
            found["multiple_choice_answer"], among = choose(choice, among, fields["choice"][0]), None
        return made_record(found, fields, among, read_text)

    def plain_columns(cls: type[Format], rows: list[Any]) -> dict[str, Any] | None:
        columns: dict[str, Any] = {}
        for field, places in attributes.items():
            values = list(map(attrgetter(places[0]), rows))
            for place in places[1:]:
                if None in values:
                    pairs = zip(values, rows, strict=True)
                    values = [getattr(row, place) if value is None else value for value, row in pairs]
            columns[field] = values
        return _plain(columns, read_text)

    namespace = {
        "record": record,
        "plain_columns": classmethod(plain_columns),
        "fields": {name: field for field, names in fields.items() for name in names},
        "id_fields": tuple(fields["question_id"]),
    }
    row = msgspec.defstruct("Row", members, bases=(Format,), namespace=namespace, rename=renamed)
    return cast(type[Format], row)


def _plain(columns: dict[str, Any], read_text: ReadText | None) -> dict[str, Any] | None:
    """The same columns, with answers as an array; None where a value is not of the usual type."""
    answers = _plain_answers(columns.pop("answers", [None]), read_text)
    if answers is None or "choices" in columns:
        return None
    for field, values in columns.items():
        kinds = set(map(type, values))
        usual = len(kinds) == 1 and kinds <= {int, str} if field in REQUIRED else kinds <= {str, NoneType}
        if not usual or (field == "question" and kinds != {str}):
            return None
    return columns | {"answers": answers} if len(answers) == len(columns["question_id"]) else columns


def _plain_answers(values: list[Any], read_text: ReadText | None) -> pa.ListArray | None:
    kinds = set(map(type, values))
    valid = np.array([value is not None for value in values], bool)
    if kinds <= {str, NoneType}:
        texts = [value for value in values if value is not None]
        if read_text is not None and (read_text.separator or any(each.lstrip()[:1] == "[" for each in texts)):
            return None
        return answer_lists(valid.astype(np.int64), valid, pa.array(texts, pa.string()))
    if not kinds <= {list, NoneType}:
        return None
    flat: list[Any] = list(chain.from_iterable(filter(None, values)))
    lengths = np.array([len(value) if value else 0 for value in values], np.int64)
    kinds = set(map(type, flat))
    if kinds <= {str}:
        return answer_lists(lengths, valid, pa.array(flat, pa.string()))
    if kinds != {_AnswerObject}:
        return None
    texts, confidences, ids = (
        [getattr(each, name) for each in flat] for name in ("answer", "answer_confidence", "answer_id")
    )
    usual = set(map(type, texts)) == {str} and set(map(type, confidences)) <= {str, NoneType}
    if not usual or not set(map(type, ids)) <= {int, NoneType}:
        return None
    arrays = pa.array(texts, pa.string()), pa.array(confidences, pa.string()), pa.array(ids, pa.int32())
    return answer_lists(lengths, valid, *arrays)


def made_record(
    found: dict[str, Any],
    names: Mapping[str, Sequence[str]],
    choices: list[str] | None = None,
    read_text: ReadText | None = None,
) -> Record:
    """A `Record` from values as they stand in a file: numbers become text, whole fractions ids.

    Raises:
        msgspec.ValidationError: an id is a fraction, or there is no such choice.
    """
    for field in ("question_id", "image_id"):
        if isinstance(value := found[field], float):
            if not value.is_integer():
                raise ValidationError(f"Expected `int | str`, got `float` - at `$.{names[field][0]}`")
            found[field] = int(value)
    for field in ("question_type", "answer_type", "multiple_choice_answer"):
        if (value := found.get(field)) is not None and not isinstance(value, str):
            found[field] = text_of(value)
    name = names.get("answers", ("answers",))[0]
    found["answers"] = given_answers(found.get("answers"), name, choices, read_text)
    return Record(**found)


def given_answers(
    value: Any,
    name: str,
    choices: list[str] | None = None,
    read_text: ReadText | None = None,
) -> list[Answer] | None:
    """The answers that a value of the type ``ANSWERS`` holds.

    Args:
        value: as it stands in the file.
        name: where, for messages.
        choices: those of the question; a number or letter is then a place among them.
        read_text: the answers in a text; None where a text is one answer.

    Raises:
        msgspec.ValidationError: there is no such choice, or a list in a text cannot be read.

    >>> given_answers("B", "answers", ["red", "blue"])
    [Answer(answer='blue', answer_confidence=None, answer_id=None)]
    """
    if choices is not None and isinstance(value, int | float | str) and not isinstance(value, bool):
        return [Answer(choose(int(value) if isinstance(value, float) else value, choices, name))]
    if isinstance(value, str):
        return [Answer(value)] if read_text is None else read_text(value)
    if isinstance(value, list):
        return [_answer(each) for each in value]
    if isinstance(value, _AnswersByField):
        texts = [text_of(each) for each in cast(list[Any], value.answer)]
        confidences = [text_of(each) for each in value.answer_confidence or [None] * len(texts)]
        return list(map(Answer, texts, confidences, value.answer_id or [None] * len(texts)))
    return None if value is None else [Answer(text_of(value))]


def _answer(value: Any) -> Answer:
    if isinstance(value, str):
        return Answer(value)
    if isinstance(value, _AnswerObject):
        text = value.text if value.answer is None else value.answer
        place = None if value.answer_id is None else int(value.answer_id)
        return Answer(text_of(text), text_of(value.answer_confidence), place)
    return Answer(text_of(value))


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
                batch = [(number, item) for number, item in batch if _id_of(item, self.format) in only]
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


def listed(lists: Sequence[Sequence[Answer] | None]) -> pa.ListArray:
    """Answers as a column; null for None."""
    flat = [answer for answers in lists if answers for answer in answers]
    texts, confidences, ids = zip(*flat, strict=True) if flat else ((), (), ())
    return answer_lists(
        np.array([len(answers) if answers else 0 for answers in lists], np.int64),
        np.array([answers is not None for answers in lists], bool),
        pa.array(texts, pa.string()),
        pa.array(confidences, pa.string()),
        pa.array(ids, pa.int32()),
    )


def keys_of(items: Iterable[bytes | Raw]) -> list[str]:
    """The names in some JSON objects, in the order in which they come."""
    keys: dict[str, None] = {}
    for item in items:
        keys |= dict.fromkeys(members_of(item))
    return list(keys)


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


def _id_of(item: bytes | Raw, record_format: type[Format]) -> int | str | None:
    """The question id of a record that may be broken elsewhere."""
    for name in record_format.id_fields:
        with suppress(*BAD_JSON):
            found = msgspec.json.decode(members_of(item).get(name, b"null"))
            if isinstance(found, int | str):
                return found
    return None
