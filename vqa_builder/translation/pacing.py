"""How many strings an engine is asked for at a time: as many as it can hand over within a few seconds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vqa_builder.translation.budget import Ledger
from vqa_builder.translation.engines.base import Engine

FIRST = 8
"""Strings of the first call, when nobody knows how fast the engine is: even a slow one takes no minute."""
GROWTH = 4
SECONDS = 3.0
"""That a part may take: it is lost when the build is interrupted or killed."""


class Pace:
    """The size of the next batch, from how long the parts of the last ones took.

    What a call takes however many strings it has, such as the start of a program, counts for nothing: fewer
    strings would not shorten it.

    Args:
        most: strings per batch, whatever the engine's speed.
        steady: always so many: a service hands over each reply anyway, and may take its time for the first.

    >>> pace = Pace(4096)
    >>> pace.took(0.1, 8)
    >>> pace.size
    32
    >>> pace.took(16.0, 32)
    >>> pace.size
    6
    """

    def __init__(self, most: int, steady: bool = False) -> None:
        self.most, self._steady = most, steady
        self.size = most if steady else min(FIRST, most)
        self._start, self._last = 0.0, (0, 0.0)

    def took(self, seconds: float, strings: int) -> None:
        """The slowest part of a batch of so many strings took so long."""
        if self._steady:
            return
        before, earlier = self._last
        if before and not 2 / 3 < strings / before < 3 / 2:
            each = max((seconds - earlier) / (strings - before), 0.0)
            self._start = max(seconds - each * strings, 0.0)
        self._last = strings, seconds
        fitting = strings * SECONDS / max(seconds - self._start, 1e-3)
        self.size = max(1, min(self.most, self.size * GROWTH, int(fitting)))


def affordable(
    pairs: Sequence[tuple[str, str]], pace: Pace, ledger: Ledger, paid: Engine, target: str, times: int
) -> Iterator[list[tuple[str, str]]]:
    """Batches of texts with their contexts, at the pace, and no more than the budget then still allows."""
    done = 0
    while done < len(pairs):
        batch = list(pairs[done : done + pace.size])
        fitting = ledger.fitting(paid, [text for text, _ in batch], target, times)
        if not fitting:
            raise ledger.stop(paid)
        yield batch[:fitting]
        done += fitting
