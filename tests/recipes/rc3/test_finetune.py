"""What several processes share is a module, whose forward alone they may call."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from recipes.lib.tasks import TaskName
from recipes.rc3.finetune import LOSSES, Task, task_loss
from tests.recipes.rc3 import tiny


def batch(size: int = 6) -> dict[str, Tensor]:
    text = {name: torch.from_numpy(tiny.arrays(size)[name]) for name in ("input_ids", "attention_mask")}
    return text | tiny.images(size)


@pytest.mark.parametrize("task", ["captions", "wit"])
def test_processes_share_the_matching_of_texts_and_images(task: TaskName, tmp_path: Path) -> None:
    store = dist.FileStore(str(tmp_path / "store"), 1)
    dist.init_process_group("gloo", store=store, rank=0, world_size=1)
    try:
        shared = DistributedDataParallel(Task(tiny.model(), task), find_unused_parameters=True)
        torch.manual_seed(0)
        loss = task_loss(shared, batch())["loss"]
        loss.backward()
    finally:
        dist.destroy_process_group()
    model = tiny.model()
    torch.manual_seed(0)
    alone = LOSSES[task](model, batch())["loss"]
    alone.backward()
    torch.testing.assert_close(loss, alone)
    mine = {name: each.grad for name, each in model.named_parameters() if each.grad is not None}
    theirs = dict(shared.module.model.named_parameters())
    assert mine
    for name, gradient in mine.items():
        torch.testing.assert_close(theirs[name].grad, gradient)
