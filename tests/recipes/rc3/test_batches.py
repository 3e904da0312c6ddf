"""Batches of pairs and of texts: fixed by seed and step, of like length, about one image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from recipes.lib.features import FeatureStore
from recipes.lib.ragged import Ragged
from recipes.rc3.batches import Corpus, Pairs, PretrainingBatches, alike
from recipes.rc3.objectives.masked_language import MaskedLanguage
from recipes.rc3.objectives.strict_contrast import StrictContrast
from recipes.rc3.objectives.weak_contrast import WeakContrast
from vqa_builder.errors import SpecError


def corpus() -> Corpus:
    """60 texts of 3 to 8 pieces, three of each of 20 images."""
    random = np.random.default_rng(0)
    texts = [[2, *random.integers(5, 40, size=int(random.integers(1, 7))).tolist(), 3] for _ in range(60)]
    return Corpus([""] * 60, Ragged.of(texts, np.int64), np.arange(60) // 3, ["en"] * 60)


@pytest.fixture
def batches(features: Path) -> PretrainingBatches:
    made = corpus()
    pairs = Pairs.of([(first, first + other) for first in range(0, 60, 3) for other in (1, 2)], made)
    vectors = np.eye(60, dtype=np.float32)
    return PretrainingBatches(
        made,
        FeatureStore.open(features),
        {
            "masked_language": (MaskedLanguage(4, (0, 1, 2, 3, 4), 40), 2.0),
            "strict": (StrictContrast(), 1.0),
            "weak": (WeakContrast(), 1.0),
        },
        pairs={"strict": pairs, "weak": pairs},
        relevance=vectors,
        batch_size=8,
        regions=4,
        patches=True,
        steps=30,
        per_image=2,
        translated=0.5,
    )


def test_an_epoch_repeats_and_may_start_anywhere(batches: PretrainingBatches) -> None:
    whole, rest = list(batches.epoch(1)), list(batches.epoch(1, 20))
    assert len(whole) == 30 and len(rest) == 10
    for one, other in zip(whole[20:], rest, strict=True):
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one)
    assert {int(batch["objective"]) for batch in whole} == {0, 1, 2}


def test_pairs_have_twice_the_texts_and_weak_ones_a_relevance(batches: PretrainingBatches) -> None:
    for batch in batches.epoch(0):
        size = len(batch["regions"])
        assert len(batch["patches"]) == len(batch["region_mask"]) == size
        if int(batch["objective"]) == 0:
            assert len(batch["input_ids"]) == size == 8 and "labels" in batch
        else:
            assert len(batch["input_ids"]) == 2 * size == 8
        assert ("relevance" in batch) == (int(batch["objective"]) == 2)


def test_the_parts_of_two_processes_make_the_batch(batches: PretrainingBatches) -> None:
    parts: list[list[dict[str, Any]]] = [list(batches.shard(rank, 2).epoch(0)) for rank in (0, 1)]
    for whole, one, other in zip(batches.epoch(0), *parts, strict=True):
        assert torch.equal(one["objective"], other["objective"])
        assert torch.equal(one["objective"], whole["objective"])
        both = torch.cat([one["patches"], other["patches"]])
        assert sorted(both.sum((1, 2)).tolist()) == sorted(whole["patches"].sum((1, 2)).tolist())
        if "relevance" in whole:
            assert one["relevance"].shape == one["relevance_back"].shape == (2, 4)
            own = torch.cat([one["relevance"], other["relevance"]]).diagonal()
            assert sorted(own.tolist()) == pytest.approx(sorted(whole["relevance"].diagonal().tolist()))


def test_a_batch_that_cannot_be_parted_is_told(batches: PretrainingBatches) -> None:
    with pytest.raises(SpecError, match="a multiple of 6"):
        batches.shard(0, 3)


def test_rows_of_like_length_are_kept() -> None:
    lengths = np.arange(40)
    kept = alike(np.arange(100, 140), lengths, 10, np.random.default_rng(0))
    assert len(kept) == 10 and np.ptp(kept) == 9
