"""The answers that predictions are held against: a split of a release, or an annotation file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder import languages, schema
from vqa_builder.batches import Batches
from vqa_builder.errors import ReleaseError, SourceError, UnknownNameError
from vqa_builder.named_files import read_bytes
from vqa_builder.sources._answer_texts import text_of
from vqa_builder.sources._input_files import read_text
from vqa_builder.strict_json import decode, decode_lines

PREFERRED_SPLIT = "validation"
ANSWER = pa.struct([field for field in schema.TRANSLATED_ANSWER if field.name != "method"])
ROWS = pa.schema(
    [
        ("question_id", pa.string()),
        ("question_type", pa.string()),
        ("answer_type", pa.string()),
        ("multiple_choice_answer", pa.string()),
        ("answers", pa.list_(ANSWER)),
    ],
)
_WANTED = [*ROWS.names, "multiple_choice_answer_en"]
_SHAPES = (
    '{"annotations": [{"question_id", "answers", ...}]} (VQA v1 and v2, OK-VQA, VizWiz), {"data": [...]}'
    " (TextVQA), the list alone, whose records may have `image` instead of an id (VizWiz), or JSONL;"
    " `answers` or `answer` is a list of texts, or of objects with `answer`, or one text"
)
Value = str | int | float | bool


class _Answer(msgspec.Struct, gc=False):
    answer: Value
    answer_confidence: str | None = None
    answer_id: int | None = None


_Answers = list[_Answer | Value]


class _Annotation(msgspec.Struct, gc=False):
    question_id: int | str | None = None
    image: int | str | None = None
    answers: _Answers | Value | None = None
    answer: _Answers | Value | None = None
    question_type: str | None = None
    answer_type: str | None = None
    multiple_choice_answer: Value | None = None

    @property
    def key(self) -> int | str | None:
        """The question's id, else the name of the image, as in the source ``vqa_json``."""
        return self.image if self.question_id is None else self.question_id

    @property
    def given(self) -> list[_Answer]:
        """What the annotators answered; empty where nobody did."""
        answers = self.answer if self.answers is None else self.answers
        if answers is None:
            return []
        listed = answers if isinstance(answers, list) else [answers]
        return [each if isinstance(each, _Answer) else _Answer(each) for each in listed]


class _File(msgspec.Struct):
    annotations: list[_Annotation] | None = None
    data: list[_Annotation] | None = None


@dataclass(frozen=True)
class References:
    """Questions with the answers that people gave, one row each.

    Attributes:
        rows: schema ``ROWS``; ids as text, whatever they are in the source; ``answers.answer`` is in
            ``language``, ``answers.answer_en`` the English it was translated from, null if unknown.
        language: ISO 639 code of the answers.
        answer_map: the release's map from labels to answers; None for an annotation file.
        label: file and split, for messages.
    """

    rows: pa.Table
    language: str
    answer_map: pa.Table | None
    label: str

    @property
    def question_ids(self) -> pa.Array:
        """The ids as text, in order."""
        return self.rows["question_id"].combine_chunks()

    @property
    def answers(self) -> pa.ListArray:
        """``list<struct<answer, answer_en, answer_confidence, answer_id>>``."""
        return self.rows["answers"].combine_chunks()

    @property
    def row_of_answer(self) -> NDArray[np.int64]:
        """The question of each answer, where all questions' answers stand in one row."""
        lengths = pc.list_value_length(self.answers).to_numpy()
        return np.repeat(np.arange(len(lengths)), lengths)

    def answer_field(self, name: str) -> pa.Array:
        """A field of all questions' answers in one row."""
        return pc.struct_field(pc.list_flatten(self.answers), name)

    @property
    def labels(self) -> pa.Table:
        """The answer map.

        Raises:
            ReleaseError: there is none.
        """
        if self.answer_map is None:
            raise ReleaseError(
                "English labels and merges need an answer map",
                where=self.label,
                expected="the folder of a release, with answers/answer_map.parquet",
                remedy="give the release as the references, or predictions as text",
            )
        return self.answer_map


