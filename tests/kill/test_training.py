"""Training killed at random moments goes on bit for bit."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from safetensors.torch import load_file

from recipes.lib.checkpoint import read_log
from tests.kill import jobs
from tests.kill.killing import Killer, run
from tests.recipes.lib.training import without_clock

pytestmark = pytest.mark.kill
FILES = ("last/model.safetensors", "last/optimisers.safetensors", "best/model.safetensors")


def test_training(tmp_path: Path) -> None:
    run(jobs.train, tmp_path / "calm")
    killer = Killer(jobs.train)
    weights = {name: load_file(str(tmp_path / "calm" / name)) for name in FILES}
    log = without_clock(read_log(tmp_path / "calm"))
    for number in killer.all_rounds():
        folder = tmp_path / str(number)
        killer.round(folder)
        assert without_clock(read_log(folder)) == log
        for name, expected in weights.items():
            found = load_file(str(folder / name))
            assert found.keys() == expected.keys()
            assert all(found[key].equal(expected[key]) for key in expected), name
        shutil.rmtree(folder)
    print("training:", killer.told())
