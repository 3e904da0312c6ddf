"""What a spec says of tables: which column is what, and how the files are laid out."""

from __future__ import annotations

import codecs
import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import AfterValidator, Field, model_validator

from vqa_builder.errors import SourceError
from vqa_builder.sources import base

SPLIT_NAMES = {
    "train": frozenset({"train", "training"}),
    "validation": frozenset({"validation", "val", "valid", "dev", "minival"}),
    "test": frozenset({"test", "testing"}),
}
FileFormat = Literal["jsonl", "json", "csv", "tsv", "parquet", "arrow"]
SUFFIXES: dict[str, FileFormat] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
}


def _known_encoding(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise ValueError("an encoding that Python knows, such as utf-16, cp1252 or cp932") from None


Encoding = Annotated[str, AfterValidator(_known_encoding)]
_OPTIONAL = ("answers", "choices", "question_type", "answer_type", "multiple_choice_answer")
_CONVERSATIONS = {"conversations": "value", "conversation": "value", "messages": "content", "texts": "user"}
"""Columns of turns, which no column of questions can be, and the field that holds the text."""
_IF_THERE = "left out, the column of this name, if there is one"
_ANSWERS = re.compile(
    r"(?<!num_)(?<!n_)(?<!is_)(?<!has_)answers?"
    r"(?!_?(able|type|id|ids|confidence|start|end|count|box|page|key|source|lang))"
    r"|^(labels?|responses?|reply|replies|ground_?truths?|gts?|targets?|solutions?)$"
)


class Columns(base.Options):
    """Which column of the table is what; ``outer.inner`` is a field within a column."""

    question_id: str | None = Field(
        "question_id",
        description="the id of the question, an integer or a string; null numbers the rows of each split:"
        " train-0, train-1, ...",
    )
    image_id: str | None = Field(
        "image_id",
        description="the id of the image, its file name, or a column of images, whose file names serve; may"
        " be question_id's; null numbers the rows of each split",
    )
    question: str = Field("question", description="the question in English")
    answers: str | None = Field(
        None,
        description="a list of texts or numbers, a list of {answer, answer_confidence, answer_id}, such a"
        " list as JSON, one answer, answers with a separator, or the place of the right one of the choices;"
        f" {_IF_THERE}",
    )
    choices: str | None = Field(
        None,
        description="the choices of a question, for answers that give a place (from 0) or a letter among"
        f" them; {_IF_THERE}",
    )
    image: str | None = Field(
        None,
        description="the pictures, one in each row or a list: structs of bytes and path, bytes, or paths;"
        " left out, the column image or images, or that of image_id, if it holds pictures",
    )
    question_type: str | None = Field(None, description=_IF_THERE)
    answer_type: str | None = Field(None, description=_IF_THERE)
    multiple_choice_answer: str | None = Field(
        None, description=f"the answer that counts, else the most frequent one; {_IF_THERE}"
    )

    @model_validator(mode="after")
    def _no_column_twice(self) -> Self:
        named = [name for field, name in self if name is not None and field not in ("question_id", "image")]
        if len(set(named)) < len(named) or self.question_id in {*named} - {self.image_id}:
            raise ValueError("name each column once; only question_id and image_id may be the same")
        return self

    def among(self, known: Collection[str], where: object, *, more: bool = False) -> dict[str, str]:
        """Field -> column, for the fields that a table has.

        Args:
            known: the table's columns.
            where: the table, for messages.
            more: whether later rows may have further columns; then every field may be there.

        Raises:
            SourceError: a column that is required, or was named in the spec, is not there.
        """
        named = {field: name for field, name in self if name is not None and field != "image"}
        for field, name in named.items():
            if name not in known and not (more and name.partition(".")[0] in known):
                raise missing(field, name, known, where)
        free = set(_OPTIONAL if more else known) - set(named.values())
        return named | {field: field for field in _OPTIONAL if field not in named and field in free}


class TabularOptions(base.SourceOptions):
    """Options of sources that read tables with columns of any name."""

    columns: Columns = Field(Columns(), description="which column is what")
    separator: str | None = Field(
        None,
        min_length=1,
        description="what stands between answers in a text, for example a semicolon; left out, a text is one"
        " answer, or a list if it is one as JSON or as Python prints one",
    )
    answers_per_question: int | None = Field(
        None, ge=1, description="how many answers each question must have; left out, any number but zero"
    )
    split_column: str | None = Field(
        None,
        description="the column that says to which split a row belongs (train, val, dev, test, ...); rows of"
        " others are passed over; left out, a file belongs to one split",
    )


class TableOptions(TabularOptions):
    """Options of the source ``table``."""

    splits: dict[base.SplitName, base.Paths] = Field(
        min_length=1,
        description="the file of each split, a list of files, or a pattern: data/train-*.parquet",
    )
    format: FileFormat | None = Field(
        None, description="the format of the files; left out, it is seen from their suffix"
    )
    key: str | None = Field(
        None,
        min_length=1,
        description="where the records stand in a JSON file, a list or an object of them: data, or"
        " outer.inner; left out, the only list, or the file itself",
    )
    delimiter: str | None = Field(
        None,
        min_length=1,
        max_length=1,
        description="between the fields of CSV; left out, a comma in .csv and a tab in .tsv, or what a first"
        " line sep=; says",
    )
    encoding: Encoding | None = Field(
        None, description="of JSONL, JSON, CSV and TSV, such as cp1252, cp932 or utf-16; left out, UTF-8"
    )
    quote: str | None = Field(
        '"', min_length=1, max_length=1, description="around fields of CSV; null where quotes have no meaning"
    )
    escape: str | None = Field(
        None, min_length=1, max_length=1, description="before a delimiter or quote that is meant literally"
    )
    text_ids: bool = Field(
        False, description="keep ids in CSV and TSV as text; left out, they are integers if the first all are"
    )


class Rows(NamedTuple):
    """What the spec says of the rows of a file, their split, and how many rows it has before them."""

    options: TabularOptions
    split: str
    start: int
    pictures: base.Pictures = "none"

    def used(self, fields: Mapping[str, str], known: Iterable[str]) -> list[str]:
        """The columns of a table that are read: those of fields, and those that may hold answers unread."""
        wanted = [*fields.values(), *filter(None, [self.options.split_column])]
        if "answers" not in fields:
            wanted += [name for name in known if may_hold_answers(name) and "." not in name]
        return list(dict.fromkeys(wanted))

    def number(self, row: int) -> str:
        """The id that is made from the number of a row of the file."""
        return f"{self.split}-{self.start + row}"


_USUAL = {
    "question_id": ("id", "qid", "uid", "index"),
    "image_id": ("image", "img", "photo", "picture", "file", "filename", "file_name", "image_path"),
    "question": ("query", "text", "prompt", "q"),
    "answers": ("answer", "label", "reply", "a"),
}
"""Column -> what it is often called elsewhere."""
_SHAPES = {"conversations": "llava", "texts": "finevision"}


def missing(field: str, name: str, known: Collection[str], where: object) -> SourceError:
    """The error for a column that is not there; names the nearest that is."""
    usual = [each for each in known if each.lower() in _USUAL.get(field, ())]
    close = usual or difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    remedy = f"name it in the spec: columns: {{{field}: {close[0] if close else 'COLUMN'}}}"
    if field == "question" and (nested := [one for one in _CONVERSATIONS if one in known]):
        path = f"{nested[0]}[*].{_CONVERSATIONS[nested[0]]}"
        remedy = f'translate the turns where they stand: type: records, fields: {{"{path}": turn}}'
        remedy = f"these are conversations: type: {_SHAPES[nested[0]]}" if nested[0] in _SHAPES else remedy
    if field in ("question_id", "image_id"):
        remedy += f", or number the rows: columns: {{{field}: null}}"
    return SourceError(
        f"The table has no column {name!r}",
        where=where,
        expected=f"a column for {field}",
        found=", ".join(known) or "no columns",
        remedy=remedy,
    )


def may_hold_answers(name: str) -> bool:
    """Whether a column, by its name, holds answers.

    >>> [name for name in ("gt_answer", "label", "answerable", "answer_type") if may_hold_answers(name)]
    ['gt_answer', 'label']
    """
    return bool(_ANSWERS.search(name.lower()))


def unread_answers(name: str, where: object) -> SourceError:
    """The error for a column that seems to hold answers where none are read."""
    return SourceError(
        f"The column {name!r} looks like answers and is not read",
        where=where,
        expected="answers to be read, or left out by name",
        found=f"no answers, and values under {name!r}",
        remedy=f"name it in the spec: columns: {{answers: {name}}} (sources table and hub), or leave it out:"
        f" ignore: [{name}]",
    )
