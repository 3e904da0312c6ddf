"""Languages side by side: while a process of its own finishes one, engines translate the next."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from vqa_builder.progress import KeptProgress
from vqa_builder.steps.build_context import BuildContext, SharedBuild, join_build
from vqa_builder.steps.releasing import BuiltRelease
from vqa_builder.store import Stored

Finish = Callable[[BuildContext, str], BuiltRelease]
"""Makes the release of a language whose tables that need a model are there."""

FEWEST_STRINGS = 1000
"""Of fewer, a release is made sooner than a process is started."""
PRIORITY = 10
"""Of the other process, as ``nice`` counts: engines come first."""
FEWEST_BYTES = 1 << 20
"""Of smaller inputs, there are hardly so many strings."""


def get_ready(job: BuildContext) -> None:
    """Start the other process while the source is read, where it will be needed."""
    folders = [job.out / job.spec.release_name(language) for language in job.languages[:-1]]
    if job.marks.size >= FEWEST_BYTES and not all(folder.exists() for folder in folders):
        job.executor.begin(_load, "datasets")


def begin(
    job: BuildContext, by_models: Sequence[Stored], finish: Finish, language: str
) -> Callable[[], BuiltRelease] | None:
    """Make the tables of a language that need a model, and begin its release in another process.

    Args:
        job: the build.
        by_models: those tables: a model is loaded in this process alone, and paid for by it.
        finish: a module's function, or a ``partial`` of one.
        language: ISO 639 code.

    Returns:
        What waits for the release; None where the release is to be made here, since there is no other
        process or too little to do.
    """
    if sum(each.table.num_rows for each in by_models) < FEWEST_STRINGS:
        return None
    waiting = job.executor.begin(partial(_finish, finish), SharedBuild.of(job, language))
    if waiting is None:
        return None

    def result() -> BuiltRelease:
        with job.progress.track(f"finishing {language}", 0, brief=True):
            made, lines = waiting()
        for line in lines:
            job.progress.say(line)
        return replace(made, work=job.work.of(language))

    return result


def _load(module: str) -> None:
    """Load, beside this module, what a release is verified with."""
    importlib.import_module(module)


def _finish(finish: Finish, shared: SharedBuild) -> tuple[BuiltRelease, list[str]]:
    _step_back()
    progress = KeptProgress()
    with join_build(shared, progress) as job:
        return finish(job, shared.languages[0]), progress.lines


def _step_back() -> None:
    # An engine's threads wait for each other: one that is held up holds up all.
    if hasattr(os, "setpriority"):
        now = os.getpriority(os.PRIO_PROCESS, 0)  # under `nice`, it may be lower; nobody may raise it again
        os.setpriority(os.PRIO_PROCESS, 0, max(now, PRIORITY))
