"""Matrices decay, vectors do not, and what is not trained rests."""

from __future__ import annotations

import pytest
from torch import nn

from recipes.lib.groups import only
from recipes.lib.settings import Settings

SETTINGS = Settings(epochs=1, lr=0.1, weight_decay=0.05)


def model() -> nn.Module:
    return nn.Sequential(nn.Embedding(7, 4), nn.Linear(4, 4), nn.LayerNorm(4))


def test_biases_and_layer_norms_do_not_decay() -> None:
    whole = model()
    with only(whole, None, SETTINGS) as groups:
        decays = {
            name: group["weight_decay"]
            for group in groups
            for weight in group["params"]
            for name, each in whole.named_parameters()
            if each is weight
        }
    assert decays == {"0.weight": 0.05, "1.weight": 0.05, "1.bias": 0.0, "2.weight": 0.0, "2.bias": 0.0}


def test_the_rest_is_frozen_for_the_time_even_after_an_error() -> None:
    whole = model()
    whole[0].weight.requires_grad_(False)  # frozen by the caller, and so it stays
    with pytest.raises(ZeroDivisionError), only(whole, whole[2].parameters(), SETTINGS) as groups:
        assert [len(group["params"]) for group in groups] == [2]
        assert [weight.requires_grad for weight in whole.parameters()] == [False, False, False, True, True]
        raise ZeroDivisionError
    assert [weight.requires_grad for weight in whole.parameters()] == [False, True, True, True, True]


def test_groups_keep_their_rates() -> None:
    whole = model()
    given = [{"params": whole[1].parameters(), "lr": 0.5}, {"params": whole[2].parameters()}]
    with only(whole, given, SETTINGS) as groups:
        assert [(group["highest"], group["weight_decay"]) for group in groups] == [
            *((0.5, 0.05), (0.5, 0.0), (0.1, 0.0))
        ]
