"""Work in a process of its own that is killed at a random moment: what it left must be enough to go on from.

``KILLS=200 python -m pytest -m kill tests/kill`` runs the whole suite; each test prints what it reached.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any

KILLS = int(os.environ.get("KILLS", "200"))
IN_A_ROW = 8
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.kill.warm"])


@dataclass
class Killer:
    """Kills a job up to ``IN_A_ROW`` times and then lets it end, again and again.

    A job is killed somewhere within the time that it last took when nobody killed it, told apart by how often
    it had been killed before (it finds more done) and by what it runs under; so kills fall on the whole of it
    while the machine's load comes and goes. Every ninth round or so is left alone from its beginning.

    Attributes:
        job: a function of ``tests.kill.jobs``.
        wanted: kills in all.
        seed: of the moments.
        kills: so far.
        rounds: so far.
        seen: what ``look`` found after each kill -> how often; shows how far the job had come.
    """

    job: Callable[..., None]
    wanted: int = KILLS
    seed: int = 0
    kills: int = 0
    rounds: int = 0
    seen: Counter[int] = field(default_factory=Counter)
    _seconds: dict[tuple[Hashable, int], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def all_rounds(self) -> Iterator[int]:
        """Numbers of rounds until there were enough kills."""
        while self.kills < self.wanted:
            self.rounds += 1
            yield self.rounds
            print(f"{self.job.__name__}: {self.told()}", flush=True)

    def round(
        self,
        *arguments: Any,
        look: Callable[[], int] = int,
        under: Hashable = None,
        may_fail: bool = False,
        before_the_end: Callable[[], object] = int,
    ) -> int:
        """Start the job and kill it, until it was faster or that was often enough; then let it end.

        Args:
            *arguments: of the job.
            look: called after each kill.
            under: what the job's time depends on beside the load.
            may_fail: a job that is to be killed may also end with an error.
            before_the_end: called before the job that is let to its end.

        Returns:
            How often it was killed.
        """
        kills = 0
        for _ in range(self.chance.randint(0, min(IN_A_ROW, self.wanted - self.kills))):
            code = self._attempt(arguments, (under, kills), may_fail)
            if code == 0:
                break
            if code == -signal.SIGKILL:
                kills += 1
                self.kills += 1
                self.seen[look()] += 1
        before_the_end()
        self._took(run(self.job, *arguments), (under, kills))
        return kills

    def _attempt(self, arguments: tuple[Any, ...], key: tuple[Hashable, int], may_fail: bool) -> int:
        """The exit code of the job, begun and killed; 0 where nobody knows how long it takes."""
        if key not in self._seconds:
            return 0
        begun = time.monotonic()
        process = start(self.job, *arguments)
        process.join(self.chance.uniform(0.02, self._seconds[key]))
        took = time.monotonic() - begun
        end(process, may_fail=may_fail)
        if process.exitcode == 0:
            self._took(took, key)
        return int(process.exitcode)

    def _took(self, seconds: float, key: tuple[Hashable, int]) -> None:
        under, number = key
        self._seconds[key] = (self._seconds.get(key, seconds) + seconds) / 2
        self._seconds.setdefault((under, number + 1), seconds)

    def told(self) -> str:
        """For the log: kills, rounds, how long the job takes now, and the quartiles of what was seen."""
        seen = sorted(self.seen.elements())
        quartiles = [seen[len(seen) * part // 4] for part in (1, 2, 3)] if seen else []
        longest = max(self._seconds.values(), default=0.0)
        return f"{self.kills} kills in {self.rounds} rounds, up to {longest:.1f} s; steps done {quartiles}"


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
