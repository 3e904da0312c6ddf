"""Work on this machine: inline while that is quicker, then in processes of their own."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing import current_process, get_context, parent_process
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Any, NoReturn, TypeVar

from vqa_builder.errors import VQABuilderError
from vqa_builder.executors.base import Executor

T = TypeVar("T")
R = TypeVar("R")

STARTING_SECONDS = 0.5
"""What two workers take to start and to import this package: 0.4 to 0.5 s, measured on two cores."""

LEAVING_SECONDS = 0.3
"""How long a worker that is ended may take to remove what it has half made."""

_AHEAD = 2
_MAIN = threading.Lock()


class LocalExecutor(Executor):
    """Processes on this machine, started when the work that is left would take longer than starting them.

    The first items run inline and tell how long the rest will take; a small build never starts a process.
    Workers are spawned, not forked, since a fork copies the locks of other libraries' threads.

    Args:
        workers: how many processes; default one per CPU that this process may use. 1 never starts any, and
            in a daemon of ``multiprocessing``, which may start none, it is 1 whatever is given.
        starting_seconds: what starting them costs; 0 uses processes from the second item on.

    Raises:
        ValueError: ``workers`` is less than 1.
    """

    def __init__(self, workers: int | None = None, *, starting_seconds: float = STARTING_SECONDS) -> None:
        workers = usable_cpus() if workers is None else workers
        if workers < 1:
            raise ValueError(f"workers must be at least 1, not {workers}")
        self.workers = 1 if current_process().daemon else workers
        self._starting_seconds = starting_seconds
        self._pool: ProcessPoolExecutor | None = None
        self._begun: list[Future[Any]] = []

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

    def begin(self, function: Callable[[T], R], item: T) -> Callable[[], R] | None:
        """Begin it in a worker process; None where there is to be one process only. See ``Executor``."""
        if self.workers == 1:
            return None
        with self._watched(_name(function)):
            begun = self._submit(partial(_until_ended, function), item)
        self._begun.append(begun)

        def result() -> R:
            with self._watched(_name(function)):
                return begun.result()

        return result

    def close(self) -> None:
        """End the worker processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def stop(self) -> None:
        """End the worker processes at once; what they had begun removes what it has half made."""
        if self._pool is not None:
            workers, until = list(self._pool._processes.values()), time.monotonic() + LEAVING_SECONDS
            for worker in workers:
                worker.terminate()
            for worker in workers:
                worker.join(max(0.0, until - time.monotonic()))
                worker.kill()
        self.close()

    def _worth_processes(self, spent: float, done: int, total: int) -> bool:
        self._begun = [each for each in self._begun if not each.done()]
        free = self.workers - len(self._begun)
        if free < 2 or not done or total - done < 2:
            return False
        left = spent / done * (total - done)
        cost = self._starting_seconds if self._pool is None else 0.0
        return left * (1 - 1 / free) > cost

    def _in_processes(self, function: Callable[[T], R], items: Sequence[T], first: int) -> Iterator[R]:
        waiting: deque[Future[R]] = deque()
        try:
            with self._watched(f"{_name(function)}, between items {first + 1:,} and {len(items):,}"):
                for position in range(first, len(items)):
                    waiting.append(self._submit(function, items[position]))
                    if len(waiting) >= _AHEAD * self.workers:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

    @contextmanager
    def _watched(self, work: str) -> Iterator[None]:
        """Tell of a worker that died at it, and let the next work start new ones."""
        try:
            yield
        except BrokenProcessPool:
            self.close()
            raise VQABuilderError(
                "A worker process died",
                where=work,
                expected=f"{self.workers} workers to the end",
                found="one that was killed (most often for lack of memory), crashed or could not start",
                remedy="run the same command again, with fewer workers if it dies again",
            ) from None

    def _submit(self, function: Callable[[T], R], item: T) -> Future[R]:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self.workers,
                mp_context=get_context("spawn"),
                initializer=_follow_the_parent,
                initargs=(gc.get_threshold(),),
            )
        with _without_main():
            return self._pool.submit(function, item)


@contextmanager
def _without_main() -> Iterator[None]:
    """Keep processes that start meanwhile from running the user's script, of which they need nothing."""
    with _MAIN:
        names = sys.modules["__main__"].__dict__
        kept: dict[str, Any] = {name: names[name] for name in ("__file__", "__spec__") if name in names}
        names.pop("__file__", None)
        names["__spec__"] = None
        try:
            yield
        finally:
            names.update(kept)


def _follow_the_parent(cycles: tuple[int, int, int]) -> None:
    """Leave Ctrl-C to the process that started this one, and end with it however it ends."""
    gc.set_threshold(*cycles)
    atexit.register(gc.freeze)  # what is left ends with the process, without a search for cycles
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    assert parent is not None
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(LEAVING_SECONDS)
    os._exit(1)


class _Ended(BaseException):
    """Raised where a worker was that is ended, so that it closes what it had opened."""


def _until_ended(function: Callable[[T], R], item: T) -> R:
    signal.signal(signal.SIGTERM, _end)
    try:
        return function(item)
    except _Ended:
        os._exit(1)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise _Ended


def _name(function: object) -> str:
    while isinstance(function, partial):
        function = function.func
    return getattr(function, "__qualname__", str(function))


def usable_cpus() -> int:
    """How many CPUs this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
