"""Jobs of a table side by side, each in a process of its own, with a line as each is done."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Any


def side_by_side(
    work: Callable[..., str], plan: Sequence[tuple[Any, ...]], *, workers: int, threads: int = 1
) -> None:
    """Call ``work`` with the arguments of every job, in the order of the plan as workers come free.

    The first error ends the table; what is finished is kept by the jobs themselves.

    Args:
        work: a function of a module; gives the line to print.
        plan: the arguments of each job.
        workers: processes.
        threads: of torch, in each of them.
    """
    start = time.perf_counter()
    context = get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=quiet, initargs=(threads,)) as pool:
        running = [pool.submit(work, *job) for job in plan]
        try:
            for done, future in enumerate(as_completed(running), 1):
                print(f"{done}/{len(plan)}  {future.result()}", flush=True)
        finally:
            for future in running:
                future.cancel()
    print(f"{time.perf_counter() - start:.0f} s in all")


def quiet(threads: int) -> None:
    """What a worker does first: so many threads, and no progress bars."""
    import datasets
    import torch
    from transformers.utils import logging

    torch.set_num_threads(threads)
    datasets.disable_progress_bars()
    logging.disable_progress_bar()
