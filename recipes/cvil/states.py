"""What the teacher knows about every question, computed once: its hidden states and its answers.

One flat float16 array per distilled layer, mapped from disk: question after question, first its word pieces
([CLS] question [SEP] tags [SEP]), then its region slots, without padding between questions. They are written
as the teacher computes them, so that memory stays that of a batch; a million questions of 34 pieces and 36
regions, two layers of 768, take 215 GB of disk.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recipes.lib.data import QuestionBatches
from recipes.lib.models.oscar import Oscar
from vqa_builder.errors import SpecError
from vqa_builder.store import atomic_folder, write_json

Positions = NDArray[np.int64]
_NPY, _HEADER_BYTES = b"\x93NUMPY\x01\x00", 128


@dataclass(frozen=True)
class TeacherStates:
    """The states of a teacher for N questions.

    Attributes:
        layers: one (P, H) float16 array per layer, all positions of all questions end to end.
        logits: (N, labels) float16.
        starts: (N,) where each question's positions begin.
        question_lengths: (N,) its pieces between [CLS] and [SEP].
        text_lengths: (N,) its pieces in all, special ones and tags included; the regions follow.
        row_of: question id -> row.
    """

    layers: list[NDArray[np.float16]]
    logits: NDArray[np.float16]
    starts: Positions
    question_lengths: Positions
    text_lengths: Positions
    row_of: dict[Any, int]

    @classmethod
    def open(cls, folder: Path) -> TeacherStates:
        """Map what :func:`write_states` wrote."""
        facts = json.loads((folder / "states.json").read_text(encoding="utf-8"))
        starts, questions, texts = np.load(folder / "lengths.npy")
        return cls(
            [np.load(folder / f"layer{layer}.npy", mmap_mode="r") for layer in facts["layers"]],
            np.load(folder / "logits.npy", mmap_mode="r"),
            starts,
            questions,
            texts,
            {question: row for row, question in enumerate(facts["questions"])},
        )

    def rows(self, question_ids: Sequence[Any]) -> Positions:
        """The row of each question.

        Raises:
            SpecError: the teacher has not seen some of them.
        """
        missing = [question for question in question_ids if question not in self.row_of]
        if missing:
            raise SpecError(
                f"The teacher's states lack {len(missing):,} of {len(question_ids):,} questions",
                found=f"the first: {missing[0]}",
                remedy="remove the folder of the states and run again",
            )
        return np.array([self.row_of[question] for question in question_ids], np.int64)

    def gather(self, positions: Positions) -> Tensor:
        """(B, N) places in the flat arrays -> (L, B, N, H) float16, as they cross to the device."""
        return torch.from_numpy(np.stack([layer[positions] for layer in self.layers]))


def write_states(teacher: Oscar, batches: QuestionBatches, layers: Sequence[int], folder: Path) -> None:
    """Run the teacher once over English questions, in their order, and keep what it makes of them.

    Args:
        teacher: of any number of layers; goes to evaluation mode.
        batches: not shuffled.
        layers: 0-based.
        folder: written whole or not at all.

    Raises:
        SpecError: the teacher has no such layer.
    """
    depth = len(teacher.layers)
    if not all(0 <= layer < depth for layer in layers):
        raise SpecError("The teacher has no such layer", expected=f"0 to {depth - 1}", found=list(layers))
    with atomic_folder(folder) as partial:
        lengths = _write_layers(teacher, batches, layers, partial)
        np.save(partial / "lengths.npy", lengths)
        facts = {"layers": list(layers), "questions": batches.questions.question_id}
        write_json(partial / "states.json", facts)


def _write_layers(
    teacher: Oscar, batches: QuestionBatches, layers: Sequence[int], folder: Path
) -> NDArray[np.int64]:
    """Stream states and logits to files, a batch at a time: memory does not grow with the questions.

    Returns:
        (3, N): starts, lengths of questions, lengths of texts.
    """
    device = next(teacher.parameters()).device
    questions, texts = [], []
    teacher.eval()
    with torch.inference_mode(), ExitStack() as open_files:
        files = [open_files.enter_context(_GrowingArray(folder / f"layer{layer}.npy")) for layer in layers]
        logits = open_files.enter_context(_GrowingArray(folder / "logits.npy"))
        for batch in batches.epoch(0):
            output = teacher(**{name: each.to(device) for name, each in batch.items()}, hidden_states=True)
            mask = batch["attention_mask"].bool()
            slots = torch.ones(len(mask), output.hidden[0].shape[1] - mask.shape[1], dtype=torch.bool)
            kept = torch.cat([mask, slots], dim=1)
            for file, layer in zip(files, layers, strict=True):
                file.append(output.hidden[layer].half().cpu()[kept].numpy())
            logits.append(output.logits.half().cpu().numpy())
            texts.append(mask.sum(dim=1).numpy())
            questions.append((mask & (batch["token_type_ids"] == 0)).sum(dim=1).numpy() - 2)
    text_lengths = np.concatenate(texts)
    starts = np.concatenate([[0], np.cumsum(text_lengths + slots.shape[1])[:-1]])
    return np.stack([starts, np.concatenate(questions), text_lengths])


class _GrowingArray:
    """A ``.npy`` file of float16 rows that grows; its header, of fixed size, is written when it is closed."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("wb")
        self.rows, self.width = 0, 0
        self.file.write(bytes(_HEADER_BYTES))

    def append(self, rows: NDArray[np.float16]) -> None:
        """(N, width) more rows."""
        self.rows, self.width = self.rows + len(rows), rows.shape[1]
        self.file.write(np.ascontiguousarray(rows, "<f2").data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        described = f"{{'descr': '<f2', 'fortran_order': False, 'shape': ({self.rows}, {self.width}), }}"
        text = described.ljust(_HEADER_BYTES - len(_NPY) - 3) + "\n"
        self.file.seek(0)
        self.file.write(_NPY + (len(text)).to_bytes(2, "little") + text.encode("latin1"))
        self.file.close()
