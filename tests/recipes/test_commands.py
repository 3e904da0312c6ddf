"""Every recipe as a command: errors of the input, missing packages and Ctrl-C end it without a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WITH_SETTINGS = (
    *("cvil.train", "cvil.table", "mla.train", "mla.vqa", "mla.table"),
    *("rc3.pretrain", "rc3.finetune", "rc3.table", "vlm.train", "vlm.table"),
)


def told(*arguments: str, path: Path = ROOT) -> str:
    """What a command says that ends with exit code 2."""
    command = [sys.executable, "-m", *arguments]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(path), str(ROOT)])}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.parametrize("name", WITH_SETTINGS)
def test_a_package_that_is_missing_is_named_with_its_extra(name: str, tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("raise ModuleNotFoundError(name='torch')")
    told_of = told(f"recipes.{name}", "nothing.yaml", path=tmp_path)
    assert "torch" in told_of or "nothing.yaml" in told_of  # tables import it in their workers


def test_settings_that_are_not_there_are_named_with_the_nearest_file() -> None:
    said = told("recipes.rc3.pretrain", "recipes/rc3/smal.yaml")
    assert "where:    recipes/rc3/smal.yaml" in said
    assert "did you mean recipes/rc3/small.yaml?" in said


def test_a_translator_without_material_is_told(tmp_path: Path) -> None:
    for name in ("train", "export", "data"):
        arguments = [str(tmp_path / "none")] + [str(tmp_path / "out")] * (name != "train")
        assert str(tmp_path / "none") in told(f"recipes.translator.{name}", *arguments)


def test_ctrl_c_ends_a_command_that_still_imports() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "recipes.cvil.train", "none.yaml"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        for line in process.stderr:
            if line.endswith("vqa_builder.interrupts\n"):
                break
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        said = [line for line in process.stderr if not line.startswith("import time:")]
        assert process.wait(timeout=20) == 130
    assert "".join(said).strip().startswith("interrupted; what was finished is kept")
