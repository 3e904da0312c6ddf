"""Work in a process of its own that is killed at a random moment: what it left must be enough to go on from.

``KILLS=200 python -m pytest -m kill tests/kill`` runs the whole suite; each test prints what it reached.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

KILLS = int(os.environ.get("KILLS", "200"))
IN_A_ROW = 5
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.kill.jobs"])


@dataclass
class Killer:
    """Runs one job again and again, killed ``IN_A_ROW`` times at most, then left alone.

    Attributes:
        job: a function of ``tests.kill.jobs``.
        wanted: kills in all.
        seed: of the moments.
        seconds: how long the job takes when it begins with nothing, and nobody kills it.
        kills: so far.
        rounds: jobs that were left alone in the end, so far.
    """

    job: Callable[..., None]
    seconds: float
    wanted: int = KILLS
    seed: int = 0
    kills: int = 0
    rounds: int = 0
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def all_rounds(self) -> Iterator[int]:
        """Numbers of rounds until there were enough kills."""
        while self.kills < self.wanted:
            self.rounds += 1
            yield self.rounds
            print(f"{self.job.__name__}: {self.told()}", flush=True)

    def kill(self, *arguments: Any) -> int:
        """Start the job and kill it, until it was faster or that was often enough; how often that was."""
        for number in range(IN_A_ROW):
            if self.kills + number >= self.wanted:
                return self._counted(number)
            process = start(self.job, *arguments)
            process.join(self.chance.uniform(0.02, self.seconds))
            if not end(process):
                return self._counted(number)
        return self._counted(IN_A_ROW)

    def _counted(self, kills: int) -> int:
        self.kills += kills
        return kills

    def told(self) -> str:
        """For the log."""
        return f"{self.kills} kills in {self.rounds} rounds of a job of {self.seconds:.1f} s"


def start(job: Callable[..., None], *arguments: Any) -> Any:
    """The process of a job, which leads a group of its own."""
    process = _forks.Process(target=_alone, args=(job, arguments))
    process.start()
    return process


def end(process: Any, *, may_fail: bool = False) -> bool:
    """Kill a process and its children; False if it had ended before, well or, where it may, with an error."""
    if process.exitcode is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:  # it had no time to found its group
            process.kill()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL, *([1] if may_fail else [])), f"code {process.exitcode}"
    return bool(process.exitcode == -signal.SIGKILL)


def run(job: Callable[..., None], *arguments: Any) -> float:
    """Run a job to its end, and say how many seconds that took."""
    imports = _forks.Process(target=int)  # the first process waits for them
    imports.start()
    imports.join()
    begun = time.monotonic()
    process = start(job, *arguments)
    process.join()
    assert process.exitcode == 0, f"exit code {process.exitcode}"
    return time.monotonic() - begun


def _alone(job: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    os.setsid()
    job(*arguments)
