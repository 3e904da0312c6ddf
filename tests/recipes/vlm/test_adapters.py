"""Adapters are peft's own: opened by peft alone, merged without a difference, refused on another base."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from recipes.vlm import adapters
from recipes.vlm.adapters import Lora, Trainable, load_model, with_adapters
from recipes.vlm.batches import encode
from recipes.vlm.conversations import Conversation
from vqa_builder.errors import SpecError, VQABuilderError

peft = pytest.importorskip("peft")


def test_only_adapters_of_the_language_model_are_trained_and_kept(opened: tuple[Any, Any]) -> None:
    model = Trainable(adapters.with_adapters(opened[0], Lora(r=4)))
    names = list(model.state_dict())
    assert names
    assert all("lora_" in name and "language_model" in name for name in names)
    state = {name: torch.full_like(value, 0.5) for name, value in model.state_dict().items()}
    model.load_state_dict(state)
    assert all((value == 0.5).all() for value in model.state_dict().values())
    with pytest.raises(RuntimeError, match="other tensors"):
        model.load_state_dict({})


@pytest.mark.parametrize("saved", [None, ["embed_tokens"]])
def test_plain_peft_opens_them_and_merging_changes_nothing(
    opened: tuple[Any, Any],
    checkpoint: Path,
    conversations: list[Conversation],
    tmp_path: Path,
    saved: list[str] | None,
) -> None:
    model, processor = opened
    tuned = adapters.with_adapters(model, Lora(r=4, lora_dropout=0.0, modules_to_save=saved)).eval()
    torch.manual_seed(0)
    with torch.no_grad():
        for name, value in tuned.named_parameters():
            if "lora_B" in name or "modules_to_save" in name:
                value.normal_(std=0.1)
    batch = encode(processor, conversations[:2], side="right")
    with torch.no_grad():
        expected = tuned(**batch).logits
    adapters.save(tuned, processor, tmp_path / "adapters")
    again = peft.PeftModel.from_pretrained(load_model(str(checkpoint), "float32")[0], tmp_path / "adapters")
    adapters.save(again, processor, tmp_path / "merged", merged=True)
    merged, _ = load_model(str(tmp_path / "merged"), "float32")
    with torch.no_grad():
        assert torch.allclose(merged(**batch).logits, expected, atol=1e-5)


def test_adapters_of_another_base_are_refused(opened: tuple[Any, Any], tmp_path: Path) -> None:
    adapters.save(adapters.with_adapters(opened[0], Lora(r=4)), opened[1], tmp_path / "adapters")
    adapters.check_base(tmp_path / "adapters", opened[0].name_or_path)
    with pytest.raises(SpecError, match="belong to another model"):
        adapters.check_base(tmp_path / "adapters", "org/other")
    with pytest.raises(SpecError, match="no adapters"):
        adapters.check_base(tmp_path, opened[0].name_or_path)


@pytest.mark.parametrize(
    ("lora", "told"),
    [
        ({"target_modules": ["q_proj", "w_proj"]}, "Unknown module of the model 'w_proj'"),
        ({"target_modules": r".*decoder.*"}, "No module of the model fits the pattern"),
        ({"modules_to_save": ["embed_token"]}, "did you mean 'embed_tokens'"),
    ],
)
def test_modules_that_the_model_has_not_are_named(
    opened: tuple[Any, Any], lora: dict[str, Any], told: str
) -> None:
    with pytest.raises(VQABuilderError, match=told):
        with_adapters(opened[0], Lora(**lora))
