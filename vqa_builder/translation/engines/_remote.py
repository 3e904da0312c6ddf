"""What engines behind a network share: politeness, patience, and nothing finished ever lost.

A ``RemoteEngine`` cuts its texts into jobs and sends each as one request. Its ``Dispatcher`` sees to it that
never more than ``concurrency`` requests are under way and never more than ``requests_per_second`` begin; it
sends again what failed for a passing reason, and stops everything after ``stop_after`` requests in a row that
came to nothing.
All of it runs in an event loop on a thread of its own, so that it also works where the caller has a loop (a
notebook), and goes on while the caller writes results to the disk.
"""

from __future__ import annotations

import asyncio
import logging
import random
import re
import threading
import time
from abc import abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial
from queue import SimpleQueue
from typing import Annotated, Any, ClassVar, NamedTuple, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from vqa_builder.errors import shown
from vqa_builder.interrupts import Interrupted
from vqa_builder.translation.engines import base
from vqa_builder.translation.engines._faults import AGAIN, Refused, Temporary
from vqa_builder.translation.engines.base import EngineInParts, Failure, Part, Parts, Stopped
from vqa_builder.translation.request import Request

PART_SIZE = 32
PART_SECONDS = 1.0
PROBE = "2"
"""A text that any service translates, from any language."""
LONGEST_STAGGER = 0.003
SECONDS_WORTH_A_WARNING = 5.0
SECONDS_BETWEEN_WARNINGS = 30.0

_log = logging.getLogger(__name__)
LONGEST_BACKOFF = 60.0

Job: TypeAlias = tuple[int, ...]
"""The places of the texts that travel in one request."""


_IN_NO_ADDRESS = re.compile(r"[\s\\\x00-\x1f\x7f]")


