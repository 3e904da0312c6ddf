"""Progress of long steps, on stderr: a live row on a terminal, plain lines elsewhere, or nothing."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from vqa_builder.escaping import terminal

SECONDS_BETWEEN_LINES = 10.0


class Advance(Protocol):
    """Says that so many more items are done."""

    def __call__(self, items: int) -> None: ...


class Progress:
    """Silent progress, the base and the default of the Python API.

    Attributes:
        spent: what was paid so far, in words; "" where nothing costs anything.

    Example:
        >>> with Progress().track("translating into ja", total=5) as advance:
        ...     for batch in (["猫", "犬"], ["牛", "馬", "鳥"]):
        ...         advance(len(batch))
    """

    spent: Callable[[], str] = staticmethod(lambda: "")

    @contextmanager
    def track(self, what: str, total: int, *, brief: bool = False) -> Iterator[Advance]:
        """Follow one step of ``total`` items; 0 where nobody knows how many there are.

        Args:
            what: the step, in words.
            total: how many items there are.
            brief: whether it is part of another step, and needs no line at its end.
        """
        yield lambda items: None

    @contextmanager
    def watched(self, what: Callable[[], str]) -> Iterator[None]:
        """Give a sign every ten seconds in which nothing else was told; ``what`` says what is under way."""
        yield

    def say(self, line: str) -> None:
        """Tell something that is worth a line."""


class LineProgress(Progress):
    """A line when a step ends, and every ten seconds while it lasts; for logs and pipes."""

    def __init__(self) -> None:
        self._under_way: list[str] = []
        self._told = False

    @contextmanager
    def track(self, what: str, total: int, *, brief: bool = False) -> Iterator[Advance]:
        """Follow one step of ``total`` items."""
        started = last = time.monotonic()
        done = 0

        def advance(items: int) -> None:
            nonlocal done, last
            done += items
            now = time.monotonic()
            if now - last >= SECONDS_BETWEEN_LINES and done < total and not self._moves():
                last = now
                left = (now - started) * (total - done) / max(done, 1)
                self._say_of(what, f"{done:,} of {total:,}, about {left:.0f} s left")

        self._under_way.append(what)
        try:
            yield advance
        finally:
            self._under_way.pop()
        if not brief:
            share = f"{done:,} of {total:,}" if total else f"{done:,}"
            self._say_of(what, f"{share} in {time.monotonic() - started:.1f} s")

    @contextmanager
    def watched(self, what: Callable[[], str]) -> Iterator[None]:
        """See the base; what is tracked goes before ``what``."""
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(SECONDS_BETWEEN_LINES):
                if not self._told and not self._moves():
                    self.say(f"still at {self._under_way[-1] if self._under_way else what()}")
                self._told = False

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()

    def say(self, line: str) -> None:
        """Print one line on stderr."""
        self._told = True
        print(terminal(line), file=sys.stderr, flush=True)  # noqa: T201

    def _say_of(self, what: str, facts: str) -> None:
        spent = self.spent()
        self.say(f"{what}: {facts}" + (f", {spent} spent" if spent else ""))

    def _moves(self) -> bool:
        """Whether something on the screen shows that work goes on."""
        return False


class KeptProgress(LineProgress):
    """Keeps the lines, for another process to say."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        """Keep one line."""
        self.lines.append(line)

    def _moves(self) -> bool:
        return True


class TableProgress(LineProgress):
    """For terminals: a line for every step that has ended, and below them one that moves.

    It shows the step, how far it is, items per second, the time taken and left, and the money spent.
    """

    @contextmanager
    def track(self, what: str, total: int, *, brief: bool = False) -> Iterator[Advance]:
        """Follow one step of ``total`` items."""
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress as Row,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[spent]}"),
        )
        started, done = time.monotonic(), 0
        with (
            super().track(what, total, brief=brief) as told,
            Row(*columns, console=Console(stderr=True), transient=True) as row,
        ):
            task = row.add_task(terminal(what), total=total or None, rate="", spent=self.spent())

            def advance(items: int) -> None:
                nonlocal done
                done += items
                told(items)
                rate = f"{done / max(time.monotonic() - started, 1e-6):,.0f}/s"
                row.update(task, advance=items, rate=rate, spent=self.spent())

            yield advance

    def _moves(self) -> bool:
        return bool(self._under_way)


def for_terminal() -> Progress:
    """A table where stderr is a terminal, lines where it is not."""
    return TableProgress() if sys.stderr.isatty() else LineProgress()
