"""What is killed. What takes long to import is imported here, once, before processes are forked."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import datasets
import huggingface_hub
import numpy as np
import pytest
import torch

from recipes.lib import trainer
from tests.hub.plugin import use_hub
from tests.recipes.lib import training
from vqa_builder import build, hub_client, load_spec
from vqa_builder.release.hub.publish import publish
from vqa_builder.steps import side_by_side

__all__ = ["build_spec", "datasets", "huggingface_hub", "np", "publish_release", "train"]
torch.set_num_threads(1)


def build_spec(spec: Path, out: Path, clock: float = 0.0) -> None:
    """Build a spec; the clock shows ``clock`` seconds more than it is, after half a second as many less."""
    if clock:
        begun, real = time.monotonic(), time.time
        time.time = lambda: real() + (clock if time.monotonic() < begun + 0.5 else -clock)
    with (
        pytest.MonkeyPatch.context() as patch
    ):  # half of a build's time, and nothing of ours is written in it
        patch.setattr("vqa_builder.release.verify.reload_faults", lambda *_: [])
        build(load_spec(spec), out, workers=1)


def build_side_by_side(spec: Path, out: Path) -> None:
    """Build a spec of several languages, all but the last of which are finished in a process of their own."""
    side_by_side.FEWEST_STRINGS = 0
    build(load_spec(spec), out, workers=2)


def publish_release(release: Path, repo: str, url: str, home: Path) -> None:
    """Publish to a loopback hub, without loading back and without waiting."""
    use_hub(pytest.MonkeyPatch(), url, home)
    hub_client.SILENCE_SECONDS = 2.0
    publish(release, repo, reload=False, wait=lambda seconds: None)


def train(folder: Path) -> None:
    """Train the small model of the trainer's own tests to its end, with slower steps."""

    def slow(model: torch.nn.Module, batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        time.sleep(0.01)
        return training.loss(model, batch)

    trainer.train(training.Net(), slow, training.Rows(), training.SETTINGS, folder, validate=training.score)


assert sys.platform != "win32"