def _plain_address(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must begin with http:// or https:// and name a host")
    if _IN_NO_ADDRESS.search(address) or parts.port == 0:  # a port above 65535 is a ValueError
        raise ValueError("must hold no space, no backslash, no control character and no port 0")
    if "@" in parts.netloc:
        raise ValueError("must hold no user name and no password: use key_variable")
    if "?" in address or "#" in address:
        raise ValueError("must end with its path: keys stand in key_variable")
    return address


HttpAddress = Annotated[str, AfterValidator(_plain_address)]
"""Of a service. It stands in manifests, so it holds no key: no password, and no query."""


class RemoteOptions(base.Options):
    """The limits of a service, and how much trouble to bear with."""

    base_url: HttpAddress | None = Field(
        None, description="address of the service, where it is not the usual one"
    )
    concurrency: int = Field(4, ge=1, le=1000, description="requests at once, never more")
    requests_per_second: float | None = Field(
        None, gt=0, description="requests that may begin per second, evenly spaced"
    )
    timeout: float = Field(
        30.0, gt=0, description="seconds without an answer after which a request has failed"
    )
    retries: int = Field(8, ge=0, le=20, description="how often a request is sent again")
    first_wait: float = Field(
        1.0,
        ge=0,
        description="seconds; before retry n a random time up to first_wait x 2^(n-1), at most 60, is waited,"
        " or what the service asks for",
    )
    longest_wait: float = Field(
        300.0, ge=0, description="seconds; a service that asks to wait longer stops the build"
    )
    stop_after: int = Field(
        5, ge=1, description="the build stops after so many requests in a row failed with all their retries"
    )


class Reply(NamedTuple):
    """What one request brought.

    Attributes:
        results: of some or all texts of its job.
        again: what is to be asked once more, in smaller jobs.
    """

    results: Part
    again: Sequence[Job] = ()


Send: TypeAlias = Callable[[Job], Awaitable[Reply]]
Report: TypeAlias = Callable[[Part], None]
Works: TypeAlias = Callable[[], Awaitable[bool]]


class RemoteEngine(EngineInParts):
    """Base of engines that ask a service; a subclass cuts texts into jobs and sends one.

    Its ``_connect`` opens a session in which ``await send(job)`` makes one request and returns a ``Reply``,
    or raises ``Temporary``, ``Refused`` or ``Stopped``.
    """

    deterministic: ClassVar[bool] = False
    distributable: ClassVar[bool] = False
    options: RemoteOptions
    _dispatcher: Dispatcher

    @abstractmethod
    def _connect(self, request: Request) -> AbstractAsyncContextManager[Send]: ...

    @abstractmethod
    def _jobs(self, request: Request) -> list[Job]: ...

    def translate_in_parts(self, request: Request) -> Parts:
        """Yield results as they come in; see ``Engine.translate_in_parts``."""
        self.check_direction(request.source, request.target)

        async def work(report: Report) -> None:
            async with self._connect(request) as send:
                await self._dispatcher.work(self._jobs(request), send, report, partial(self._works, request))

        yield from in_parts(work)

    async def _works(self, request: Request) -> bool:
        """Whether the service answers what it has no reason to refuse: the texts before are to blame then."""
        probe = Request([PROBE], request.source, request.target)
        with suppress(Refused, Temporary):
            async with self._connect(probe) as send:
                return any(isinstance(said, str) for _, said in (await send((0,))).results)
        return False


class Dispatcher:
    """Sends jobs to one service, within its limits and as often as need be.

    Args:
        options: see ``RemoteOptions``.
        service: what messages call it.
        requests_per_second: the rate where the options name none.

    Example::

        >>> async def send(job: Job) -> Reply:
        ...     return Reply([(place, "訳") for place in job])
        >>> found: list[tuple[int, str | Failure]] = []
        >>> dispatcher = Dispatcher(RemoteOptions(), "The service", requests_per_second=1000)
        >>> asyncio.run(dispatcher.work([(0,), (1,)], send, found.extend))
        >>> sorted(found)
        [(0, '訳'), (1, '訳')]
    """

    def __init__(
        self, options: RemoteOptions, service: str, requests_per_second: float | None = None
    ) -> None:
        self.options, self.service = options, service
        rate = options.requests_per_second or requests_per_second
        self._interval = 1 / rate if rate else 0.0
        self._next = self._paused_until = self._usual_seconds = 0.0
        self._failed_in_a_row = 0
        self._silent_until = 0.0

    async def work(self, jobs: Iterable[Job], send: Send, report: Report, works: Works | None = None) -> None:
        """Send every job until all is done, telling ``report`` of every reply.

        ``works`` is asked before many failures in a row stop everything: the service may answer all else.

        Raises:
            Stopped: the service cannot or should not be asked any more; what was under way has been
                waited for and reported.
        """
        await _WorkerPool(self, deque(jobs), send, report, works).work()

    async def wait_for_turn(self, stopping: asyncio.Event) -> bool:
        """Wait until a request may begin; False if none should begin any more."""
        while not stopping.is_set():
            now = time.monotonic()
            begin = max(now, self._next, self._paused_until)
            self._next = begin + max(self._interval, self._stagger())
            await rest(begin - now, stopping)
            if time.monotonic() >= self._paused_until:
                break
        return not stopping.is_set()

    def _stagger(self) -> float:
        """Seconds between requests, which else come back together, for ever after, and wait for each other.

        Half of what lies between them anyhow when they are spread out, so that it costs next to nothing.
        """
        return min(LONGEST_STAGGER, self._usual_seconds / self.options.concurrency / 2)

    def took(self, seconds: float) -> None:
        """A request took so long."""
        self._usual_seconds += (seconds - self._usual_seconds) / 16

    def succeeded(self) -> None:
        """A request brought a translation."""
        self._failed_in_a_row = 0

    async def failed(self, reason: str, works: Works | None) -> None:
        """A request came to nothing; raise ``Stopped`` if too many did, and the service does not work."""
        self._failed_in_a_row += 1
        if self._failed_in_a_row >= self.options.stop_after:
            self._failed_in_a_row = 0
            if works is not None and await works():
                return
            raise Stopped(
                f"{self.service} failed {self.options.stop_after} times in a row, with all retries",
                found=reason,
                remedy=f"see to it that the service answers, then {AGAIN}",
            )

    def wait_after(self, trouble: Temporary, attempt: int) -> float:
        """How many seconds to wait before a request is sent again; ``attempt`` counts from 0.

        Raises:
            Stopped: the service asks for more patience than ``longest_wait``.
        """
        if trouble.after is not None and trouble.after > self.options.longest_wait:
            raise Stopped(
                f"{self.service} asks to wait for {trouble.after:,.0f} seconds",
                expected=f"at most {self.options.longest_wait:,.0f} (longest_wait)",
                found=trouble.reason,
                remedy=f"wait, then {AGAIN}",
            )
        most = min(LONGEST_BACKOFF, self.options.first_wait * 2**attempt)
        seconds = random.uniform(0, most) if trouble.after is None else trouble.after
        now = time.monotonic()
        if trouble.everyone:
            self._paused_until = max(self._paused_until, now + seconds)
        if seconds >= SECONDS_WORTH_A_WARNING:
            self.warn(f"{trouble.reason}; trying again in {seconds:.0f} s")
        return seconds

    def warn(self, said: str) -> None:
        """Log a warning, and no further one for a while."""
        now = time.monotonic()
        if now >= self._silent_until:
            self._silent_until = now + SECONDS_BETWEEN_WARNINGS
            _log.warning("%s: %s", self.service, shown(said))


class _WorkerPool:
    """The work of one call: workers that take jobs from one queue until it is empty or something stops them.

    A worker that waits for a retry keeps its place: a service in trouble gets fewer requests, not others.
    """

    def __init__(
        self, dispatcher: Dispatcher, jobs: deque[Job], send: Send, report: Report, works: Works | None
    ) -> None:
        self._dispatcher, self._jobs, self._send, self._report = dispatcher, jobs, send, report
        self._works = works
        self._stopping = asyncio.Event()
        self._problem: Exception | None = None
        self._running = 0

    async def work(self) -> None:
        async with asyncio.TaskGroup() as self._group:
            self._start_workers()
        if self._problem is not None:
            raise self._problem

    def _start_workers(self) -> None:
        for _ in range(min(self._dispatcher.options.concurrency - self._running, len(self._jobs))):
            self._running += 1
            self._group.create_task(self._worker())

    async def _worker(self) -> None:
        try:
            while self._jobs and await self._dispatcher.wait_for_turn(self._stopping) and self._jobs:
                reply = await self._patiently(self._jobs.popleft())
                self._report(reply.results)
                self._jobs.extendleft(reversed(reply.again))
                self._start_workers()
        except Exception as problem:
            # The others finish the request they have under way: it is paid for.
            self._problem = self._problem or problem
            self._stopping.set()
        finally:
            self._running -= 1

    async def _patiently(self, job: Job) -> Reply:
        """Send a job, again and again if need be; one that was refused or given up is all failures."""
        of_service = True
        for attempt in range(self._dispatcher.options.retries + 1):
            if attempt and not await self._dispatcher.wait_for_turn(self._stopping):
                return Reply([])
            begun = time.monotonic()
            try:
                reply = await self._send(job)
            except Refused as refusal:
                reason, of_service = refusal.reason, True
                break
            except Temporary as trouble:
                reason, of_service = trouble.reason, trouble.of_service
                seconds = self._dispatcher.wait_after(trouble, attempt)
                if attempt < self._dispatcher.options.retries:
                    await rest(seconds, self._stopping)
            else:
                self._dispatcher.took(time.monotonic() - begun)
                if any(isinstance(result, str) for _, result in reply.results):
                    self._dispatcher.succeeded()
                return reply
        if of_service:
            await self._dispatcher.failed(reason, self._works)
        else:
            self._dispatcher.warn(f"a string is given up: {reason}")
        return Reply([(place, Failure(reason)) for place in job])


async def rest(seconds: float, stopping: asyncio.Event) -> None:
    """Sleep, but no longer than until ``stopping`` is set."""
    if seconds > 0:
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), seconds)


