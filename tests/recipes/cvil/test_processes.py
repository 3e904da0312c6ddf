"""Several processes train one student: killed in the middle, resumed, equal to one process."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from recipes.cvil import config as settings, train
from recipes.lib.checkpoint import read_log
from recipes.lib.models.oscar import Oscar
from tests.recipes.processes import together


def student(content: dict[str, Any], out: Path) -> Oscar:
    config = settings.validate(settings.Config, {**content, "out": str(out)}, Path("test"))
    return train.run(config)


def killed_in_the_middle(content: dict[str, Any], out: Path) -> None:
    real = train.distil

    def mortal(*given: Any) -> None:
        real(*given)
        os.kill(os.getpid(), signal.SIGKILL)

    train.distil = mortal  # type: ignore[assignment]
    student(content, out)


def losses(out: Path) -> list[float]:
    """Of all steps of a run, as the trainer logs them."""
    logs = sorted(out.glob("steps/*/log.jsonl"))
    return [line["loss"] for log in logs for line in read_log(log.parent) if "loss" in line]


def weights(model: Oscar) -> torch.Tensor:
    return torch.cat([each.flatten() for each in model.state_dict().values()])


def test_two_processes_killed_and_resumed_are_one(content: dict[str, Any], tmp_path: Path) -> None:
    # Without what every process draws anew: dropout and mixed words.
    still = {"model": {"dropout": 0.0}, "distillation": {"mixed": 0.0}, "threads": 1}
    content = settings.merged(content, still)
    out = tmp_path / "two"
    together(tmp_path, killed_in_the_middle, content, out, dies=True)
    assert len(list((out / "steps").glob("distilled-ja-*/last"))) == 1
    together(tmp_path, student, content, out)
    one, two = student(content, tmp_path / "one"), student(content, out)
    # finished: the weights that two processes have left are loaded
    assert losses(out) == pytest.approx(losses(tmp_path / "one"), rel=1e-3)
    # Where a gradient is nothing but rounding, AdamW makes a whole step of it.
    assert (weights(two) - weights(one)).abs().mean() < 1e-4
    recorded = (out / "results.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(recorded) == 2  # by the first of two processes, and by the reading back just now
    first, second = (json.loads(line)["accuracy"] for line in recorded)
    assert first == second
