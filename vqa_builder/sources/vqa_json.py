"""The JSON files of VQA v1 and v2, OK-VQA, VizWiz and TextVQA: plain, gzipped or in zip archives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
from msgspec import Raw
from pydantic import Field

from vqa_builder.errors import SourceError
from vqa_builder.sources import base
from vqa_builder.sources._input_files import Content, existing, on_disk, opened, read_text
from vqa_builder.sources._json_files import decoded, describe, not_empty, top_level, unknown_shape
from vqa_builder.sources._json_records import BAD_JSON, JSONRecords, keys_of
from vqa_builder.sources._json_stream import Irregular, parts
from vqa_builder.sources._record_checks import CheckedRecords
from vqa_builder.sources._record_formats import Format, record_format
from vqa_builder.sources._record_joins import SeenIds, match, unique, with_answers_or_none_at_all
from vqa_builder.sources._record_source import Reading, RecordSource
from vqa_builder.sources._record_spool import Spool, joined

KNOWN = (
    '{"questions": [...]} or {"annotations": [...]} (VQA v1 and v2, OK-VQA, VizWiz), {"data": [...]}'
    ' (TextVQA), or [{"image" or "image_id": ..., "question": ...}, ...] (VizWiz, LAVIS)'
)
_ABOUT_ANSWERS: dict[str, tuple[str, ...]] = {
    "answers": ("answers", "answer"),
    **{name: (name,) for name in ("question_type", "answer_type", "multiple_choice_answer")},
}
_ANNOTATION = record_format({**_ABOUT_ANSWERS, "question_id": ("question_id",), "image_id": ("image_id",)})
_QUESTION = record_format(
    {
        **_ABOUT_ANSWERS,
        "question_id": ("question_id", "image"),
        "image_id": ("image_id", "image"),
        "question": ("question",),
    }
)


class Split(base.Options):
    """The files of one split."""

    questions: Path = Field(
        description="the questions, or questions and answers in one (TextVQA, VizWiz's own format);"
        " may be archive.zip!member.json"
    )
    annotations: Path | None = Field(
        None, description="the answers; none where they are withheld or stand with the questions"
    )


class VQAJSONOptions(base.SourceOptions):
    """Options of the source ``vqa_json``."""

    splits: dict[base.SplitName, Split] = Field(min_length=1, description="the files of each split")
    answers_per_question: int | None = Field(
        10, ge=1, description="how many answers each question must have; null for any number but zero"
    )


class VQAJSON(RecordSource):
    """Questions and annotations in the VQA JSON formats, recognised by their shape and joined by id.

    A file may be JSON, gzipped JSON or a zip archive, whatever its suffix. Ids stay integers or strings as
    they are in the source; without a question id the name of the image serves. Answers may stand with the
    questions, under ``answers`` or ``answer``; a split that has none anywhere gets null answers.

    Example::

        source:
          type: vqa_json
          splits:
            train: {questions: v2_Questions_Train_mscoco.zip, annotations: v2_Annotations_Train_mscoco.zip}
            test: {questions: v2_Questions_Test_mscoco.zip}
    """

    name = "vqa_json"
    summary = "VQA v1/v2, OK-VQA, VizWiz, TextVQA JSON; plain, .gz or .zip"
    Options = VQAJSONOptions

    def __init__(self, options: VQAJSONOptions) -> None:
        super().__init__(options)
        self._splits = base.in_order(options.splits)

    def files(self) -> list[Path]:
        """The files of train, validation and test, questions first; an archive named twice is listed once.

        Raises:
            SourceError: one of them is not there; the message suggests names that are.
        """
        paths = [path for split in self._splits.values() for path in (split.questions, split.annotations)]
        return list(dict.fromkeys(existing(on_disk(path)) for path in paths if path is not None))

    def examples(self, reading: Reading) -> Iterator[pa.RecordBatch]:
        """The examples of every split, in the order of its questions."""
        for name, split in self._splits.items():
            with ExitStack() as opened:
                for questions, annotations in _read_split(name, split, reading, opened):
                    yield from reading.examples(questions, annotations, name)


def _read_split(
    name: str, split: Split, reading: Reading, opened: ExitStack
) -> Iterator[tuple[CheckedRecords, CheckedRecords]]:
    """Questions and their annotations, row by row; the same twice where there is no second file."""
    file = _File(split.questions, "questions")
    asked = opened.enter_context(Spool(_checked(file, split, reading, limit=reading.limit)))
    answers = split.annotations or (split.questions if "annotations" in file.names else None)
    questions = reading.unique(asked.keys, name)
    answered = questions.rows["answers"].null_count < questions.rows.num_rows
    if answers is None:
        if not answered:
            file.refuse_unread_answers()
        questions = with_answers_or_none_at_all(questions, reading.report)
        return joined(asked, asked, (questions, questions))
    if answered:
        found = "questions with their answers"
        raise _wrong_part(
            file.label, found, "questions", "leave annotations out: this file holds the answers"
        )
    only = None if reading.limit is None else set(questions.rows["question_id"].to_pylist())
    file = _File(answers, "annotations")
    given = opened.enter_context(Spool(_checked(file, split, reading, only=only)))
    annotations = unique(given.keys, SeenIds(), reading.report)
    annotations = with_answers_or_none_at_all(annotations, reading.report)
    return joined(asked, given, match(questions, annotations, reading.report))


def _checked(
    file: _File, split: Split, reading: Reading, *, limit: int | None = None, only: set[Any] | None = None
) -> Iterator[CheckedRecords]:
    """The good records of a file, part after part."""
    for records in file.records():
        _refuse_wrong_part(file, split)
        checked = reading.check(records, limit=limit, only=only)
        limit = limit if limit is None else limit - min(limit, len(records))
        if checked.rows["answers"].null_count == checked.rows.num_rows:
            file.look_for_answers(reading, records)
        yield checked


def _refuse_wrong_part(file: _File, split: Split) -> None:
    if file.wanted == "questions" and file.part == "annotations":
        remedy = "name the questions file under questions, and this one under annotations"
        if split.annotations:
            remedy = "swap the two files in the spec"
        raise _wrong_part(file.label, "an annotations file", "questions", remedy)
    if file.wanted == "annotations" != file.part:
        remedy = 'name the file whose top level is {"annotations": [...]}'
        raise _wrong_part(file.label, "a questions file", "annotations", remedy)


def _wrong_part(where: str, found: str, wanted: str, remedy: str) -> SourceError:
    """The error for a file that is good but stands in the wrong place of the spec."""
    problem = f"The file named under {wanted} is {found}"
    return SourceError(problem, where=where, expected=f"{wanted} only", found=found, remedy=remedy)


class _File:
    """One file of a split.

    Args:
        path: where it lies.
        wanted: the part whose records are read, if the file has it: ``questions`` or ``annotations``.

    Attributes:
        label: its name for messages.
        part: the part whose records are read; "data" for a list at the top level. Known with the records.
        names: of all its parts; known when all records are read.
    """

    def __init__(self, path: Path, wanted: str) -> None:
        self.path, self.wanted = path, wanted
        self.label, self.part = str(path), ""
        self.names: set[str] = set()
        self._unread: SourceError | None = None

    def records(self) -> Iterator[JSONRecords]:
        """The records of the wanted part, or of another that can be read, in pieces."""
        try:
            for part in dict.fromkeys((self.wanted, "questions", "annotations", "data")):
                if not self.names or part in self.names:
                    yield from self._pieces(part)
                if self.part:
                    return
            raise Irregular
        except Irregular:
            pass
        yield self._whole()

    def look_for_answers(self, reading: Reading, records: JSONRecords) -> None:
        """Note a column that looks like answers and is not read, for ``refuse_unread_answers``."""
        try:
            reading.refuse_unread_answers(records)
        except SourceError as error:
            self._unread = self._unread or error

    def refuse_unread_answers(self) -> None:
        """Called where no record of the file has answers; raises if a column looks like them."""
        if self._unread:
            raise self._unread

    def _pieces(self, part: str) -> Iterator[JSONRecords]:
        with opened(self.path, (".json",)) as (self.label, stream):
            start = 0
            for name, piece in parts(stream):
                self.names |= {name or "data"}
                if (name or "data") == part:
                    items = _decoded(piece)
                    if name is None and not start and not _asks(items):
                        raise Irregular
                    self.part = part
                    numbers = range(start, start + len(items))
                    yield JSONRecords(self.label, self._shape, items, numbers)
                    start += len(items)

    def _whole(self) -> JSONRecords:
        """The file read whole; raises what is wrong with it."""
        content = read_text(self.path)
        top = top_level(content, KNOWN)
        self.label = content.label
        if isinstance(top, list):
            if top and not _asks(top):
                raise unknown_shape(content, f"a list; its first record is {describe(top[0])}", KNOWN)
            self.part, items, self.names = "data", top, {"data"}
        else:
            known = (self.wanted, "questions", "annotations", "data")
            self.part, self.names = next((name for name in known if name in top), ""), {*top}
            if not self.part:
                raise unknown_shape(content, describe(content.data), KNOWN)
            items = decoded(Content(content.label, bytes(top[self.part])), list[Raw], KNOWN)
        not_empty(items, content.label)
        return JSONRecords(content.label, self._shape, items, range(len(items)))

    @property
    def _shape(self) -> type[Format]:
        return _ANNOTATION if self.part == "annotations" else _QUESTION


def _asks(items: Sequence[Raw]) -> bool:
    """Whether the first records of a list are questions."""
    first = keys_of(items[:100])
    return "question" in first and bool({"image", "image_id"} & {*first})


def _decoded(piece: bytes | None) -> list[Raw]:
    if piece is None:
        raise Irregular
    try:
        piece.decode()
        return msgspec.json.decode(b"[" + piece + b"]", type=list[Raw])
    except BAD_JSON as error:
        raise Irregular from error
