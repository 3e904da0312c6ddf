"""Fixtures around the loopback hub; a test file that needs them imports them.

huggingface_hub reads its settings when it is first imported. In the test process they are set where the
client looks for them at every call; other processes get them from their environment.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.server import TOKEN, Hub


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """An empty hub that this process and its children take for the only one."""
    with Hub(tmp_path / "hub") as running:
        use_hub(monkeypatch, running.url, tmp_path / "home")
        yield running


def use_hub(monkeypatch: pytest.MonkeyPatch, url: str, home: Path) -> None:
    """Take the hub at an address for the only one; ``home`` as of ``use_loopback``."""
    use_loopback(monkeypatch, home)
    monkeypatch.setenv("HF_ENDPOINT", url)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", url)
    template = f"{url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)


def use_loopback(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Let the client talk to a hub, without the user's cache and login, and without Xet."""
    from huggingface_hub import constants

    environment = {
        "HF_HOME": str(home),
        "HF_HUB_CACHE": str(home / "hub"),
        "HF_DATASETS_CACHE": str(home / "datasets"),
        "HF_TOKEN": TOKEN,
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_OFFLINE": "0",
        "HF_DATASETS_OFFLINE": "0",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for name, setting in {"HF_HUB_OFFLINE": False, "HF_HUB_DISABLE_XET": True}.items():
        monkeypatch.setattr(constants, name, setting)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(home / "token"))
    monkeypatch.setattr(time, "sleep", lambda seconds: None)  # the client waits between its own tries


def python(script: str, *arguments: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a script in a fresh process, with the environment of the test."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    assert not ok or done.returncode == 0, done.stderr
    return done
