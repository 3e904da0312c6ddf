"""Muon in fp32 does what PyTorch's does in bf16, and a run may go on with the other."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn

from recipes.lib import groups
from recipes.lib.muon import Fp32Muon, orthogonal
from recipes.lib.settings import Settings

SHAPES = [(8, 20), (24, 6), (6, 40)]
MUON = {"lr": 0.02, "weight_decay": 0.1, "adjust_lr_fn": "match_rms_adamw"}


def weights() -> list[nn.Parameter]:
    generator = torch.Generator().manual_seed(0)
    return [nn.Parameter(torch.randn(shape, generator=generator)) for shape in SHAPES]


def steps(optimiser: torch.optim.Optimizer, trained: list[nn.Parameter], count: int, seed: int = 1) -> None:
    generator = torch.Generator().manual_seed(seed)
    for _ in range(count):
        for weight in trained:
            weight.grad = torch.randn(weight.shape, generator=generator)
        optimiser.step()


def moved(trained: list[nn.Parameter]) -> list[Tensor]:
    return [weight.detach() - first.detach() for weight, first in zip(trained, weights(), strict=True)]


def test_it_goes_where_pytorchs_goes() -> None:
    ours, theirs = weights(), weights()
    steps(Fp32Muon(ours, **MUON), ours, 5)
    steps(torch.optim.Muon(theirs, **MUON), theirs, 5)
    for own, other in zip(moved(ours), moved(theirs), strict=True):
        torch.testing.assert_close(own, other, rtol=0.02, atol=0.02 * float(other.abs().max()))


def test_a_run_goes_on_with_the_other() -> None:
    ours, theirs = weights(), weights()
    first, second = Fp32Muon(ours, **MUON), torch.optim.Muon(theirs, **MUON)
    steps(first, ours, 2)
    steps(second, theirs, 2)
    first.load_state_dict(deepcopy(second.state_dict()))
    with torch.no_grad():
        for own, other in zip(ours, theirs, strict=True):
            own.copy_(other)
    steps(first, ours, 2, seed=2)
    steps(second, theirs, 2, seed=2)
    for own, other in zip(moved(ours), moved(theirs), strict=True):
        torch.testing.assert_close(own, other, rtol=0.02, atol=0.02 * float(other.abs().max()))


@pytest.mark.parametrize("shape", SHAPES)
def test_singular_values_come_near_one(shape: tuple[int, int]) -> None:
    options = torch.optim.Muon(weights()).param_groups[0]
    matrix = 1000 * torch.randn(shape, generator=torch.Generator().manual_seed(3))
    values = torch.linalg.svdvals(orthogonal(matrix, options))
    assert 0.4 < float(values.min()) <= float(values.max()) < 1.3
    assert not orthogonal(torch.zeros(shape), options).any()


def test_weights_without_a_gradient_rest() -> None:
    trained = weights()
    optimiser = Fp32Muon(trained, **MUON)
    trained[0].grad = torch.ones(SHAPES[0])
    optimiser.step()
    assert [bool(each.any()) for each in moved(trained)] == [True, False, False]


@pytest.mark.parametrize(("paying", "kind"), [(True, torch.optim.Muon), (False, Fp32Muon)])
def test_devices_that_emulate_bf16_get_it(
    monkeypatch: pytest.MonkeyPatch, paying: bool, kind: type[torch.optim.Optimizer]
) -> None:
    monkeypatch.setattr(groups, "multiplies", lambda *_: paying)
    model = nn.Module()
    model.layers = nn.ModuleList([nn.Linear(4, 4, bias=False)])
    settings = Settings(epochs=1, lr=0.1, optimiser="muon")
    with groups.only(model, None, settings) as split:
        [found] = groups.optimisers(split, settings, torch.device("cpu"))
    assert type(found) is kind
