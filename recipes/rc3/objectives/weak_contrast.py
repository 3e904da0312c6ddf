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

from recipes.lib.losses import paired_logits
from recipes.lib.models.rc3 import RC3
from recipes.rc3.objectives.strict_contrast import paired_features

Form = Literal["plain", "kl", "bounded"]


@dataclass(frozen=True)
class WeakContrast:
    """Pull weakly aligned inputs together as far as a frozen sentence encoder finds their texts related.

    | input | shape | values |
    |---|---|---|
    | input_ids, attention_mask | (2 B, T) | B texts, then for each one in another language on its image |
    | regions, region_mask / patches | (B, R, D), (B, R) / (B, P, D2) | the image that both speak about |
    | relevance | (B, all) float32 | cosines of the frozen encoder, first by second texts; not for ``plain`` |
    | relevance_back | (B, all) float32 | second by first texts |

    "All" are the pairs of the batch in all processes. With q_i = softmax_j(z_i z_j' / tau) over them, all
    forms minimise KL(p_i || q_i), both ways, and differ in the target p_i:

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

    def targets(self, relevance: Tensor, own: Tensor | None = None) -> Tensor:
        """p (B, all) from relevance (B, all) and the columns (B,) of the own pairs; each row sums to one."""
        own = torch.arange(len(relevance), device=relevance.device) if own is None else own
        alone = functional.one_hot(own, relevance.shape[1]).to(relevance.dtype)
        if self.form == "plain":
            return alone
        spread = (relevance / self.relevance_temperature).softmax(dim=1)
        if self.form == "kl":
            return spread
        bound = relevance.gather(1, own[:, None]).clamp(0.0, 1.0)
        return bound * alone + (1 - bound) * spread

    def loss(self, model: RC3, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """The loss, and the cosine of the own pairs (which the regulariser is to hold back)."""
        first, second = paired_features(model, batch)
        forth, back, own = paired_logits(first / self.temperature, second)
        relevance = batch.get("relevance", forth), batch.get("relevance_back", back)
        loss = (self._divergence(forth, relevance[0], own) + self._divergence(back, relevance[1], own)) / 2
        closeness = (first * second).sum(dim=1).mean().detach()
        return {"loss": loss, "weak": loss.detach(), "weak_closeness": closeness}

    def _divergence(self, logits: Tensor, relevance: Tensor, own: Tensor | None = None) -> Tensor:
        targets = self.targets(relevance, own)
        return functional.kl_div(logits.log_softmax(dim=1), targets, reduction="batchmean")
