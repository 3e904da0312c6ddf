"""Weights, gradients and optimiser states in parts, one of them on each process (FSDP).

Source: Zhao et al., PyTorch FSDP (2023), as ``torch.distributed.fsdp.fully_shard`` has it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

from recipes.lib.recompute import recompute


class Shards:
    """A copy of a model that is trained in parts; the model itself stays whole, in ordinary memory.

    So that checkpoints, validation and all that comes after the training see a plain model.

    Args:
        whole: the model, on the CPU.
        device: of this process.
        processes: that share the parts.
        checkpointing: compute activations of the copy again in the backward pass.
    """

    def __init__(
        self, whole: nn.Module, device: torch.device, processes: int, *, checkpointing: bool
    ) -> None:
        self.whole, self.parts = whole, copy.deepcopy(whole)
        if checkpointing:
            recompute(self.parts)
        mesh = init_device_mesh(device.type, (processes,))
        lists = [part for part in self.parts.modules() if isinstance(part, nn.ModuleList)]
        for layer in chain.from_iterable(reversed(lists)):  # layers within layers first
            if next(layer.parameters(), None) is not None:
                fully_shard(layer, mesh=mesh)
        fully_shard(self.parts, mesh=mesh)
        self.parts.to(device)

    def groups(self, groups: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The optimisers' groups, of the parts in the place of the whole weights."""
        names = {id(value): name for name, value in self.whole.named_parameters()}
        parts = dict(self.parts.named_parameters())
        return [{**group, "params": [parts[names[id(each)]] for each in group["params"]]} for group in groups]

    @torch.no_grad()
    def gather(self) -> None:
        """Bring what the parts have learned into the whole model; all processes do so together."""
        for whole, part in self._pairs():
            whole.copy_(gathered(part))

    @torch.no_grad()
    def scatter(self) -> None:
        """Bring the whole model's weights into the parts."""
        for whole, part in self._pairs():
            part.copy_(part_of(whole, part))

    def _pairs(self) -> Iterator[tuple[Tensor, Tensor]]:
        ours = chain(self.whole.named_parameters(), self.whole.named_buffers())
        theirs = dict(chain(self.parts.named_parameters(), self.parts.named_buffers()))
        return ((value, theirs[name]) for name, value in ours)


def gathered(value: Tensor) -> Tensor:
    """The whole tensor of which every process holds a part; any other as it is."""
    return value.full_tensor() if isinstance(value, DTensor) else value


def part_of(whole: Tensor, like: Tensor) -> Tensor:
    """This process's part of a tensor that all of them hold whole, cut as another one; as it is, if that is
    whole or of another shape, as an optimiser's count of steps.
    """
    if not isinstance(like, DTensor) or whole.shape != like.shape:
        return whole
    device = like.to_local().device
    return distribute_tensor(whole.to(device), like.device_mesh, like.placements, src_data_rank=None)
