"""Which column of a table is what, and the struct that its rows decode to."""

from __future__ import annotations

import ast
import difflib
import io
import tokenize
from collections.abc import Collection
from itertools import pairwise
from typing import Any, Self, cast

import msgspec
from msgspec import Struct
from pydantic import Field, model_validator

from vqa_builder.errors import SourceError
from vqa_builder.sources import base
from vqa_builder.sources._records import Answer, Format, Id, Position, Record, most_frequent

ROW_NUMBER = "(row number)"
REQUIRED = ("question_id", "image_id", "question")
_OPTIONAL = ("answers", "question_type", "answer_type", "multiple_choice_answer")
_IF_THERE = "left out, the column of this name, if there is one"


class Columns(base.Options):
    """Which column of the table is what."""

    question_id: str | None = Field(
        "question_id",
        description="the id of the question, an integer or a string; null numbers the rows of each split:"
        " train-0, train-1, ...",
    )
    image_id: str = Field(
        "image_id", description="the id of the image, or its file name; may be question_id's"
    )
    question: str = Field("question", description="the question in English")
    answers: str | None = Field(
        None,
        description="a list of texts, a list of {answer, answer_confidence, answer_id}, such a list as JSON,"
        f" one answer, or answers with a separator; {_IF_THERE}",
    )
    question_type: str | None = Field(None, description=_IF_THERE)
    answer_type: str | None = Field(None, description=_IF_THERE)
    multiple_choice_answer: str | None = Field(
        None, description=f"the answer that counts, else the most frequent one; {_IF_THERE}"
    )

    @model_validator(mode="after")
    def _no_column_twice(self) -> Self:
        named = [name for name in self.model_dump(exclude={"question_id"}).values() if name is not None]
        if len(set(named)) < len(named) or self.question_id in {*named} - {self.image_id}:
            raise ValueError("name each column once; only question_id and image_id may be the same")
        return self

    def among(self, known: Collection[str], where: object) -> dict[str, str]:
        """Field -> column, for the fields that a table has.

        Args:
            known: the table's columns.
            where: the table, for messages.

        Raises:
            SourceError: a column that is required, or was named in the spec, is not there.
        """
        named = {field: name for field, name in self if name is not None}
        for field, name in named.items():
            if name not in known:
                raise _missing(field, name, known, where)
        free = set(known) - set(named.values())
        return named | {field: field for field in _OPTIONAL if field not in named and field in free}


def _missing(field: str, name: str, known: Collection[str], where: object) -> SourceError:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    remedy = f"name it in the spec: columns: {{{field}: {close[0] if close else 'COLUMN'}}}"
    if field == "question_id":
        remedy += ", or number the rows: columns: {question_id: null}"
    return SourceError(
        f"The table has no column {name!r}",
        where=where,
        expected=f"a column for {field}",
        found=", ".join(known) or "no columns",
        remedy=remedy,
    )


class _ByField(Struct):
    """Answers as a table of their own, as some writers turn a list of structs inside out."""

    answer: list[str]
    answer_confidence: list[str | None] | None = None
    answer_id: list[Position | None] | None = None

    def __post_init__(self) -> None:
        others = (self.answer_confidence, self.answer_id)
        if any(other is not None and len(other) != len(self.answer) for other in others):
            raise ValueError("Expected `lists of one length`")


_Answers = list[str | Answer] | str | _ByField | None
_TYPES: dict[str, Any] = {
    "question_id": Id,
    "image_id": Id,
    "question": str,
    "answers": _Answers,
    "question_type": str | None,
    "answer_type": str | None,
    "multiple_choice_answer": str | None,
}


def row_format(columns: dict[str, str], separator: str | None) -> type[Format]:
    """The struct that rows decode to; its messages speak of the table's own columns.

    Args:
        columns: field -> column; without a question_id, ids stand under ``ROW_NUMBER``.
        separator: what stands between answers in a text; None for one answer or a JSON list.
    """
    shared = columns.get("question_id") == columns["image_id"]
    names = {"question_id": ROW_NUMBER, **columns}
    if shared:
        del names["question_id"]
    fields = [
        (field, _TYPES[field]) if field in REQUIRED else (field, _TYPES[field], None)
        for field in _TYPES
        if field in names
    ]

    def record(row: Any) -> Record:
        answers = _answer_list(getattr(row, "answers", None), separator, names.get("answers", ""))
        choice = getattr(row, "multiple_choice_answer", None)
        return Record(
            row.image_id if shared else row.question_id,
            row.image_id,
            row.question,
            getattr(row, "question_type", None),
            getattr(row, "answer_type", None),
            most_frequent(answers) if choice is None else choice,
            answers,
        )

    id_column = columns["image_id"] if shared else names["question_id"]
    members = {"record": record, "id_fields": (id_column,)}
    row = msgspec.defstruct("Row", fields, bases=(Format,), namespace=members, rename=names)
    return cast(type[Format], row)


def _answer_list(value: Any, separator: str | None, column: str) -> list[Answer] | None:
    if isinstance(value, str):
        if separator is not None:
            return [Answer(part.strip()) for part in value.split(separator)]
        if not value.lstrip().startswith("["):
            return [Answer(value)]
        value = _read_list(value, column)
    if isinstance(value, list):
        return [Answer(each) if isinstance(each, str) else each for each in value]
    if isinstance(value, _ByField):
        missing = [None] * len(value.answer)
        parts = zip(value.answer, value.answer_confidence or missing, value.answer_id or missing, strict=True)
        return [Answer(*part) for part in parts]
    return None


def _read_list(text: str, column: str) -> list[str | Answer]:
    """A list written as JSON, or as Python prints one."""
    try:
        return msgspec.json.decode(text, type=list[str | Answer])
    except msgspec.DecodeError:
        pass
    try:
        if not _has_neighbouring_strings(text):
            return msgspec.convert(ast.literal_eval(text.strip()), type=list[str | Answer])
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError, tokenize.TokenError):
        pass
    raise msgspec.ValidationError(f"Expected `a list of answers as JSON` - at `$.{column}`")


def _has_neighbouring_strings(text: str) -> bool:
    """Whether two strings stand side by side, as in a printed NumPy array; Python would join them."""
    kinds = [token.type for token in tokenize.generate_tokens(io.StringIO(text).readline)]
    kinds = [kind for kind in kinds if kind != tokenize.NL]
    return any(pair == (tokenize.STRING, tokenize.STRING) for pair in pairwise(kinds))
