"""Work on this machine: inline while that is quicker, then in processes of their own."""

from __future__ import annotations

import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import active_children, get_context
from typing import TypeVar

from vqa_builder.errors import VQABuilderError
from vqa_builder.executors.base import Executor

T = TypeVar("T")
R = TypeVar("R")

STARTING_SECONDS = 0.5
"""What two workers take to start and to import this package: 0.4 to 0.5 s, measured on two cores."""

_AHEAD = 2


class LocalExecutor(Executor):
    """Processes on this machine, started when the work that is left would take longer than starting them.

    The first items run inline and tell how long the rest will take; a small build never starts a process.
    Workers are spawned, not forked, since a fork copies the locks of other libraries' threads.

    Args:
        workers: how many processes; default one per CPU that this process may use. 1 never starts any.
        starting_seconds: what starting them costs; 0 uses processes from the second item on.

    Raises:
        ValueError: ``workers`` is less than 1.
    """

    def __init__(self, workers: int | None = None, *, starting_seconds: float = STARTING_SECONDS) -> None:
        self.workers = usable_cpus() if workers is None else workers
        if self.workers < 1:
            raise ValueError(f"workers must be at least 1, not {workers}")
        self._starting_seconds = starting_seconds
        self._pool: ProcessPoolExecutor | None = None

    def map(self, function: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
        """``function`` of every item, in order; see ``Executor``.

        Raises:
            VQABuilderError: a worker process died.
        """
        spent, done = 0.0, 0
        while done < len(items) and not self._worth_processes(spent, done, len(items)):
            started = time.perf_counter()
            result = function(items[done])
            spent += time.perf_counter() - started
            done += 1
            yield result
        if done < len(items):
            yield from self._in_processes(function, items, done)

    def close(self) -> None:
        """End the worker processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def stop(self) -> None:
        """Kill the worker processes."""
        if self._pool is not None:
            for child in active_children():
                child.kill()
        self.close()

    def _worth_processes(self, spent: float, done: int, total: int) -> bool:
        if self.workers == 1 or not done or total - done < 2:
            return False
        left = spent / done * (total - done)
        cost = self._starting_seconds if self._pool is None else 0.0
        return left * (1 - 1 / self.workers) > cost

    def _in_processes(self, function: Callable[[T], R], items: Sequence[T], first: int) -> Iterator[R]:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self.workers, mp_context=get_context("spawn"), initializer=_leave_interrupts_to_the_parent
            )
        waiting: deque[Future[R]] = deque()
        try:
            for position in range(first, len(items)):
                waiting.append(self._pool.submit(function, items[position]))
                if len(waiting) >= _AHEAD * self.workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool:
            self.close()
            raise _died(function, first, len(items), self.workers) from None
        finally:
            for future in waiting:
                future.cancel()


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _died(function: object, first: int, total: int, workers: int) -> VQABuilderError:
    while isinstance(function, partial):
        function = function.func
    return VQABuilderError(
        "A worker process died",
        where=f"{getattr(function, '__qualname__', function)}, between items {first + 1:,} and {total:,}",
        expected=f"{workers} workers to the end",
        found="one that was killed (most often for lack of memory), crashed or could not start",
        remedy="run with fewer workers; in a script, call under `if __name__ == '__main__':`",
    )


def usable_cpus() -> int:
    """How many CPUs this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
