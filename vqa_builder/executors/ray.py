"""Work on Ray: actors on this machine, or on the cluster that ``RAY_ADDRESS`` names.

Ray Data's ``map_batches`` would start its actors anew for every table: with four tables per language and a
dozen scorers, engines would be loaded far more often than they are used. These actors live as long as the
build, hand every result over as soon as it is there, and a build that must stop lets them finish what they
have under way.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlsplit

from vqa_builder.errors import MissingExtraError, VQABuilderError
from vqa_builder.executors.base import Executor
from vqa_builder.executors.local import usable_cpus

T = TypeVar("T")
R = TypeVar("R")

RETRIES = 3
_AHEAD = 2


class RayExecutor(Executor):
    """Actors of Ray, each with one core or one GPU, started by the first work and kept until ``close``.

    An actor whose process dies is started again, on another machine if need be, and does what it had under
    way once more, at most three times. ``vqa_builder``, and the files that engines and scorers read, must be
    there on every machine, under the same path.

    Args:
        workers: how many; default one per GPU of the cluster, or per core where there is no GPU.

    Raises:
        MissingExtraError: Ray is not installed.
        ValueError: ``workers`` is less than 1.

    Example:
        >>> from functools import partial
        >>> with RayExecutor(1) as executor:
        ...     list(executor.map(partial(pow, exp=2), [1, 2, 3]))
        [1, 4, 9]
    """

    remote: ClassVar[bool] = True

    def __init__(self, workers: int | None = None) -> None:
        if importlib.util.find_spec("ray") is None:
            raise MissingExtraError("The executor ray", "ray", "ray")
        if workers is not None and workers < 1:
            raise ValueError(f"workers must be at least 1, not {workers}")
        self._wanted = workers
        self._actors: list[Any] = []
        self._connected = False

    @property
    def workers(self) -> int:  # type: ignore[override]
        """How many actors there are; starts them."""
        return len(self._started())

    def map(self, function: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
        """``function`` of every item, in order; see ``Executor``.

        Raises:
            VQABuilderError: there is no cluster, or no worker survives an item.
        """
        early: dict[int, R | _Raised] = {}
        place = 0
        for at, result in self._outcomes(function, items):
            early[at] = result
            while place in early:
                yield _value(early.pop(place))
                place += 1

    def finished(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[tuple[int, R]]:
        """``function`` of every item as soon as it is there; see ``Executor`` and ``map``."""
        for at, result in self._outcomes(function, items):
            yield at, _value(result)

    def close(self) -> None:
        """End the actors, and Ray where this executor started it."""
        if not (self._actors or self._connected):
            return
        import ray

        for actor in self._actors:
            ray.kill(actor)
        self._actors = []
        if self._connected:
            ray.shutdown()
            self._connected = False

    def _outcomes(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[tuple[int, R | _Raised]]:
        import ray

        idle: deque[Any] = deque()
        waiting: dict[Any, tuple[int, Any]] = {}

        def next_one() -> tuple[int, R | _Raised]:
            (done, *_), _ = ray.wait(list(waiting), num_returns=1)
            at, actor = waiting.pop(done)
            idle.append(actor)
            return at, ray.get(done)

        with _our_errors(function):
            try:
                for place, item in enumerate(items):
                    if not idle:
                        idle.extend(self._started() * _AHEAD)
                    actor = idle.popleft()
                    waiting[actor.call.remote(function, item)] = (place, actor)
                    while not idle:
                        yield next_one()
                while waiting:
                    yield next_one()
            finally:
                for reference in waiting:
                    ray.cancel(reference)

    def _started(self) -> list[Any]:
        if self._actors:
            return self._actors
        import ray

        self._connect()
        resources: dict[str, float] = ray.cluster_resources()
        kind = "GPU" if resources.get("GPU", 0) >= 1 else "CPU"
        room = int(resources.get(kind, 0))
        count = self._wanted or room
        if not 1 <= count <= room:
            raise VQABuilderError(
                "The cluster has no room for the workers",
                where=os.environ.get("RAY_ADDRESS") or "Ray on this machine",
                expected=f"{count} {kind}s, one per worker" if count else "a machine with a CPU",
                found=f"{room} {kind}s",
                remedy=f"run with --workers {room}" if room else "add machines to the cluster",
            )
        actor = ray.remote(_Actor).options(
            num_cpus=1, num_gpus=int(kind == "GPU"), max_restarts=-1, max_task_retries=RETRIES
        )
        self._actors = [actor.remote() for _ in range(count)]
        self.cores_per_worker = max(1, int(resources.get("CPU", 1)) // count)
        return self._actors

    def _connect(self) -> None:
        # Ray tells its makers about every cluster unless it is told not to.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        import ray

        if ray.is_initialized():
            return
        address = os.environ.get("RAY_ADDRESS")
        if address:
            _knock(address)
        local: dict[str, Any] = {
            "num_cpus": max(usable_cpus(), self._wanted or 1),
            "include_dashboard": False,
        }
        try:
            ray.init(
                address=address or "local",
                log_to_driver=False,
                logging_level=logging.ERROR,
                **({} if address else local),
            )
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise VQABuilderError(
                "Ray cannot be reached" if address else "Ray cannot be started on this machine",
                where=address,
                found=str(error).split("\n")[0][:300],
                remedy="let RAY_ADDRESS name a cluster that runs, or unset it" if address else None,
            ) from error
        self._connected = True


@dataclass(frozen=True)
class _Raised:
    """An error that a function raised, on its way back: Ray would wrap it in one of its own."""

    error: Exception


class _Actor:
    """What runs in a worker process."""

    def call(self, function: Callable[[T], R], item: T) -> R | _Raised:
        """The function's value, or its error."""
        try:
            return function(item)
        except Exception as error:
            return _Raised(error)


def _knock(address: str) -> None:
    """Fail at once where nobody answers; Ray itself tries for minutes."""
    parts = urlsplit(address if "//" in address else f"//{address}")
    if not parts.port:  # "auto", "local"
        return
    try:
        socket.create_connection((parts.hostname or "", parts.port), timeout=10).close()
    except OSError as error:
        raise VQABuilderError(
            "No cluster of Ray answers",
            where=f"RAY_ADDRESS={address}",
            found=error,
            remedy="let RAY_ADDRESS name a cluster that runs, or unset it",
        ) from None


def _value(result: R | _Raised) -> R:
    if isinstance(result, _Raised):
        raise result.error
    return result


@contextmanager
def _our_errors(function: object) -> Iterator[None]:
    from ray.exceptions import RayActorError

    try:
        yield
    except RayActorError as error:
        while isinstance(function, partial):
            function = function.func
        raise VQABuilderError(
            "No worker of Ray survives this work",
            where=getattr(function, "__qualname__", function),
            expected=f"a result after {RETRIES} retries",
            found=str(error).split("\n")[0][:300] or type(error).__name__,
            remedy="most often it is killed for lack of memory: run with fewer workers or smaller batches",
        ) from None
