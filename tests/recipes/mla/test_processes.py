"""Two processes acquire languages as one does: each other's sentences are negatives, too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from recipes.drawn_world.scenes.write import write
from recipes.mla import config as settings
from recipes.mla.train import run
from tests.recipes.mla.test_train import content

ROOT = Path(__file__).parents[3]
SCRIPT = """
import sys
from pathlib import Path
from recipes.mla import config as settings
from recipes.mla.train import run
table = settings.read(Path(sys.argv[1]), [])
run(settings.validate(settings.Config, settings.of_row(table, "both"), Path("test")))
"""


def trained(model: Any) -> torch.Tensor:
    return torch.cat([each.flatten() for name, each in model.state_dict().items() if "clip." not in name])


@pytest.mark.slow
def test_two_processes_learn_what_one_does(tmp_path: Path) -> None:
    write(tmp_path / "world", images=32, seed=5)
    plan = content(tmp_path)
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "two.yaml").write_text(yaml.safe_dump({**plan, "out": str(tmp_path / "two")}))
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    command = [*launch, str(tmp_path / "script.py"), str(tmp_path / "two.yaml")]
    done = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    finished = {**plan, "out": str(tmp_path / "two")}
    two, _, _ = run(settings.validate(settings.Config, settings.of_row(finished, "both"), Path("test")))
    one, _, _ = run(settings.validate(settings.Config, settings.of_row(plan, "both"), Path("test")))
    assert (trained(two) - trained(one)).abs().mean() < 1e-3
