"""Five forms of a vision-language task, as IGLUE has them, and readers of its files.

| task | asks | one or two images | files |
|---|---|---|---|
| ``vqa`` | an English answer to a question | 1 | GQA, xGQA: JSON by question id |
| ``two_images`` | is the sentence true of the two images? | 2 | NLVR2, MaRVL: JSON lines |
| ``entailment`` | is the sentence entailed, contradicted or left open? | 1 | SNLI-VE, XVNLI: JSON lines |
| ``captions`` | which image has this caption, and the reverse? | 1 | Flickr30K, xFlickr&CO: JSON lines |
| ``wit`` | the same for the texts of Wikipedia | 1 | WIT: JSON lines |

Source: Bugliarello et al., IGLUE,
ICML 2022, and its repository e-bug/iglue, whose loaders set how image ids and labels are read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recipes.lib.pairs import read_xflickrco
from recipes.lib.questions import Questions
from recipes.lib.records import field, json_lines, read_json
from recipes.lib.weak_pairs import read_wit
from vqa_builder.errors import SourceError

if TYPE_CHECKING:
    from torch import Tensor

    from recipes.lib.features import FeatureStore

TaskName = Literal["vqa", "two_images", "entailment", "captions", "wit"]
TASKS: tuple[TaskName, ...] = ("vqa", "two_images", "entailment", "captions", "wit")
RETRIEVAL: tuple[TaskName, ...] = ("captions", "wit")
LABELS: Mapping[str, tuple[str, ...]] = {
    "two_images": ("False", "True"),
    "entailment": ("contradiction", "neutral", "entailment"),
}


class Row(NamedTuple):
    """One example: its text, its image or images, and the labels that are right, with their scores."""

    key: Any
    images: tuple[Any, ...]
    text: str
    labels: tuple[int, ...] = ()
    scores: tuple[float, ...] = ()


@dataclass(frozen=True)
class Examples:
    """The examples of a task in one language.

    Attributes:
        task: its name.
        questions: text, first image and labels of every example, in the form that ``QuestionBatches`` takes.
        second: the second image of every example of ``two_images``.
        labels: size of the answer space; 1 for retrieval.
    """

    task: TaskName
    questions: Questions
    second: list[Any] | None
    labels: int

    def __len__(self) -> int:
        return len(self.questions)

    def take(self, rows: Sequence[int] | NDArray[np.integer[Any]]) -> Examples:
        """The examples at these places, in this order."""
        second = None if self.second is None else [self.second[row] for row in rows]
        return replace(self, questions=self.questions.take(rows), second=second)

    def of_images(self, count: int, seed: int) -> Examples:
        """The examples about ``count`` images drawn, to learn from a few; of two images the first counts."""
        images = list(dict.fromkeys(self.questions.image_id))
        chosen = np.random.default_rng([seed, count]).permutation(len(images))[:count]
        kept = {images[place] for place in chosen}
        return self.take([row for row, image in enumerate(self.questions.image_id) if image in kept])

    def collate(
        self, features: FeatureStore, regions: int, patches: bool
    ) -> Callable[[dict[str, Tensor], NDArray[np.int64], Any], dict[str, Tensor]] | None:
        """The hook that gives each batch its second images: (B, R, D) becomes (B, 2, R, D), and so on.

        Args:
            features: that hold both images.
            regions: slots per image; 0 for none.
            patches: whether batches have patches.

        Returns:
            What ``QuestionBatches`` takes as ``collate``; None for tasks with one image.
        """
        import torch

        if self.second is None:
            return None
        stored = features.rows(self.second)

        def with_second(batch: dict[str, Tensor], rows: NDArray[np.int64], _: Any) -> dict[str, Tensor]:
            found: dict[str, NDArray[Any]] = {}
            if regions:
                found["regions"], found["region_mask"] = features.regions(stored[rows], regions, np.float16)
            if patches:
                found["patches"] = features.patches(stored[rows])
            both = {name: torch.stack([batch[name], torch.from_numpy(two)], 1) for name, two in found.items()}
            return batch | both

        return with_second


def gathered(
    task: TaskName, language: str, rows: Iterable[Row], labels: int, where: object = None
) -> Examples:
    """Rows as columns.

    Raises:
        SourceError: there are no rows.
    """
    found = list(rows)
    if not found:
        raise SourceError(f"There are no examples of {task}", where=where, found="an empty file or split")
    questions = Questions(
        question_id=[row.key for row in found],
        image_id=[row.images[0] for row in found],
        text=[row.text for row in found],
        text_en=[row.text if language == "en" else "" for row in found],
        labels=[list(row.labels) for row in found],
        soft_scores=[list(row.scores) for row in found],
        answer_type=[""] * len(found),
        alignment=[[] for _ in found],
        language=language,
    )
    second = [row.images[1] for row in found] if len(found[0].images) > 1 else None
    return Examples(task, questions, second, labels)


def read_iglue(
    task: TaskName, path: Path, language: str, *, vocabulary: Sequence[str] | None = None
) -> Examples:
    """One file of IGLUE, of whichever split.

    Args:
        task: which form.
        path: the file.
        language: of its texts; WIT files may hold several.
        vocabulary: the answers of ``vqa`` by label (:func:`answer_vocabulary`).

    Raises:
        SourceError: the file is not of this form.

    In a recipe::

        answers = answer_vocabulary([Path("gqa/train_balanced_questions.json")])
        german = read_iglue("vqa", Path("xGQA/zero_shot/testdev_balanced_questions_de.json"), "de",
                            vocabulary=answers)
    """
    if task == "vqa":
        answers = {answer: label for label, answer in enumerate(vocabulary or ())}
        return gathered(task, language, _gqa(path, answers), len(answers), path)
    if task == "captions":
        found = read_xflickrco(path, language)
        rows = (Row(place, (found.image_id[place],), found.text[place]) for place in range(len(found)))
        return gathered(task, language, rows, 1, path)
    if task == "wit":
        texts = enumerate(read_wit(path, {language}))
        return gathered(task, language, (Row(n, (each.image_id,), each.text) for n, each in texts), 1, path)
    reader = _two_images if task == "two_images" else _entailment
    return gathered(task, language, reader(path), len(LABELS[task]), path)


def answer_vocabulary(paths: Sequence[Path], *, min_count: int = 1) -> list[str]:
    """The answers of GQA files, the most frequent first: the label space of ``vqa``.

    IGLUE ships its own 1,842 answers as a pickle; a vocabulary of one's own is comparable with its scores,
    which are exact match of the answer string, but not with its checkpoints.
    """
    counts = Counter(
        record["answer"] for path in paths for _, record in _members(path) if record.get("answer") is not None
    )
    return [
        answer
        for answer, count in sorted(counts.items(), key=lambda each: (-each[1], each[0]))
        if count >= min_count
    ]


def _gqa(path: Path, answers: Mapping[str, int]) -> Iterator[Row]:
    """An answer outside the vocabulary leaves a question without labels: it cannot be answered right."""
    for key, record in _members(path):
        label = answers.get(record.get("answer", ""))
        known = () if label is None else (label,)
        image = field(record, "imageId", f"{path}, question {key}")
        yield Row(key, (image,), record["question"], known, (1.0,) * len(known))


def _two_images(path: Path) -> Iterator[Row]:
    """NLVR2 names a pair by its identifier, MaRVL by two file names; labels are texts or booleans."""
    for number, (where, record) in enumerate(json_lines(path)):
        label = int(str(field(record, "label", where)).capitalize() == "True")
        if "identifier" in record:
            key, text = record["identifier"], field(record, "sentence", where)
            images = tuple(f"{key.rsplit('-', 1)[0]}-img{side}" for side in (0, 1))
        else:
            key, text = record.get("id", number), field(record, "caption", where)
            images = tuple(_stem(field(record, side, where)) for side in ("left_img", "right_img"))
        yield Row(key, images, text, (label,), (1.0,))


def _entailment(path: Path) -> Iterator[Row]:
    """The premise is the image; its caption, ``sentence1``, is not shown. Items without an agreed label (-)
    are left out, as SNLI does."""
    for number, (where, record) in enumerate(json_lines(path)):
        gold = field(record, "gold_label", where)
        if gold == "-":
            continue
        if gold not in LABELS["entailment"]:
            raise SourceError(
                "Unknown label", where=where, expected=", ".join(LABELS["entailment"]) + " or -", found=gold
            )
        label = LABELS["entailment"].index(gold)
        image = _stem(str(field(record, "Flikr30kID", where)))
        yield Row(record.get("pairID", number), (image,), field(record, "sentence2", where), (label,), (1.0,))


def _stem(name: str) -> str:
    return name.rsplit("/", 1)[-1].split(".")[0]


def _members(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    content = read_json(path)
    if not isinstance(content, dict):
        raise SourceError(
            "The file is not of GQA's form",
            where=path,
            expected='{"QUESTION_ID": {"imageId": ..., "question": ..., "answer": ...}, ...}',
            found=type(content).__name__,
        )
    yield from content.items()
