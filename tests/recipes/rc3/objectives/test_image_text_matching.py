"""Wrong images are other texts' images, and labels say so."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recipes.rc3.objectives.image_text_matching import ImageTextMatching
from tests.recipes.rc3.tiny import arrays, model, tensors


@pytest.mark.parametrize("wrong", [0.0, 0.5, 1.0])
def test_a_share_of_the_texts_gets_another_image(wrong: float) -> None:
    batch = arrays(400)
    prepared = ImageTextMatching(wrong).prepare(batch, np.random.default_rng(0))
    same = prepared["image_rows"] == batch["image_rows"]
    np.testing.assert_array_equal(prepared["matched"] == 1.0, same)
    assert abs((~same).mean() - wrong) < 0.08


def test_an_image_that_comes_again_is_not_a_wrong_one() -> None:
    batch = arrays(8) | {"image_rows": np.zeros(8, dtype=np.int64)}
    assert ImageTextMatching(1.0).prepare(batch, np.random.default_rng(0))["matched"].all()


def test_the_loss_is_binary_and_its_accuracy_is_logged() -> None:
    batch = arrays(8)
    prepared = tensors(batch | ImageTextMatching().prepare(batch, np.random.default_rng(0)))
    terms = ImageTextMatching().loss(model(), prepared)
    assert terms["loss"].requires_grad
    assert 0 <= float(terms["matching_accuracy"]) <= 1
    assert float(terms["matching"]) == pytest.approx(float(terms["loss"].detach()))
    assert torch.isfinite(terms["loss"])
