"""Which column of a table is what."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from typing import Self

from pydantic import Field, model_validator

from vqa_builder.errors import SourceError
from vqa_builder.sources import base

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
