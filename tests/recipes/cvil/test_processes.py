"""Several processes train one student: killed in the middle, resumed, equal to one process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from recipes.cvil import config as settings, train
from recipes.lib.checkpoint import read_log
from recipes.lib.models.oscar import Oscar

ROOT = Path(__file__).parents[3]
LAUNCH = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "--max-restarts=0"]
KILLED_IN_THE_MIDDLE = """
import os, signal, sys
from pathlib import Path
from recipes.cvil import config as settings, train
real = train.distil
def mortal(*given):
    real(*given)
    os.kill(os.getpid(), signal.SIGKILL)
if len(sys.argv) > 2:
    train.distil = mortal
train.run(settings.validate(settings.Config, settings.read(Path(sys.argv[1]), []), Path("test")))
"""


def launch(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, *LAUNCH, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, check=False, timeout=600)


def losses(out: Path) -> list[float]:
    """Of all steps of a run, as the trainer logs them."""
    logs = sorted(out.glob("steps/*/log.jsonl"))
    return [line["loss"] for log in logs for line in read_log(log.parent) if "loss" in line]


def weights(model: Oscar) -> torch.Tensor:
    return torch.cat([each.flatten() for each in model.state_dict().values()])


@pytest.mark.slow
def test_two_processes_killed_and_resumed_are_one(content: dict[str, Any], tmp_path: Path) -> None:
    # Without what every process draws anew: dropout and mixed words.
    still = {"model": {"dropout": 0.0}, "distillation": {"mixed": 0.0}, "threads": 1}
    content = settings.merged(content, still)
    script, plan = tmp_path / "script.py", tmp_path / "two.yaml"
    script.write_text(KILLED_IN_THE_MIDDLE)
    plan.write_text(yaml.safe_dump({**content, "out": str(tmp_path / "two")}))
    killed = launch(str(script), str(plan), "mortal")
    assert killed.returncode != 0
    assert len(list((tmp_path / "two" / "steps").glob("distilled-ja-*/last"))) == 1
    resumed = launch(str(script), str(plan))
    assert resumed.returncode == 0, resumed.stderr.decode()
    one = train.run(settings.validate(settings.Config, content, Path("test")))
    two = train.run(
        settings.validate(settings.Config, {**content, "out": str(tmp_path / "two")}, Path("test"))
    )  # finished: the weights that two processes have left are loaded
    assert losses(tmp_path / "two") == pytest.approx(losses(Path(content["out"])), rel=1e-3)
    # Where a gradient is nothing but rounding, AdamW makes a whole step of it.
    assert (weights(two) - weights(one)).abs().mean() < 1e-4
    recorded = (tmp_path / "two" / "results.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(recorded) == 2  # by the first of two processes, and by the reading back just now
    first, second = (json.loads(line)["accuracy"] for line in recorded)
    assert first == second
