"""Contrast on weakly aligned pairs, plain or regularised by how related the two texts are.

**Our reading, not the paper's.** RC3's abstract says that the proximity of two weakly aligned visio-textual
inputs is constrained by textual relevance; its formulas and weights were not at hand. The two forms below are
what the abstract admits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from recipes.lib.models.rc3 import RC3
from recipes.rc3.objectives.strict_contrast import paired_similarity

Form = Literal["plain", "kl", "bounded"]


@dataclass(frozen=True)
class WeakContrast:
    """Pull weakly aligned inputs together as far as a frozen sentence encoder finds their texts related.

    | input | shape | values |
    |---|---|---|
    | input_ids, attention_mask | (2 B, T) | B texts, then for each one in another language on its image |
    | regions, region_mask / patches | (B, R, D), (B, R) / (B, P, D2) | the image that both speak about |
    | relevance | (B, B) float32 | cosines of the frozen encoder, first by second texts; not for ``plain`` |

    With q_i = softmax_j(z_i z_j' / tau) over the batch, all forms minimise KL(p_i || q_i), both ways, and
    differ in the target p_i:

    - ``plain``: all mass on the own pair, InfoNCE as if the pair were a translation;
    - ``kl``: p_i = softmax_j(r_ij / tau_r);
    - ``bounded``: p_i = w_i onehot_i + (1 - w_i) softmax_j(r_ij / tau_r) with w_i = r_ii clipped to [0, 1]: a
      translation (r = 1) is plain InfoNCE, and an unrelated text gets no more than its relevance earns.

    Args:
        form: which target.
        temperature: tau.
        relevance_temperature: tau_r.
    """

    form: Form = "kl"
    temperature: float = 0.1
    relevance_temperature: float = 0.1

    def targets(self, relevance: Tensor) -> Tensor:
        """p (B, B) from relevance (B, B); each row sums to one."""
        own = torch.eye(len(relevance), device=relevance.device)
        if self.form == "plain":
            return own
        spread = (relevance / self.relevance_temperature).softmax(dim=1)
        if self.form == "kl":
            return spread
        bound = relevance.diagonal().clamp(0.0, 1.0)[:, None]
        return bound * own + (1 - bound) * spread

    def loss(self, model: RC3, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """The loss, and the cosine of the own pairs (which the regulariser is to hold back)."""
        similarity = paired_similarity(model, batch)
        logits = similarity / self.temperature
        relevance = logits if self.form == "plain" else batch["relevance"]
        loss = (self._divergence(logits, relevance) + self._divergence(logits.T, relevance.T)) / 2
        closeness = similarity.diagonal().mean().detach()
        return {"loss": loss, "weak": loss.detach(), "weak_closeness": closeness}

    def _divergence(self, logits: Tensor, relevance: Tensor) -> Tensor:
        return functional.kl_div(logits.log_softmax(dim=1), self.targets(relevance), reduction="batchmean")
