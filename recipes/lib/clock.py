"""The seconds that logs and tables tell."""

from __future__ import annotations

import time

import torch


def seconds() -> float:
    """A clock: of the processor where one thread computes, as a row of a table does on a CPU, so that other
    work beside it does not count; else the one on the wall.
    """
    alone = torch.get_num_threads() == 1 and not torch.accelerator.is_available()
    return time.process_time() if alone else time.monotonic()
