"""The JSON files of VQA v1 and v2, OK-VQA, VizWiz and TextVQA: plain, gzipped or in zip archives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from pydantic import Field

from vqa_builder.sources import _join, base
from vqa_builder.sources._files import existing, on_disk
from vqa_builder.sources._records import Annotation, Question
from vqa_builder.sources._shapes import RawRecords, read_records, wrong_part
from vqa_builder.sources._tables import Loaded, load


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

    Example:
        >>> from vqa_builder.sources.vqa_json import VQAJSON, VQAJSONOptions
        >>> names = {part: f"v2_{part.title()}_Val_mscoco.zip" for part in ("questions", "annotations")}
        >>> source = VQAJSON(VQAJSONOptions(splits={"validation": names}))
        >>> for batch in source.read(on_bad_record=print, limit=1000):  # doctest: +SKIP
        ...     batch["question"][0]
        <pyarrow.StringScalar: 'Where is he looking?'>
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
        this = _join.Pass(self._answers, on_bad_record, limit)
        for name, split in self._splits.items():
            questions, annotations = _read_split(split, this)
            yield from _join.examples(questions, annotations, name)


def _read_split(split: Split, this: _join.Pass) -> tuple[Loaded, Loaded]:
    """Questions and their annotations, row by row; the same table twice where there is no second file."""
    records = _questions(split)
    questions = load(records, this.rules, this.report, limit=this.limit)
    questions = _join.unique(questions, this.seen, this.report)
    if split.annotations is None:
        questions = _join.with_answers_or_none_at_all(questions, this.report)
        return questions, questions
    only = None if this.limit is None else set(questions.rows["question_id"].to_pylist())
    del records
    annotations = load(_annotations(split.annotations), this.rules, this.report, only=only)
    return _join.match(questions, _join.unique(annotations, _join.Seen(), this.report), this.report)


def _questions(split: Split) -> RawRecords:
    records = read_records(split.questions)
    if records.format is Annotation:
        remedy = "name the questions file under questions, and this one under annotations"
        raise wrong_part(
            records, "questions", "swap the two files in the spec" if split.annotations else remedy
        )
    if records.format is not Question and split.annotations is not None:
        raise wrong_part(records, "questions", "leave annotations out: this file holds the answers")
    return records


def _annotations(path: Path) -> RawRecords:
    records = read_records(path)
    if records.format is not Annotation:
        raise wrong_part(records, "annotations", 'name the file whose top level is {"annotations": [...]}')
    return records
