"""Cross-lingual visio-textual contrast on strictly aligned pairs: one image, a text and its translation."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from recipes.lib.losses import paired_logits
from recipes.lib.models.rc3 import RC3


@dataclass(frozen=True)
class StrictContrast:
    """Symmetric InfoNCE between the fused (image, text) and the fused (image, translation).

    | input | shape | values |
    |---|---|---|
    | input_ids, attention_mask | (2 B, T) | B texts, then the translation of each |
    | regions, region_mask / patches | (B, R, D), (B, R) / (B, P, D2) | the image that both speak about |

    ``L = 1/2 [CE(z_a z_b' / tau, i) + CE(z_b z_a' / tau, i)]`` with z the projected pooled representation, of
    length one; the other pairs of the batch, of all processes, are the negatives. Batches hold several
    texts of one image (``texts_per_image`` of the config), because with one text each the image alone would
    solve the task.

    Source: the objective that RC3 (Zhou et al., 2023) names; its formula was not at hand, InfoNCE is our
    reading (van den Oord et al., 2018).

    Args:
        temperature: tau.
    """

    temperature: float = 0.1

    def loss(self, model: RC3, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """The loss, and the share of texts whose translation is nearest."""
        first, second = paired_features(model, batch)
        forth, back, own = paired_logits(first / self.temperature, second)
        loss = (functional.cross_entropy(forth, own) + functional.cross_entropy(back, own)) / 2
        with torch.no_grad():
            right = (forth.argmax(1) == own).float().mean()
        return {"loss": loss, "strict": loss.detach(), "strict_accuracy": right}


def paired_features(model: RC3, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Projected features (B, D), of length one, of the fused first texts and of the fused second texts."""
    features = {
        name: torch.cat([batch[name]] * 2) for name in ("regions", "region_mask", "patches") if name in batch
    }
    pooled = model(batch["input_ids"], batch["attention_mask"], **features).pooled
    first, second = model.contrast(pooled).float().chunk(2)
    return first, second