def load_references(
    source: References | Path | str | Iterable[Mapping[str, Any]],
    language: str | None = None,
    split: str | None = None,
) -> References:
    """References from any form.

    Args:
        source: a release's folder, an annotation file (VQA v1 and v2, OK-VQA, TextVQA, VizWiz, any that the
            source ``vqa_json`` reads; plain, gzip or zip), or a list of annotations.
        language: the language to compare answers in. None means the release's own, and English for
            annotations. ``en`` on a release compares the English answers that it was made from.
        split: a split of a release; None means its only one, or ``validation``. Annotations have none.

    Raises:
        ReleaseError: the folder is no release, or of another language.
        SourceError: the file has no known shape, repeats a question, or a question has no answers.
        UnknownNameError: no such split or language.

    >>> load_references([{"question_id": 7, "answers": [{"answer": "猫"}]}], "ja").question_ids.to_pylist()
    ['7']
    """
    if language is not None:
        languages.get(language)
    if isinstance(source, References):
        return _in_language(source, language)
    if isinstance(source, (str, Path)) and Path(source).is_dir():
        return _checked(_from_release(Path(source), language, split))
    if split is not None:
        raise UnknownNameError("split", split, [], where=_label(source))
    return _checked(_from_annotations(source, language or "en"))


def _label(source: object) -> str:
    return str(source) if isinstance(source, (str, Path)) else "the annotations given"


def _in_language(references: References, language: str | None) -> References:
    """References in their own language, or in the English that theirs was made from."""
    if language in (None, references.language):
        return references
    english = references.answer_field("answer_en")
    if language != "en" or english.null_count:
        raise ReleaseError(
            "The references are not in this language",
            where=references.label,
            expected=f"{references.language}" + ("" if english.null_count else ", or en"),
            found=language,
            remedy=f"evaluate with the language {references.language}",
        )
    answers = pc.list_flatten(references.answers)
    fields = {name: pc.struct_field(answers, name) for name in ANSWER.names}
    fields["answer"] = fields["answer_en"]
    column = _relist(references.answers, pa.StructArray.from_arrays(fields.values(), fields=[*answers.type]))
    winners = "multiple_choice_answer_en"
    rows = references.rows.set_column(4, ROWS.field("answers"), column)
    if winners in rows.column_names:
        rows = rows.set_column(3, ROWS.field("multiple_choice_answer"), rows[winners])
    return replace(references, rows=rows, language="en")


def _relist(lists: pa.ListArray, values: pa.Array) -> pa.ListArray:
    """The lists with other members; nulls have been refused before."""
    lengths = pc.list_value_length(lists).to_numpy(zero_copy_only=False)
    offsets = pa.array([0, *lengths.cumsum().tolist()], pa.int32())
    return pa.ListArray.from_arrays(offsets, values)


def _from_release(folder: Path, language: str | None, split: str | None) -> References:
    file = folder / "manifest.json"
    if not file.exists():
        remedy = "give the folder that a build wrote, such as out/vqa-ja, or an annotation file"
        raise ReleaseError("The folder is no release", where=folder, expected=file.name, remedy=remedy)
    try:
        manifest = decode(read_bytes(file, "manifest", ReleaseError))
        own = str(manifest["language"])
    except (ValueError, KeyError, TypeError) as error:
        raise ReleaseError("The manifest cannot be read", where=folder, found=repr(error)) from None
    chosen = _split(folder, split)
    files = sorted(folder.glob(f"data/{chosen}-?????-of-?????.parquet"))
    try:
        table = Batches.parquet_files(files).table(_WANTED)
        map_file = folder / "answers" / "answer_map.parquet"
        answer_map = Batches.parquet_files([map_file]).table() if map_file.exists() else None
        rows = _rows(table)
    except (pa.ArrowInvalid, KeyError) as error:
        raise ReleaseError("A table of the release is damaged", where=folder, found=error) from None
    _refuse_without_answers(rows, f"{folder}, {chosen}")
    release = References(rows, own, answer_map, f"{folder}, {chosen}")
    return _in_language(release, language)


def _split(folder: Path, wanted: str | None) -> str:
    known = sorted({path.name.rsplit("-", 3)[0] for path in folder.glob("data/*-?????-of-?????.parquet")})
    if wanted is None and (len(known) == 1 or PREFERRED_SPLIT in known):
        return known[0] if len(known) == 1 else PREFERRED_SPLIT
    if wanted is None or wanted not in known:
        raise UnknownNameError("split", wanted or "(none chosen)", known, where=folder)
    return wanted


