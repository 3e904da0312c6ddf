"""The questions of A-OKVQA."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import msgspec
from msgspec import Raw, Struct
from pydantic import Field

from vqa_builder.sources import base
from vqa_builder.sources._input_files import read_text
from vqa_builder.sources._json_files import decoded, describe, not_empty, unknown_shape
from vqa_builder.sources._json_records import JSONRecords
from vqa_builder.sources._record_formats import record_format
from vqa_builder.sources._record_source import FileSource

KNOWN = (
    '[{"question_id": ..., "image_id": ..., "question": ..., "choices": [...], "direct_answers": [...]}, ...]'
)


class AOKVQAOptions(base.FileOptions):
    """Options of the source ``a_okvqa``."""

    splits: dict[base.SplitName, base.Paths] = Field(
        min_length=1, description="the file of each split (aokvqa_v1p0_train.json, ...), or a list of files"
    )
    answers_per_question: int | None = Field(
        10, ge=1, description="how many direct answers each question must have; null for any number but zero"
    )
    leave_out_difficult: bool = Field(
        False,
        description="leave out the questions marked difficult_direct_answer, on which direct answers are"
        " not evaluated",
    )


_QUESTION = record_format(
    {
        "question_id": ("question_id",),
        "image_id": ("image_id",),
        "question": ("question",),
        "answers": ("direct_answers",),
        "choices": ("choices",),
        "choice": ("correct_choice_idx",),
    }
)


class _Difficult(Struct):
    difficult_direct_answer: bool | None = None


class AOKVQA(FileSource):
    """Questions of A-OKVQA: a JSON list, with ten direct answers and four choices for each question.

    The direct answers become the answers, the right choice becomes ``multiple_choice_answer``; the other
    choices and the rationales are not kept. Question ids are strings, image ids integers (COCO 2017). The
    test file has no answers and gets null answers.

    Source: Schwenk et al., "A-OKVQA: A Benchmark for Visual Question Answering using World
    Knowledge", ECCV 2022.

    Example::

        source:
          type: a_okvqa
          splits:
            train: aokvqa_v1p0_train.json
            validation: aokvqa_v1p0_val.json
            test: aokvqa_v1p0_test.json
    """

    name = "a_okvqa"
    summary = "A-OKVQA JSON with ten direct answers; plain, .gz or .zip"
    Options: ClassVar = AOKVQAOptions

    def __init__(self, options: AOKVQAOptions) -> None:
        super().__init__(options)
        self._leave_out_difficult = options.leave_out_difficult

    def records(self, path: Path) -> Iterator[JSONRecords]:
        """The questions of a file."""
        content = read_text(path)
        items = decoded(content, list[Raw], KNOWN)
        if items and not any(b'"choices"' in bytes(item) for item in items[:100]):
            raise unknown_shape(content, f"a list; its first record is {describe(items[0])}", KNOWN)
        not_empty(items, content.label)
        numbers = [
            number
            for number, item in enumerate(items)
            if not (self._leave_out_difficult and _is_difficult(item))
        ]
        yield JSONRecords(content.label, _QUESTION, [items[number] for number in numbers], numbers)


def _is_difficult(item: Raw) -> bool:
    """Whether a question is marked; a broken one is not, to be reported."""
    try:
        return bool(msgspec.json.decode(item, type=_Difficult).difficult_direct_answer)
    except msgspec.DecodeError:
        return False
