"""When a checkpoint is due by the clock, so that a run that is ended loses no more than half a minute."""

from __future__ import annotations

import time

from accelerate.utils import broadcast_object_list

SECONDS = 30.0
SHARE = 0.05
"""Of the time that checkpoints may take; large ones come less often."""


class Due:
    """Asks the clock at some steps only: half as far ahead as the next checkpoint is, at the pace so far, and
    no further than there are steps behind, as a device takes the first ones faster than it computes them.

    All processes of a run ask at the same steps, and hear what the first one's clock says.

    Args:
        step: where the run stands.

    >>> due = Due(step=0)
    >>> due.now(1)
    False
    """

    def __init__(self, step: int) -> None:
        self.saved(step, 0.0)

    def saved(self, step: int, seconds: float) -> None:
        """A checkpoint was written at this step, in so many seconds."""
        self._since, self._from, self._ask = time.monotonic(), step, step + 1
        self._wait = max(SECONDS, seconds / SHARE)

    def now(self, step: int) -> bool:
        """Whether to write one after this step."""
        if step < self._ask:
            return False
        passed, done = time.monotonic() - self._since, step - self._from
        left = self._wait - passed
        ahead = int(min(done, done * left / passed / 2)) if passed > 0 else 1
        due, self._ask = broadcast_object_list([left <= 0, step + max(1, ahead)])
        return bool(due)
