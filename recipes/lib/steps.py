"""A folder per training step, named by all that the step depends on, so that rows share what they can."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock

from vqa_builder.store import fingerprint


@contextmanager
def step_folder(out: Path, name: str, identity: Mapping[str, Any]) -> Iterator[Path]:
    """The folder of a step, and nobody else's while it is open.

    Args:
        out: of the run.
        name: for people; the folder's name goes on with a hash.
        identity: everything that the step's outcome depends on.

    Example::

        with step_folder(Path("runs/cvil"), "teacher", {"seed": 0, "epochs": 20}) as folder:
            train(model, loss, batches, settings, folder)
    """
    folder = out / "steps" / f"{name}-{fingerprint(dict(identity))[:12]}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        yield folder
