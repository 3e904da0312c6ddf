from __future__ import annotations

import pytest
import torch
from torch import nn

from recipes.lib.models.oscar import Oscar, OscarConfig
from recipes.lib.recompute import recompute
from vqa_builder.errors import SpecError


def gradients(model: Oscar) -> list[torch.Tensor]:
    """Of one pass, dropout on."""
    torch.manual_seed(1)
    ids = torch.randint(1, 20, (2, 5), generator=torch.Generator().manual_seed(2))
    ones = torch.ones_like(ids)
    model.train()
    model.zero_grad()
    model(ids, ones, 0 * ones).logits.square().sum().backward()
    return [each.grad.clone() for each in model.parameters() if each.grad is not None]


def test_gradients_stay_what_they_are_dropout_included() -> None:
    shape = OscarConfig(vocabulary=20, hidden=8, layers=3, heads=2, intermediate=16, labels=3, dropout=0.3)
    model = Oscar(shape, generator=torch.Generator().manual_seed(0))
    plain, runs = gradients(model), []
    for _ in range(2):  # a model goes through several stages
        recompute(model)
    layer = model.layers[0]
    layer.register_forward_pre_hook(lambda *_: runs.append(1))
    inner = layer.attention_norm
    inner.register_forward_hook(lambda *_: runs.append(2))
    for one, other in zip(plain, gradients(model), strict=True):
        assert torch.equal(one, other)
    assert runs.count(2) == 2  # forwards, and once more backwards


def test_a_model_without_layers_is_refused() -> None:
    with pytest.raises(SpecError, match="no layers to compute again"):
        recompute(nn.Linear(2, 2))
