"""What pyproject.toml requires: floors that work, and pins that are allowed."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CORE = [Requirement(text) for text in PROJECT["dependencies"]]
EXTRAS = [Requirement(text) for each in PROJECT["optional-dependencies"].values() for text in each]


def floor(requirement: Requirement) -> str | None:
    """The lowest version that is allowed, None where any is."""
    return next((each.version for each in requirement.specifier if each.operator in (">=", "==")), None)


def test_every_pinned_version_is_allowed() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if "==" in line)
    pinned = {canonicalize_name(name): version for name, version in pins.items()}
    own = canonicalize_name(PROJECT["name"])
    for each in (*CORE, *EXTRAS):
        name = canonicalize_name(each.name)
        if name != own and name in pinned:
            assert each.specifier.contains(pinned[name]), f"{each} and {name}=={pinned[name]}"


def test_every_requirement_of_the_core_has_a_floor() -> None:
    assert [each.name for each in CORE if floor(each) is None] == []


@pytest.mark.slow
@pytest.mark.skipif(
    "VQA_BUILDER_LOWEST" not in os.environ, reason="installs packages: set VQA_BUILDER_LOWEST=1 to run it"
)
def test_the_sample_builds_with_the_lowest_versions(tmp_path: Path) -> None:
    """In an environment of its own; what these versions require in turn is as new as they allow."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "lowest"], check=True)
    python = tmp_path / "lowest" / "bin" / "python"
    wanted = [f"{each.name}=={floor(each)}" for each in CORE if each.marker is None or each.marker.evaluate()]
    subprocess.run([python, "-m", "pip", "install", "-q", *wanted, "hatchling"], check=True)
    install = ["install", "-q", "--no-deps", "--no-build-isolation", str(ROOT)]
    subprocess.run([python, "-m", "pip", *install], check=True)
    done = subprocess.run(
        [tmp_path / "lowest" / "bin" / "vqa-builder", "demo", "--out", tmp_path],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("checks passed") == 2
