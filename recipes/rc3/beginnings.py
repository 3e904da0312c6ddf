"""What a small model starts from, in the place of the checkpoints that RC3 starts from.

The authors begin with a multilingual text encoder that has read much parallel text, and with features whose
detector knows words. The small setting has neither, so the text encoder begins with the weights of the small
encoder of ``lib/sentence_encoder.py``, which has seen parallel sentences and no image; attention begins by
finding related words; and regions and patches begin near the words of the tags that lie on them. All rows of
the table begin alike.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from transformers import PreTrainedTokenizerBase

from recipes.lib.features import FeatureStore, ImageFeatures
from recipes.lib.models import first_weights
from recipes.lib.models.rc3 import RC3, RC3Classifier, TextEncoder
from recipes.lib.ragged import Ragged

SPREAD = 0.05
MARK = 0.3
"""Deviation of the marks for kind of input, number of image and place of a patch, beside states of length
one per value."""


@torch.no_grad()
def begin(
    model: RC3,
    text: TextEncoder,
    features: FeatureStore,
    tokenizer: PreTrainedTokenizerBase,
    generator: torch.Generator,
) -> None:
    """Give a model of the small shape its first weights.

    Args:
        model: with the small BERT as its text encoder.
        text: a trained encoder of the same shape.
        features: whose tags name the regions, in a language of the encoder.
        tokenizer: of the encoder.
        generator: of what stays random.
    """
    hidden = model.config.hidden
    model.text.load_state_dict(text.state_dict())
    for name, part in model.named_modules():
        if isinstance(part, nn.Linear) and not name.startswith("text."):
            nn.init.normal_(part.weight, std=SPREAD, generator=generator)
    for marks in (model.types, model.patch_positions):
        nn.init.normal_(marks.weight, std=MARK, generator=generator)
    first_weights.mimetic_attention(model.layers, hidden, generator)
    model.word_transform.weight += torch.eye(hidden)
    model.pooler.weight += torch.eye(hidden).repeat(1, 2) / 2
    words = _states_of_tags(model, features, tokenizer)
    _anchor_regions(model, features, words)
    _anchor_patches(model, features, words)


@torch.no_grad()
def begin_answers(model: RC3Classifier, answers: list[str], tokenizer: PreTrainedTokenizerBase) -> None:
    """A classifier whose answers begin as the words that they are made of, as pre-training predicts words.

    Args:
        model: its last layer reads as many values as ``answers`` has rows.
        answers: by label.
        tokenizer: of the model.
    """
    vectors = model.body.text.words.weight
    rows = [vectors[tokenizer(answer, add_special_tokens=False)["input_ids"]].mean(0) for answer in answers]
    first, last = model.head[0], model.head[-1]
    first.weight[: vectors.shape[1]] += torch.eye(vectors.shape[1])
    last.weight[:, : vectors.shape[1]] = torch.stack(rows) / torch.stack(rows).std() * SPREAD * 2


def _states_of_tags(
    model: RC3, features: FeatureStore, tokenizer: PreTrainedTokenizerBase
) -> dict[str, NDArray[np.float32]]:
    """Tag -> (H,) the sum of the states of its pieces after the text encoder."""
    tags = sorted({tag for row in range(len(features)) for tag in features.tags(row)})
    if not tags:
        return {}
    arrays = Ragged.of(tokenizer(tags)["input_ids"], np.int64).padded(model.config.pad_id)
    ids, mask = torch.from_numpy(arrays["input_ids"]), torch.from_numpy(arrays["attention_mask"])
    inside = mask * ~torch.isin(ids, torch.tensor(tokenizer.all_special_ids))
    states = (model.text(ids, mask) * inside[..., None]).sum(1)
    return dict(zip(tags, states.numpy(), strict=True))


def _anchor_regions(model: RC3, features: FeatureStore, words: dict[str, NDArray[np.float32]]) -> None:
    seen, named = [], []
    for row in range(len(features)):
        tags = features.image(row).tags
        values, _ = features.regions(np.array([row]), max(1, len(tags)))
        for region, tag in zip(values[0], tags, strict=False):
            if tag:
                seen.append(region)
                named.append(words[tag])
    if seen:
        first_weights.anchor(model.region_projection, np.stack(seen), np.stack(named), kept=6)


def _anchor_patches(model: RC3, features: FeatureStore, words: dict[str, NDArray[np.float32]]) -> None:
    """A patch has the words of the smallest tagged region that its centre lies in."""
    seen, named = [], []
    for row in range(len(features) if features.patch_width else 0):
        values = features.patches(np.array([row]))[0]
        for patch, tag in zip(values, patch_tags(features.image(row), len(values)), strict=True):
            if tag:
                seen.append(patch)
                named.append(words[tag])
    if seen:
        first_weights.anchor(model.patch_projection, np.stack(seen), np.stack(named), kept=0)


def patch_tags(image: ImageFeatures, count: int) -> list[str]:
    """The tag of each of ``count`` patches, row by row; empty where no tagged region covers its centre."""
    columns = _columns(count, image.width / image.height)
    rows = count // columns
    across = (np.arange(count) % columns + 0.5) * image.width / columns
    down = (np.arange(count) // columns + 0.5) * image.height / rows
    left, top, right, bottom = np.asarray(image.boxes, dtype=np.float64).T
    inside = (left <= across[:, None]) & (across[:, None] <= right)
    inside &= (top <= down[:, None]) & (down[:, None] <= bottom)
    inside &= np.array([bool(tag) for tag in image.tags])
    areas = np.where(inside, (right - left) * (bottom - top), np.inf)
    smallest = areas.argmin(axis=1)
    return [
        image.tags[region] if covered else ""
        for region, covered in zip(smallest.tolist(), inside.any(axis=1).tolist(), strict=True)
    ]


def _columns(count: int, ratio: float) -> int:
    """Of the grids that so many patches may form, the one whose patches are nearest to squares."""
    divisors = [columns for columns in range(1, count + 1) if count % columns == 0]
    return min(divisors, key=lambda columns: abs(np.log(columns * columns / count / ratio)))
