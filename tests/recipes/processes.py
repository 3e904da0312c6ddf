"""Two processes that compute together by gloo, as those of ``torchrun`` do, but forked from one that has
imported the recipes: what takes the seconds of such a test is else the imports of every process."""

from __future__ import annotations

import multiprocessing
import os
import socket
import traceback
from collections.abc import Callable
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from torch import distributed, set_num_threads

WORLD = 2
HEAVY = (
    "peft",
    "recipes.cvil.train",
    "recipes.mla.train",
    "recipes.rc3.finetune",
    "recipes.vlm.train",
    "torch._dynamo",
    "torch.distributed.fsdp",
    "transformers.models.llava.modeling_llava",
    "transformers.models.levit.modeling_levit",
    "transformers.models.llama.modeling_llama",
)

forked = multiprocessing.get_context("forkserver")
forked.set_forkserver_preload(list(HEAVY))


def together(folder: Path, work: Callable[..., object], *given: Any, dies: bool = False) -> None:
    """Do some work in two processes at once; when one dies, the other is ended, too.

    Args:
        folder: for the traceback of either.
        work: a function of a module, called in both.
        given: its arguments.
        dies: whether a process is to be killed.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    errors = [folder / f"error-{rank}" for rank in range(WORLD)]
    processes = [
        forked.Process(target=_one, args=(rank, port, error, work, given))
        for rank, error in enumerate(errors)
    ]
    for process in processes:
        process.start()
    while running := [process.sentinel for process in processes if process.exitcode is None]:
        assert wait(running, timeout=300), "the processes wait for each other"
        if any(process.exitcode for process in processes):
            for process in processes:
                process.kill()
    codes = [process.exitcode for process in processes]
    told = "\n".join(error.read_text(encoding="utf-8") for error in errors if error.exists())
    assert any(codes) == dies, told


def _one(rank: int, port: int, error: Path, work: Callable[..., object], given: tuple[Any, ...]) -> None:
    ranks = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": WORLD, "LOCAL_WORLD_SIZE": WORLD}
    os.environ |= {name: str(value) for name, value in (ranks | {"MASTER_PORT": port}).items()}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "CUDA_VISIBLE_DEVICES": "", "TOKENIZERS_PARALLELISM": "false"}
    set_num_threads(1)
    try:
        work(*given)
        if distributed.is_initialized():
            distributed.destroy_process_group()
    except BaseException:
        error.write_text(traceback.format_exc(), encoding="utf-8")
        raise
