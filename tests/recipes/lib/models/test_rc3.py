"""The shapes, the absences and the files of RC3's model."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from recipes.lib.models.rc3 import RC3, RC3Classifier, RC3Config, from_transformers
from vqa_builder.errors import SourceError, SpecError

CONFIG = RC3Config(
    vocabulary=40,
    hidden=16,
    text_layers=1,
    cross_layers=2,
    heads=2,
    intermediate=32,
    positions=12,
    region_width=11,
    patch_width=5,
    patches=6,
    projection=8,
    dropout=0.0,
)


def made(config: RC3Config = CONFIG) -> RC3:
    """A model with the same weights every time."""
    model = RC3(config, generator=torch.Generator().manual_seed(0))
    model.eval()
    return model


def batch(size: int = 3, *, images: int | None = None) -> dict[str, Tensor]:
    """Texts of 7, 5, 3, ... pieces beside images with 4, 3, 2, ... regions."""
    random = torch.Generator().manual_seed(1)
    lengths = torch.tensor([7, 5, 3])[:size]
    counts = torch.tensor([4, 3, 2])[:size]
    several = () if images is None else (images,)
    ids = torch.randint(5, 40, (size, 7), generator=random)
    mask = (torch.arange(7) < lengths[:, None]).long()
    real = torch.arange(4) < counts[:, None]
    return {
        "input_ids": ids * mask,
        "attention_mask": mask,
        "regions": torch.randn(size, *several, 4, 11, generator=random),
        "region_mask": real if images is None else real[:, None].expand(size, images, 4),
        "patches": torch.randn(size, *several, 6, 5, generator=random),
    }


def test_every_part_of_the_sequence_comes_back_with_its_shape() -> None:
    output = made()(**batch())
    assert output.pooled.shape == (3, 16)
    assert output.text.shape == (3, 7, 16)
    assert output.regions is not None and output.regions.shape == (3, 4, 16)
    assert output.patches is not None and output.patches.shape == (3, 6, 16)


@pytest.mark.parametrize("absent", [["patches"], ["regions", "region_mask"]])
def test_either_kind_of_features_may_be_absent(absent: list[str]) -> None:
    whole = batch()
    output = made()(**{name: value for name, value in whole.items() if name not in absent})
    assert getattr(output, absent[0]) is None
    assert not torch.allclose(output.pooled, made()(**whole).pooled)


def test_padding_changes_nothing() -> None:
    model, whole = made(), batch()
    short = {
        "input_ids": whole["input_ids"][2:, :3],
        "attention_mask": whole["attention_mask"][2:, :3],
        "regions": whole["regions"][2:, :2],
        "patches": whole["patches"][2:],
    }
    torch.testing.assert_close(model(**short).pooled, model(**whole).pooled[2:], atol=1e-6, rtol=1e-5)


def test_the_rest_of_a_batch_is_not_its_business() -> None:
    extra = {"targets": torch.zeros(3, 2), "index": torch.arange(3), "token_type_ids": torch.zeros(3, 7)}
    torch.testing.assert_close(made()(**batch(), **extra).pooled, made()(**batch()).pooled)


def test_words_are_predicted_with_the_input_embeddings() -> None:
    model = made()
    logits = model.predict_words(model(**batch()).text)
    assert logits.shape == (3, 7, 40)
    logits.sum().backward()
    assert model.text.words.weight.grad is not None
    assert model.text.words.weight.grad.abs().sum() > 0


def test_contrasted_vectors_have_length_one() -> None:
    model = made()
    vectors = model.contrast(model(**batch()).pooled)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(3))


def test_too_many_patches_say_so() -> None:
    with pytest.raises(SpecError, match="more patches than the model has positions"):
        made(replace(CONFIG, patches=4))(**batch())


@pytest.mark.parametrize("images", [None, 2])
def test_the_classifier_takes_one_image_or_two(images: int | None) -> None:
    model = RC3Classifier(made(), 5, images=images or 1, generator=torch.Generator().manual_seed(0))
    assert model(**batch(images=images)).shape == (3, 5)


def test_a_saved_model_comes_back_the_same(tmp_path: Path) -> None:
    model = made()
    model.save(tmp_path)
    loaded = RC3.load(tmp_path).eval()
    assert loaded.config == model.config
    torch.testing.assert_close(loaded(**batch()).pooled, model(**batch()).pooled, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"hidden": 32}, "The weights do not belong"),
        ({"architecture": "oscar"}, "of another model"),
        ({"colour": "red"}, "of another model"),
    ],
)
def test_a_folder_that_holds_something_else_is_refused(
    tmp_path: Path, change: dict[str, Any], expected: str
) -> None:
    made().save(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    (tmp_path / "config.json").write_text(json.dumps(config | change), encoding="utf-8")
    with pytest.raises(SourceError, match=expected):
        RC3.load(tmp_path)


def test_an_empty_folder_holds_no_model(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds no model"):
        RC3.load(tmp_path)


def test_any_encoder_of_transformers_may_read_the_text(tmp_path: Path) -> None:
    from transformers import XLMRobertaConfig, XLMRobertaModel

    torch.manual_seed(0)
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    text = XLMRobertaModel(XLMRobertaConfig(vocab_size=40, max_position_embeddings=20, **shape))
    text.save_pretrained(tmp_path / "xlm-r")
    model = from_transformers(
        str(tmp_path / "xlm-r"), region_width=11, patch_width=5, patches=6, cross_layers=1, dropout=0.0
    ).eval()
    assert (model.config.hidden, model.config.heads, model.config.vocabulary) == (16, 2, 40)
    torch.testing.assert_close(model.text.words.weight, text.embeddings.word_embeddings.weight)
    output = model(**batch())
    assert model.predict_words(output.text).shape == (3, 7, 40)

    model.save(tmp_path / "rc3")
    again = RC3.load(tmp_path / "rc3").eval()
    torch.testing.assert_close(again(**batch()).pooled, output.pooled)
