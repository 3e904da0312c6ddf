"""Image-text matching: does this text belong to this image?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from recipes.lib.models.rc3 import RC3


@dataclass(frozen=True)
class ImageTextMatching:
    """Binary cross-entropy of the matching head, half of the texts beside a wrong image.

    | input | shape | values |
    |---|---|---|
    | input_ids, attention_mask | (B, T) | whole texts |
    | regions, region_mask / patches | (B, R, D), (B, R) / (B, P, D2) | the text's image, or another |
    | matched | (B,) float32 | 1 where the image is the text's own |

    The wrong images come from the other texts of the batch. Source: the task of ViLBERT and UNITER. In the
    scenes world a short fact may be true of the wrong image too; that noise is left in, as web data has it.

    Args:
        wrong: share of texts that get a wrong image.
    """

    wrong: float = 0.5

    def prepare(self, batch: dict[str, NDArray[Any]], chance: np.random.Generator) -> dict[str, NDArray[Any]]:
        """New ``image_rows`` (B,), some of another text, and ``matched``."""
        rows = batch["image_rows"]
        others = np.roll(rows, int(chance.integers(1, max(2, len(rows)))))
        swapped = (chance.random(len(rows)) < self.wrong) & (others != rows)
        return {
            "image_rows": np.where(swapped, others, rows),
            "matched": (~swapped).astype(np.float32),
        }

    def loss(self, model: RC3, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """The loss, and the share of pairs that were judged right."""
        logits = model.match(model(**batch).pooled).float()
        loss = functional.binary_cross_entropy_with_logits(logits, batch["matched"])
        with torch.no_grad():
            right = ((logits > 0) == (batch["matched"] > 0.5)).float().mean()
        return {"loss": loss, "matching": loss.detach(), "matching_accuracy": right}
