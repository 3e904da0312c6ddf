"""Which weights are trained, at what rate, which of them decay, and by which optimiser."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from recipes.lib.muon import Fp32Muon
from recipes.lib.precision import multiplies
from recipes.lib.settings import Settings
from vqa_builder.errors import SpecError


@contextmanager
def only(
    model: nn.Module, parameters: Iterable[Any] | None, settings: Settings
) -> Iterator[list[dict[str, Any]]]:
    """The optimisers' groups, matrices apart from vectors; all other weights are frozen meanwhile.

    A group says whether Muon is to train it (``"muon"``): the matrices within a list of layers, where the
    settings ask for it. Embeddings, projections and heads are AdamW's.
    """
    given = list(model.parameters() if parameters is None else parameters)
    groups: list[Mapping[str, Any]] = [{"params": given}]
    if given and isinstance(given[0], Mapping):
        groups = given
    inner = _inner_matrices(model) if settings.optimiser == "muon" else set()
    split: list[dict[str, Any]] = []
    for group in groups:
        rate = group.get("lr", settings.lr)
        kinds: dict[tuple[bool, float], list[nn.Parameter]] = {}
        for each in group["params"]:
            if each.requires_grad:
                decay = settings.weight_decay if each.dim() > 1 else 0.0
                kinds.setdefault((id(each) in inner, decay), []).append(each)
        for (muon, decay), some in kinds.items():
            split.append({"params": some, "lr": rate, "highest": rate, "weight_decay": decay, "muon": muon})
    if not split:
        raise SpecError(
            "There is nothing to train", expected="parameters that require a gradient", found="none"
        )
    trained = {id(each) for group in split for each in group["params"]}
    frozen = [each for each in model.parameters() if each.requires_grad and id(each) not in trained]
    for each in frozen:
        each.requires_grad_(False)
    try:
        yield split
    finally:
        for each in frozen:
            each.requires_grad_(True)


def optimisers(groups: list[dict[str, Any]], settings: Settings, device: torch.device) -> list[Optimizer]:
    """AdamW for its groups, Muon for its own; one of them alone where the other has none.

    Muon makes every step of a matrix an orthogonal one, scaled so that AdamW's rates suit it as they are. It
    is PyTorch's, which computes in bf16, but where a device only emulates that.
    Source: Jordan et al., Muon (2024); the scale is that of Liu et al., Muon is Scalable (2025).
    """
    found: list[Optimizer] = []
    if adamw := [group for group in groups if not group["muon"]]:
        fused = {"fused": True} if device.type in ("cpu", "cuda") else {}
        found.append(torch.optim.AdamW(adamw, betas=settings.betas, eps=settings.adam_eps, **fused))
    if muon := [group for group in groups if group["muon"]]:
        kind = torch.optim.Muon if multiplies(device) else Fp32Muon
        found.append(kind(muon, adjust_lr_fn="match_rms_adamw"))
    return found


def _inner_matrices(model: nn.Module) -> set[int]:
    """Of everything within lists of layers, wherever these stand in the model, but embeddings."""
    lists = [part for part in model.modules() if isinstance(part, nn.ModuleList)]
    inner = [part for layers in lists for part in layers.modules() if not isinstance(part, nn.Embedding)]
    return {id(each) for part in inner for each in part.parameters(recurse=False) if each.dim() == 2}
