"""Features and pair scores of small models become the recalls of the metric."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch import Tensor

from recipes.lib.pairs import Pairs
from recipes.lib.results import Record
from recipes.lib.retrieval import (
    Rows,
    features,
    mean_recall,
    pair_scores,
    record,
    score_features,
    score_pairs,
)
from vqa_builder.errors import SourceError

PAIRS = Pairs(
    "ja", [7, 3, 7, 9], ["赤いバスがある", "猫が寝ている", "バスが止まっている", "木の下に犬がいる"]
)
IMAGES = torch.eye(3)  # in the order 7, 3, 9
TEXTS = torch.tensor([[1.0, 0.2, 0.0], [0.0, 1.0, 0.1], [0.4, 0.5, 0.0], [0.0, 0.3, 1.0]])


def test_features_are_joined_in_order() -> None:
    found = features(lambda batch: batch.double() * 2, TEXTS.split(3))
    assert found.dtype == np.float32 and found.tolist() == (TEXTS * 2).tolist()
    with pytest.raises(SourceError, match="nothing to encode"):
        features(lambda batch: batch, [])


def test_no_gradients_are_kept() -> None:
    def encode(batch: Tensor) -> Tensor:
        assert torch.is_inference_mode_enabled()
        return batch

    features(encode, [TEXTS])


def test_several_captions_per_image() -> None:
    found = score_features(IMAGES.numpy(), TEXTS.numpy(), PAIRS, cuts=(1, 2))
    assert found.image_to_text == {1: 100.0, 2: 100.0}
    assert found.text_to_image == {1: 75.0, 2: 100.0}  # the third caption is nearer to image 3 than to 7
    assert found.average == 93.75 and (found.images, found.texts) == (3, 4)


@pytest.mark.parametrize("batch_size", [1, 5, 512])
def test_pairs_are_scored_cell_by_cell(batch_size: int) -> None:
    asked: list[tuple[int, int]] = []

    def match(images: Rows, texts: Rows) -> Tensor:
        asked.extend(zip(images.tolist(), texts.tolist(), strict=True))
        return (IMAGES[images] * TEXTS[texts]).sum(dim=1)

    scores = pair_scores(match, 3, 4, batch_size=batch_size)
    assert scores.tolist() == (IMAGES @ TEXTS.T).tolist()
    assert asked == [(image, text) for image in range(3) for text in range(4)]
    assert score_pairs(scores, PAIRS, cuts=(1,)).text_to_image == {1: 75.0}


def test_features_of_other_captions_are_refused() -> None:
    with pytest.raises(SourceError, match="not those of the captions") as caught:
        score_features(IMAGES.numpy(), TEXTS.numpy()[:3], PAIRS)
    assert caught.value.details["found"] == "3 and 3"


def test_a_record_says_everything() -> None:
    recall = score_features(IMAGES.numpy(), TEXTS.numpy(), PAIRS)
    found: Record = record("ja", recall)
    assert json.dumps(found, allow_nan=False)
    assert (found["language"], found["images"], found["texts"]) == ("ja", 3, 4)
    assert found["image_to_text_r1"] == 100.0 and found["signature"].startswith("metric:retrieval_recall|")


def test_languages_are_averaged() -> None:
    one = score_features(IMAGES.numpy(), TEXTS.numpy(), PAIRS, cuts=(1,))
    other = score_features(IMAGES.numpy(), TEXTS.numpy()[[1, 1, 1, 1]], PAIRS, cuts=(1,))
    assert mean_recall({"ja": one, "hi": other}) == round((one.average + other.average) / 2, 2)
