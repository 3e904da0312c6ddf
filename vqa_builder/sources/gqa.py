"""The questions of GQA, and the English files of xGQA in the same form."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import msgspec
from msgspec import Raw, Struct, field
from pydantic import Field

from vqa_builder.sources import base
from vqa_builder.sources._answer_texts import text_of
from vqa_builder.sources._input_files import read_text
from vqa_builder.sources._json_files import decoded, members, not_empty
from vqa_builder.sources._json_records import JSONRecords
from vqa_builder.sources._record_formats import Format, Id, Record, Scalar, made_record
from vqa_builder.sources._record_source import FileSource

KNOWN = '{"QUESTION_ID": {"imageId": ..., "question": ..., "answer": ...}, ...} (GQA, xGQA)'


class GQAOptions(base.FileOptions):
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
    answer: Scalar | None = None
    types: _Types | None = None

    fields: ClassVar = {
        "question_id": "question_id",
        "imageId": "image_id",
        "question": "question",
        "answer": "answers",
        "types": "question_type, answer_type",
    }
    unread: ClassVar = frozenset({"fullAnswer"})

    def record(self) -> Record:
        types = self.types or _Types()
        return made_record(
            {
                "question_id": self.question_id,
                "image_id": self.image_id,
                "question": self.question,
                "question_type": types.detailed or types.structural,
                "answer_type": _answer_type(types.structural, text_of(self.answer)),
                "answers": self.answer,
            },
            {"question_id": ("question_id",), "image_id": ("imageId",)},
        )


class _Balanced(Struct):
    balanced: bool = field(name="isBalanced", default=True)


class GQA(FileSource):
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
        super().__init__(options)
        self._balanced_only = options.balanced_only

    def records(self, path: Path) -> Iterator[JSONRecords]:
        """The questions of a file."""
        content = read_text(path)
        decoded(content, dict[str, Raw], KNOWN)
        ids, items = members(content.data)
        not_empty(items, content.label)
        numbers = [
            number for number, item in enumerate(items) if not self._balanced_only or _is_balanced(item)
        ]
        kept, ids = [items[number] for number in numbers], [ids[number] for number in numbers]
        yield JSONRecords(content.label, _Question, kept, numbers, {"question_id": ids})


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
