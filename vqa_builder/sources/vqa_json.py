"""The JSON files of VQA v1 and v2, OK-VQA, VizWiz and TextVQA: plain, gzipped or in zip archives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pyarrow as pa
from msgspec import UNSET, Raw, Struct, UnsetType
from pydantic import Field

from vqa_builder.errors import SourceError
from vqa_builder.sources import _record_joins, base
from vqa_builder.sources._input_files import Content, existing, on_disk, read_text
from vqa_builder.sources._json_files import decoded, describe, not_empty, unknown_shape
from vqa_builder.sources._json_records import Format, JSONRecords, record_format
from vqa_builder.sources._record_checks import CheckedRecords, check

KNOWN = (
    '{"questions": [...]} or {"annotations": [...]} (VQA v1 and v2, OK-VQA, VizWiz), '
    '{"data": [...]} (TextVQA), or [{"image": ..., "question": ...}, ...] (VizWiz)'
)
_IDS = {"question_id": ("question_id",), "image_id": ("image_id",)}
_QUESTION = record_format(_IDS | {"question": ("question",)})
_ANNOTATION = record_format(
    _IDS | {name: (name,) for name in ("question_type", "answer_type", "multiple_choice_answer", "answers")}
)
_TEXTVQA = record_format(_IDS | {"question": ("question",), "answers": ("answers",)})
_VIZWIZ = record_format(
    {
        "question_id": ("question_id", "image"),
        "image_id": ("image",),
        "question": ("question",),
        "answers": ("answers",),
        "answer_type": ("answer_type",),
    }
)
_WHAT = {_QUESTION: "a questions file", _ANNOTATION: "an annotations file"}


class _Top(Struct):
    questions: list[Raw] | UnsetType = UNSET
    annotations: list[Raw] | UnsetType = UNSET
    data: list[Raw] | UnsetType = UNSET


class Split(base.Options):
    """The files of one split."""

    questions: Path = Field(
        description="the questions, or questions and answers in one (TextVQA, VizWiz's own format);"
        " may be archive.zip!member.json"
    )
    annotations: Path | None = Field(
        None, description="the answers; none where they are withheld or stand with the questions"
    )


class VQAJSONOptions(base.Options):
    """Options of the source ``vqa_json``."""

    splits: dict[base.SplitName, Split] = Field(min_length=1, description="the files of each split")
    answers_per_question: int | None = Field(
        10, ge=1, description="how many answers each question must have; null for any number but zero"
    )


class VQAJSON(base.Source):
    """Questions and annotations in the VQA JSON formats, recognised by their shape and joined by id.

    A file may be JSON, gzipped JSON or a zip archive, whatever its suffix. Ids stay integers or strings as
    they are in the source. A split without annotations gets null answers.

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
        self._splits = base.in_order(options.splits)
        self._answers = options.answers_per_question

    def files(self) -> list[Path]:
        """The files of train, validation and test, questions first; an archive named twice is listed once.

        Raises:
            SourceError: one of them is not there; the message suggests names that are.
        """
        paths = [path for split in self._splits.values() for path in (split.questions, split.annotations)]
        return list(dict.fromkeys(existing(on_disk(path)) for path in paths if path is not None))

    def read(self, on_bad_record: base.OnBadRecord, limit: int | None = None) -> Iterator[pa.RecordBatch]:
        """The examples of every split, in the order of its questions.

        Args:
            on_bad_record: told of every record that cannot be used.
            limit: the first so many questions of each split; annotations of others are passed over.

        Yields:
            Batches of at most 10,000 rows.

        Raises:
            SourceError: a file is missing, damaged, in the wrong place or of no known shape.
        """
        reading = _record_joins.Reading(self._answers, on_bad_record, limit)
        for name, split in self._splits.items():
            questions, annotations = _read_split(split, reading)
            yield from _record_joins.examples(questions, annotations, name)


def _read_split(split: Split, reading: _record_joins.Reading) -> tuple[CheckedRecords, CheckedRecords]:
    """Questions and their annotations, row by row; the same table twice where there is no second file."""
    report = reading.report
    questions = check(_questions(split), reading.rules, report, limit=reading.limit)
    questions = _record_joins.unique(questions, reading.seen, report)
    if split.annotations is None:
        questions = _record_joins.with_answers_or_none_at_all(questions, report)
        return questions, questions
    only = None if reading.limit is None else set(questions.rows["question_id"].to_pylist())
    annotations = check(_annotations(split.annotations), reading.rules, report, only=only)
    annotations = _record_joins.unique(annotations, _record_joins.SeenIds(), report)
    annotations = _record_joins.with_answers_or_none_at_all(annotations, report, True)
    return _record_joins.match(questions, annotations, report)


def _questions(split: Split) -> JSONRecords:
    records = _read_records(split.questions)
    if records.format is _ANNOTATION:
        remedy = "name the questions file under questions, and this one under annotations"
        raise _wrong_part(
            records, "questions", "swap the two files in the spec" if split.annotations else remedy
        )
    if records.format is not _QUESTION and split.annotations is not None:
        raise _wrong_part(records, "questions", "leave annotations out: this file holds the answers")
    return records


def _annotations(path: Path) -> JSONRecords:
    records = _read_records(path)
    if records.format is not _ANNOTATION:
        raise _wrong_part(records, "annotations", 'name the file whose top level is {"annotations": [...]}')
    return records


def _wrong_part(records: JSONRecords, wanted: str, remedy: str) -> SourceError:
    """The error for a file that is good but stands in the wrong place of the spec."""
    found = _WHAT.get(records.format, "a file that holds questions and answers")
    problem = f"The file named under {wanted} is {found}"
    return SourceError(problem, where=records.label, expected=f"{wanted} only", found=found, remedy=remedy)


def _read_records(path: Path) -> JSONRecords:
    """The records of a file, whose format shows in its top-level shape."""
    content = read_text(path)
    shape, items = _recognise(content)
    not_empty(items, content.label)
    return JSONRecords(content.label, shape, items, range(len(items)))


def _recognise(content: Content) -> tuple[type[Format], list[Raw]]:
    if content.data.lstrip()[:1] == b"[":
        items = decoded(content, list[Raw], KNOWN)
        if items and not any(map(_has_image, items[:100])):
            raise unknown_shape(content, f"a list; its first record is {describe(items[0])}", KNOWN)
        return _VIZWIZ, items
    top = decoded(content, _Top, KNOWN)
    parts = ((_QUESTION, top.questions), (_ANNOTATION, top.annotations), (_TEXTVQA, top.data))
    for shape, part in parts:
        if isinstance(part, list):
            return shape, part
    raise unknown_shape(content, describe(content.data), KNOWN)


def _has_image(item: Raw) -> bool:
    try:
        return "image" in msgspec.json.decode(item, type=dict[str, Raw])
    except msgspec.DecodeError:
        return False
