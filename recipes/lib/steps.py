"""A folder per training step, named by all that the step depends on, so that rows share what they can.

Under ``torchrun`` every process opens the folder of a step: the first one holds its lock for all of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from filelock import FileLock

from vqa_builder.store import fingerprint


@contextmanager
def step_folder(out: Path, name: str, identity: Mapping[str, Any]) -> Iterator[Path]:
    """The folder of a step that all processes of a run compute together; nobody else's while it is open.

    Args:
        out: of the run.
        name: for people; the folder's name goes on with a hash.
        identity: everything that the step's outcome depends on.

    In a recipe::

        with step_folder(Path("runs/cvil"), "teacher", {"seed": 0, "epochs": 20}) as folder:
            train(model, loss, batches, settings, folder)
    """
    folder = _folder(out, name, identity)
    with shared_lock(folder):
        yield folder


@contextmanager
def shared_lock(path: Path) -> Iterator[None]:
    """A lock beside a path that the first process holds for all of them; they enter and leave together."""
    with FileLock(f"{path}.lock") if is_first_process() else nullcontext():
        wait_for_all_processes()
        yield
        wait_for_all_processes()


@contextmanager
def work_folder(out: Path, name: str, identity: Mapping[str, Any]) -> Iterator[Path]:
    """The folder of work that one process does alone, such as writing states: one after the other enters.

    However long the first one takes, the others wait for its lock and then find the work done. What is done
    here must not wait for other processes.
    """
    folder = _folder(out, name, identity)
    with FileLock(f"{folder}.lock"):
        yield folder


def is_first_process() -> bool:
    """Whether this is the only process of a run, or the first of those that ``torchrun`` started."""
    return os.environ.get("RANK", "0") == "0"


def wait_for_all_processes() -> None:
    """Return when every process of the run has come here; at once where there is one alone."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        import torch
        from accelerate import PartialState

        PartialState(cpu=not torch.accelerator.is_available()).wait_for_everyone()


def _folder(out: Path, name: str, identity: Mapping[str, Any]) -> Path:
    folder = out / "steps" / f"{name}-{fingerprint(dict(identity))[:12]}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    return folder
