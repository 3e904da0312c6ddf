"""Two processes train the small model and its adapters: killed in the middle, resumed, equal to one."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from recipes.lib import results
from recipes.lib.checkpoint import read_log
from recipes.lib.config import validate
from recipes.vlm import train as recipe
from recipes.vlm.config import Config
from tests.recipes.processes import together


def run(content: dict[str, Any], out: Path) -> None:
    """Batch norms use what they have counted: else each process has the mean of its own part."""
    _BatchNorm.train = lambda norm, mode=True: nn.Module.train(norm, False)
    recipe.run(validate(Config, {**content, "out": str(out)}, "test"))


def killed_in_the_middle(content: dict[str, Any], out: Path) -> None:
    """The second of the two, at the second step of its adapters."""
    real, left = recipe.answer_loss, 2

    def mortal(model: Any, batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        nonlocal left
        left -= bool(list(out.glob("steps/lora-*")))
        if not left and os.environ["RANK"] == "1":
            os.kill(os.getpid(), signal.SIGKILL)
        return real(model, batch)

    recipe.answer_loss = mortal
    run(content, out)


def test_two_processes_killed_and_resumed_are_one(
    small_run: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_BatchNorm, "train", _BatchNorm.train)  # as it was, when this is over
    content, two, one = {**small_run, "threads": 1}, tmp_path / "two", tmp_path / "one"
    together(tmp_path, killed_in_the_middle, content, two, dies=True)
    assert list(two.glob("steps/lora-ja-*/last")) and not list(two.glob("steps/lora-ja-*/tuned"))
    together(tmp_path, run, content, two)
    run(content, one)
    for step, kept in (("english", "model/model"), ("lora-ja", "tuned/adapter_model")):
        mine, theirs = (load_file(next(out.glob(f"steps/{step}-*/{kept}.safetensors"))) for out in (two, one))
        for name, value in mine.items():
            assert (value.float() - theirs[name].float()).abs().mean() < 1e-3, name  # a step moves up to 4e-3
        mine, theirs = (
            read_log(next(out.glob(f"steps/{step}-*/log.jsonl")).parent)[-1] for out in (two, one)
        )
        assert mine["loss"] == pytest.approx(theirs["loss"], rel=1e-3)
        assert mine["gradient_norm"] == pytest.approx(theirs["gradient_norm"], rel=0.02)
    assert [each["language"] for each in results.read(two / "results.jsonl")] == ["ja"]
