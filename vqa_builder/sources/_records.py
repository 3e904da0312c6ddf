"""Records as typed structs, those of the VQA JSON formats among them, and what makes one unusable."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple, TypeVar

import pyarrow as pa
from msgspec import Meta, Struct

Id = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | str
Position = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]

_T = TypeVar("_T")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_ID_TYPES = {int: ("an integer", pa.int64()), str: ("a string", pa.string())}


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


class Question(Format, gc=False):
    """A record of ``{"questions": [...]}``: VQA v1 and v2, OK-VQA."""

    question_id: Id
    image_id: Id
    question: str

    def record(self) -> Record:
        """The same as a `Record`."""
        return Record(self.question_id, self.image_id, self.question)


class Annotation(Format, gc=False):
    """A record of ``{"annotations": [...]}``: VQA v1 and v2, OK-VQA."""

    question_id: Id
    image_id: Id
    answers: list[Answer]
    question_type: str | None = None
    answer_type: str | None = None
    multiple_choice_answer: str | None = None

    def record(self) -> Record:
        """The same as a `Record`."""
        return Record(
            self.question_id,
            self.image_id,
            None,
            self.question_type,
            self.answer_type,
            most_frequent(self.answers)
            if self.multiple_choice_answer is None
            else self.multiple_choice_answer,
            self.answers,
        )


class TextVQA(Format, gc=False):
    """A record of ``{"data": [...]}``: TextVQA, with the answers as plain strings."""

    question_id: Id
    image_id: Id
    question: str
    answers: list[str] | None = None

    def record(self) -> Record:
        """The same as a `Record`."""
        answers = None if self.answers is None else [Answer(answer) for answer in self.answers]
        return Record(
            self.question_id,
            self.image_id,
            self.question,
            multiple_choice_answer=most_frequent(answers),
            answers=answers,
        )


class VizWiz(Format, gc=False):
    """A record of VizWiz's own list: images by file name, which also serves as the question's id."""

    id_fields: ClassVar = ("question_id", "image")
    image: str
    question: str
    answers: list[Answer] | None = None
    answer_type: str | None = None
    question_id: Id | None = None

    def record(self) -> Record:
        """The same as a `Record`."""
        return Record(
            self.image if self.question_id is None else self.question_id,
            self.image,
            self.question,
            answer_type=self.answer_type,
            multiple_choice_answer=most_frequent(self.answers),
            answers=self.answers,
        )


class Fault(NamedTuple):
    """What is wrong with a record; the three sentences of a `BadRecord`."""

    problem: str
    expected: str
    found: str


@dataclass
class IdTypes:
    """The types that the ids of the whole source have; those of the first records decide."""

    question_id: type[int] | type[str] | None = None
    image_id: type[int] | type[str] | None = None

    def settle(self, records: list[Record]) -> None:
        """Takes the types that most of these records have, unless earlier ones have decided."""
        if records and self.question_id is None:
            self.question_id = _commonest(type(record.question_id) for record in records)
            self.image_id = _commonest(type(record.image_id) for record in records)

    def arrow(self) -> tuple[pa.DataType, pa.DataType]:
        """The Arrow types of question and image ids; int64 while there has been no record."""
        return _ID_TYPES[self.question_id or int][1], _ID_TYPES[self.image_id or int][1]


@dataclass(frozen=True)
class Rules:
    """What a decoded record must satisfy.

    Attributes:
        id_types: the types that ids must have.
        answers: how many answers each question must have; None for one or more.
    """

    id_types: IdTypes
    answers: int | None

    def hold_for(self, records: list[Record]) -> bool:
        """Whether no record has a fault; quick because most strings stand in many records."""
        texts: set[int | str | None] = {
            answer.answer for record in records for answer in record.answers or ()
        }
        texts.update(record.question for record in records)
        texts.update(record.multiple_choice_answer for record in records)
        texts.update(record.question_id for record in records)
        texts.update(record.image_id for record in records)
        return not (
            any(_text_fault(text) for text in texts if type(text) is str)
            or any(type(record.question_id) is not self.id_types.question_id for record in records)
            or any(type(record.image_id) is not self.id_types.image_id for record in records)
            or any(self._count_fault(record) for record in records)
        )

    def fault(self, record: Record) -> Fault | None:
        """The first thing that is wrong with a record."""
        return (
            _id_fault("question_id", record.question_id, self.id_types.question_id)
            or _id_fault("image_id", record.image_id, self.id_types.image_id)
            or _named_fault("question", record.question)
            or self._count_fault(record)
            or _answers_fault(record.answers)
            or _named_fault("multiple_choice_answer", record.multiple_choice_answer)
        )

    def _count_fault(self, record: Record) -> Fault | None:
        if record.answers is None or len(record.answers) == self.answers:
            return None
        if self.answers is None and record.answers:
            return None
        expected = "at least 1" if self.answers is None else f"{self.answers} (answers_per_question)"
        return Fault("The number of answers is wrong", expected, f"{len(record.answers)}")


def most_frequent(answers: list[Answer] | None) -> str | None:
    """The answer that most annotators gave, of equals the first; None without answers.

    >>> most_frequent([Answer("cat"), Answer("dog"), Answer("dog"), Answer("cat")])
    'cat'
    """
    return _commonest(answer.answer for answer in answers) if answers else None


def _commonest(values: Iterable[_T]) -> _T:
    return Counter(values).most_common(1)[0][0]


def _answers_fault(answers: list[Answer] | None) -> Fault | None:
    faults = (_named_fault(f"answers[{index}]", each.answer) for index, each in enumerate(answers or ()))
    return next(filter(None, faults), None)


def _named_fault(name: str, text: str | None) -> Fault | None:
    problem = None if text is None else _text_fault(text)
    return (
        Fault(f"{name} {problem}", "text that is not blank, without control characters", repr(text))
        if problem
        else None
    )


def _id_fault(name: str, value: int | str, wanted: type[int] | type[str] | None) -> Fault | None:
    if wanted is not None and type(value) is not wanted:
        expected = f"{_ID_TYPES[wanted][0]}, as the first ids of this source are"
        return Fault(f"{name} mixes types", expected, f"{_ID_TYPES[type(value)][0]}, {value!r}")
    return _named_fault(name, value) if isinstance(value, str) else None


def _text_fault(text: str) -> str | None:
    if not text.strip():
        return "is only white space" if text else "is empty"
    if match := _CONTROL.search(text):
        return f"holds the control character U+{ord(match[0]):04X} at position {match.start()}"
    return None
