"""Recalls are those that one counts by hand, both ways, with several captions per image."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from vqa_builder.errors import SourceError
from vqa_builder.metrics import retrieval_recall as metric
from vqa_builder.metrics.retrieval_recall import retrieval_recall, retrieval_recall_of_features

# Three images; the first has two captions, the last none, so that it only distracts.
OWNERS = [0, 0, 1]
SIMILAR = [[0.1, 0.9, 0.8], [0.5, 0.7, 0.6], [0.4, 0.8, 0.9]]


def _by_counting(similar: np.ndarray[Any, Any], owners: np.ndarray[Any, Any], k: int) -> tuple[float, float]:
    """The definition, one query at a time; no ties in the data."""
    images = sorted(set(owners.tolist()))
    to_text = [owners[np.argsort(-similar[image])[:k]].tolist().count(image) > 0 for image in images]
    to_image = [owner in np.argsort(-similar[:, text])[:k] for text, owner in enumerate(owners)]
    return 100 * float(np.mean(to_text)), 100 * float(np.mean(to_image))


def test_by_hand() -> None:
    found = retrieval_recall(SIMILAR, OWNERS, cuts=(1, 2))
    assert found.image_to_text == {1: 50.0, 2: 100.0}  # image 0: its second caption; image 1: second place
    assert found.text_to_image == {1: 33.33, 2: 33.33}  # text 0: third; text 1: first; text 2: third
    assert found.average == round((50 + 100 + 100 / 3 + 100 / 3) / 4, 2)
    assert (found.images, found.texts) == (3, 3)
    assert found.image_ranks.tolist() == [0, 1] and found.text_ranks.tolist() == [2, 0, 2]


def test_values_have_names() -> None:
    found = retrieval_recall(np.eye(12), range(12)).values()
    assert list(found) == [
        "average_recall",
        *(f"{way}_r{k}" for way in ("image_to_text", "text_to_image") for k in (1, 5, 10)),
    ]
    assert set(found.values()) == {100.0}


@pytest.mark.parametrize("cells", [1, 100, 1 << 24])
@pytest.mark.parametrize("seed", range(5))
def test_any_block_size_gives_what_counting_gives(
    monkeypatch: pytest.MonkeyPatch, cells: int, seed: int
) -> None:
    monkeypatch.setattr(metric, "BLOCK_CELLS", cells)
    draw = np.random.default_rng(seed)
    owners = draw.permutation(np.repeat(np.arange(13), draw.integers(1, 6, 13)))
    images, texts = draw.normal(size=(13, 6)), draw.normal(size=(len(owners), 6))
    found = retrieval_recall_of_features(images, texts, owners)
    unit = (images / np.linalg.norm(images, axis=1)[:, None]) @ (
        texts / np.linalg.norm(texts, axis=1)[:, None]
    ).T
    assert found.image_ranks.tolist() == retrieval_recall(unit, owners).image_ranks.tolist()
    for k in (1, 5, 10):
        to_text, to_image = _by_counting(unit, owners, k)
        assert found.image_to_text[k] == round(to_text, 2)
        assert found.text_to_image[k] == round(to_image, 2)


def test_a_model_that_says_the_same_about_everything_finds_nothing() -> None:
    assert retrieval_recall(np.ones((20, 20)), range(20)).average == 0.0
    same = retrieval_recall_of_features(np.ones((20, 4)), np.ones((40, 4)), np.repeat(np.arange(20), 2))
    assert same.average == 0.0


def test_other_captions_of_the_image_do_not_stand_in_the_way() -> None:
    similar = np.eye(2).repeat(5, axis=1)
    assert retrieval_recall(similar, np.arange(2).repeat(5), cuts=(1,)).average == 100.0


def test_folds_are_scored_apart() -> None:
    similar = np.array([[0.5, 0.0, 0.9], [0.0, 0.5, 0.0], [0.9, 0.9, 0.5]])
    similar = np.pad(similar, ((0, 1), (0, 1)), constant_values=0.1)
    assert retrieval_recall(similar, range(4), cuts=(1,)).text_to_image == {1: 0.0}
    found = retrieval_recall(similar, range(4), cuts=(1,), folds=2)
    assert found.text_to_image == {1: 75.0}
    assert found.signature.endswith("|folds:2")


@pytest.mark.parametrize(
    ("similarities", "owners", "options", "message"),
    [
        (np.ones((2, 3)), [0, 1], {}, "do not fit together"),
        (np.ones((2, 3)), [0, 1, 2], {}, "not there"),
        (np.ones((2, 3)), [0.0, 1.0, 1.0], {}, "do not fit together"),
        (np.ones((0, 0)), [], {}, "do not fit together"),
        (np.array([[0.0, np.nan]]), [0, 0], {}, "finite"),
        (np.ones((3, 3)), [0, 1, 2], {"folds": 2}, "groups of one size"),
        (np.ones((4, 2)), [0, 1], {"folds": 2}, "has no text"),
    ],
)
def test_bad_input_is_named(similarities: Any, owners: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        retrieval_recall(similarities, owners, **options)


@pytest.mark.parametrize(
    ("images", "texts", "message"),
    [
        (np.ones((2, 3)), np.ones((2, 4)), "different widths"),
        (np.ones((2, 3)), np.zeros((2, 3)), "no length"),
        (np.full((2, 3), np.inf), np.ones((2, 3)), "finite"),
        (np.ones(3), np.ones((2, 3)), "no usable shape"),
    ],
)
def test_bad_features_are_named(images: Any, texts: Any, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        retrieval_recall_of_features(images, texts, [0, 1])


def test_half_precision_features_are_compared_in_single_precision() -> None:
    draw = np.random.default_rng(0)
    half = draw.normal(size=(50, 16)).astype(np.float16)
    assert retrieval_recall_of_features(half, half, range(50)).average == 100.0


def test_five_thousand_images_with_five_captions_take_seconds() -> None:
    draw = np.random.default_rng(0)
    images = draw.normal(size=(5_000, 64)).astype(np.float32)
    owners = np.repeat(np.arange(5_000), 5)
    texts = images[owners] + draw.normal(size=(25_000, 64)).astype(np.float32)
    start = time.process_time()
    found = retrieval_recall_of_features(images, texts, owners)
    assert time.process_time() - start < 15
    assert 50 < found.image_to_text[1] <= 100
