"""Oscar written out plainly, straight from its description: loops over heads, no fused anything.

The names of the tensors are those of ImageBertForSequenceClassification in microsoft/Oscar, so that a state
dict made here stands for a published checkpoint.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

Weights = dict[str, Tensor]


def make_weights(
    *,
    vocabulary: int = 60,
    hidden: int = 24,
    layers: int = 3,
    intermediate: int = 40,
    positions: int = 32,
    region_width: int = 14,
    labels: int = 11,
    mlp: int = 0,
    region_norm: bool = False,
    seed: int = 0,
) -> Weights:
    """Random weights of a small Oscar under the published names; nothing is zero or one."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int, mean: float = 0.0) -> Tensor:
        return torch.randn(shape, generator=generator) * 0.3 + mean

    def linear(name: str, outputs: int, inputs: int) -> Weights:
        return {f"{name}.weight": draw(outputs, inputs), f"{name}.bias": draw(outputs)}

    def norm(name: str) -> Weights:
        return {f"{name}.weight": draw(hidden, mean=1.0), f"{name}.bias": draw(hidden)}

    weights = {
        "bert.embeddings.word_embeddings.weight": draw(vocabulary, hidden),
        "bert.embeddings.position_embeddings.weight": draw(positions, hidden),
        "bert.embeddings.token_type_embeddings.weight": draw(2, hidden),
        **norm("bert.embeddings.LayerNorm"),
        **linear("bert.img_embedding", hidden, region_width),
        **linear("bert.pooler.dense", hidden, hidden),
    }
    for number in range(layers):
        layer = f"bert.encoder.layer.{number}"
        for part in ("query", "key", "value"):
            weights |= linear(f"{layer}.attention.self.{part}", hidden, hidden)
        weights |= linear(f"{layer}.attention.output.dense", hidden, hidden)
        weights |= norm(f"{layer}.attention.output.LayerNorm")
        weights |= linear(f"{layer}.intermediate.dense", intermediate, hidden)
        weights |= linear(f"{layer}.output.dense", hidden, intermediate)
        weights |= norm(f"{layer}.output.LayerNorm")
    if region_norm:
        weights |= norm("bert.LayerNorm")
    if mlp:
        return weights | linear("classifier.0", mlp, hidden) | linear("classifier.2", labels, mlp)
    return weights | linear("classifier", labels, hidden)


def make_batch(seed: int = 0, *, vocabulary: int = 60, region_width: int = 14) -> dict[str, Any]:
    """Three questions of different lengths with different numbers of regions."""
    generator = torch.Generator().manual_seed(seed)
    text = torch.tensor([9, 6, 4])
    mask = (torch.arange(9) < text[:, None]).long()
    input_ids = torch.randint(1, vocabulary, (3, 9), generator=generator) * mask
    types = (torch.arange(9) >= torch.tensor([5, 4, 2])[:, None]).long() * mask
    real = torch.arange(5) < torch.tensor([5, 2, 4])[:, None]
    regions = torch.randn(3, 5, region_width, generator=generator) * real[:, :, None]
    return {
        "input_ids": input_ids,
        "attention_mask": mask,
        "token_type_ids": types,
        "regions": regions,
        "region_mask": real,
    }


def forward(
    weights: Weights, batch: dict[str, Any], *, heads: int, eps: float = 1e-12
) -> tuple[Tensor, list[Tensor]]:
    """Logits, and the states after each layer."""

    def linear(name: str, x: Tensor) -> Tensor:
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def norm(name: str, x: Tensor) -> Tensor:
        centred = x - x.mean(-1, keepdim=True)
        scaled = centred / torch.sqrt((centred**2).mean(-1, keepdim=True) + eps)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def attend(layer: str, x: Tensor, bias: Tensor) -> Tensor:
        width = x.shape[-1] // heads
        query, key, value = (
            linear(f"{layer}.attention.self.{part}", x) for part in ("query", "key", "value")
        )
        seen = []
        for head in range(heads):
            here = slice(head * width, (head + 1) * width)
            scores = query[..., here] @ key[..., here].transpose(1, 2) / math.sqrt(width) + bias
            seen.append(torch.softmax(scores, dim=-1) @ value[..., here])
        return linear(f"{layer}.attention.output.dense", torch.cat(seen, dim=-1))

    embeddings = "bert.embeddings"
    text = (
        weights[f"{embeddings}.word_embeddings.weight"][batch["input_ids"]]
        + weights[f"{embeddings}.position_embeddings.weight"][: batch["input_ids"].shape[1]]
        + weights[f"{embeddings}.token_type_embeddings.weight"][batch["token_type_ids"]]
    )
    regions = linear("bert.img_embedding", batch["regions"])
    if "bert.LayerNorm.weight" in weights:
        regions = norm("bert.LayerNorm", regions)
    x = torch.cat([norm(f"{embeddings}.LayerNorm", text), regions], dim=1)
    real = torch.cat([batch["attention_mask"], batch["region_mask"].long()], dim=1)
    bias = (1.0 - real.float())[:, None, :] * -10000.0
    states: list[Tensor] = []
    while f"bert.encoder.layer.{len(states)}.output.dense.weight" in weights:
        layer = f"bert.encoder.layer.{len(states)}"
        x = norm(f"{layer}.attention.output.LayerNorm", x + attend(layer, x, bias))
        widened = functional.gelu(linear(f"{layer}.intermediate.dense", x))
        x = norm(f"{layer}.output.LayerNorm", x + linear(f"{layer}.output.dense", widened))
        states.append(x)
    pooled = torch.tanh(linear("bert.pooler.dense", x[:, 0]))
    if "classifier.0.weight" in weights:
        return linear("classifier.2", torch.relu(linear("classifier.0", pooled))), states
    return linear("classifier", pooled), states
