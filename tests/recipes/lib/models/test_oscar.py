"""The encoder: padding, dropout, compilation, weights on disk; test_checkpoints compares its numbers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from recipes.lib.models.oscar import Oscar, OscarConfig
from tests.recipes.lib.models.reference_oscar import make_batch
from vqa_builder.errors import SourceError, SpecError

SMALL = OscarConfig(
    vocabulary=60, hidden=24, layers=2, heads=4, intermediate=40, positions=32, region_width=14, labels=11
)


def small(seed: int = 0, **changes: Any) -> Oscar:
    model = Oscar(replace(SMALL, **changes), generator=torch.Generator().manual_seed(seed))
    model.eval()
    return model


def test_shapes_and_states_on_request() -> None:
    model, batch = small(), make_batch()
    output = model(**batch, targets=torch.zeros(3, 11), index=torch.arange(3), hidden_states=True)
    assert output.logits.shape == (3, 11)
    assert output.pooled.shape == (3, 24)
    assert [states.shape for states in output.hidden] == [(3, 14, 24)] * 2
    assert model(**batch).hidden is None
    torch.testing.assert_close(model.pool(output.hidden[-1]), output.pooled)


def test_what_stands_in_padding_changes_nothing() -> None:
    model, batch = small(), make_batch()
    other = dict(batch)
    other["input_ids"] = torch.where(batch["attention_mask"].bool(), batch["input_ids"], 7)
    other["regions"] = torch.where(batch["region_mask"][..., None], batch["regions"], 5.0)
    torch.testing.assert_close(model(**other).logits, model(**batch).logits, rtol=0, atol=1e-6)


def test_padding_of_a_batch_changes_no_answer() -> None:
    model, batch = small(), make_batch()
    alone = {name: values[1:2] for name, values in batch.items()}
    for name, length in (("input_ids", 6), ("attention_mask", 6), ("token_type_ids", 6)):
        alone[name] = alone[name][:, :length]
    alone["regions"], alone["region_mask"] = alone["regions"][:, :2], alone["region_mask"][:, :2]
    torch.testing.assert_close(model(**alone).logits[0], model(**batch).logits[1], rtol=0, atol=1e-5)


def test_text_alone_and_regions_without_a_mask() -> None:
    model, batch = small(), make_batch()
    text = {name: batch[name] for name in ("input_ids", "attention_mask", "token_type_ids")}
    assert model(**text).logits.isfinite().all()
    every = model(**text, regions=batch["regions"], region_mask=torch.ones(3, 5, dtype=torch.bool))
    torch.testing.assert_close(model(**text, regions=batch["regions"]).logits, every.logits)


def test_the_same_generator_gives_the_same_weights_and_leaves_the_global_one_in_charge_of_dropout() -> None:
    first, second, third = small(1), small(1), small(2)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    assert not torch.equal(first.pooler.weight, third.pooler.weight)
    assert not first.words.weight[0].any()
    batch = make_batch()
    first.train()
    torch.manual_seed(0)
    noisy = first(**batch).logits
    assert not torch.equal(noisy, first(**batch).logits)
    torch.manual_seed(0)
    assert torch.equal(noisy, first(**batch).logits)


def test_compiles_into_one_graph() -> None:
    model, batch = small(), make_batch()
    compiled = torch.compile(model, fullgraph=True, backend="eager", dynamic=True)
    for length in (9, 7):
        part = {name: value[:, :length] if value.shape[1] == 9 else value for name, value in batch.items()}
        expected, found = (one(**part, hidden_states=True) for one in (model, compiled))
        torch.testing.assert_close(found.logits, expected.logits)
        torch.testing.assert_close(found.hidden[-1], expected.hidden[-1])


@pytest.mark.parametrize("classifier", ["linear", "mlp"])
def test_weights_come_back_from_disk(tmp_path: Path, classifier: str) -> None:
    model = small(classifier=classifier, classifier_hidden=16, region_layer_norm=1e-12)
    model.save(tmp_path / "model")
    again = Oscar.load(tmp_path / "model").eval()
    assert again.config == model.config
    batch = make_batch()
    assert torch.equal(again(**batch).logits, model(**batch).logits)
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == [
        "config.json",
        "model.safetensors",
    ]


def test_bad_folders_are_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds no model"):
        Oscar.load(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(SourceError, match="of another model") as caught:
        Oscar.load(tmp_path)
    assert "from_transformers" in str(caught.value)
    small().save(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"labels": 12}))
    with pytest.raises(SourceError, match="do not belong") as caught:
        Oscar.load(tmp_path)
    assert "11" in caught.value.details["found"]
    with pytest.raises(SpecError, match="multiple"):
        OscarConfig(vocabulary=10, hidden=30, heads=4)
