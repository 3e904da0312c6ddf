"""Two processes acquire languages as one does: each other's sentences are negatives, too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from recipes.drawn_world.scenes.write import write
from recipes.mla import config as settings
from recipes.mla.train import run
from tests.recipes.mla.test_train import content
from tests.recipes.processes import together


def acquired(plan: dict[str, Any], out: Path) -> Any:
    row = settings.of_row({**plan, "out": str(out)}, "both")
    return run(settings.validate(settings.Config, row, Path("test")))[0]


def trained(model: Any) -> torch.Tensor:
    return torch.cat([each.flatten() for name, each in model.state_dict().items() if "clip." not in name])


def test_two_processes_learn_what_one_does(tmp_path: Path) -> None:
    write(tmp_path / "world", images=32, seed=5)
    plan = content(tmp_path)
    together(tmp_path, acquired, plan, tmp_path / "two")
    two, one = acquired(plan, tmp_path / "two"), acquired(plan, tmp_path / "one")
    assert (trained(two) - trained(one)).abs().mean() < 1e-3