def _rows(table: pa.Table) -> pa.Table:
    columns = {name: table[name].cast(ROWS.field(name).type) for name in ROWS.names}
    columns["multiple_choice_answer_en"] = table["multiple_choice_answer_en"]
    return pa.table(columns)


def _from_annotations(source: Path | str | Iterable[Mapping[str, Any]], language: str) -> References:
    label = _label(source)
    try:
        if isinstance(source, (str, Path)):
            items = _read_annotations(read_text(Path(source)).data)
        else:
            items = msgspec.convert(list(source), list[_Annotation])
        without = next((number for number, item in enumerate(items) if item.key is None), None)
        if without is not None:
            raise msgspec.ValidationError(f"Record {without} has no `question_id`")
        columns = [
            [str(item.key) for item in items],
            [item.question_type for item in items],
            [item.answer_type for item in items],
            [text_of(item.multiple_choice_answer) for item in items],
            _answer_lists([item.given for item in items]),
        ]
        rows = pa.table(columns, schema=ROWS)
    except (msgspec.MsgspecError, pa.ArrowInvalid, OverflowError) as error:
        raise SourceError(
            "These are no annotations", where=label, expected=_SHAPES, found=error,
            remedy="give the annotation file of the split, or the folder of a release",
        ) from None  # fmt: skip
    _refuse_without_answers(rows, label)
    return References(rows, language, None, label)


def _read_annotations(data: bytes) -> list[_Annotation]:
    """The records of a file.

    Raises:
        msgspec.MsgspecError: it is of another form.
    """
    found: list[_Annotation]
    if data.lstrip()[:1] == b"[":
        found = decode(data, list[_Annotation])
        return found
    try:
        file = decode(data, _File)
    except msgspec.DecodeError as error:
        if isinstance(error, msgspec.ValidationError):
            raise
        found = decode_lines(data, _Annotation)
        return found
    found = file.data if file.annotations is None else file.annotations
    if found is None:
        raise msgspec.ValidationError("Object missing required field `annotations`")
    return found


def _answer_lists(given: list[list[_Answer]]) -> pa.ListArray:
    flat = [answer for answers in given for answer in answers]
    fields = [
        pa.array([text_of(answer.answer) for answer in flat], pa.string()),
        pa.nulls(len(flat), pa.string()),
        pa.array([answer.answer_confidence for answer in flat], pa.string()),
        pa.array([answer.answer_id for answer in flat], pa.int32()),
    ]
    offsets = [0]
    for answers in given:
        offsets.append(offsets[-1] + len(answers))
    values = pa.StructArray.from_arrays(fields, fields=[*ANSWER])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)


def _refuse_without_answers(rows: pa.Table, label: str) -> None:
    lengths = pc.fill_null(pc.list_value_length(rows["answers"]), 0)
    without = rows.filter(pc.equal(lengths, 0))
    if without.num_rows or not rows.num_rows:
        raise SourceError(
            "There are no answers to compare with",
            where=label,
            expected="at least one answer for every question",
            found=f"{without.num_rows:,} of {rows.num_rows:,} questions without, {first(without)}",
            remedy="choose a split whose answers are public, such as validation",
        )


def _checked(references: References) -> References:
    counts = pc.value_counts(references.question_ids)
    repeated = counts.filter(pc.greater(counts.field("counts"), 1))
    if len(repeated):
        raise SourceError(
            "The references repeat question ids",
            where=references.label,
            expected="every question once",
            found=f"{len(repeated):,} ids more than once, {some(repeated.field('values'))}",
        )
    return references


def first(rows: pa.Table) -> str:
    """The first question ids of a table, for messages."""
    return some(rows["question_id"].combine_chunks())


def some(ids: pa.Array) -> str:
    """The first ids, for messages.

    >>> some(pa.array(["7", "8"]))
    'the first: 7, 8'
    """
    shown = ", ".join(str(value) for value in ids[:5].to_pylist()) or "none"
    return f"the first: {shown}"
