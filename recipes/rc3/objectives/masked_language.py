"""Masked conditional language modelling: hidden word pieces are told from their context and the image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from recipes.lib.models.rc3 import RC3

IGNORED = -100


@dataclass(frozen=True)
class MaskedLanguage:
    """Cross-entropy over the vocabulary at the masked pieces, the image complete and in view.

    | input | shape | values |
    |---|---|---|
    | input_ids, attention_mask | (B, T) | pieces, some replaced by [MASK] |
    | labels | (B, T) int64 | the true piece where masked, -100 elsewhere |
    | regions, region_mask / patches | (B, R, D), (B, R) / (B, P, D2) | the image, never masked here |

    Of the chosen pieces 80 % become [MASK], 10 % another piece, 10 % stay, as in BERT (Devlin et al., 2019).
    Half of the batches may hold a text and its translation in one sequence, as XLM's TLM and UC2's VTLM do.
    "Conditional" is UNITER's word (Chen et al., 2020): only one of the two modalities is masked at a time.

    Args:
        mask_id: the piece [MASK].
        special_ids: pieces that are never masked ([CLS], [SEP], [PAD], ...).
        vocabulary: number of pieces.
        probability: chance of a piece to be chosen; each text has at least one.
    """

    mask_id: int
    special_ids: tuple[int, ...]
    vocabulary: int
    probability: float = 0.15

    def prepare(self, batch: dict[str, NDArray[Any]], chance: np.random.Generator) -> dict[str, NDArray[Any]]:
        """Mask a batch: its new ``input_ids`` and its ``labels``; nothing is changed in place."""
        pieces = batch["input_ids"]
        open_to_masking = ~np.isin(pieces, self.special_ids) & batch["attention_mask"].astype(bool)
        draws = np.where(open_to_masking, chance.random(pieces.shape), 2.0)
        chosen = (draws < self.probability) | (draws == draws.min(axis=1, keepdims=True))
        chosen &= open_to_masking
        fate = chance.random(pieces.shape)
        masked = np.where(chosen & (fate < 0.8), self.mask_id, pieces)
        other = chance.integers(len(self.special_ids), self.vocabulary, pieces.shape)
        masked = np.where(chosen & (fate >= 0.9), other, masked)
        return {"input_ids": masked, "labels": np.where(chosen, pieces, IGNORED)}

    def loss(self, model: RC3, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """The loss, and the share of masked pieces that were told right."""
        labels = batch["labels"]
        chosen = labels != IGNORED
        logits = model.predict_words(model(**batch).text[chosen])
        loss = functional.cross_entropy(logits.float(), labels[chosen])
        with torch.no_grad():
            right = (logits.argmax(-1) == labels[chosen]).float().mean()
        weight = chosen.sum().float()  # parts of a batch count by the pieces that they hide
        return {
            "loss": loss,
            "weight": weight,
            "masked_language": loss.detach(),
            "masked_language_accuracy": right,
        }
