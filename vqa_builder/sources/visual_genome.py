"""The questions of Visual Genome, and of other sets in its form (ja-VG-VQA)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import msgspec
import pyarrow as pa
from msgspec import Raw, Struct
from pydantic import Field

from vqa_builder.errors import SourceError
from vqa_builder.sources import base
from vqa_builder.sources._input_files import existing, on_disk, read_text
from vqa_builder.sources._json_files import decoded, describe, not_empty, unknown_shape
from vqa_builder.sources._json_records import BAD_JSON, JSONRecords
from vqa_builder.sources._record_formats import record_format
from vqa_builder.sources._record_source import Reading, RecordSource, read_files

KNOWN = '[{"image_id" or "id": ..., "qas": [{"qa_id": ..., "question": ..., "answer": ...}, ...]}, ...]'
IMAGES = "image ids as a JSON list, or one on each line, or a JSON list of objects with an image_id"
ABSENT = Raw(b"null")


class Split(base.Options):
    """The files of one split."""

    questions: base.Paths = Field(description="question_answers.json, or a list of such files")
    images: Path | None = Field(
        None, description=f"the images of this split: {IMAGES}; left out: all images of its files"
    )


class VisualGenomeOptions(base.SourceOptions):
    """Options of the source ``visual_genome``."""

    splits: dict[base.SplitName, Split] = Field(min_length=1, description="the files of each split")


_QUESTION = record_format(
    {
        "question_id": ("qa_id", "question_id"),
        "image_id": ("image_id",),
        "question": ("question",),
        "answers": ("answer",),
    }
)


class _Image(Struct):
    qas: list[Raw]
    image_id: Raw = ABSENT
    id: Raw = ABSENT


class VisualGenome(RecordSource):
    """Questions of Visual Genome: one JSON list of images, each with its questions and their one answer.

    The ids of images and questions are integers. Visual Genome has no splits of its own: give each split a
    list of its images, or a file of its own. A question's place in messages is that of its image. Synsets
    and objects are not kept, nor are types, of which there are none. The answers are phrases with a capital
    and a full stop, and stay so. The questions must be English; ja-VG-VQA has the same form, for reading it
    as references.

    Source: Krishna et al., "Visual Genome", IJCV 2017; Shimizu et al., "Visual Question Answering Dataset for
    Bilingual Image Understanding", COLING 2018.

    Example::

        source:
          type: visual_genome
          splits:
            train: {questions: question_answers.json.zip, images: train_images.txt}
            validation: {questions: question_answers.json.zip, images: validation_images.txt}
    """

    name = "visual_genome"
    summary = "Visual Genome question_answers.json and ja-VG-VQA; plain, .gz or .zip"
    Options: ClassVar = VisualGenomeOptions

    def __init__(self, options: VisualGenomeOptions) -> None:
        super().__init__(options)
        self._splits = base.in_order(options.splits)

    def files(self) -> list[Path]:
        """The files of train, validation and test, each with its list of images; none twice."""
        paths = [path for each in self._splits.values() for path in (*each.questions, each.images)]
        return list(dict.fromkeys(existing(on_disk(path)) for path in paths if path is not None))

    def examples(self, reading: Reading) -> Iterator[pa.RecordBatch]:
        """Image after image."""
        files = {
            split: [(path, _image_ids(each.images)) for path in each.questions]
            for split, each in self._splits.items()
        }
        return read_files(files, lambda file: _records(*file, reading), reading)


def _records(path: Path, images: set[str] | None, reading: Reading) -> Iterator[JSONRecords]:
    content = read_text(path)
    tops = not_empty(decoded(content, list[Raw], KNOWN), content.label)
    if not any(b'"qas"' in bytes(top) for top in tops[:100]):
        raise unknown_shape(content, f"a list; its first record is {describe(tops[0])}", KNOWN)
    numbers: list[int] = []
    ids: list[bytes | Raw] = []
    questions: list[bytes | Raw] = []
    for number, top in enumerate(tops):
        if reading.limit is not None and len(questions) >= reading.limit:
            break
        try:
            image_id, qas = _image(top)
        except BAD_JSON as error:
            problem = "The image with its questions cannot be used"
            reading.report(
                base.BadRecord(content.label, number, None, problem, KNOWN[1:-6], f"{error}; {describe(top)}")
            )
            continue
        if images is None or _text(image_id) in images:
            numbers += [number] * len(qas)
            ids += [image_id] * len(qas)
            questions += qas
    if images is not None and not questions:
        found = f"{len(tops):,} others, the first {describe(tops[0])}"
        raise SourceError(
            "The file has no question on any image of the list", where=content.label, found=found
        )
    yield JSONRecords(content.label, _QUESTION, questions, numbers, {"image_id": ids})


def _image(top: bytes | Raw) -> tuple[Raw, list[Raw]]:
    image = msgspec.json.decode(top, type=_Image)
    image_id = image.id if image.image_id == ABSENT else image.image_id
    if image_id == ABSENT:
        raise msgspec.ValidationError("Object missing required field `image_id`")
    return image_id, image.qas


def _image_ids(path: Path | None) -> set[str] | None:
    """The ids in a list of images, as text; None without a list."""
    if path is None:
        return None
    content = read_text(path)
    if content.data.lstrip()[:1] != b"[":
        return {line.strip() for line in content.data.decode().splitlines()} - {""}
    return {_text(_id_in(each)) for each in decoded(content, list[Raw], IMAGES)}


def _id_in(each: Raw) -> Raw:
    try:
        found = msgspec.json.decode(each, type=dict[str, Raw])
    except msgspec.ValidationError:
        return each
    return found.get("image_id", each)


def _text(image_id: Raw) -> str:
    return bytes(image_id).decode().strip('"')
