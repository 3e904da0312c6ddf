"""First weights for small models that no checkpoint exists for: what pre-training would have given them.

A BERT that has read much text looks for related words from its first step, and a detector's features mean
something to it after a few. A small model with random weights spends most of a small budget on finding that
out. These three beginnings save it the way; they use no question and no answer beyond their frequencies.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from recipes.lib.features import FeatureStore
from recipes.lib.models.oscar import Oscar

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@torch.no_grad()
def mimetic(model: Oscar, generator: torch.Generator, *, spread: float = 0.05) -> None:
    """Attention that starts by finding the same word, or a near one, and passes on what stands there.

    Query and key weights are equal, value and output weights are near the identity, and positions are
    sinusoids, so that neighbours resemble each other; the rest is normal with deviation ``spread``.
    After Trockman and Kolter, Mimetic Initialization of Self-Attention Layers (ICML 2023), simplified.
    """
    hidden = model.config.hidden
    for part in model.modules():
        if isinstance(part, nn.Linear | nn.Embedding):
            nn.init.normal_(part.weight, std=spread, generator=generator)
    model.words.weight[model.config.pad_id].zero_()
    mimetic_attention(model.layers, hidden, generator)
    model.positions.weight.copy_(spread * sinusoids(*model.positions.weight.shape))


@torch.no_grad()
def mimetic_attention(layers: Iterable[nn.Module], hidden: int, generator: torch.Generator) -> None:
    """The attention of :func:`mimetic` alone, for any layers of the shape of Oscar's.

    Args:
        layers: with ``query_key_value`` and ``attention_output``, whose small random weights stay under the
            identity.
        hidden: their width.
        generator: of the weights that query and key have in common.
    """
    for layer in layers:
        alike = torch.randn(hidden, hidden, generator=generator) / math.sqrt(hidden)
        projection = layer.query_key_value.weight
        projection[:hidden], projection[hidden : 2 * hidden] = alike, alike
        projection[2 * hidden :] += torch.eye(hidden)
        layer.attention_output.weight += torch.eye(hidden)


@torch.no_grad()
def anchor_regions(model: Oscar, features: FeatureStore, tokenizer: PreTrainedTokenizerBase) -> None:
    """Regions that start out near the words of their tags: the least-squares map from features to words.

    Tags are the anchors between pictures and words in Oscar; here they are so from the first step.
    """
    words = model.words.weight.numpy()
    of_tag = cache(lambda tag: words[tokenizer(tag, add_special_tokens=False)["input_ids"]].sum(0))
    seen, named = [], []
    for row in range(len(features)):
        image = features.image(row)
        values, _ = features.regions(np.array([row]), max(1, len(image.tags)))
        for region, tag in zip(values[0], image.tags, strict=False):
            if tag:
                seen.append(region)
                named.append(of_tag(tag))
    if not seen:
        return
    # Boxes say nothing of words and would start with no weight at all.
    anchor(model.regions, np.stack(seen), np.stack(named), kept=6)


@torch.no_grad()
def anchor(
    projection: nn.Linear, inputs: NDArray[np.floating[Any]], outputs: NDArray[np.floating[Any]], *, kept: int
) -> None:
    """Make a layer the least-squares map from inputs to outputs.

    Args:
        projection: the layer.
        inputs: (N, D) examples.
        outputs: (N, H) what they are to become.
        kept: of so many last inputs, the weights that the layer has are added to the map.
    """
    columns = np.concatenate([inputs, np.ones((len(inputs), 1), np.float32)], axis=1).astype(np.float64)
    normal = columns.T @ columns + 0.1 * np.eye(columns.shape[1])
    solution = torch.from_numpy(np.linalg.solve(normal, columns.T @ outputs)).float()
    first = projection.in_features - kept
    before = projection.weight[:, first:].clone()
    projection.weight.copy_(solution[:-1].T)
    projection.weight[:, first:] += before
    projection.bias.copy_(solution[-1])


@torch.no_grad()
def prior_bias(
    classifier: nn.Module, labels: Sequence[Sequence[int]], scores: Sequence[Sequence[float]]
) -> None:
    """A last bias that gives every answer its frequency: log-odds of its mean soft score.

    Without it the first steps go into pushing thousands of answers down, and saturate a small pooler.
    """
    last = classifier if isinstance(classifier, nn.Linear) else [*classifier.modules()][-1]
    means = torch.zeros(last.out_features)
    for row, given in zip(labels, scores, strict=True):
        for label, value in zip(row, given, strict=True):
            means[label] += value
    means = (means / max(len(labels), 1)).clamp(1e-4, 0.9)
    last.bias.copy_(torch.log(means / (1 - means)))


def sinusoids(count: int, width: int) -> Tensor:
    """(count, width) waves of many lengths: places near each other have like rows."""
    places = torch.arange(count)[:, None]
    rates = torch.exp(torch.arange(0, width, 2) * (-math.log(100.0) / width))
    waves = torch.zeros(count, width)
    waves[:, 0::2], waves[:, 1::2] = torch.sin(places * rates), torch.cos(places * rates[: width // 2])
    return waves
