"""Progress of long steps, on stderr: a bar on a terminal, plain lines elsewhere, or nothing."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from vqa_builder.escaping import terminal

SECONDS_BETWEEN_LINES = 10.0


class Advance(Protocol):
    """Says that so many more items are done."""

    def __call__(self, items: int) -> None: ...


class Progress:
    """Silent progress, the base and the default of the Python API.

    Example:
        >>> with Progress().track("translating into ja", total=5) as advance:
        ...     for batch in (["猫", "犬"], ["牛", "馬", "鳥"]):
        ...         advance(len(batch))
    """

    @contextmanager
    def track(self, what: str, total: int) -> Iterator[Advance]:
        """Follow one step of ``total`` items; 0 where nobody knows how many there are."""
        yield lambda items: None

    def say(self, line: str) -> None:
        """Tell something that is worth a line."""


class LineProgress(Progress):
    """A line when a step begins, every ten seconds, and when it ends; for logs and pipes."""

    @contextmanager
    def track(self, what: str, total: int) -> Iterator[Advance]:
        """Follow one step of ``total`` items."""
        started = last = time.monotonic()
        done = 0

        def advance(items: int) -> None:
            nonlocal done, last
            done += items
            now = time.monotonic()
            if now - last >= SECONDS_BETWEEN_LINES and done < total:
                last = now
                left = (now - started) * (total - done) / max(done, 1)
                self.say(f"{what}: {done:,} of {total:,}, about {left:.0f} s left")

        yield advance
        share = f"{done:,} of {total:,}" if total else f"{done:,}"
        self.say(f"{what}: {share} in {time.monotonic() - started:.1f} s")

    def say(self, line: str) -> None:
        """Print one line on stderr."""
        print(terminal(line), file=sys.stderr, flush=True)  # noqa: T201


class BarProgress(LineProgress):
    """A bar with a rate and the time left; for terminals."""

    @contextmanager
    def track(self, what: str, total: int) -> Iterator[Advance]:
        """Follow one step of ``total`` items."""
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress as Bars,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Bars(*columns, console=Console(stderr=True)) as bars:
            task = bars.add_task(what, total=total or None)
            yield lambda items: bars.advance(task, items)


def for_terminal() -> Progress:
    """A bar where stderr is a terminal, lines where it is not."""
    return BarProgress() if sys.stderr.isatty() else LineProgress()
