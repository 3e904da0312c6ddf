"""What a training run tells: ``log.jsonl``, TensorBoard, a line on stderr; and why it had to stop."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import torch
from torch import Tensor, nn

from recipes.lib import checkpoint, clock, flops
from vqa_builder.errors import VQABuilderError

if TYPE_CHECKING:
    from accelerate import Accelerator

    from recipes.lib.checkpoint import Place
    from recipes.lib.settings import Settings


class TrainingError(VQABuilderError):
    """A run cannot go on: its loss is no number any more, or the memory is full."""


class Journal:
    """Sums the terms of the loss on the device and reads them once per line.

    Args:
        folder: the run's; ``log.jsonl`` is cut back to the checkpoint that the run goes on from.
        settings: of the run.
        place: of the run; the journal keeps its samples, seconds and sums.
        steps: of the whole run.
        accelerator: says which process writes.
    """

    def __init__(
        self, folder: Path, settings: Settings, place: Place, steps: int, accelerator: Accelerator
    ) -> None:
        self.folder, self.settings, self.place, self.steps = folder, settings, place, steps
        self.accelerator, self.main = accelerator, accelerator.is_main_process
        self.batch_size = 0
        self.rate = settings.lr * settings.factor(max(place.step - 1, 0), steps)
        self._pending: list[tuple[int, dict[str, Tensor], Tensor | None]] = []
        self._events: Any = None
        self._first_step, self._first_seconds = place.step, place.seconds
        self._meter = flops.Meter(accelerator.device, settings.peak_tflops, counts=not settings.fsdp)
        self._line_samples, self._line_seconds = 0, 0.0
        self._since = clock.seconds()

    def __enter__(self) -> Self:
        if self.main:
            self.folder.mkdir(parents=True, exist_ok=True)
            checkpoint.cut_log(self.folder, self.place)
            self._log = (self.folder / checkpoint.LOG).open("a", encoding="utf-8")
            self._events = _events(self.folder, self.place.step) if self.settings.tensorboard else None
        self._since = clock.seconds()
        return self

    def __exit__(self, *_: object) -> None:
        if self.main:
            self._log.close()
        if self._events is not None:
            self._events.close()

    def watch(self, model: nn.Module, loss: Any, batch: Mapping[str, Tensor]) -> None:
        """See a batch before it is computed: its size, and its operations where MFU is wanted."""
        self.batch_size = next(iter(batch.values())).shape[0]
        self._meter.see(model, loss, batch)

    def add(self, terms: Mapping[str, Tensor], batch: Mapping[str, Tensor]) -> None:
        """The terms of one batch."""
        rows = batch.get("index")
        self._pending.append((self.place.step + 1, {k: v.detach() for k, v in terms.items()}, rows))
        samples = self.batch_size * self.accelerator.num_processes
        self.place.samples += samples
        self._line_samples += samples

    def step(self, rate: float, norm: Tensor | None) -> None:
        """A step is done, at this learning rate and with this norm of the gradient."""
        self.rate = rate
        if norm is not None and self.settings.precision != "fp16":
            self._pending.append((self.place.step, {"gradient_norm": norm.detach()}, self._pending[-1][2]))

    def settle(self) -> None:
        """Read what the device has computed since the last time, into the sums.

        Raises:
            TrainingError: a loss or a gradient is not finite; names the step, the epoch and the rows.
        """
        if not self._pending:  # what has passed since was no training
            return
        terms_now = [value.float() for _, terms, _ in self._pending for value in terms.values()]
        numbers = iter(torch.stack(terms_now).tolist())
        for step, terms, rows in self._pending:
            for name in terms:
                value = next(numbers)
                if name in ("loss", "gradient_norm") and not math.isfinite(value):
                    self._stop(step, name, value, rows)
                total = self.place.sums.setdefault(name, [0.0, 0])
                total[0] += value
                total[1] += 1
        self._pending.clear()
        now = clock.seconds()
        self.place.seconds += now - self._since
        self._line_seconds += now - self._since
        self._since = now

    def restart(self) -> None:
        """Let the clock go on after something that is not training."""
        self._since = clock.seconds()

    def write(self) -> None:
        """One line: the means since the last line."""
        self.settle()
        if not self.place.sums:
            return
        means = {name: total / count for name, (total, count) in self.place.sums.items()}
        self.place.sums = {}
        means = self._over_processes(means)
        speed = self._line_samples / max(self._line_seconds, 1e-9)
        utilisation = self._meter.utilisation(self._line_seconds)
        record = {"step": self.place.step, "epoch": self.place.epoch + 1, **means, "lr": self.rate}
        record |= {"samples_per_second": round(speed, 1), "seconds": round(self.place.seconds, 3)}
        record |= {} if utilisation is None else {"mfu": round(utilisation, 4)}
        self._line_samples, self._line_seconds = 0, 0.0
        self._record(record, record)
        self._say(record, speed, utilisation)
        self.restart()

    def validation(self, scores: Mapping[str, float]) -> None:
        """The scores of a validation, as a line of their own."""
        record = {"step": self.place.step, "epoch": self.place.epoch, "validation": dict(scores)}
        self._record(record, {f"validation/{name}": value for name, value in scores.items()})
        if self.main and self.settings.progress:
            numbers = "  ".join(f"{name} {value:.4g}" for name, value in scores.items() if _is_number(value))
            print(
                f"{self.folder.name}  epoch {self.place.epoch}/{self.settings.epochs}  validation: {numbers}",
                file=sys.stderr,
                flush=True,
            )
        self.restart()

    def _record(self, record: Mapping[str, Any], numbers: Mapping[str, Any]) -> None:
        if not self.main:
            return
        self._log.write(json.dumps(record) + "\n")
        self._log.flush()
        if self._events is not None:
            for name, value in numbers.items():
                if name not in ("step", "seconds") and _is_number(value):
                    self._events.add_scalar(name, value, self.place.step)

    def _over_processes(self, means: dict[str, float]) -> dict[str, float]:
        if self.accelerator.num_processes == 1:
            return means
        values = torch.tensor(list(means.values()), device=self.accelerator.device)
        reduced = self.accelerator.reduce(values, reduction="mean")
        return dict(zip(means, reduced.tolist(), strict=True))

    def _say(self, record: Mapping[str, Any], speed: float, utilisation: float | None) -> None:
        if not (self.main and self.settings.progress):
            return
        done = self.place.step - self._first_step
        left = (self.place.seconds - self._first_seconds) / max(done, 1) * (self.steps - self.place.step)
        print(
            f"{self.folder.name}  step {self.place.step:,}/{self.steps:,}"
            f"  epoch {self.place.epoch + 1}/{self.settings.epochs}  loss {record['loss']:.4g}"
            f"  lr {self.rate:.2g}  {speed:,.0f} samples/s"
            + ("" if utilisation is None else f"  MFU {utilisation:.0%}")
            + f"  {duration(left)} left",
            file=sys.stderr,
            flush=True,
        )

    def _stop(self, step: int, name: str, value: float, rows: Tensor | None) -> None:
        self._pending.clear()
        what = "norm of the gradient" if name == "gradient_norm" else "loss"
        raise TrainingError(
            f"The {what} is {value}",
            where=f"{self.folder}, step {step}, epoch {self.place.epoch + 1}",
            expected="a finite number",
            found="a batch of the rows " + _rows(rows),
            remedy="lower lr or add warmup; bf16 for fp16; last/ holds the weights of an earlier step",
        )


@contextmanager
def memory_advice(journal: Journal) -> Iterator[None]:
    """Turn an allocation that failed into advice."""
    try:
        yield
    except RuntimeError as error:
        full = isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)
        if not full:
            raise
        settings, size = journal.settings, journal.batch_size
        half = f"batch_size {max(size // 2, 1)} with accumulate {settings.accumulate * 2} (the same gradient)"
        cast = "" if settings.precision != "fp32" else ", precision bf16"
        again = "" if settings.checkpointing else ", checkpointing true (a third more time)"
        parts = journal.accelerator.num_processes > 1 and not settings.fsdp
        again += ", fsdp true" if parts else ""
        raise TrainingError(
            "The memory is full",
            where=f"{journal.folder}, step {journal.place.step + 1}",
            expected="room for weights, optimiser and activations",
            found=f"batch_size {size}, accumulate {settings.accumulate}, precision {settings.precision}: "
            + str(error).split("\n")[0][:200],
            remedy=f"{half}{cast}{again}, or shorter texts (longest)",
        ) from error


def duration(seconds: float) -> str:
    """A time left, as people say it.

    >>> [duration(value) for value in (8.4, 130, 7500)]
    ['8 s', '2 min', '2 h 5 min']
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def _events(folder: Path, step: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder / "tensorboard"), purge_step=step + 1)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _rows(rows: Tensor | None) -> str:
    if rows is None:
        return "(the batch has no index)"
    listed = rows.tolist()
    return ", ".join(map(str, listed[:16])) + (f", ... ({len(listed)} in all)" if len(listed) > 16 else "")
