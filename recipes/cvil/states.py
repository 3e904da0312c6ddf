"""What the teacher knows about every question: its hidden states and its answers, kept or computed anew.

Kept: one flat float16 array per distilled layer, mapped from disk: question after question, first its word
pieces ([CLS] question [SEP] tags [SEP]), then its region slots, without padding between questions. They are
written as the teacher computes them, and a run that was killed goes on behind the last whole batch. A million
questions of 34 pieces and 36 regions, two layers of 768 and 3,129 answers take 221 GB of disk, and 0.2 GB of
memory for their ids and lengths.

Online: the batch carries the English question, and the teacher reads it beside the student, on the device.
That takes no disk, 0.2 GB of memory for the pieces of a million questions, and a pass of the teacher for
every question and epoch.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol, Self

import numpy as np
import torch
from numpy.typing import NDArray

from recipes.lib.buffers import Buffers
from recipes.lib.data import Batch, QuestionBatches
from recipes.lib.models.oscar import Oscar
from recipes.lib.precision import Precision, autocast
from vqa_builder.errors import SpecError
from vqa_builder.store import fingerprint, remove, sync, write_json, write_text

Positions = NDArray[np.int64]
_NPY, _HEADER_BYTES = b"\x93NUMPY\x01\x00", 128


class Layout(NamedTuple):
    """Where the positions of B questions lie among a teacher's states; all (B,).

    Attributes:
        start: the first position, [CLS].
        question: pieces between [CLS] and [SEP].
        text: pieces in all, special ones and tags included.
        regions: the first region slot.
    """

    start: Positions
    question: Positions
    text: Positions
    regions: Positions


class States(Protocol):
    """What distillation asks of a teacher, kept on disk or computed as it goes."""

    def rows(self, question_ids: Sequence[Any]) -> Positions:
        """The row of each question."""
        ...

    def look_up(self, rows: Positions) -> tuple[Layout, Batch]:
        """Where the positions of these questions lie, and what of the teacher the batch needs for it."""
        ...

    def gather(self, places: Positions) -> Batch:
        """What of the teacher stands at (M,) places."""
        ...


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
        buffers: memory of batches.
    """

    layers: list[NDArray[np.float16]]
    logits: NDArray[np.float16]
    starts: Positions
    question_lengths: Positions
    text_lengths: Positions
    row_of: dict[Any, int]
    buffers: Buffers = field(default_factory=Buffers, repr=False)

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
        return _rows(self.row_of, question_ids, "remove the folder of the states and run again")

    def look_up(self, rows: Positions) -> tuple[Layout, Batch]:
        """Their places in the flat arrays, and the teacher's answers."""
        start, text = self.starts[rows], self.text_lengths[rows]
        logits = torch.from_numpy(self.logits[rows])
        return Layout(start, self.question_lengths[rows], text, start + text), {"teacher_logits": logits}

    def gather(self, places: Positions) -> Batch:
        """``teacher`` (L, M, H) float16, as it crosses to the device."""
        shape = len(self.layers), len(places), self.layers[0].shape[1]
        found = self.buffers.empty(shape, np.float16)
        for kept, layer in zip(found, self.layers, strict=True):
            np.take(layer, places, axis=0, out=kept, mode="clip")  # another mode would copy twice
        return {"teacher": torch.from_numpy(found)}


ENGLISH = "english_"


class OnlineStates:
    """No states: batches bring the English questions, and :func:`asked` asks the teacher about them.

    Args:
        batches: of the English questions, without regions, which are those of the student's batch.
        regions: slots per image.
    """

    def __init__(self, batches: QuestionBatches, regions: int) -> None:
        self.batches, self.regions = batches, regions
        self.row_of = {question: row for row, question in enumerate(batches.questions.question_id)}

    def rows(self, question_ids: Sequence[Any]) -> Positions:
        """The row of each question.

        Raises:
            SpecError: some are not among the English questions.
        """
        return _rows(self.row_of, question_ids, "learn from releases of one source")

    def look_up(self, rows: Positions) -> tuple[Layout, Batch]:
        """Their places among what the teacher makes of this batch, and its inputs."""
        batch = self.batches.batch(rows)
        mask, kind = batch["attention_mask"].numpy(), batch["token_type_ids"].numpy()
        start = np.arange(len(rows)) * (mask.shape[1] + self.regions)
        question = (mask * (kind == 0)).sum(1) - 2
        names = ("input_ids", "attention_mask", "token_type_ids")
        inputs = {f"{ENGLISH}{name}": batch[name] for name in names}
        return Layout(start, question, mask.sum(1), start + mask.shape[1]), inputs

    def gather(self, places: Positions) -> Batch:
        """The places themselves, for when the teacher has spoken."""
        return {"places": torch.from_numpy(places)}


