"""The JSON files of VQA v1 and v2, OK-VQA, VizWiz and TextVQA: plain, gzipped or in zip archives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from msgspec import Raw
from pydantic import Field

from vqa_builder.errors import SourceError
from vqa_builder.sources import base
from vqa_builder.sources._input_files import Content, existing, on_disk, read_text
from vqa_builder.sources._json_files import decoded, describe, not_empty, top_level, unknown_shape
from vqa_builder.sources._json_records import JSONRecords, keys_of
from vqa_builder.sources._record_checks import CheckedRecords
from vqa_builder.sources._record_formats import record_format
from vqa_builder.sources._record_joins import SeenIds, match, unique, with_answers_or_none_at_all
from vqa_builder.sources._record_source import Reading, RecordSource

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
            questions, annotations = _read_split(name, split, reading)
            yield from reading.examples(questions, annotations, name)


def _read_split(name: str, split: Split, reading: Reading) -> tuple[CheckedRecords, CheckedRecords]:
    """Questions and their annotations, row by row; the same table twice where there is no second file."""
    records, answers = _questions(split)
    questions = reading.unique(reading.check(records, limit=reading.limit), name)
    answered = questions.rows["answers"].null_count < questions.rows.num_rows
    if answers is None:
        if not answered:
            reading.refuse_unread_answers(records)
        questions = with_answers_or_none_at_all(questions, reading.report)
        return questions, questions
    if answered:
        found = "questions with their answers"
        raise _wrong_part(
            records.label, found, "questions", "leave annotations out: this file holds the answers"
        )
    del records
    only = None if reading.limit is None else set(questions.rows["question_id"].to_pylist())
    annotations = reading.check(_annotations(answers), only=only)
    annotations = unique(annotations, SeenIds(), reading.report)
    annotations = with_answers_or_none_at_all(annotations, reading.report)
    return match(questions, annotations, reading.report)


def _questions(split: Split) -> tuple[JSONRecords, Path | None]:
    """The questions, and the file of their annotations, which may be the same."""
    records, others = _read_records(split.questions, "questions")
    if records.format is _ANNOTATION:
        remedy = "name the questions file under questions, and this one under annotations"
        if split.annotations:
            remedy = "swap the two files in the spec"
        raise _wrong_part(records.label, "an annotations file", "questions", remedy)
    return records, split.annotations or (split.questions if "annotations" in others else None)


def _annotations(path: Path) -> JSONRecords:
    records, _ = _read_records(path, "annotations")
    if records.format is not _ANNOTATION:
        remedy = 'name the file whose top level is {"annotations": [...]}'
        raise _wrong_part(records.label, "a questions file", "annotations", remedy)
    return records


def _wrong_part(where: str, found: str, wanted: str, remedy: str) -> SourceError:
    """The error for a file that is good but stands in the wrong place of the spec."""
    problem = f"The file named under {wanted} is {found}"
    return SourceError(problem, where=where, expected=f"{wanted} only", found=found, remedy=remedy)


def _read_records(path: Path, wanted: str) -> tuple[JSONRecords, set[str]]:
    """The records of a file, those of the wanted part if it has it, and the names of its other parts."""
    content = read_text(path)
    top = top_level(content, KNOWN)
    if isinstance(top, list):
        first = keys_of(top[:100])
        if top and ("question" not in first or not {"image", "image_id"} & {*first}):
            raise unknown_shape(content, f"a list; its first record is {describe(top[0])}", KNOWN)
        part, items, others = "data", top, set[str]()
    else:
        part = next((name for name in (wanted, "questions", "annotations", "data") if name in top), "")
        others = {*top} - {part}
        if not part:
            raise unknown_shape(content, describe(content.data), KNOWN)
        items = decoded(Content(content.label, bytes(top[part])), list[Raw], KNOWN)
    not_empty(items, content.label)
    shape = _ANNOTATION if part == "annotations" else _QUESTION
    return JSONRecords(content.label, shape, items, range(len(items))), others
