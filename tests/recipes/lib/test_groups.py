"""Matrices decay, vectors do not, and what is not trained rests."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from recipes.lib.groups import only, optimisers
from recipes.lib.muon import Fp32Muon
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


class Encoder(nn.Module):
    """What an encoder has: embeddings, layers with biases and norms, a head."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.head = nn.Embedding(7, 4), nn.Linear(4, 3)
        self.layers = nn.ModuleList(nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8)) for _ in range(2))

    def forward(self, words: Tensor) -> Tensor:
        hidden = self.words(words)
        return self.head(hidden + sum(layer(hidden)[..., :4] for layer in self.layers))


def test_muon_trains_the_matrices_inside_layers_and_adamw_the_rest() -> None:
    whole = Encoder()
    settings = SETTINGS.model_copy(update={"optimiser": "muon"})
    with only(whole, None, settings) as groups:
        adamw, muon = optimisers(groups, settings, torch.device("cpu"))
        names = {id(weight): name for name, weight in whole.named_parameters()}
        inner = [names[id(weight)] for group in muon.param_groups for weight in group["params"]]
        others = [names[id(weight)] for group in adamw.param_groups for weight in group["params"]]
    assert inner == ["layers.0.0.weight", "layers.1.0.weight"]
    assert sorted(inner + others) == sorted(names.values())


def test_a_step_of_muon_is_orthogonal_and_as_long_as_one_of_adamw() -> None:
    whole = Encoder()
    settings = Settings(epochs=1, lr=0.1, weight_decay=0.0, optimiser="muon")
    before = whole.layers[0][0].weight.detach().clone()
    with only(whole, None, settings) as groups:
        whole(torch.arange(7)).square().sum().backward()
        for each in optimisers(groups, settings, torch.device("cpu")):
            each.step()
    step = whole.layers[0][0].weight.detach() - before
    lengths = torch.linalg.svdvals(step)
    assert lengths.max() / lengths.min() < 2  # Newton and Schulz come near one, not to it
    assert step.square().mean().sqrt() == pytest.approx(0.2 * settings.lr, rel=0.3)


@pytest.mark.parametrize("matrix_units", [True, False])
def test_one_optimiser_where_the_other_has_nothing_to_do(
    monkeypatch: pytest.MonkeyPatch, matrix_units: bool
) -> None:
    """Muon of PyTorch computes in bf16; a CPU without units for it takes our own, in fp32."""
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": matrix_units}, raising=False)
    whole = Encoder()
    settings = SETTINGS.model_copy(update={"optimiser": "muon"})
    muon = torch.optim.Muon if matrix_units else Fp32Muon
    for weights, expected in (
        (whole.head.parameters(), torch.optim.AdamW),
        ([whole.layers[0][0].weight], muon),
    ):
        with only(whole, weights, settings) as groups:
            (found,) = optimisers(groups, settings, torch.device("cpu"))
            assert type(found) is expected
