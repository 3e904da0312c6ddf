"""Published weights: logits, states and gradients agree with a plain reference and with transformers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import BertConfig, BertModel, RobertaConfig, RobertaModel, XLMRobertaConfig, XLMRobertaModel

from recipes.lib.models.checkpoints import from_transformers, load_oscar_checkpoint
from recipes.lib.models.oscar import Oscar
from tests.recipes.lib.models.reference_oscar import forward, make_batch, make_weights
from vqa_builder.errors import SourceError

SETTINGS = {"num_attention_heads": 3, "layer_norm_eps": 1e-12, "hidden_act": "gelu", "img_feature_dim": 14}
SIZES = {"hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 3, "intermediate_size": 40}


def write_checkpoint(folder: Path, weights: dict[str, Tensor], **settings: Any) -> Path:
    folder.mkdir()
    torch.save(weights, folder / "pytorch_model.bin")
    (folder / "config.json").write_text(json.dumps(SETTINGS | settings))
    return folder


def assert_same(model: Oscar, weights: dict[str, Tensor], heads: int = 3) -> None:
    batch = make_batch()
    logits, states = forward(weights, batch, heads=heads)
    output = model.eval()(**batch, hidden_states=True)
    torch.testing.assert_close(output.logits, logits, rtol=0, atol=1e-5)
    real = torch.cat([batch["attention_mask"].bool(), batch["region_mask"]], dim=1)
    assert len(output.hidden) == len(states)
    for found, expected in zip(output.hidden, states, strict=True):
        torch.testing.assert_close(found[real], expected[real], rtol=0, atol=1e-5)


@pytest.mark.parametrize("shape", [{}, {"mlp": 20}, {"region_norm": True}])
def test_logits_and_every_state_are_those_of_the_reference(tmp_path: Path, shape: dict[str, Any]) -> None:
    weights = make_weights(**shape)
    folder = write_checkpoint(tmp_path / "best", weights, use_img_layernorm=int("region_norm" in shape))
    assert_same(load_oscar_checkpoint(folder), weights)


def test_gradients_are_those_of_the_reference(tmp_path: Path) -> None:
    weights = make_weights()
    model = load_oscar_checkpoint(write_checkpoint(tmp_path / "best", weights)).eval()
    batch, targets = make_batch(), torch.rand(3, 11, generator=torch.Generator().manual_seed(4))
    leaves = {name: value.clone().requires_grad_() for name, value in weights.items()}
    loss = torch.nn.functional.binary_cross_entropy_with_logits
    loss(forward(leaves, batch, heads=3)[0], targets).backward()
    loss(model(**batch).logits, targets).backward()
    layer, last = "bert.encoder.layer.1", "bert.encoder.layer.2.attention.output.LayerNorm"
    joined = torch.cat(
        [leaves[f"{layer}.attention.self.{part}.weight"].grad for part in ("query", "key", "value")]
    )
    pairs = [
        (model.layers[1].query_key_value.weight.grad, joined),
        (model.words.weight.grad[1:], leaves["bert.embeddings.word_embeddings.weight"].grad[1:]),
        (model.positions.weight.grad, leaves["bert.embeddings.position_embeddings.weight"].grad),
        (model.regions.weight.grad, leaves["bert.img_embedding.weight"].grad),
        (model.layers[0].output.weight.grad, leaves["bert.encoder.layer.0.output.dense.weight"].grad),
        (model.layers[2].attention_norm.bias.grad, leaves[f"{last}.bias"].grad),
        (model.classifier.weight.grad, leaves["classifier.weight"].grad),
    ]
    for found, expected in pairs:
        assert expected.abs().max() > 1e-4
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


def test_the_plain_reference_agrees_with_transformers() -> None:
    """The reference itself is checked: BertModel over text and region embeddings put together."""
    weights, batch = make_weights(), make_batch()
    bert = BertModel(BertConfig(vocab_size=60, max_position_embeddings=32, **SIZES)).eval()
    own = {name.removeprefix("bert."): value for name, value in weights.items() if name.startswith("bert.")}
    missing, unexpected = bert.load_state_dict(own, strict=False)
    assert not missing
    assert set(unexpected) == {"img_embedding.weight", "img_embedding.bias"}
    text = bert.embeddings(input_ids=batch["input_ids"], token_type_ids=batch["token_type_ids"])
    regions = batch["regions"] @ own["img_embedding.weight"].T + own["img_embedding.bias"]
    mask = torch.cat([batch["attention_mask"], batch["region_mask"].long()], dim=1)
    bias = (1.0 - mask.float())[:, None, None, :] * -10000.0
    found = bert.encoder(torch.cat([text, regions], dim=1), attention_mask=bias).last_hidden_state
    torch.testing.assert_close(found, forward(weights, batch, heads=3)[1][-1], rtol=0, atol=1e-5)


def as_ddp(name: str) -> str:
    return f"module.{name}"


def with_old_norms(name: str) -> str:
    return name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")


@pytest.mark.parametrize("rename", [as_ddp, with_old_norms])
def test_older_names_are_read(tmp_path: Path, rename: Callable[[str], str]) -> None:
    weights = make_weights()
    old = {rename(name): value for name, value in weights.items()}
    old["cls.predictions.bias"] = torch.zeros(60)
    assert_same(load_oscar_checkpoint(write_checkpoint(tmp_path / "old", old)), weights)


def test_safetensors_and_single_files(tmp_path: Path) -> None:
    weights = make_weights(hidden=64, intermediate=64, layers=1)
    save_file(weights, tmp_path / "weights.safetensors")
    model = load_oscar_checkpoint(tmp_path / "weights.safetensors", dropout=0.3)
    assert (model.config.heads, model.config.dropout, model.config.labels) == (1, 0.3, 11)
    assert_same(model, weights, heads=1)


def test_other_answers_and_other_features_start_afresh(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "best", make_weights())
    with pytest.raises(SourceError, match="another shape") as caught:
        load_oscar_checkpoint(folder, labels=5)
    assert "classifier.weight [11, 24], not [5, 24]" in caught.value.details["found"]
    assert "new=" in caught.value.details["do"]
    model = load_oscar_checkpoint(
        folder,
        new=["classifier", "regions"],
        labels=5,
        region_width=70,
        generator=torch.Generator().manual_seed(1),
    )
    kept = load_oscar_checkpoint(folder)
    assert model.classifier.weight.shape == (5, 24)
    assert model.regions.weight.shape == (24, 70)
    assert torch.equal(model.pooler.weight, kept.pooler.weight)


def test_a_checkpoint_without_a_head_needs_a_new_one(tmp_path: Path) -> None:
    weights = {name: value for name, value in make_weights().items() if not name.startswith("classifier")}
    folder = write_checkpoint(tmp_path / "pretrained", weights)
    with pytest.raises(SourceError, match="another shape") as caught:
        load_oscar_checkpoint(folder, labels=5)
    assert "classifier.weight missing" in caught.value.details["found"]
    assert load_oscar_checkpoint(folder, new=["classifier"], labels=5).config.labels == 5


def test_foreign_and_broken_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no checkpoint"):
        load_oscar_checkpoint(tmp_path)
    odd = make_weights() | {"bert.code_embeddings.weight": torch.zeros(3, 3)}
    with pytest.raises(SourceError, match="not built like BERT") as caught:
        load_oscar_checkpoint(write_checkpoint(tmp_path / "odd", odd))
    assert "bert.code_embeddings.weight" in caught.value.details["found"]
    torch.save({"model": Path("x")}, tmp_path / "objects.bin")
    with pytest.raises(SourceError, match="cannot be read") as caught:
        load_oscar_checkpoint(tmp_path / "objects.bin")
    assert "nothing else is ever unpickled" in caught.value.details["expected"]
    (tmp_path / "cut.safetensors").write_bytes(b"\x10\x00")
    with pytest.raises(SourceError, match="cannot be read"):
        load_oscar_checkpoint(tmp_path / "cut.safetensors")
    half = {name: value for name, value in make_weights().items() if "word_embeddings" not in name}
    with pytest.raises(SourceError, match="lacks a part"):
        load_oscar_checkpoint(write_checkpoint(tmp_path / "half", half))


FAMILIES = {
    "bert": (BertModel, BertConfig(vocab_size=60, max_position_embeddings=32, **SIZES)),
    "roberta": (
        RobertaModel,
        RobertaConfig(vocab_size=60, max_position_embeddings=34, type_vocab_size=1, pad_token_id=1, **SIZES),
    ),
    "xlm-roberta": (
        XLMRobertaModel,
        XLMRobertaConfig(
            vocab_size=60, max_position_embeddings=34, type_vocab_size=1, pad_token_id=1, **SIZES
        ),
    ),
}


def save_family(name: str, folder: Path) -> Any:
    kind, config = FAMILIES[name]
    with torch.random.fork_rng():
        torch.manual_seed(3)
        encoder = kind(config).eval()
        for parameter in encoder.parameters():
            torch.nn.init.normal_(parameter, std=0.3)
    encoder.save_pretrained(folder)
    return encoder


@pytest.mark.parametrize("name", list(FAMILIES))
def test_encoders_of_transformers_give_the_same_states(tmp_path: Path, name: str) -> None:
    encoder = save_family(name, tmp_path / name)
    model = from_transformers(
        str(tmp_path / name), 14, 11, dropout=0.3, generator=torch.Generator().manual_seed(0)
    ).eval()
    batch = make_batch()
    mask = batch["attention_mask"].bool()
    ids = torch.where(mask, batch["input_ids"].clamp(min=2), encoder.config.pad_token_id)
    types = batch["token_type_ids"]
    with torch.no_grad():
        expected = encoder(
            input_ids=ids,
            attention_mask=batch["attention_mask"],
            token_type_ids=types if name == "bert" else torch.zeros_like(types),
            output_hidden_states=True,
        )
        found = model(ids, batch["attention_mask"], types, hidden_states=True)
    torch.testing.assert_close(found.pooled, expected.pooler_output, rtol=0, atol=1e-5)
    for mine, theirs in zip(found.hidden, expected.hidden_states[1:], strict=True):
        torch.testing.assert_close(mine[mask], theirs[mask], rtol=0, atol=1e-5)
    assert (model.config.region_width, model.config.labels, model.config.dropout) == (14, 11, 0.3)
    assert model.config.types == 2
    assert model(**batch).logits.shape == (3, 11)


def test_new_parts_come_from_the_generator_and_a_missing_pooler_too(tmp_path: Path) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        BertModel(FAMILIES["bert"][1], add_pooling_layer=False).save_pretrained(tmp_path / "lm")
    models = [
        from_transformers(str(tmp_path / "lm"), 14, 11, generator=torch.Generator().manual_seed(seed))
        for seed in (0, 0, 1)
    ]
    weights = [[getattr(model, part).weight for part in ("pooler", "regions")] for model in models]
    assert all(torch.equal(a, b) for a, b in zip(weights[0], weights[1], strict=True))
    assert not torch.equal(weights[0][0], weights[2][0])


def test_what_is_no_encoder_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be loaded") as caught:
        from_transformers(str(tmp_path / "nothing"), 14, 11)
    assert "BERT-family" in caught.value.details["expected"]
    from transformers import DistilBertConfig, DistilBertModel

    DistilBertModel(DistilBertConfig(vocab_size=60, dim=24, n_heads=3, n_layers=1)).save_pretrained(
        tmp_path / "d"
    )
    with pytest.raises(SourceError, match="not built like BERT"):
        from_transformers(str(tmp_path / "d"), 14, 11)