def in_parts(work: Callable[[Report], Coroutine[Any, Any, None]]) -> Parts:
    """Run a coroutine in a thread of its own and yield what it reports, joined to parts worth a commit.

    Everything reported is yielded before an error of ``work`` is raised, and before a Ctrl-C goes on its way.
    """
    parts: SimpleQueue[Part | None] = SimpleQueue()
    held: list[tuple[int, str | Failure]] = []
    problems: list[BaseException] = []
    loop = asyncio.new_event_loop()

    # Joined on this side of the queue: to wake the other thread for every report costs requests.
    def report(part: Part) -> None:
        if not held:
            loop.call_later(PART_SECONDS, hand_over)
        held.extend(part)
        if len(held) >= PART_SIZE:
            hand_over()

    def hand_over() -> None:
        if held:
            parts.put(held.copy())
            held.clear()

    def run() -> None:
        try:
            loop.run_until_complete(task)
        except asyncio.CancelledError:
            pass
        except BaseException as problem:
            problems.append(problem)
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()
            hand_over()
            parts.put(None)

    def cancel() -> None:
        with suppress(RuntimeError):  # the loop is closed already
            loop.call_soon_threadsafe(task.cancel)
        thread.join()

    task = loop.create_task(work(report))
    thread = threading.Thread(target=run, name="requests", daemon=True)
    thread.start()
    try:
        yield from iter(parts.get, None)
    except (KeyboardInterrupt, Interrupted):
        cancel()
        yield from iter(parts.get, None)
        raise
    finally:
        cancel()
    if problems:
        raise problems[0]
