"""Small models begin with what checkpoints would give them: words, and pictures near their words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from recipes.lib.features import FeatureStore, ImageFeatures, write_store
from recipes.lib.models.oscar import initialise
from recipes.lib.models.rc3 import RC3, RC3Classifier, RC3Config, TextEncoder
from recipes.lib.tokens import train_tokenizer
from recipes.rc3.beginnings import begin, begin_answers, patch_tags

TAGS = ["red cat", "blue bus", "red bus", "blue cat"]


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> FeatureStore:
    """Pictures of one thing, which fills the left of two patches."""
    random = np.random.default_rng(0)
    looks = {word: random.normal(size=20) for word in ("red", "blue", "cat", "bus")}
    seen = [sum(looks[word] for word in tag.split()) for tag in TAGS]
    images = [
        ImageFeatures(
            number,
            100,
            50,
            np.array([[0, 0, 50, 50]], float),
            np.asarray(seen[number % 4])[None].astype(np.float16),
            [TAGS[number % 4]],
            np.stack([seen[number % 4], np.zeros(20)]).astype(np.float16),
        )
        for number in range(40)
    ]
    return write_store(tmp_path_factory.mktemp("seen") / "features", images, source="test")


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return train_tokenizer(TAGS * 3, 60, tmp_path_factory.mktemp("pieces") / "tokenizer")


def begun(features: FeatureStore, tokenizer: Any) -> RC3:
    shape = RC3Config(
        vocabulary=len(tokenizer),
        hidden=32,
        text_layers=1,
        cross_layers=2,
        heads=2,
        intermediate=64,
        positions=16,
        region_width=features.region_width,
        patch_width=features.patch_width or 1,
        patches=2,
        projection=8,
        dropout=0.0,
        pad_id=tokenizer.pad_token_id,
    )
    generator = torch.Generator().manual_seed(0)
    model, text = RC3(shape, generator=generator), TextEncoder(shape)
    initialise(text, generator)
    begin(model, text, features, tokenizer, generator)
    assert torch.equal(model.text.words.weight, text.words.weight)
    model.eval()
    return model


@torch.no_grad()
def test_regions_and_patches_begin_near_the_words_of_their_tags(
    features: FeatureStore, tokenizer: Any
) -> None:
    model = begun(features, tokenizer)
    pieces = tokenizer(TAGS, return_tensors="pt", padding=True)
    inside = ~torch.isin(pieces["input_ids"], torch.tensor(tokenizer.all_special_ids))
    states = model.text(pieces["input_ids"], pieces["attention_mask"])
    words = (states * inside[..., None]).sum(1)
    regions = model.region_projection(torch.from_numpy(features.regions(np.arange(4), 1)[0][:, 0]))
    patches = model.patch_projection(torch.from_numpy(features.patches(np.arange(4))[:, 0]))
    for seen in (regions, patches):
        near = functional.cosine_similarity(seen[:, None], words[None], dim=2)
        assert near.argmax(1).tolist() == [0, 1, 2, 3]


@torch.no_grad()
def test_attention_begins_by_finding_the_like_and_draws_repeat(
    features: FeatureStore, tokenizer: Any
) -> None:
    one, two = begun(features, tokenizer), begun(features, tokenizer)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    for layer in one.layers:
        query, key, _ = layer.query_key_value.weight.chunk(3)
        assert torch.equal(query, key)


@torch.no_grad()
def test_answers_begin_as_their_words(features: FeatureStore, tokenizer: Any) -> None:
    body = begun(features, tokenizer)
    model = RC3Classifier(body, 3, generator=torch.Generator().manual_seed(0))
    begin_answers(model, ["red", "blue", "cat"], tokenizer)
    pieces = tokenizer(["red", "blue", "cat"], add_special_tokens=False)["input_ids"]
    words = torch.stack([body.text.words.weight[row].mean(0) for row in pieces])
    near = functional.cosine_similarity(model.head[-1].weight[:, None, :32], words[None], dim=2)
    assert near.argmax(1).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("boxes", "tags", "expected"),
    [
        ([[0, 0, 160, 120]], ["beach"], ["beach"] * 20),
        ([[0, 0, 160, 120]], [""], [""] * 20),
        ([[0, 0, 160, 120], [0, 0, 31, 29]], ["beach", "red cat"], ["red cat"] + ["beach"] * 19),
        ([[128, 90, 160, 120]], ["red cat"], [""] * 19 + ["red cat"]),
    ],
)
def test_a_patch_has_the_smallest_region_over_its_centre(
    boxes: list[list[float]], tags: list[str], expected: list[str]
) -> None:
    regions = np.zeros((len(boxes), 4), np.float16)
    image = ImageFeatures(1, 160, 120, np.array(boxes, dtype=float), regions, tags, None)
    assert patch_tags(image, 20) == expected
