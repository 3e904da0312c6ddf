"""The questions of GQA, and the English files of xGQA in the same form."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import msgspec
import pyarrow as pa
from msgspec import Raw, Struct, field
from pydantic import Field

from vqa_builder.sources import _record_joins, base
from vqa_builder.sources._input_files import existing, on_disk, read_text
from vqa_builder.sources._json_files import Keyed, members, not_empty
from vqa_builder.sources._json_records import Answer, Format, Id, JSONRecords, Record

KNOWN = '{"QUESTION_ID": {"imageId": ..., "question": ..., "answer": ...}, ...} (GQA, xGQA)'


class GQAOptions(base.Options):
    """Options of the source ``gqa``."""

    splits: dict[base.SplitName, base.Paths] = Field(
        min_length=1,
        description="the questions of each split, one file or a list of files (train_all_questions_0.json,"
        " train_all_questions_1.json, ...)",
    )
    balanced_only: bool = Field(
        False, description="leave out the questions that their isBalanced marks as not balanced"
    )


class _Types(Struct):
    structural: str | None = None
    detailed: str | None = None


class _Question(Format):
    question_id: Id
    image_id: Id = field(name="imageId")
    question: str
    answer: str | None = None
    types: _Types | None = None

    def record(self) -> Record:
        types = self.types or _Types()
        return Record(
            self.question_id,
            self.image_id,
            self.question,
            types.detailed or types.structural,
            _answer_type(types.structural, self.answer),
            self.answer,
            None if self.answer is None else [Answer(self.answer)],
        )


class _Balanced(Struct):
    balanced: bool = field(name="isBalanced", default=True)


class GQA(base.Source):
    """Questions of GQA and xGQA: one JSON object from question id to question, with one answer each.

    Ids are strings. ``question_type`` is the detailed type, or the structural one where there is none;
    ``answer_type`` is ``yes/no`` or ``other``. The full answer, the groups and the programs are not kept.
    Test and challenge files have no answers and get null answers. The questions must be English: of xGQA,
    name the files of ``few_shot/en`` or the English test-dev.

    Source: Hudson and Manning, "GQA: A New Dataset for Real-World Visual Reasoning and Compositional
    Question Answering", CVPR 2019; Pfeiffer et al., "xGQA", Findings of ACL 2022.

    Example::

        source:
          type: gqa
          balanced_only: true
          splits:
            train: [train_all_questions_0.json, train_all_questions_1.json]
            validation: val_balanced_questions.json
    """

    name = "gqa"
    summary = "GQA and (English) xGQA questions JSON; plain, .gz or .zip"
    Options: ClassVar = GQAOptions

    def __init__(self, options: GQAOptions) -> None:
        self._splits = base.in_order(options.splits)
        self._balanced_only = options.balanced_only

    def files(self) -> list[Path]:
        """The files of train, validation and test; an archive named twice is listed once."""
        paths = [path for files in self._splits.values() for path in files]
        return list(dict.fromkeys(existing(on_disk(path)) for path in paths))

    def read(self, on_bad_record: base.OnBadRecord, limit: int | None = None) -> Iterator[pa.RecordBatch]:
        """The examples, file after file, in the order in which they stand there."""
        reading = _record_joins.Reading(None, on_bad_record, limit)
        return _record_joins.read_files(self._splits, self._records, reading)

    def _records(self, path: Path) -> Iterator[JSONRecords]:
        content = read_text(path)
        ids, items = members(content, KNOWN)
        not_empty(items, content.label)
        numbers = [
            number for number, item in enumerate(items) if not self._balanced_only or _is_balanced(item)
        ]
        kept = Keyed(
            "question_id", [ids[number] for number in numbers], [items[number] for number in numbers]
        )
        yield JSONRecords(content.label, _Question, kept, numbers)


def _is_balanced(item: bytes | Raw) -> bool:
    """Whether a question is to stay; a broken one is, to be reported."""
    try:
        return msgspec.json.decode(item, type=_Balanced).balanced
    except msgspec.DecodeError:
        return True


def _answer_type(structural: str | None, answer: str | None) -> str | None:
    """``yes/no`` or ``other``; None where neither type nor answer tells.

    Questions that verify or combine statements want yes or no; those that compare may ("Are they both red?")
    or may not ("Which is taller?"), as their answers show.
    """
    if structural in ("verify", "logical"):
        return "yes/no"
    if structural in ("choose", "query"):
        return "other"
    if answer is None:
        return None
    return "yes/no" if answer in ("yes", "no") else "other"
