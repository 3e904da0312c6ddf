from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from recipes.lib.features import ImageFeatures, write_store
from recipes.lib.models.first_weights import anchor_regions, mimetic, prior_bias
from recipes.lib.models.oscar import Oscar, OscarConfig
from recipes.lib.tokens import train_tokenizer

SHAPE = OscarConfig(vocabulary=60, hidden=32, layers=2, heads=2, intermediate=64, region_width=26, labels=5)


def model() -> Oscar:
    made = Oscar(SHAPE, generator=torch.Generator().manual_seed(0))
    made.eval()
    return made


def test_a_word_looks_for_itself_and_passes_itself_on() -> None:
    own = model()
    mimetic(own, torch.Generator().manual_seed(1))
    first = own.layers[0]
    query, key, value = first.query_key_value.weight.chunk(3)
    assert torch.equal(query, key)
    words = torch.nn.functional.layer_norm(own.words.weight[1:40], (32,))
    likeness = (words @ query.T) @ (words @ key.T).T
    assert (likeness.argmax(1) == torch.arange(39)).float().mean() > 0.95
    passed = words @ value.T @ first.attention_output.weight.T
    assert torch.nn.functional.cosine_similarity(passed, words).mean() > 0.8
    near, far = (own.positions.weight[10] @ own.positions.weight[place] for place in (11, 60))
    assert near > far
    assert not own.words.weight[SHAPE.pad_id].any()


def test_the_same_generator_gives_the_same_weights() -> None:
    one, two = model(), model()
    for each in (one, two):
        mimetic(each, torch.Generator().manual_seed(1))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))


def test_a_region_starts_near_the_words_of_its_tag(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    tags = ["red cat", "blue bus", "red bus", "blue cat"]
    looks = {word: random.normal(size=20) for word in ("red", "blue", "cat", "bus")}
    images = [
        ImageFeatures(
            number,
            100,
            100,
            np.array([[0, 0, 50, 50]], float),
            np.sum([looks[word] for word in tags[number % 4].split()], axis=0)[None].astype(np.float16),
            [tags[number % 4]],
            None,
        )
        for number in range(40)
    ]
    store = write_store(tmp_path / "features", images, source="test")
    tokenizer = train_tokenizer(tags * 3, 60, tmp_path / "tokenizer")
    own = model()
    mimetic(own, torch.Generator().manual_seed(1))
    anchor_regions(own, store, tokenizer)
    regions, _ = store.regions(np.arange(4), 1)
    with torch.no_grad():
        projected = own.regions(torch.from_numpy(regions))[:, 0]
        named = torch.stack(
            [own.words.weight[tokenizer(tag, add_special_tokens=False)["input_ids"]].sum(0) for tag in tags]
        )
    likeness = torch.nn.functional.cosine_similarity(projected[:, None], named[None], dim=2)
    assert likeness.argmax(1).tolist() == [0, 1, 2, 3]


def test_without_tags_regions_stay_as_they_were(tmp_path: Path) -> None:
    box = np.array([[0, 0, 50, 50]], float)
    images = [ImageFeatures(1, 100, 100, box, np.ones((1, 20), np.float16), [""], None)]
    tokenizer = train_tokenizer(["red cat"], 60, tmp_path / "tokenizer")
    own = model()
    before = own.regions.weight.clone()
    anchor_regions(own, write_store(tmp_path / "features", images, source="test"), tokenizer)
    assert torch.equal(own.regions.weight, before)


def test_the_last_bias_is_the_log_odds_of_the_answers() -> None:
    own = model()
    prior_bias(own.classifier, [[0, 1], [0], [], [2]], [[1.0, 0.3], [0.6], [], [0.9]])
    probabilities = own.classifier.bias.detach().sigmoid()
    torch.testing.assert_close(probabilities, torch.tensor([0.4, 0.075, 0.225, 1e-4, 1e-4]))
