"""A small model with everything that a checkpoint must keep, and a run that kills itself.

``python -m tests.recipes.lib.training FOLDER STEP`` trains until that step and dies as by ``kill -9``.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from recipes.lib.settings import Settings
from recipes.lib.trainer import Outcome, train

ROWS, STEPS_PER_EPOCH = 8, 5
CLOCK = ("samples_per_second", "seconds", "mfu")
SETTINGS = Settings(
    epochs=3,
    lr=0.01,
    optimiser="muon",
    warmup=0.2,
    schedule="cosine",
    accumulate=2,
    ema=0.9,
    log_every=1,
    save_every=2,
    progress=False,
    tensorboard=False,
)


class Net(nn.Module):
    """Dropout, LayerNorm, a buffer that counts, tied weights, and a matrix for Muon."""

    calls: Tensor

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.first, self.head = nn.Linear(6, 16), nn.Linear(16, 6)
            self.tied = nn.Linear(6, 16, bias=False)
            self.inner = nn.ModuleList([nn.Linear(16, 16)])
        self.tied.weight = self.first.weight
        self.norm, self.dropout = nn.LayerNorm(16), nn.Dropout(0.3)
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.calls += 1
        output: Tensor = self.dropout(torch.relu(self.norm(self.first(x) + self.tied(x))))
        for layer in self.inner:
            output = output + torch.relu(layer(output))
        return self.head(output)


class Rows:
    """Batches of a small regression, a function of epoch and place."""

    def __init__(self, rows: int = ROWS, count: int = 2 * STEPS_PER_EPOCH - 1) -> None:
        self.rows, self.count, self.part = rows, count, slice(None)

    def __len__(self) -> int:
        return self.count

    def epoch(self, number: int, start: int = 0) -> Iterator[dict[str, Tensor]]:
        for place in range(start, self.count):
            generator = np.random.default_rng([number, place])
            x = torch.from_numpy(generator.normal(size=(self.rows, 6)).astype(np.float32))
            index = torch.arange(self.rows) + place * self.rows
            yield {"x": x[self.part], "y": x.flip(1).sin()[self.part], "index": index[self.part]}

    def shard(self, rank: int, world: int) -> Rows:
        """Every ``world``-th row."""
        part = Rows(self.rows, self.count)
        part.part = slice(rank, None, world)
        return part


def loss(model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Squared error, and a further term for the log."""
    output = model(batch["x"])
    return {"loss": (output - batch["y"]).square().mean(), "size": output.abs().mean()}


def score(model: nn.Module) -> dict[str, float]:
    """The closer, the higher."""
    return {"score": -loss(model, next(Rows().epoch(99)))["loss"].item()}


def run(folder: Path, model: nn.Module, **changes: Any) -> Outcome:
    """The run of these tests."""
    return train(model, loss, Rows(), SETTINGS.model_copy(update=changes), folder, validate=score)


def without_clock(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What of a log does not depend on the time."""
    return [{name: value for name, value in line.items() if name not in CLOCK} for line in history]


def _until_killed(folder: Path, step: int) -> None:
    calls = 0

    def mortal(model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        nonlocal calls
        calls += 1
        if calls > SETTINGS.accumulate * step:
            os.kill(os.getpid(), signal.SIGKILL)
        return loss(model, batch)

    train(Net(), mortal, Rows(), SETTINGS, folder, validate=score)


if __name__ == "__main__":
    torch.set_num_threads(1)
    _until_killed(Path(sys.argv[1]), int(sys.argv[2]))
