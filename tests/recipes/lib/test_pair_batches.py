"""Batches of one language each: what they hold, that they repeat, and how texts become pieces."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from recipes.lib.pair_batches import Encoded, PairBatches, encode
from vqa_builder.errors import SourceError


def languages(ja: int = 23, hi: int = 10) -> dict[str, Encoded]:
    chance = np.random.default_rng(0)
    made = {}
    for name, rows in (("ja", ja), ("hi", hi)):
        lengths = chance.integers(2, 7, rows)
        ids = np.where(np.arange(6) < lengths[:, None], np.arange(rows)[:, None] + 10, 0)
        columns = {"english": np.arange(rows, dtype=np.float16)[:, None]}
        made[name] = Encoded(ids, lengths, np.arange(rows) % 5, columns)
    return made


def test_batches_hold_one_language_and_its_columns() -> None:
    pytest.importorskip("torch")
    tables = {"image": np.arange(5, dtype=np.float32)[:, None] * 100}
    batches = PairBatches(languages(), tables, batch_size=4, seed=3)
    assert len(batches) == 23 // 4 + 10 // 4
    seen: dict[int, list[int]] = {0: [], 1: []}
    for batch in batches.epoch(0):
        rows = batch["input_ids"][:, 0] - 10
        seen[int(batch["language"])] += rows.tolist()
        assert batch["english"][:, 0].tolist() == rows.tolist()
        assert str(batch["english"].dtype) == "torch.float32"
        assert batch["image"][:, 0].tolist() == [100 * (row % 5) for row in rows.tolist()]
        assert batch["attention_mask"].sum(1).max() == batch["input_ids"].shape[1]
    assert len(seen[0]) + len(seen[1]) == 4 * len(batches)
    assert len(set(seen[0][:20])) == len(seen[0][:20])


def test_batches_repeat_and_resume() -> None:
    torch = pytest.importorskip("torch")
    whole = list(PairBatches(languages(), {}, batch_size=4, seed=3, steps=9).epoch(2))
    again = list(PairBatches(languages(), {}, batch_size=4, seed=3, steps=9).epoch(2, start=5))
    other = list(PairBatches(languages(), {}, batch_size=4, seed=3, steps=9).epoch(3))
    assert len(whole) == len(other) == 9
    assert len(again) == 4
    for first, second in zip(whole[5:], again, strict=True):
        assert all(torch.equal(first[name], second[name]) for name in first)
    assert any(a["input_ids"].shape != b["input_ids"].shape for a, b in zip(whole, other, strict=True))


def test_processes_compute_parts_of_the_same_batches() -> None:
    torch = pytest.importorskip("torch")
    batches = PairBatches(languages(), {}, batch_size=4, seed=3)
    parts = [batches.shard(rank, 2) for rank in range(2)]
    for whole, first, second in zip(batches.epoch(1), *(part.epoch(1) for part in parts), strict=True):
        starts = torch.cat([first["input_ids"][:, 0], second["input_ids"][:, 0]])
        assert torch.equal(starts, whole["input_ids"][:, 0])
    assert batches.identity == parts[0].identity
    assert batches.identity["rows"] == {"ja": 23, "hi": 10}


def test_shares_say_how_often_a_language_is_drawn() -> None:
    pytest.importorskip("torch")
    batches = PairBatches(languages(), {}, batch_size=2, steps=400, shares={"ja": 1.0, "hi": 3.0})
    hindi = sum(int(batch["language"]) for batch in batches.epoch(0))
    assert 270 < hindi < 330


class Pieces:
    """Splits at spaces; the end token can be left off."""

    pad_token_id, sep_token_id, eos_token_id = 0, 3, None

    def __init__(self, end: bool) -> None:
        self.end = end

    def __call__(self, texts: list[str], max_length: int, **_: Any) -> dict[str, list[list[int]]]:
        rows = [[10 + len(word) for word in text.split()][: max_length - 1] for text in texts]
        return {"input_ids": [[*row, 3] if self.end else row for row in rows]}


def test_texts_end_with_the_end_token() -> None:
    ids, lengths = encode(["a bb", "a"], Pieces(end=True), 5)
    assert ids.tolist() == [[11, 12, 3], [11, 3, 0]]
    assert lengths.tolist() == [3, 2]
    with pytest.raises(SourceError, match="2 texts do not end"):
        encode(["a bb", "a"], Pieces(end=False), 5)