def asked(teacher: Oscar | None, batch: Batch, layers: Sequence[int]) -> Batch:
    """A batch with ``teacher`` and ``teacher_logits``, computed now where they were not kept."""
    if teacher is None:
        return batch
    own = {name: value for name, value in batch.items() if not name.startswith(ENGLISH)}
    inputs = {name.removeprefix(ENGLISH): batch[name] for name in batch if name.startswith(ENGLISH)}
    inputs |= {name: batch[name] for name in ("regions", "region_mask") if name in batch}
    with torch.no_grad():
        output = teacher.to(batch["places"].device)(**inputs, hidden_states=True)
    places = own.pop("places")
    said = [output.hidden[layer].flatten(0, 1)[places] for layer in layers]
    known = {"teacher": torch.stack(said)} if said else {}
    return {**own, **known, "teacher_logits": output.logits.float()}


def check_layers(teacher: Oscar, layers: Sequence[int]) -> None:
    """Refuse layers that a teacher does not have.

    Raises:
        SpecError: they are named.
    """
    depth = len(teacher.layers)
    if not all(0 <= layer < depth for layer in layers):
        raise SpecError("The teacher has no such layer", expected=f"0 to {depth - 1}", found=list(layers))


def _rows(row_of: dict[Any, int], question_ids: Sequence[Any], remedy: str) -> Positions:
    missing = [question for question in question_ids if question not in row_of]
    if missing:
        raise SpecError(
            f"The teacher's states lack {len(missing):,} of {len(question_ids):,} questions",
            found=f"the first: {missing[0]}",
            remedy=remedy,
        )
    return np.array([row_of[question] for question in question_ids], np.int64)


def write_states(
    teacher: Oscar,
    batches: QuestionBatches,
    layers: Sequence[int],
    folder: Path,
    *,
    precision: Precision = "fp32",
) -> None:
    """Run the teacher once over English questions, in their order, and keep what it makes of them.

    What is written lies in a folder beside it until it is whole. A run that was killed goes on behind the
    last batch that all files hold, if teacher and questions are the same.

    Args:
        teacher: of any number of layers; goes to evaluation mode.
        batches: not shuffled.
        layers: 0-based.
        folder: named by all that the states depend on; written whole or not at all.
        precision: of the teacher's pass.

    Raises:
        SpecError: the teacher has no such layer.
    """
    check_layers(teacher, layers)
    facts = {"layers": list(layers), "questions": batches.questions.question_id}
    begun = _begun(folder, [facts, precision, batches.batch_size, batches.regions, _weights_hash(teacher)])
    device = next(teacher.parameters()).device
    with autocast(device, precision):
        lengths = _write_layers(teacher, batches, layers, begun)
    starts = np.cumsum(lengths[:, 1] + batches.regions) - lengths[:, 1] - batches.regions
    np.save(begun / "lengths.npy", np.stack([starts, lengths[:, 0], lengths[:, 1]]))
    write_json(begun / "states.json", facts)
    for left in ("lengths.part", "identity.json"):
        (begun / left).unlink()
    for file in begun.iterdir():
        sync(file)
    begun.replace(folder)
    sync(folder.parent)


def _begun(folder: Path, identity: list[Any]) -> Path:
    """The folder that is written in: a new one, or that of a run that was killed at the same work."""
    begun = folder.with_name(f"{folder.name}.begun")
    told = begun / "identity.json"
    wanted = json.dumps(fingerprint(identity))
    if not told.exists() or told.read_text(encoding="utf-8") != wanted:
        remove(begun)
        begun.mkdir(parents=True)
        write_text(told, wanted)
    return begun


