"""Labels of a release as arrays for a classifier, and a classifier's labels as text.

The classes are the English labels, so a teacher's logits over English answers index the same classes in every
language. Two spaces of soft scores are on offer: ``english``, the release's own columns, comparable with
published numbers; and ``target``, recomputed from the translated answers, where an answer counts for its own
label and for every other that reads like it, so that a model of the target language is not asked to tell cat
and cats apart, which are both 猫.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from vqa_builder import languages
from vqa_builder.answers.soft_scores import SCORE_OF_COUNT
from vqa_builder.answers.vocabulary import normalised
from vqa_builder.errors import ReleaseError

Space: TypeAlias = Literal["english", "target"]


@dataclass(frozen=True)
class Targets:
    """Soft targets of many rows, sparse: row ``i`` has ``labels[starts[i]:starts[i + 1]]``.

    Attributes:
        question_ids: one per row, in the source's type.
        starts: int64, one more than rows.
        labels: int32, ascending within a row.
        scores: float32 in 0 to 1, one per label.
        classes: how many labels there are.
    """

    question_ids: pa.ChunkedArray
    starts: NDArray[np.int64]
    labels: NDArray[np.int32]
    scores: NDArray[np.float32]
    classes: int

    def __len__(self) -> int:
        return len(self.starts) - 1

    def dense(self, rows: slice | NDArray[np.int64] = slice(None)) -> NDArray[np.float32]:
        """Targets of some rows as float32 of shape (rows, classes), for a loss over all classes."""
        chosen = np.arange(len(self))[rows]
        lengths = np.diff(self.starts)[chosen]
        target = np.zeros((len(chosen), self.classes), np.float32)
        begins = np.repeat(self.starts[chosen] - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
        places = begins + np.arange(int(lengths.sum()))
        target[np.repeat(np.arange(len(chosen)), lengths), self.labels[places]] = self.scores[places]
        return target

    def tensors(self) -> dict[str, Any]:
        """The same as torch tensors that share the memory: ``starts``, ``labels`` (int64) and ``scores``."""
        import torch

        arrays = {"starts": self.starts, "labels": self.labels.astype(np.int64), "scores": self.scores}
        return {name: torch.from_numpy(array) for name, array in arrays.items()}


class LabelSpace:
    """The labels of one release.

    Args:
        answer_map: a table of schema ``ANSWER_MAP``.
        language: its ISO 639 code.

    Example::

        space = LabelSpace.of_release(Path("vqa-ja"), "ja")
        targets = space.targets(Path("vqa-ja"), "train", "target")
        loss = bce(logits, torch.from_numpy(targets.dense(batch)))
        space.text(int(logits[0].argmax()))  # 猫
    """

    def __init__(self, answer_map: pa.Table, language: str) -> None:
        self.answer_map, self.language = answer_map, languages.get(language)
        self.classes = int(pc.max(answer_map["label"]).as_py() or 0) + 1 if answer_map.num_rows else 0

    @classmethod
    def of_release(cls, folder: Path, language: str) -> Self:
        """The labels of a release folder.

        Raises:
            ReleaseError: the folder has no answer map.
        """
        path = folder / "answers" / "answer_map.parquet"
        if not path.is_file():
            raise ReleaseError("The release has no answer map", where=folder, expected=path.name)
        return cls(pq.read_table(path), language)

    def text(self, label: int, sense: str = "") -> str:
        """The answer of a label: in the sense named, else in its most frequent one.

        Raises:
            ReleaseError: no such label.
        """
        by_sense = self._texts.get(label)
        if by_sense is None:
            raise ReleaseError(
                f"There is no label {label}", expected=f"0 to {self.classes - 1}", where="the answer map"
            )
        return by_sense.get(sense) or next(iter(by_sense.values()))

    def labels(self, text: str) -> list[int]:
        """Every label that reads like a text in its most frequent sense, ascending; none for other texts.

        Example: ``space.labels("猫")`` are the ids of ``cat`` and ``cats``.
        """
        return self._labels.get(self.language.normalise(text), [])

    def targets(self, folder: Path, split: str, space: Space = "english") -> Targets:
        """The soft targets of the kept rows of a split, in the order of the files.

        Args:
            folder: the release.
            split: ``train``, ``validation`` or ``test``.
            space: ``english`` for the columns labels and soft_scores, ``target`` for those of the translated
                answers by the same formula (1, 2, 3, 4 or more annotators: 0.3, 0.6, 0.9, 1.0).

        Raises:
            ReleaseError: no such split, or rows without answers.
        """
        files = sorted((folder / "data").glob(f"{split}-*.parquet"))
        if not files:
            raise ReleaseError(f"The release has no split {split!r}", where=folder / "data")
        table = pq.read_table(files, columns=["question_id", "answers", "labels", "soft_scores"])
        empty = table["answers"].null_count
        if empty:
            raise ReleaseError(
                "Rows without answers have no targets",
                where=f"{folder}, {split}",
                found=f"{empty} of {table.num_rows} rows",
            )
        if space == "target":
            row, label, score = self._recomputed(table["answers"].combine_chunks())
        else:
            lists = table["labels"].combine_chunks()
            row = pc.list_parent_indices(lists).to_numpy()
            label = lists.flatten().to_numpy()
            score = table["soft_scores"].combine_chunks().flatten().to_numpy()
        counts = np.bincount(row, minlength=table.num_rows)
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return Targets(
            table["question_id"], starts, label.astype(np.int32), score.astype(np.float32), self.classes
        )

    def _recomputed(self, answers: pa.ListArray) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Rows, labels and scores: each answer counts for its own label and for those that read like it."""
        flat = answers.flatten()
        texts, english = (pc.struct_field(flat, name) for name in ("answer", "answer_en"))
        pairs = pc.binary_join_element_wise(texts, english, "\x00").dictionary_encode()
        known = [self._counting(*pair.split("\x00")) for pair in pairs.dictionary.to_pylist()]
        sizes = np.array([len(labels) for labels in known], np.int64)
        listed = np.concatenate([np.zeros(0, np.int64), *known])
        code = pairs.indices.to_numpy(zero_copy_only=False)
        many = sizes[code]
        row = np.repeat(pc.list_parent_indices(answers).to_numpy().astype(np.int64), many)
        begins = (np.cumsum(sizes) - sizes)[code]
        inside = np.arange(int(many.sum())) - np.repeat(np.cumsum(many) - many, many)
        classes = max(self.classes, 1)
        found, counts = np.unique(
            row * classes + listed[np.repeat(begins, many) + inside], return_counts=True
        )
        score = SCORE_OF_COUNT[np.minimum(counts, len(SCORE_OF_COUNT) - 1)]
        return found // classes, found % classes, score

    def _counting(self, text: str, answer_en: str) -> NDArray[np.int64]:
        own = self._label_of.get(normalised(answer_en))
        return np.array(sorted({*self.labels(text), *([own] if own is not None else [])}), np.int64)

    @cached_property
    def _label_of(self) -> dict[str, int]:
        """English answer -> its label."""
        columns = (self.answer_map[name].to_pylist() for name in ("answer_en", "label"))
        return dict(zip(*columns, strict=True))

    @cached_property
    def _texts(self) -> dict[int, dict[str, str]]:
        """Label -> sense -> answer, the most frequent sense first."""
        ranked = self.answer_map.sort_by([("support", "descending"), ("sense", "ascending")])
        found: dict[int, dict[str, str]] = {}
        columns = (ranked[name].to_pylist() for name in ("label", "sense", "answer"))
        for label, sense, answer in zip(*columns, strict=True):
            found.setdefault(label, {})[sense] = answer
        return found

    @cached_property
    def _labels(self) -> dict[str, list[int]]:
        """Normalised answer -> the labels that read so in their most frequent sense."""
        found: dict[str, list[int]] = {}
        for label in sorted(self._texts):
            found.setdefault(self.language.normalise(self.text(label)), []).append(label)
        return found
