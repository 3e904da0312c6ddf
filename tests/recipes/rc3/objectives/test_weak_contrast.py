"""Relevance bounds how close two weakly aligned inputs are to come."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import distributed

from recipes.rc3.objectives.strict_contrast import StrictContrast
from recipes.rc3.objectives.weak_contrast import Form, WeakContrast
from tests.recipes.processes import together
from tests.recipes.rc3.objectives.test_strict_contrast import pairs, similarity
from tests.recipes.rc3.tiny import model

RELEVANCE = torch.tensor([[1.0, 0.2, -0.4], [0.1, 0.5, 0.9], [-1.0, 0.0, -0.3]])


@pytest.mark.parametrize("form", ["plain", "kl", "bounded"])
def test_targets_are_distributions(form: Form) -> None:
    targets = WeakContrast(form).targets(RELEVANCE)
    torch.testing.assert_close(targets.sum(1), torch.ones(3))
    assert (targets >= 0).all()


def test_plain_puts_all_mass_on_the_own_pair() -> None:
    torch.testing.assert_close(WeakContrast("plain").targets(RELEVANCE), torch.eye(3))


def test_kl_follows_relevance_alone() -> None:
    targets = WeakContrast("kl", relevance_temperature=0.5).targets(RELEVANCE)
    torch.testing.assert_close(targets, (RELEVANCE / 0.5).softmax(1))
    assert targets[1, 2] > targets[1, 1]


def test_bounded_is_info_nce_for_translations_and_relevance_for_strangers() -> None:
    targets = WeakContrast("bounded").targets(RELEVANCE)
    spread = (RELEVANCE / 0.1).softmax(1)
    torch.testing.assert_close(targets[0], torch.eye(3)[0])
    torch.testing.assert_close(targets[2], spread[2])
    torch.testing.assert_close(targets[1], 0.5 * torch.eye(3)[1] + 0.5 * spread[1])


def test_plain_is_the_strict_contrast_of_the_same_pairs() -> None:
    batch = pairs()
    plain = WeakContrast("plain", 0.1).loss(model(), batch)["loss"]
    torch.testing.assert_close(plain, StrictContrast(0.1).loss(model(), batch)["loss"])


@pytest.mark.parametrize(("form", "temperature"), [("kl", 0.1), ("kl", 0.5), ("bounded", 0.1)])
def test_the_loss_is_zero_only_where_similarity_follows_its_target(form: Form, temperature: float) -> None:
    objective = WeakContrast(form, temperature=0.1, relevance_temperature=temperature)
    targets = objective.targets(RELEVANCE)
    assert float(objective._divergence(targets.clamp(min=1e-30).log(), RELEVANCE)) == pytest.approx(
        0.0, abs=1e-6
    )
    assert float(objective._divergence(torch.zeros(3, 3), RELEVANCE)) > 0


def nearness_after(form: Form, relevance: torch.Tensor) -> float:
    """By how much own pairs are nearer than others, after a few steps of one objective."""
    reader, batch = model(), pairs() | {"relevance": relevance, "relevance_back": relevance.T}
    optimiser = torch.optim.Adam(reader.parameters(), 3e-3)
    for _ in range(30):
        optimiser.zero_grad()
        WeakContrast(form).loss(reader, batch)["loss"].backward()
        optimiser.step()
    cosines = similarity(reader, batch).detach()
    own = torch.eye(6, dtype=torch.bool)
    return float(cosines[own].mean() - cosines[~own].mean())


def test_unrelated_pairs_are_held_back_and_translations_are_not() -> None:
    unrelated = 1.0 - torch.eye(6)
    assert nearness_after("kl", unrelated) < 0.05 < 0.2 < nearness_after("plain", unrelated)
    assert nearness_after("kl", torch.eye(6)) > 0.2


def _halves() -> None:
    """Each process has a half of the pairs; their mean gradient is that of all pairs."""
    distributed.init_process_group("gloo")
    whole, relevance = pairs(), torch.randn(6, 6, generator=torch.Generator().manual_seed(1))

    def gradient(rows: slice) -> torch.Tensor:
        texts = torch.cat([torch.arange(6)[rows], 6 + torch.arange(6)[rows]])
        chosen = {"input_ids": texts, "attention_mask": texts}
        batch = {name: value[chosen.get(name, rows)] for name, value in whole.items()}
        batch |= {"relevance": relevance[rows], "relevance_back": relevance.T[rows]}
        found: list[torch.Tensor] = []
        contrasts = (WeakContrast("kl"), WeakContrast("bounded"), WeakContrast("plain"))
        for objective in (StrictContrast(0.1), *contrasts):
            reader = model()
            loss = objective.loss(reader, batch)["loss"]
            loss.backward()
            gradients = (each.grad for each in reader.parameters())
            found += [loss.detach()[None], *(each.flatten() for each in gradients if each is not None)]
        return torch.cat(found)

    rank = distributed.get_rank()
    mean = gradient(slice(3 * rank, 3 * rank + 3))
    distributed.all_reduce(mean)
    distributed.destroy_process_group()
    torch.testing.assert_close(mean / 2, gradient(slice(0, 6)), rtol=1e-3, atol=1e-6)


def test_pairs_of_other_processes_are_negatives_with_their_gradient(tmp_path: Path) -> None:
    together(tmp_path, _halves)
