"""What is masked, and what is told."""

from __future__ import annotations

import numpy as np
import torch

from recipes.rc3.objectives.masked_language import IGNORED, MaskedLanguage
from tests.recipes.rc3.tiny import SPECIAL, arrays, model, tensors

OBJECTIVE = MaskedLanguage(4, SPECIAL, 40, 0.3)


def test_every_text_hides_something_and_no_special_piece() -> None:
    batch = arrays(64)
    prepared = OBJECTIVE.prepare(batch, np.random.default_rng(1))
    chosen = prepared["labels"] != IGNORED
    assert chosen.any(axis=1).all()
    assert not np.isin(batch["input_ids"][chosen], SPECIAL).any()
    np.testing.assert_array_equal(prepared["labels"][chosen], batch["input_ids"][chosen])
    np.testing.assert_array_equal(prepared["input_ids"][~chosen], batch["input_ids"][~chosen])


def test_a_very_small_share_still_hides_one_piece_of_each_text() -> None:
    prepared = MaskedLanguage(4, SPECIAL, 40, 1e-9).prepare(arrays(), np.random.default_rng(1))
    np.testing.assert_array_equal((prepared["labels"] != IGNORED).sum(axis=1), np.ones(16))


def test_eighty_per_cent_become_the_mask_and_ten_stay() -> None:
    batch = arrays(4000)
    prepared = OBJECTIVE.prepare(batch, np.random.default_rng(1))
    chosen = prepared["labels"] != IGNORED
    shown = prepared["input_ids"][chosen]
    assert abs((shown == 4).mean() - 0.8) < 0.02
    assert abs((shown == batch["input_ids"][chosen]).mean() - 0.1) < 0.02
    # A little more than asked for, as texts of three pieces always hide one.
    assert 0.3 < chosen.sum() / (batch["input_ids"] > 4).sum() < 0.4


def test_nothing_is_changed_in_place_and_draws_repeat() -> None:
    batch = arrays()
    before = batch["input_ids"].copy()
    first, second = (OBJECTIVE.prepare(batch, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(batch["input_ids"], before)
    np.testing.assert_array_equal(first["input_ids"], second["input_ids"])


def test_the_loss_is_that_of_the_masked_pieces_alone() -> None:
    batch = arrays()
    prepared = tensors(batch | OBJECTIVE.prepare(batch, np.random.default_rng(1)))
    reader = model()
    terms = OBJECTIVE.loss(reader, prepared)
    logits = reader.predict_words(reader(**prepared).text)
    expected = torch.nn.functional.cross_entropy(logits.flatten(0, 1), prepared["labels"].flatten())
    torch.testing.assert_close(terms["loss"], expected)
    assert set(terms) == {"loss", "weight", "masked_language", "masked_language_accuracy"}
