"""A model in parts computes what the whole one does, and gives back what it has learned."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.tensor import DTensor

from recipes.lib.fsdp import Shards, gathered, part_of


class Stage(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([nn.Sequential(nn.Linear(4, 4), nn.Tanh()), nn.Dropout(0.0)])
        self.scale = nn.Parameter(torch.ones(4))
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.seen += 1
        for block in self.blocks:
            x = block(x)
        return x * self.scale


class Nested(nn.Module):
    """Layers within layers, and tied weights."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.stages = nn.Embedding(9, 4), nn.ModuleList([Stage(), Stage()])
        self.head = nn.Linear(4, 9, bias=False)
        self.head.weight = self.words.weight

    def forward(self, ids: Tensor) -> Tensor:
        x = self.words(ids)
        for stage in self.stages:
            x = stage(x)
        output: Tensor = self.head(x)
        return output


@pytest.fixture
def _process(tmp_path: Path) -> Iterator[None]:
    dist.init_process_group("gloo", store=dist.FileStore(str(tmp_path / "store"), 1), rank=0, world_size=1)
    yield
    dist.destroy_process_group()


@pytest.mark.usefixtures("_process")
@pytest.mark.parametrize("checkpointing", [False, True])
def test_parts_of_layers_within_layers_learn_what_the_whole_does(checkpointing: bool) -> None:
    torch.manual_seed(0)
    model, ids = Nested(), torch.arange(6).reshape(2, 3)
    whole = Nested()
    whole.load_state_dict(model.state_dict())
    shards = Shards(model, torch.device("cpu"), 1, checkpointing=checkpointing)
    assert all(isinstance(each, DTensor) for each in shards.parts.parameters())
    groups = shards.groups([{"params": list(model.parameters()), "lr": 0.1}])
    for computing, optimiser in (
        (shards.parts, torch.optim.AdamW(groups)),
        (whole, torch.optim.AdamW(whole.parameters(), lr=0.1)),
    ):
        for _ in range(2):
            computing(ids).square().mean().backward()
            optimiser.step()
            optimiser.zero_grad()
    shards.gather()
    assert model.head.weight is model.words.weight and model.stages[0].seen >= 2
    for mine, theirs in zip(model.parameters(), whole.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs)
    nn.init.ones_(model.stages[1].scale)
    shards.scatter()
    assert (gathered(shards.parts.stages[1].scale) == 1).all()


@pytest.mark.usefixtures("_process")
def test_a_count_of_steps_has_no_parts() -> None:
    parts = Shards(nn.Linear(2, 2), torch.device("cpu"), 1, checkpointing=False).parts
    count, moment = torch.tensor(3.0), torch.ones(2, 2)
    assert part_of(count, parts.weight) is count
    assert isinstance(part_of(moment, parts.weight), DTensor)
