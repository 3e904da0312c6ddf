"""The questions of a release, as training reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vqa_builder.errors import ReleaseError, SpecError, UnknownNameError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

COLUMNS = [
    "question_id",
    "image_id",
    "question",
    "question_en",
    "answer_type",
    "labels",
    "soft_scores",
    "alignment",
]


@dataclass(frozen=True)
class Questions:
    """The questions of one language and split, in the order of the release; one entry each.

    Attributes:
        question_id: as in the release, int or str.
        image_id: as in the release, int or str.
        text: the question in ``language``.
        text_en: the English question.
        labels: the ids of its answers in the English vocabulary; empty where nobody answered.
        soft_scores: the score of each label, 0 to 1.
        answer_type: ``yes/no``, ``number``, ``other``, or empty.
        alignment: (English word, target word), counted by ``vqa_builder.translation.aligners.words``.
        language: ISO 639 code of ``text``.
    """

    question_id: list[Any]
    image_id: list[Any]
    text: list[str]
    text_en: list[str]
    labels: list[list[int]]
    soft_scores: list[list[float]]
    answer_type: list[str]
    alignment: list[list[tuple[int, int]]]
    language: str

    def __len__(self) -> int:
        return len(self.question_id)

    def take(self, indices: Sequence[int] | NDArray[np.integer[Any]]) -> Self:
        """The questions at these places, in this order."""
        columns = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "language"}
        taken: dict[str, Any] = {name: [column[at] for at in indices] for name, column in columns.items()}
        return replace(self, **taken)


def load_questions(
    release: str | Path, split: str, *, english: bool = False, config: Literal["default", "all"] = "default"
) -> Questions:
    """The questions of one split of a release, through ``datasets.load_dataset``.

    Args:
        release: a release's folder, or its name on the Hub (``org/vqa-ja``).
        split: ``train``, ``validation``, ...
        english: put the English question into ``text``, for a teacher.
        config: ``default`` for the questions that the policy kept, ``all`` for these and then the rejected
            ones, whose English is as good.

    Raises:
        ReleaseError: no release there, or one without a column that training needs.
        UnknownNameError: the release has no such split.

    In a recipe::

        questions = load_questions("out/vqa-ja", "train")
        questions.text[0], questions.labels[0], questions.soft_scores[0]
    """
    _check(release, split)
    language = "en" if english else _language(release)
    table = _table(release, split, ["default", "rejected"] if config == "all" else ["default"])
    return Questions(
        question_id=table["question_id"].to_pylist(),
        image_id=table["image_id"].to_pylist(),
        text=table["question_en" if english else "question"].to_pylist(),
        text_en=table["question_en"].to_pylist(),
        labels=[row or [] for row in table["labels"].to_pylist()],
        soft_scores=[row or [] for row in table["soft_scores"].to_pylist()],
        answer_type=[kind or "" for kind in table["answer_type"].to_pylist()],
        alignment=_pairs(table["alignment"]),
        language=language,
    )


def _table(release: str | Path, split: str, configs: Sequence[str]) -> pa.Table:
    """The rows of the first part of a release, and of those others that it has."""
    from datasets import get_dataset_config_names, get_dataset_split_names, load_dataset

    name, (first, *others) = str(release), configs
    known = get_dataset_config_names(name) if others else []
    there = [each for each in others if each in known and split in get_dataset_split_names(name, each)]
    loaded = (load_dataset(name, each, split=split, columns=COLUMNS) for each in [first, *there])
    return pa.concat_tables([part.with_format("arrow")[:] for part in loaded], promote_options="permissive")


def load_vocabulary(release: str | Path) -> list[str]:
    """The English answers of a release, by label id: ``len`` of it is the size of the head."""
    from datasets import load_dataset

    _columns(release)
    table = load_dataset(str(release), "answers", split="train").with_format("arrow")[:]
    answers = dict(zip(table["label"].to_pylist(), table["answer_en"].to_pylist(), strict=True))
    if sorted(answers) != list(range(len(answers))):
        missing = sorted({*range(max(answers))} - {*answers})
        raise ReleaseError("Labels are missing from the vocabulary", where=release, found=missing[:10])
    return [answers[label] for label in range(len(answers))]


def split_images(questions: Questions, fraction: float, seed: int) -> tuple[Questions, Questions]:
    """Questions of most images, and those of the others, to choose a model by.

    Args:
        questions: of any order; the choice of images does not depend on it.
        fraction: the share of images that goes to the second part, at least one image.
        seed: of the choice.
    """
    images = sorted(set(questions.image_id), key=lambda image: (str(type(image)), image))
    if not 0 < fraction < 1 or len(images) < 2:
        raise SpecError(
            "The images cannot be split",
            expected="0 < fraction < 1, two images",
            found=f"{fraction}, {len(images)}",
        )
    count = min(max(1, round(fraction * len(images))), len(images) - 1)
    held = {images[place] for place in np.random.default_rng([seed]).permutation(len(images))[:count]}
    out = np.fromiter((image in held for image in questions.image_id), bool, len(questions))
    return questions.take(np.flatnonzero(~out)), questions.take(np.flatnonzero(out))


def word_spans(questions: Questions, tokenizer: PreTrainedTokenizerBase) -> list[list[tuple[int, int]]]:
    """Which word pieces of a question write each of its words, as ``alignment`` counts them.

    Returns:
        Per question and word the half-open range of its pieces, counted without special tokens: piece ``k``
        is at position ``1 + k`` of the batch. (0, 0) where a piece writes parts of two words.

    In a recipe::

        spans = word_spans(questions, tokenizer)
        english, target = questions.alignment[row][0]
        start, end = spans[row][target]
    """
    from vqa_builder.translation.aligners import words

    encoded = tokenizer(questions.text, add_special_tokens=False, return_offsets_mapping=True)
    return [
        _spans(text, words(text, questions.language), offsets)
        for text, offsets in zip(questions.text, encoded["offset_mapping"], strict=True)
    ]


def _check(release: str | Path, split: str) -> None:
    """Refuse what is no release, a split that it lacks, and columns that it lacks."""
    columns = _columns(release)
    if split not in columns:
        raise UnknownNameError("split", split, columns, where=release)
    if missing := [name for name in COLUMNS if name not in columns[split]]:
        raise ReleaseError(
            "The release lacks columns that training needs",
            where=f"{release}, split {split}",
            expected=", ".join(COLUMNS),
            found=f"no {', '.join(missing)}",
            remedy="build it with this version of vqa-builder",
        )


def _columns(release: str | Path) -> dict[str, list[str]]:
    """Split -> columns."""
    return _columns_of_folder(Path(release)) if Path(release).is_dir() else _columns_on_hub(release)


def _columns_of_folder(release: Path) -> dict[str, list[str]]:
    """Split -> columns, by the names and the schemas of the files."""
    from pyarrow import parquet

    files = sorted(release.glob("data/*-?????-of-?????.parquet"))
    if not files:
        raise ReleaseError("The folder is no release", where=release, expected="data/*.parquet")
    return {file.name.rsplit("-", 3)[0]: parquet.read_schema(file).names for file in files}


def _columns_on_hub(release: str | Path) -> dict[str, list[str]]:
    """Split -> columns, by the card."""
    from datasets import load_dataset_builder
    from datasets.exceptions import DatasetNotFoundError

    remedy = "give the folder that a build wrote, such as out/vqa-ja, or a name on the Hub"
    if isinstance(release, Path) or release.count("/") != 1 or release[0] in "/.~":
        raise ReleaseError("There is no release in this folder", where=release, remedy=remedy)
    try:
        info = load_dataset_builder(release).info
    except (DatasetNotFoundError, OSError) as error:
        raise ReleaseError("There is no such release", where=release, found=error, remedy=remedy) from error
    return {split: list(info.features or COLUMNS) for split in info.splits or ()}


def _language(release: str | Path) -> str:
    from vqa_builder.release.manifest import load_manifest

    if Path(release).is_dir():
        return load_manifest(Path(release)).language
    from huggingface_hub import hf_hub_download

    return load_manifest(
        Path(hf_hub_download(str(release), "manifest.json", repo_type="dataset")).parent
    ).language


def _pairs(column: Any) -> list[list[tuple[int, int]]]:
    """An Arrow list<struct<en, target>> as lists of pairs."""
    array = column.combine_chunks()
    lengths = array.value_lengths().fill_null(0).to_numpy()
    values = array.flatten()
    english, target = (values.field(name).to_pylist() for name in ("en", "target"))
    pairs = list(zip(english, target, strict=True))
    ends = np.cumsum(lengths)
    return [pairs[end - length : end] for end, length in zip(ends.tolist(), lengths.tolist(), strict=True)]


def _spans(text: str, words: Sequence[str], offsets: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Piece ranges of words, by the characters both write."""
    starts = {start: place for place, (start, end) in enumerate(offsets) if end > start}
    ends = {end: place + 1 for place, (start, end) in enumerate(offsets) if end > start}
    spans, place = [], 0
    for word in words:
        begin = text.find(word, place)
        place = max(begin, place) + len(word)
        found = (starts.get(begin, -1), ends.get(place, -1))
        spans.append(found if min(found) >= 0 else (0, 0))
    return spans
