"""Masked features are hidden, the others are not regressed, and one kind does not give the other away."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import distributed

from recipes.rc3.objectives.masked_visual import MaskedVisual
from tests.recipes.processes import together
from tests.recipes.rc3.tiny import arrays, model, tensors

OBJECTIVE = MaskedVisual(0.5)


@pytest.mark.parametrize(
    ("slots", "masks"),
    [
        ((4, 6), {"masked_regions", "masked_patches"}),
        ((4, 0), {"masked_regions"}),
        ((0, 6), {"masked_patches"}),
    ],
)
def test_only_what_a_model_sees_is_masked(slots: tuple[int, int], masks: set[str]) -> None:
    prepared = OBJECTIVE.prepare(arrays() | {"slots": np.array(slots)}, np.random.default_rng(0))
    assert set(prepared) == masks
    for name, count in zip(("masked_regions", "masked_patches"), slots, strict=True):
        assert name not in masks or prepared[name].shape == (16, count)


def losses(change: dict[str, torch.Tensor]) -> dict[str, float]:
    batch = arrays()
    batch |= OBJECTIVE.prepare(batch, np.random.default_rng(0))
    terms = OBJECTIVE.loss(model(), tensors(batch) | change)
    return {name: float(term.detach()) for name, term in terms.items()}


def test_the_loss_is_the_sum_of_both_kinds() -> None:
    terms = losses({})
    assert terms["loss"] == pytest.approx(terms["masked_regions"] + terms["masked_patches"])


def test_patches_do_not_give_masked_regions_away_nor_the_reverse() -> None:
    usual, batch = losses({}), tensors(arrays())
    other_patches = losses({"patches": batch["patches"].flip(0)})
    other_regions = losses({"regions": batch["regions"].flip(0)})
    assert other_patches["masked_regions"] == pytest.approx(usual["masked_regions"])
    assert other_regions["masked_patches"] == pytest.approx(usual["masked_patches"])


def test_what_fills_absent_regions_does_not_count() -> None:
    batch = tensors(arrays())
    filled = batch["regions"].clone()
    filled[~batch["region_mask"]] = 100.0
    assert losses({"regions": filled})["masked_regions"] == pytest.approx(losses({})["masked_regions"])


def _gradient(rows: slice) -> torch.Tensor:
    """Of some of sixteen rows, of which the second half hides more of its features than the first."""
    batch = tensors(arrays())
    chance = torch.Generator().manual_seed(1)
    for kind, count in (("regions", 4), ("patches", 6)):
        drawn = torch.rand(16, count, generator=chance)
        batch[f"masked_{kind}"] = drawn < torch.tensor([0.3, 0.7]).repeat_interleave(8)[:, None]
    mine, some = model(), {name: each[rows] if len(each) == 16 else each for name, each in batch.items()}
    loss = OBJECTIVE.loss(mine, some)["loss"]
    loss.backward()
    gradients = [each.grad.flatten() for each in mine.parameters() if each.grad is not None]
    return torch.cat([*gradients, loss.detach()[None]])


def _halves() -> None:
    """Each process has a half of the rows, with its own share; their mean gradient is that of all rows."""
    distributed.init_process_group("gloo")
    rank = distributed.get_rank()
    mean = _gradient(slice(8 * rank, 8 * rank + 8))
    distributed.all_reduce(mean)
    distributed.destroy_process_group()
    torch.testing.assert_close(mean / 2, _gradient(slice(0, 16)))


def test_features_that_two_processes_mask_weigh_as_in_one(tmp_path: Path) -> None:
    together(tmp_path, _halves)
