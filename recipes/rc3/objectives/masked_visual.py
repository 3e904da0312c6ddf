"""Masked region and patch modelling: hidden visual features are told from the text and the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from recipes.lib.losses import averaged, mean_of_all
from recipes.lib.models.rc3 import RC3

BOX_VALUES = 6


@dataclass(frozen=True)
class MaskedVisual:
    """Squared error of regressed features at the masked regions and patches, the text complete and in view.

    | input | shape | values |
    |---|---|---|
    | input_ids, attention_mask | (B, T) | whole texts |
    | regions, region_mask | (B, R, D), (B, R) | true features; absent for a model of patches only |
    | patches | (B, P, D2) | true features; absent for a model of regions only |
    | masked_regions | (B, R) bool | where the features, not the box, are set to zero and regressed |
    | masked_patches | (B, P) bool | where the features are set to zero and regressed |

    Region regression is UNITER's (Chen et al., 2020). The features of a batch are divided by their root mean
    square, so that regions and patches weigh alike; it and the error are means over the batches of all
    processes. Both kinds show the same pixels: a masked region could be read off the patches under it.
    Therefore a text whose regions are masked sees no patches at all, and one whose patches are masked sees no
    regions (ours; it also readies the model for either to be absent).

    Args:
        probability: chance of a region or patch to be masked.
    """

    probability: float = 0.25

    def prepare(self, batch: dict[str, NDArray[Any]], chance: np.random.Generator) -> dict[str, NDArray[Any]]:
        """Draw what is masked of the ``slots`` (regions, patches) of each image."""
        size = len(batch["image_rows"])
        regions, patches = (int(count) for count in batch["slots"])
        drawn = {}
        if regions:
            drawn["masked_regions"] = chance.random((size, regions)) < self.probability
        if patches:
            drawn["masked_patches"] = chance.random((size, patches)) < self.probability
        return drawn

    def loss(self, model: RC3, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """The sum of the losses over the kinds of features that the batch holds."""
        text = model.text(batch["input_ids"], batch["attention_mask"])
        terms: dict[str, Tensor] = {}
        if "masked_regions" in batch:
            terms["masked_regions"] = self._regions(model, text, batch)
        if "masked_patches" in batch:
            terms["masked_patches"] = self._patches(model, text, batch)
        logged = {name: term.detach() for name, term in terms.items()}
        return {"loss": sum(terms.values()), **logged}

    def _regions(self, model: RC3, text: Tensor, batch: dict[str, Tensor]) -> Tensor:
        regions, real = batch["regions"], batch["region_mask"]
        hidden = batch["masked_regions"] & real
        shown = regions.clone()
        shown[..., :-BOX_VALUES] *= ~hidden[..., None]
        states = model.fuse(text, batch["attention_mask"], shown, real).regions
        assert states is not None
        target = _scaled(regions[..., :-BOX_VALUES], real)[hidden]
        return _squared_error(model.region_head(states[hidden])[:, :-BOX_VALUES], target)

    def _patches(self, model: RC3, text: Tensor, batch: dict[str, Tensor]) -> Tensor:
        patches, hidden = batch["patches"], batch["masked_patches"]
        shown = patches * ~hidden[..., None]
        states = model.fuse(text, batch["attention_mask"], patches=shown).patches
        assert states is not None
        target = _scaled(patches, hidden | True)[hidden]
        return _squared_error(model.patch_head(states[hidden]), target)


def _scaled(features: Tensor, real: Tensor) -> Tensor:
    """Features over the root mean square of the real ones."""
    squares = features[real].float().square()
    mean_square = averaged(squares.sum()) / averaged(real.sum() * features.shape[-1])
    return features / mean_square.sqrt().clamp(min=1e-6)


def _squared_error(said: Tensor, target: Tensor) -> Tensor:
    """The mean over masked features, of which (M, D) are this process's."""
    return mean_of_all((said.float() - target).square().sum(), target.new_tensor(target.numel()))
