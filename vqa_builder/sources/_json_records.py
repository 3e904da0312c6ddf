"""Records of JSON files: decoded in typed batches, one by one only where a batch holds a bad one."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Annotated, Any, ClassVar, cast

import msgspec
import numpy as np
import pyarrow as pa
from msgspec import Meta, Raw, Struct, ValidationError

from vqa_builder.sources._record_checks import BATCH, BadRow, Fault, IdTypes, answer_lists, examples_batch

Id = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | str
Position = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
REQUIRED = ("question_id", "image_id", "question")
_TYPE_FAULT = re.compile(r"Expected (?P<expected>.+?)(?:, got (?P<found>.+?))?(?: - at `\$\.?(?P<path>.*)`)?")
_MISSING = re.compile(r"Object missing required field `(?P<name>.+?)`(?: - at `\$\.?(?P<path>.*)`)?")


class Answer(Struct, gc=False):
    """One annotator's answer."""

    answer: str
    answer_confidence: str | None = None
    answer_id: Position | None = None


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
        id_fields: where a record's question id may stand, the best first; read even from broken records.
    """

    id_fields: ClassVar[tuple[str, ...]] = ("question_id",)

    def record(self) -> Record:
        """The same as a `Record`.

        Raises:
            msgspec.ValidationError: there is a fault that the types do not show.
        """
        raise NotImplementedError


class _AnswersByField(Struct):
    """Answers as a table of their own, as some writers turn a list of structs inside out."""

    answer: list[str]
    answer_confidence: list[str | None] | None = None
    answer_id: list[Position | None] | None = None

    def __post_init__(self) -> None:
        others = (self.answer_confidence, self.answer_id)
        if any(other is not None and len(other) != len(self.answer) for other in others):
            raise ValueError("Expected `lists of one length`")


_TYPES: dict[str, Any] = {
    "question_id": Id,
    "image_id": Id,
    "question": str,
    "answers": list[str | Answer] | str | _AnswersByField | None,
    "question_type": str | None,
    "answer_type": str | None,
    "multiple_choice_answer": str | None,
    "choices": list[str] | None,
    "choice": int | None,
}


def record_format(
    fields: Mapping[str, Sequence[str]], read_text: Callable[[str], list[Answer]] | None = None
) -> type[Format]:
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
        if choices is not None and choice is not None:
            found["multiple_choice_answer"] = _chosen(choices, choice, fields["choice"][0])
        found["answers"] = _answer_list(found.get("answers"), read_text)
        return Record(**found)

    namespace = {"record": record, "id_fields": tuple(fields["question_id"])}
    row = msgspec.defstruct("Row", members, bases=(Format,), namespace=namespace, rename=renamed)
    return cast(type[Format], row)


@dataclass(frozen=True)
class JSONRecords:
    """The records of one file, or of a part of it, still JSON.

    Attributes:
        label: the file's name for messages.
        format: the struct that the records decode to.
        items: one piece of JSON per record.
        numbers: which record of the file each is, counted from 0.
    """

    label: str
    format: type[Format]
    items: Sequence[bytes | Raw]
    numbers: Sequence[int]
    names: ClassVar[Mapping[str, str]] = {}

    def __len__(self) -> int:
        return len(self.items)

    def batches(
        self, id_types: IdTypes, limit: int | None, only: set[Any] | None
    ) -> Iterator[tuple[pa.RecordBatch, list[BadRow]]]:
        """Rows of at most ``BATCH`` records at a time, and the records that cannot be decoded."""
        for numbers, items in self._pieces(limit, only):
            bad: list[BadRow] = []
            decoded = self._decode_together(items)
            if decoded is None:
                decoded = [self._decode(number, item) for number, item in zip(numbers, items, strict=True)]
            good = [each for each in decoded if isinstance(each, Record)]
            id_types.settle((each.question_id for each in good), (each.image_id for each in good))
            kept: list[tuple[int, Record]] = []
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
            batch = list(zip(numbers[start:stop], self.items[start:stop], strict=True))
            if only is not None:
                batch = [(number, item) for number, item in batch if _id_of(item, self.format) in only]
            yield [number for number, _ in batch], [item for _, item in batch]

    def _decode_together(self, items: Sequence[bytes | Raw]) -> Sequence[Record | BadRow] | None:
        """All of a batch, or None when one of its records does not decode."""
        try:
            decoded = msgspec.json.decode(b"[" + b",".join(items) + b"]", type=list[self.format])  # type: ignore[name-defined]
            good = [each.record() for each in decoded]
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        # A line of JSONL may hold two values with a comma between them.
        return good if len(good) == len(items) else None

    def _decode(self, number: int, item: bytes | Raw) -> Record | BadRow:
        try:
            return msgspec.json.decode(item, type=self.format).record()
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return BadRow(number, _id_of(item, self.format), _explained(str(error), item))


def parse_answers(text: str, separator: str | None, column: str) -> list[Answer]:
    """The answers in a text.

    Args:
        text: one answer, answers with a separator between them, or a list as JSON or as Python prints one.
        separator: what stands between answers; with one, no text is a list.
        column: where the text stands, for messages.

    Raises:
        msgspec.ValidationError: it begins like a list and is none.

    >>> [each.answer for each in parse_answers("['cat', \\"it's\\"]", None, "answers")]
    ['cat', "it's"]
    """
    if separator is not None:
        return [Answer(part.strip()) for part in text.split(separator)]
    if not text.lstrip().startswith("["):
        return [Answer(text)]
    return [Answer(each) if isinstance(each, str) else each for each in _read_list(text, column)]


def _read_list(text: str, column: str) -> list[str | Answer]:
    try:
        return msgspec.json.decode(text, type=list[str | Answer])
    except msgspec.DecodeError:
        pass
    try:
        if not _has_neighbouring_strings(text):
            return msgspec.convert(ast.literal_eval(text.strip()), type=list[str | Answer])
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError, tokenize.TokenError):
        pass
    raise ValidationError(f"Expected `a list of answers as JSON` - at `$.{column}`")


def _has_neighbouring_strings(text: str) -> bool:
    """Whether two strings stand side by side, as in a printed NumPy array; Python would join them."""
    kinds = [token.type for token in tokenize.generate_tokens(io.StringIO(text).readline)]
    kinds = [kind for kind in kinds if kind != tokenize.NL]
    return any(pair == (tokenize.STRING, tokenize.STRING) for pair in pairwise(kinds))


def _answer_list(value: Any, read_text: Callable[[str], list[Answer]] | None) -> list[Answer] | None:
    if isinstance(value, str):
        return [Answer(value)] if read_text is None else read_text(value)
    if isinstance(value, list):
        return [Answer(each) if isinstance(each, str) else each for each in value]
    if isinstance(value, _AnswersByField):
        missing = [None] * len(value.answer)
        parts = zip(value.answer, value.answer_confidence or missing, value.answer_id or missing, strict=True)
        return [Answer(*part) for part in parts]
    return None


def _chosen(choices: list[str], place: int, name: str) -> str:
    if not 0 <= place < len(choices):
        raise ValidationError(f"Expected `the place of one of {len(choices)} choices` - at `$.{name}`")
    return choices[place]


def _id_fault(record: Record, id_types: IdTypes) -> Fault | None:
    return id_types.fault("question_id", record.question_id) or id_types.fault("image_id", record.image_id)


def _rows(numbers: Sequence[int], records: Sequence[Record], id_types: IdTypes) -> pa.RecordBatch:
    question_id, image_id = id_types.arrow()
    types = {"question_id": question_id, "image_id": image_id}
    columns = {
        name: pa.array([getattr(record, name) for record in records], types.get(name, pa.string()))
        for name in Record.__struct_fields__[:-1]
    }
    lists = [record.answers for record in records]
    lengths = np.array([len(answers) if answers else 0 for answers in lists], np.int64)
    flat = [answer for answers in lists if answers for answer in answers]
    columns["answers"] = answer_lists(
        lengths,
        np.array([answers is not None for answers in lists], bool),
        pa.array([answer.answer for answer in flat], pa.string()),
        pa.array([answer.answer_confidence for answer in flat], pa.string()),
        pa.array([answer.answer_id for answer in flat], pa.int32()),
    )
    return examples_batch(numbers, columns)


def _explained(message: str, item: bytes | Raw) -> Fault:
    """What msgspec says of a record, as problem, expected and found."""
    if match := _MISSING.fullmatch(message):
        name = ".".join(filter(None, [match["path"], match["name"]]))
        return Fault(f"The field {name} is missing", f"a field {name}", _excerpt(item))
    match = _TYPE_FAULT.fullmatch(message)
    try:
        value = _excerpt(_value_at(item, match["path"] or "")) if match else ""
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        match, message = None, str(error)
    if match is None:
        return Fault(f"The record cannot be decoded: {message}", "valid JSON", _excerpt(item))
    where = f"The field {match['path']}" if match["path"] else "The record"
    found = f"{match['found'].replace('`', '')}: {value}" if match["found"] else value
    return Fault(f"{where} has the wrong type or value", match["expected"].replace("`", ""), found)


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
