"""Jobs of a table side by side, each in a process of its own, with a line as each is done."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process
from threading import Thread
from typing import Any

from vqa_builder.interrupts import Interrupted


def side_by_side(
    work: Callable[..., str], plan: Sequence[tuple[Any, ...]], *, workers: int, threads: int = 1
) -> None:
    """Call ``work`` with the arguments of every job, in the order of the plan as workers come free.

    The first error ends the table; what is finished is kept by the jobs themselves. Workers end with the
    process that started them, however that ends: nobody waits for what they would still do.

    Args:
        work: a function of a module; gives the line to print.
        plan: the arguments of each job.
        workers: processes.
        threads: of torch, in each of them.
    """
    start = time.perf_counter()
    context = get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=begin, initargs=(threads,)) as pool:
        with _deaf_to_ctrl_c():
            running = [pool.submit(work, *job) for job in plan]
        try:
            for done, future in enumerate(as_completed(running), 1):
                print(f"{done}/{len(plan)}  {future.result()}", flush=True)
        except Interrupted:
            for worker in active_children():
                worker.kill()
            raise
        finally:
            for future in running:
                future.cancel()
    print(f"{time.perf_counter() - start:.0f} s in all")


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Processes that start meanwhile leave Ctrl-C to this one, from their first moment on."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def begin(threads: int) -> None:
    """What a worker does first: watch over its parent, use so many threads, and show no progress bars."""
    import datasets
    import torch
    from transformers.utils import logging

    Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(threads)
    datasets.disable_progress_bars()
    logging.disable_progress_bar()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
