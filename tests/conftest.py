"""What every test may use: the real data where it is there, and small real examples in three languages."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.tiny import write_vqa

ROOT = Path(__file__).parents[1]

# Processes that tests start find the package compiled, which each would otherwise do for itself.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("VQA_BUILDER_SHARED", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"no real data in {folder}: set VQA_BUILDER_SHARED")
    return folder


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test asks the network for anything."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A spec over twelve questions in three splits."""
    return write_vqa(tmp_path / "source")
