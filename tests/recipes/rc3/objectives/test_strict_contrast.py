"""Translations find each other."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recipes.lib.models.rc3 import RC3
from recipes.rc3.objectives.strict_contrast import StrictContrast, paired_features
from tests.recipes.rc3.tiny import arrays, images, model


def pairs(size: int = 6, *, same: bool = False) -> dict[str, torch.Tensor]:
    """2 x size texts about size images; ``same`` makes every second text a copy of its first."""
    texts = arrays(2 * size)
    if same:
        for name in ("input_ids", "attention_mask"):
            texts[name][size:] = texts[name][:size]
    chosen = {name: torch.from_numpy(texts[name]) for name in ("input_ids", "attention_mask")}
    return chosen | images(size)


def similarity(reader: RC3, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Cosines of the fused first texts (rows) and the fused second texts (columns)."""
    first, second = paired_features(reader, batch)
    return first @ second.T


def test_similarities_are_of_first_by_second_texts() -> None:
    batch, reader = pairs(), model()
    matrix = similarity(reader, batch)
    assert matrix.shape == (6, 6)
    shown = {name: batch[name] for name in ("regions", "region_mask", "patches")}
    first = reader.contrast(reader(batch["input_ids"][:6], batch["attention_mask"][:6], **shown).pooled)
    second = reader.contrast(reader(batch["input_ids"][6:], batch["attention_mask"][6:], **shown).pooled)
    torch.testing.assert_close(matrix, first @ second.T)


def test_a_text_that_is_its_own_translation_is_found() -> None:
    terms = StrictContrast(0.1).loss(model(), pairs(same=True))
    assert float(terms["strict_accuracy"]) == 1.0


def test_the_loss_is_symmetric_info_nce() -> None:
    batch, reader = pairs(), model()
    logits = similarity(reader, batch).detach().double().numpy() / 0.2
    rows = np.log(np.exp(logits).sum(1)) - logits.diagonal()
    columns = np.log(np.exp(logits).sum(0)) - logits.diagonal()
    expected = (rows.mean() + columns.mean()) / 2
    assert float(StrictContrast(0.2).loss(reader, batch)["loss"].detach()) == pytest.approx(
        expected, rel=1e-4
    )


@pytest.mark.parametrize("absent", [("patches",), ("regions", "region_mask")])
def test_either_kind_of_features_may_be_absent(absent: tuple[str, ...]) -> None:
    batch = {name: value for name, value in pairs().items() if name not in absent}
    assert torch.isfinite(StrictContrast().loss(model(), batch)["loss"])
