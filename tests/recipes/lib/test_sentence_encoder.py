"""The small sentence encoder: translations find each other, and what is trained is kept."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from recipes.lib.models.rc3 import RC3Config
from recipes.lib.ragged import Ragged
from recipes.lib.sentence_encoder import TranslationBatches, embedded, embedded_by, trained_encoder
from recipes.lib.tokens import train_tokenizer
from vqa_builder.errors import MissingExtraError

COLOURS = [
    ("red", "赤い", "लाल"),
    ("blue", "青い", "नीली"),
    ("green", "緑の", "हरी"),
    ("yellow", "黄色い", "पीली"),
]
THINGS = [("car", "車", "गाड़ी"), ("chair", "椅子", "कुर्सी"), ("cup", "カップ", "प्याली"), ("boat", "舟", "नाव")]
SENTENCES = [
    (f"a {colour[0]} {thing[0]}", f"{colour[1]}{thing[1]}", f"एक {colour[2]} {thing[2]}")
    for colour in COLOURS
    for thing in THINGS
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("encoder")


def test_translations_find_each_other(folder: Path) -> None:
    tokenizer = train_tokenizer([text for row in SENTENCES for text in row], 200, folder / "tokenizer")
    shape = RC3Config(
        vocabulary=len(tokenizer),
        hidden=32,
        heads=2,
        intermediate=64,
        text_layers=1,
        positions=16,
        dropout=0.0,
    )
    encoder = trained_encoder(SENTENCES, tokenizer, folder / "run", shape=shape, steps=80, batch_size=16)
    texts = [[row[language] for row in SENTENCES] for language in range(3)]
    pieces = [Ragged.of(tokenizer(each)["input_ids"], np.int64) for each in texts]
    vectors = [embedded(encoder, each, tokenizer.pad_token_id) for each in pieces]
    np.testing.assert_allclose(np.linalg.norm(vectors[0], axis=1), 1, atol=1e-5)
    for one, other in ((0, 1), (1, 2), (2, 0)):
        found = (vectors[one] @ vectors[other].T).argmax(1)
        assert (found == np.arange(len(SENTENCES))).mean() > 0.9
    alone = embedded(encoder, pieces[1].take(np.array([3])), tokenizer.pad_token_id)
    np.testing.assert_allclose(alone[0], vectors[1][3], atol=1e-5)
    again = trained_encoder(SENTENCES, tokenizer, folder / "run", shape=shape, steps=80, batch_size=16)
    for name, weight in encoder.state_dict().items():
        assert torch.equal(again.state_dict()[name], weight), name


def test_a_batch_holds_sentences_then_their_translations(folder: Path) -> None:
    tokenizer = train_tokenizer([text for row in SENTENCES for text in row], 200, folder / "other")
    batches = TranslationBatches(SENTENCES, tokenizer, batch_size=8, steps=5, seed=1)
    meaning = {text: row for row, texts in enumerate(SENTENCES) for text in texts}
    for batch in batches.epoch(0):
        texts = [
            tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
            for ids in batch["input_ids"]
        ]
        rows = [meaning.get(text, meaning.get(text.replace(" ", ""))) for text in texts]
        assert rows[:8] == rows[8:] and len(set(rows[:8])) == 8
        assert all(one != other for one, other in zip(texts[:8], texts[8:], strict=True))
    [first, *_] = batches.epoch(0, start=3)
    [*_, fourth, _] = batches.epoch(0)
    assert torch.equal(first["input_ids"], fourth["input_ids"])


def test_a_public_encoder_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(MissingExtraError, match=r"vqa-builder\[similarity\]"):
        embedded_by("sentence-transformers/LaBSE", ["猫"])
