"""Two processes pre-train and fine-tune RC3 as one does: killed in the middle, resumed, equal to one."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import torch

from recipes.lib import results
from recipes.lib.config import merged, validate
from recipes.lib.models.rc3 import RC3
from recipes.rc3 import finetune, pretrain
from recipes.rc3.config import Config
from tests.recipes.processes import together

SCORES = "scores.jsonl"


def both_stages(settings: dict[str, Any], out: Path) -> None:
    config = validate(Config, {**settings, "out": str(out)}, "test")
    pretrain.pretrain(config)
    finetune.finetune(config, row="some", path=out / SCORES, tasks=["vqa"])


def killed_in_the_middle(settings: dict[str, Any], out: Path) -> None:
    """The second of the two, at its sixth step."""
    real, left = pretrain.Pretrainer.forward, 6

    def mortal(self: Any, **batch: torch.Tensor) -> dict[str, torch.Tensor]:
        nonlocal left
        left -= 1
        if not left and os.environ["RANK"] == "1":
            os.kill(os.getpid(), signal.SIGKILL)
        return real(self, **batch)

    pretrain.Pretrainer.forward = mortal  # type: ignore[method-assign]
    both_stages(settings, out)


def test_two_processes_killed_and_resumed_are_one(settings: dict[str, Any], tmp_path: Path) -> None:
    """By the contrasts, whose negatives are gathered: the others draw in each process what they hide."""
    weights = dict.fromkeys(("masked_language", "matching", "masked_visual"), 0)
    pretraining = {"save_every": 2, "relevance_steps": 2, "weights": weights}
    settings, two = merged(settings, {"pretraining": pretraining, "threads": 1}), tmp_path / "two"
    together(tmp_path, killed_in_the_middle, settings, two, dies=True)
    assert (two / "pretraining" / "last").is_dir() and not (two / "model").exists()
    together(tmp_path, both_stages, settings, two)
    both_stages(settings, tmp_path / "one")
    models = (RC3.load(out / "model").state_dict() for out in (two, tmp_path / "one"))
    mine, theirs = (torch.cat([each.flatten() for each in model.values()]) for model in models)
    print((mine - theirs).abs().mean(), (mine - theirs).abs().max())
    assert (mine - theirs).abs().mean() < 1e-4
    assert len(results.read(two / SCORES)) == 5  # each once: English, and ja and hi before and after a few
