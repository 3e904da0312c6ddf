"""Image-text retrieval of a model, language by language: features or pair scores in, recalls out.

Two towers give a feature for every image and every caption (``features`` and ``score_features``); a model
that reads image and caption together gives a score for every pair (``pair_scores`` and ``score_pairs``). The
metric itself is ``vqa_builder.metrics.retrieval_recall``.

In a recipe::

    images, _ = pairs.images()
    of_images = features(model.image_features, image_batches)      # in the order of ``images``
    of_texts = features(model.text_features, text_batches)         # in the order of ``pairs``
    recall = score_features(of_images, of_texts, pairs)
    append(results, {"row": "stage 2", "seed": 0, **record("ja", recall)})
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vqa_builder.errors import SourceError
from vqa_builder.metrics.retrieval_recall import (
    CUTS,
    DECIMALS,
    Recall,
    retrieval_recall,
    retrieval_recall_of_features,
)

Rows = NDArray[np.int64]
Floats = NDArray[np.float32]


class Captions(Protocol):
    """Captions with their images; ``recipes.lib.pairs.Pairs`` is one."""

    @property
    def language(self) -> str: ...

    def images(self) -> tuple[list[Any], Rows]:
        """The distinct images, and for every caption the place of its own among them."""


def features(encode: Callable[[Any], Tensor], batches: Iterable[Any]) -> Floats:
    """The features of all batches, one after the other, as (N, width) float32 in memory.

    Args:
        encode: a batch -> (B, width), on any device; called without gradients. Put the model into evaluation
            mode before.
        batches: in the order in which the rows are wanted.
    """
    with torch.inference_mode():
        found = [encode(batch).float().cpu().numpy() for batch in batches]
    if not found:
        raise SourceError("There is nothing to encode", expected="at least one batch")
    return np.concatenate(found)


def pair_scores(
    match: Callable[[Rows, Rows], Tensor], images: int, texts: int, *, batch_size: int = 512
) -> Floats:
    """What a model says about every pair of image and text, as (images, texts) float32.

    Args:
        match: rows of images and rows of texts, of one length B -> (B,) scores, higher where they fit.
        images, texts: how many there are.
        batch_size: pairs per call; those of one image stand together, so that ``match`` may keep its
            features.
    """
    found = np.empty(images * texts, np.float32)
    with torch.inference_mode():
        for start in range(0, len(found), batch_size):
            cells = np.arange(start, min(start + batch_size, len(found)))
            found[cells] = match(cells // texts, cells % texts).float().cpu().numpy()
    return found.reshape(images, texts)


def score_features(
    image_features: Floats,
    text_features: Floats,
    captions: Captions,
    *,
    cuts: Sequence[int] = CUTS,
    folds: int = 1,
) -> Recall:
    """Recall of a two-tower model, by cosine similarity.

    Args:
        image_features: (images, width), in the order of ``captions.images()``.
        text_features: (captions, width), in the order of ``captions``.
        captions: any number for each image.
        cuts, folds: as for ``retrieval_recall``.

    Raises:
        SourceError: there is not one feature for each, or one of them is no number.
    """
    owners = _owners(captions, len(image_features), len(text_features))
    return retrieval_recall_of_features(image_features, text_features, owners, cuts=cuts, folds=folds)


def score_pairs(scores: Floats, captions: Captions, *, cuts: Sequence[int] = CUTS, folds: int = 1) -> Recall:
    """Recall of a model that reads image and text together; arguments as for ``score_features``.

    Args:
        scores: (images, captions), from ``pair_scores``.
    """
    return retrieval_recall(scores, _owners(captions, *scores.shape), cuts=cuts, folds=folds)


def record(language: str, recall: Recall) -> dict[str, Any]:
    """The fields of a run for ``results.append``."""
    sizes = {"images": recall.images, "texts": recall.texts}
    return {"language": language, **recall.values(), **sizes, "signature": recall.signature}


def mean_recall(by_language: Mapping[str, Recall]) -> float:
    """The mean of the languages' average recalls, as MLA reports it."""
    return round(float(np.mean([recall.average for recall in by_language.values()])), DECIMALS)


def _owners(captions: Captions, images: int, texts: int) -> Rows:
    known, owners = captions.images()
    if (len(known), len(owners)) != (images, texts):
        raise SourceError(
            "The features are not those of the captions and their images",
            where=captions.language,
            expected=f"{len(known):,} images, {len(owners):,} captions",
            found=f"{images:,} and {texts:,}",
        )
    return owners
