"""Batches made by threads while the model computes; they come in their order, whatever the threads do."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from copy import copy
from typing import Any, Self, TypeVar

T = TypeVar("T")


class Parts:
    """Batches of which a process may compute a part: ``rank`` of ``world``; all of them until it is said."""

    rank, world = 0, 1

    def shard(self, rank: int, world: int) -> Self:
        """The part of every batch that one process computes; parts have equal sizes where they can."""
        part = copy(self)
        part.rank, part.world = rank, world
        return part


def ahead(
    make: Callable[..., T], jobs: Iterable[tuple[Any, ...]], workers: int, prefetch: int
) -> Iterator[T]:
    """``make(*job)`` for every job, in order.

    Args:
        make: a function that threads may run side by side.
        jobs: its arguments, drawn as they are needed.
        workers: threads; 0 makes each when it is asked for.
        prefetch: results per worker that wait to be asked for, at most.

    >>> list(ahead(pow, [(2, 3), (3, 2)], workers=2, prefetch=1))
    [8, 9]
    """
    if not workers:
        yield from (make(*job) for job in jobs)
        return
    with ThreadPoolExecutor(workers, thread_name_prefix="batches") as threads:
        coming: deque[Future[T]] = deque()
        try:
            for job in jobs:
                coming.append(threads.submit(make, *job))
                if len(coming) > prefetch * workers:
                    yield coming.popleft().result()
            while coming:
                yield coming.popleft().result()
        finally:
            for future in coming:
                future.cancel()
