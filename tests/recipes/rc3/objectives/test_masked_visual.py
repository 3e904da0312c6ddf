"""Masked features are hidden, the others are not regressed, and one kind does not give the other away."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recipes.rc3.objectives.masked_visual import MaskedVisual
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
