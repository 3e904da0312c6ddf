"""What a run tells, apart from what :mod:`tests.recipes.lib.test_trainer` sees of it."""

from __future__ import annotations

import builtins
import json
from pathlib import Path
from typing import Any

import pytest
from accelerate import Accelerator

from recipes.lib.checkpoint import Place
from recipes.lib.journal import Journal, duration
from recipes.lib.settings import Settings
from tests.recipes.lib.training import Net, run


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "0 s"),
        (89, "89 s"),
        (130, "2 min"),
        (5399, "1 h 30 min"),
        (7500, "2 h 5 min"),
        (90000, "25 h 0 min"),
    ],
)
def test_a_time_left(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_line_holds_the_means_since_the_last_line(tmp_path: Path) -> None:
    every = run(tmp_path / "every", Net(), log_every=1).history
    third = run(tmp_path / "third", Net(), log_every=3).history
    losses = [line["loss"] for line in every if "loss" in line]
    lines = [line for line in third if "loss" in line]
    assert [line["step"] for line in lines] == [3, 5, 6, 9, 10, 12, 15]  # every third, and each epoch's last
    assert lines[0]["loss"] == pytest.approx(sum(losses[:3]) / 3)
    assert lines[0]["gradient_norm"] == pytest.approx(sum(line["gradient_norm"] for line in every[:3]) / 3)


def test_zero_is_a_line_per_epoch(tmp_path: Path) -> None:
    lines = [line for line in run(tmp_path, Net(), log_every=0).history if "loss" in line]
    assert [line["step"] for line in lines] == [5, 10, 15]


def test_time_that_is_no_training_does_not_count(tmp_path: Path) -> None:
    place = Place()
    settings = Settings(epochs=1, lr=1.0, tensorboard=False, progress=False)
    with Journal(tmp_path, settings, place, 1, Accelerator(cpu=True)) as journal:
        journal.settle()
    assert place.seconds == 0


def test_tensorboard_is_no_must(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("torch.utils.tensorboard"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    run(tmp_path, Net(), epochs=1, tensorboard=True)
    assert not (tmp_path / "tensorboard").exists()
    lines = (tmp_path / "log.jsonl").read_text().splitlines()
    assert json.loads(lines[-1])["validation"].keys() == {"score"}