def _weights_hash(teacher: Oscar) -> str:
    digest = hashlib.sha256()
    for name, value in sorted(teacher.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _write_layers(
    teacher: Oscar, batches: QuestionBatches, layers: Sequence[int], folder: Path
) -> NDArray[np.int64]:
    """Stream states and logits to files, a batch at a time: memory does not grow with the questions.

    The lengths of a batch are written when its states are, so that they tell how far the files are whole.

    Returns:
        (N, 2): lengths of questions, lengths of texts.
    """
    device, width = next(teacher.parameters()).device, teacher.config.hidden
    teacher.eval()
    with torch.inference_mode(), ExitStack() as opened, (folder / "lengths.part").open("a+b") as told:
        files = [opened.enter_context(_GrowingArray(folder / f"layer{layer}.npy", width)) for layer in layers]
        logits = opened.enter_context(_GrowingArray(folder / "logits.npy", teacher.config.labels))
        done = _whole_batches(told, files, logits, batches)
        for batch in batches.epoch(0, done):
            output = teacher(**{name: each.to(device) for name, each in batch.items()}, hidden_states=True)
            mask = batch["attention_mask"].bool()
            slots = torch.ones(len(mask), batches.regions, dtype=torch.bool)
            kept = torch.cat([mask, slots], dim=1)
            for file, layer in zip(files, layers, strict=True):
                file.append(output.hidden[layer].half().cpu()[kept].numpy())
            logits.append(output.logits.half().cpu().numpy())
            question = (mask & (batch["token_type_ids"] == 0)).sum(dim=1).numpy() - 2
            told.write(np.stack([question, mask.sum(dim=1).numpy()], axis=1).astype("<i8").data)
            told.flush()
        return _lengths(told)


def _whole_batches(
    told: BinaryIO, files: Sequence[_GrowingArray], logits: _GrowingArray, batches: QuestionBatches
) -> int:
    """How many batches of an earlier run are whole; what lies behind them is cut off.

    After a power cut, files may be shorter than the lengths tell: then nothing is taken over.
    """
    known = _lengths(told)
    done = len(known) // batches.batch_size
    rows = done * batches.batch_size
    if len(known) == len(batches.questions):
        done, rows = len(batches), len(known)
    positions = int(known[:rows, 1].sum()) + rows * batches.regions
    if logits.rows < rows or any(file.rows < positions for file in files):
        done = rows = positions = 0
    told.truncate(rows * known.itemsize * 2)
    logits.cut(rows)
    for file in files:
        file.cut(positions)
    return done


def _lengths(told: BinaryIO) -> NDArray[np.int64]:
    told.seek(0)
    written = np.frombuffer(told.read(), np.uint8)
    return written[: len(written) // 16 * 16].view("<i8").reshape(-1, 2)


class _GrowingArray:
    """A ``.npy`` file of float16 rows that grows; its header, of fixed size, is written when it is closed."""

    def __init__(self, path: Path, width: int) -> None:
        path.touch()
        self.file, self.width = path.open("r+b"), width
        self.rows = max(0, path.stat().st_size - _HEADER_BYTES) // (2 * width)

    def cut(self, rows: int) -> None:
        """Keep so many rows, and go on behind them."""
        self.rows = rows
        self.file.truncate(self._end)
        self.file.seek(self._end)

    def append(self, rows: NDArray[np.float16]) -> None:
        """(N, width) more rows; they are with the operating system when this returns."""
        self.rows += len(rows)
        self.file.write(np.ascontiguousarray(rows, "<f2").data)
        self.file.flush()

    @property
    def _end(self) -> int:
        return _HEADER_BYTES + self.rows * self.width * 2

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        described = f"{{'descr': '<f2', 'fortran_order': False, 'shape': ({self.rows}, {self.width}), }}"
        text = described.ljust(_HEADER_BYTES - len(_NPY) - 3) + "\n"
        self.file.seek(0)
        self.file.write(_NPY + (len(text)).to_bytes(2, "little") + text.encode("latin1"))
        self.file.close()
