"""Image-text retrieval: how often the right one is among the first 1, 5, 10, both ways, and their mean.

An image has any number of captions; one of them among the first k is enough. Every caption has one image.
Average recall (AR), the mean of the recalls of both directions, is the figure that MLA reports (Zhang et al.
2022, "Multi-Lingual Acquisition on Multimodal Pre-training for Cross-modal Retrieval", evaluate.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vqa_builder.errors import SourceError

VERSION = "1"
METRIC = "retrieval_recall"
CUTS = (1, 5, 10)
DECIMALS = 2
BLOCK_CELLS = 1 << 24

Floats = NDArray[np.floating[Any]]
Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Recall:
    """Recalls in per cent, two decimals.

    Attributes:
        image_to_text: k -> share of images that have a caption of theirs among the first k texts.
        text_to_image: k -> share of texts that have their image among the first k images.
        average: the mean of all of them (AR).
        images, texts: how many there were; images without a caption only distract.
        folds: into how many groups of images, scored apart and averaged, they were cut.
        signature: metric, version, cuts and folds; quote it with the number.
        image_ranks, text_ranks: place of the best right one, from 0, per image that has captions, per text.
    """

    image_to_text: dict[int, float]
    text_to_image: dict[int, float]
    average: float
    images: int
    texts: int
    folds: int
    signature: str
    image_ranks: Ids
    text_ranks: Ids

    def values(self) -> dict[str, float]:
        """The recalls by name, for a record of results.

        >>> retrieval_recall([[0.9, 0.1], [0.2, 0.8]], [0, 1], cuts=(1,)).values()
        {'average_recall': 100.0, 'image_to_text_r1': 100.0, 'text_to_image_r1': 100.0}
        """
        return {
            "average_recall": self.average,
            **{f"image_to_text_r{k}": value for k, value in self.image_to_text.items()},
            **{f"text_to_image_r{k}": value for k, value in self.text_to_image.items()},
        }


def retrieval_recall(
    similarities: ArrayLike, image_of_text: ArrayLike, *, cuts: Sequence[int] = CUTS, folds: int = 1
) -> Recall:
    """Recall from a matrix of similarities, as a model that reads image and text together gives it.

    A wrong one that is as similar as the right one stands before it, so that a model that says the same
    about everything scores 0, not 100.

    Args:
        similarities: (images, texts), higher is more alike.
        image_of_text: (texts,) the row of each text's image.
        cuts: the numbers k, ascending.
        folds: cut the images into so many groups of one size, in their order, and average over them (MSCOCO's
            "1k test" is 5 folds of 1,000).

    Raises:
        SourceError: shapes do not fit, a value is not a number, or the images do not divide by the folds.

    >>> sides = retrieval_recall([[0.9, 0.8, 0.1], [0.7, 0.2, 0.6]], [0, 0, 1], cuts=(1, 2))
    >>> sides.image_to_text, sides.text_to_image, sides.average
    ({1: 50.0, 2: 100.0}, {1: 100.0, 2: 100.0}, 87.5)
    """
    matrix = np.asarray(similarities)
    owners = _owners(image_of_text, matrix.shape, "similarities")
    _refuse_missing(matrix, "similarities")

    def rows(images: Ids, texts: Ids) -> Floats:
        return matrix[np.ix_(images, texts)]

    return _recall(rows, matrix.shape[0], owners, tuple(cuts), folds, "given")


def retrieval_recall_of_features(
    image_features: ArrayLike,
    text_features: ArrayLike,
    image_of_text: ArrayLike,
    *,
    cuts: Sequence[int] = CUTS,
    folds: int = 1,
) -> Recall:
    """Recall by cosine similarity of two towers' features; the whole matrix is never in memory.

    Args:
        image_features: (images, width); need not be normalised.
        text_features: (texts, width).
        image_of_text, cuts, folds: as for ``retrieval_recall``.

    Raises:
        SourceError: as for ``retrieval_recall``, or a feature has no length.

    >>> retrieval_recall_of_features([[1, 0], [0, 2]], [[3, 1], [1, 3]], [0, 1], cuts=(1,)).average
    100.0
    """
    images, texts = _unit(image_features, "image features"), _unit(text_features, "text features")
    if images.shape[1] != texts.shape[1]:
        raise SourceError(
            "The features of images and texts have different widths",
            expected=f"{images.shape[1]}, as the images",
            found=texts.shape[1],
        )
    owners = _owners(image_of_text, (len(images), len(texts)), "text features")

    def rows(some_images: Ids, some_texts: Ids) -> Floats:
        return images[some_images] @ texts[some_texts].T

    return _recall(rows, len(images), owners, tuple(cuts), folds, "cosine")


def _recall(
    rows: Callable[[Ids, Ids], Floats], images: int, owners: Ids, cuts: tuple[int, ...], folds: int, kind: str
) -> Recall:
    if not 1 <= folds <= images or images % folds:
        raise SourceError(
            "The images cannot be cut into groups of one size",
            expected=f"a number of folds that divides {images:,} images",
            found=folds,
        )
    each: list[tuple[Ids, Ids]] = []
    for group in np.split(np.arange(images), folds):
        texts = np.flatnonzero((owners >= group[0]) & (owners <= group[-1]))
        captioned = np.unique(owners[texts])
        if not len(texts):
            raise SourceError("A fold of the images has no text", found=f"images {group[0]} to {group[-1]}")
        to_text = _ranks(rows, captioned, texts, captioned, owners[texts])
        to_image = _ranks(lambda some, all_: rows(all_, some).T, texts, group, owners[texts], group)
        each.append((to_text, to_image))
    image_to_text = {k: _share([ranks for ranks, _ in each], k) for k in cuts}
    text_to_image = {k: _share([ranks for _, ranks in each], k) for k in cuts}
    return Recall(
        image_to_text={k: round(value, DECIMALS) for k, value in image_to_text.items()},
        text_to_image={k: round(value, DECIMALS) for k, value in text_to_image.items()},
        average=round(float(np.mean([*image_to_text.values(), *text_to_image.values()])), DECIMALS),
        images=images,
        texts=len(owners),
        folds=folds,
        signature=f"metric:{METRIC}|version:{VERSION}|similarity:{kind}|at:{','.join(map(str, cuts))}"
        f"|ties:wrong-first|folds:{folds}",
        image_ranks=np.concatenate([ranks for ranks, _ in each]),
        text_ranks=np.concatenate([ranks for _, ranks in each]),
    )


def _ranks(rows: Callable[[Ids, Ids], Floats], queries: Ids, items: Ids, wanted: Ids, belongs: Ids) -> Ids:
    """For every query, how many wrong items are at least as similar as its best right one.

    Args:
        rows: (some queries, all items) -> their similarities.
        wanted: (queries,) the image of each query.
        belongs: (items,) the image of each item.
    """
    found = np.empty(len(queries), np.int64)
    size = max(1, BLOCK_CELLS // len(items))
    for start in range(0, len(queries), size):
        block = slice(start, start + size)
        similar = rows(queries[block], items)
        right = wanted[block, None] == belongs
        best = np.where(right, similar, -np.inf).max(axis=1, keepdims=True)
        found[block] = ((similar >= best) & ~right).sum(axis=1)
    return found


def _share(folds: list[Ids], k: int) -> float:
    """The share of queries with a right one among the first k, in per cent, mean over the folds."""
    return 100 * float(np.mean([(ranks < k).mean() for ranks in folds]))


def _unit(features: ArrayLike, what: str) -> Floats:
    array = np.asarray(features)
    array = array.astype(np.float32) if array.dtype.itemsize < 4 or array.dtype.kind != "f" else array
    if array.ndim != 2 or not len(array):
        raise SourceError(f"The {what} have no usable shape", expected="(number, width)", found=array.shape)
    _refuse_missing(array, what)
    lengths = np.linalg.norm(array, axis=1, keepdims=True)
    if (without := np.flatnonzero(lengths == 0)).size:
        raise SourceError(
            f"Some {what} have no length",
            expected="no row of zeros",
            found=f"{len(without):,} such rows, the first: {without[0]}",
        )
    unit: Floats = array / lengths
    return unit


def _owners(image_of_text: ArrayLike, shape: tuple[int, ...], what: str) -> Ids:
    owners = np.asarray(image_of_text)
    if len(shape) != 2 or not all(shape) or owners.shape != (shape[1],) or owners.dtype.kind not in "iu":
        raise SourceError(
            "Images, texts and the image of each text do not fit together",
            where=what,
            expected="(images, texts), and for each text the row of its image",
            found=f"{shape}, and {owners.dtype} of shape {owners.shape}",
        )
    if owners.min() < 0 or owners.max() >= shape[0]:
        raise SourceError(
            "A text belongs to an image that is not there",
            where=what,
            expected=f"rows 0 to {shape[0] - 1}",
            found=f"{owners.min()} to {owners.max()}",
        )
    return owners.astype(np.int64)


def _refuse_missing(array: Floats, what: str) -> None:
    bad = ~np.isfinite(array).all(axis=1) if array.ndim == 2 else np.zeros(0, bool)
    if bad.any():
        raise SourceError(
            f"Some {what} are no finite numbers",
            expected="finite values",
            found=f"{int(bad.sum()):,} such rows, the first: {int(np.flatnonzero(bad)[0])}",
        )
