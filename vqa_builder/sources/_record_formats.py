"""What records of JSON decode to: typed structs, made from the names under which each field may stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from operator import attrgetter
from types import NoneType
from typing import Annotated, Any, ClassVar, cast

import msgspec
import numpy as np
import pyarrow as pa
from msgspec import Meta, Struct, ValidationError

from vqa_builder.sources._answer_texts import Answer, ReadText, choose, text_of
from vqa_builder.sources._record_checks import REQUIRED, answer_lists

EXACT = 2**53
Id = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | str | Annotated[float, Meta(ge=-EXACT, le=EXACT)]
Scalar = str | int | float | bool
Position = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]


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
        list(map(attrgetter(name), flat)) for name in ("answer", "answer_confidence", "answer_id")
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
