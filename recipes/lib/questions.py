"""The questions of a release, as training reads them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as parquet
from numpy.typing import NDArray

from vqa_builder.errors import ReleaseError, SpecError, UnknownNameError, VQABuilderError
from vqa_builder.hub_client import dataset_builder

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


REMEDY = "give the folder that a build wrote, such as out/vqa-ja, or a name on the Hub"


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
    release: str | Path,
    split: str,
    *,
    english: bool = False,
    config: Literal["default", "all"] = "default",
    language: str | None = None,
) -> Questions:
    """The questions of one split of a release.

    Args:
        release: a release's folder, or its name on the Hub (``org/vqa-ja``).
        split: ``train``, ``validation``, ...
        english: put the English question into ``text``, for a teacher.
        config: ``default`` for the questions that the policy kept, ``all`` for these and then the rejected
            ones, whose English is as good.
        language: that the release must be of; any if not given.

    Raises:
        ReleaseError: no release there, a damaged one, one of another language, or one without a column that
            training needs.
        UnknownNameError: the release has no such split.

    In a recipe::

        questions = load_questions("out/vqa-ja", "train")
        questions.text[0], questions.labels[0], questions.soft_scores[0]
    """
    _check(release, split)
    own = _language(release)
    if language not in (None, own):
        raise ReleaseError("The release is of another language", where=release, expected=language, found=own)
    table = _table(release, split, ["default", "rejected"] if config == "all" else ["default"])
    _check_rows(table, f"{release}, split {split}")
    return Questions(
        question_id=table["question_id"].to_pylist(),
        image_id=table["image_id"].to_pylist(),
        text=table["question_en" if english else "question"].to_pylist(),
        text_en=table["question_en"].to_pylist(),
        labels=[row or [] for row in table["labels"].to_pylist()],
        soft_scores=[row or [] for row in table["soft_scores"].to_pylist()],
        answer_type=[kind or "" for kind in table["answer_type"].to_pylist()],
        alignment=_pairs(table["alignment"]),
        language="en" if english else own,
    )


def load_rows(release: str | Path, config: str, split: str, columns: list[str] | None = None) -> pa.Table:
    """The rows of one part of a release.

    A folder's files are read here and compared with its manifest: ``datasets`` takes the rows of another
    release of the same name and size out of its cache, and reads whatever files a card names.

    Args:
        release: a folder, or a name on the Hub.
        config: ``default``, ``rejected``, ``answers``.
        split: ``train``, ``validation``, ...
        columns: these alone.

    Raises:
        ReleaseError: they cannot be loaded, or are not what the build wrote.
    """
    with _told(release):
        if Path(release).is_dir():
            files = _files(Path(release), config, split)
            return pa.concat_tables([parquet.read_table(each, columns=columns) for each in files])
        name = _hub_name(release)
        builder = dataset_builder(name, config, **({"columns": columns} if columns else {}))
        builder.download_and_prepare()
        return builder.as_dataset(split=split).with_format("arrow")[:]


def _files(release: Path, config: str, split: str) -> Iterator[pa.BufferReader]:
    """The files of one part, in their order."""
    from vqa_builder.release.manifest import load_manifest

    names = _named(load_manifest(release).files, config, split)
    for name, facts in sorted(names.items()):
        content = (release / name).read_bytes()
        if (found := hashlib.sha256(content).hexdigest()) != facts["sha256"]:
            raise ValueError(f"{name} has the SHA-256 {found}, and {facts['sha256']} in the manifest")
        yield pa.BufferReader(content)


def _named(files: Mapping[str, Any], config: str, split: str) -> dict[str, Any]:
    """The files of one part among those of a manifest."""
    folder = "data" if config == "default" else re.escape(config)
    part = "answer_map" if config == "answers" else rf"{re.escape(split)}-\d{{5}}-of-\d{{5}}"
    return {name: facts for name, facts in files.items() if re.fullmatch(rf"{folder}/{part}\.parquet", name)}


@contextmanager
def _told(release: str | Path) -> Iterator[None]:
    """Whatever is raised over a release is an error of the release."""
    try:
        yield
    except VQABuilderError:
        raise
    except Exception as error:
        reason = error.__cause__ or error
        raise ReleaseError(
            "The release cannot be loaded",
            where=release,
            expected="the files that a build wrote, unchanged",
            found=f"{type(reason).__name__}: {reason}".split("\n")[0],
            remedy="`vqa-builder verify` names what is wrong with it; build it again, or fetch it anew",
        ) from error


def _check_rows(table: pa.Table, where: str) -> None:
    """Refuse rows that training would fail on, far from their cause."""
    for name in ("question_id", "image_id", "question", "question_en"):
        if table[name].null_count:
            raise ReleaseError("A column has empty cells", where=f"{where}, column {name}", expected="none")
    counts = (pc.fill_null(pc.list_value_length(table[name]), 0) for name in ("labels", "soft_scores"))
    differs = pc.not_equal(*counts).combine_chunks()
    if first := differs.index(True).as_py() + 1:
        raise ReleaseError(
            "A question has other labels than soft scores",
            where=f"{where}, question {table['question_id'][first - 1]}",
            expected="one soft score for each label",
            found=f"{table['labels'][first - 1].as_py()}, {table['soft_scores'][first - 1].as_py()}",
        )


def _table(release: str | Path, split: str, configs: Sequence[str]) -> pa.Table:
    """The rows of the first part of a release, and of those others that it has."""
    first, *others = configs
    with _told(release):
        there = [each for each in others if _has(release, each, split)]
        loaded = [load_rows(release, each, split, COLUMNS) for each in [first, *there]]
        return pa.concat_tables(loaded, promote_options="permissive")


def _has(release: str | Path, config: str, split: str) -> bool:
    if Path(release).is_dir():
        from vqa_builder.release.manifest import load_manifest

        return bool(_named(load_manifest(Path(release)).files, config, split))
    known = dataset_builder(str(release)).builder_configs
    return config in known and split in (known[config].data_files or {})


def load_vocabulary(release: str | Path) -> list[str]:
    """The English answers of a release, by label id: ``len`` of it is the size of the head."""
    _columns(release)
    table = load_rows(release, "answers", "train")
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
    files = sorted(release.glob("data/*-?????-of-?????.parquet"))
    if not files:
        raise ReleaseError("The folder is no release", where=release, expected="data/*.parquet")
    with _told(release):
        return {file.name.rsplit("-", 3)[0]: parquet.read_schema(file).names for file in files}


def _columns_on_hub(release: str | Path) -> dict[str, list[str]]:
    """Split -> columns, by the card."""
    from datasets.exceptions import DatasetNotFoundError

    try:
        info = dataset_builder(_hub_name(release)).info
    except (DatasetNotFoundError, OSError) as error:
        raise ReleaseError("There is no such release", where=release, found=error, remedy=REMEDY) from error
    return {split: list(info.features or COLUMNS) for split in info.splits or ()}


def _hub_name(release: str | Path) -> str:
    """What is no folder, as the name that it then must be."""
    if isinstance(release, Path) or release.count("/") != 1 or release[0] in "/.~":
        raise ReleaseError("There is no release in this folder", where=release, remedy=REMEDY)
    return release


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
