"""Acquirers on a frozen CLIP: English to the bit, identity at the start, languages that come later."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
import torch

from recipes.lib.models.mla import (
    MLA,
    MLAConfig,
    token_vectors,
)
from recipes.mla.acquisition import Acquisition
from vqa_builder.errors import SourceError, SpecError, UnknownNameError

VOCABULARY, END, WIDTH = 60, 3, 32
TEXT = {
    "vocab_size": VOCABULARY,
    "hidden_size": WIDTH,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 16,
    "eos_token_id": END,
    "bos_token_id": 4,
    "pad_token_id": 0,
}
VISION = {
    "hidden_size": WIDTH,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "image_size": 24,
    "patch_size": 12,
}
CONFIG = MLAConfig(("ja", "hi"), vocabulary=VOCABULARY, embedding_width=WIDTH, bottleneck=8, end_id=END)


def clip_model(kind: str = "clip") -> Any:
    from transformers import CLIPConfig, CLIPModel, SiglipConfig, SiglipModel

    torch.manual_seed(0)
    if kind == "clip":
        return CLIPModel(CLIPConfig(text_config=TEXT, vision_config=VISION, projection_dim=16)).eval()
    text = {**TEXT, "projection_size": WIDTH}
    return SiglipModel(SiglipConfig(text_config=text, vision_config=VISION)).eval()


def sentences(seed: int = 0, rows: int = 6, longest: int = 9, padded: bool = True) -> dict[str, Any]:
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(4, VOCABULARY, (rows, longest), generator=generator)
    lengths = (
        torch.randint(3, longest + 1, (rows,), generator=generator)
        if padded
        else torch.full((rows,), longest)
    )
    mask = (torch.arange(longest) < lengths[:, None]).long()
    ids = ids * mask
    ids[torch.arange(rows), lengths - 1] = END
    return {"input_ids": ids, "attention_mask": mask}


def trained(model: MLA, languages: tuple[str, ...] = ("ja", "hi"), steps: int = 4) -> MLA:
    """A few steps of both stages at once."""
    optimizer = torch.optim.AdamW([each for each in model.parameters() if each.requires_grad], lr=1e-2)
    loss = Acquisition(languages, text_mse=1.0, image_contrast=1.0)
    for step in range(steps):
        english = model(**sentences(step), language="en").feature
        batch = {**sentences(step + 50), "language": torch.tensor(step % len(languages))}
        found = loss(model, {**batch, "english": english, "image": english.flip(0)})
        optimizer.zero_grad()
        found["loss"].backward()
        optimizer.step()
    return model


@pytest.mark.parametrize("kind", ["clip", "siglip"])
def test_english_and_images_stay_the_same_to_the_bit(kind: str) -> None:
    # Frozen from the start: PyTorch computes attention in another order for weights that want a gradient.
    clip = clip_model(kind).requires_grad_(False)
    texts = sentences(padded=kind == "clip")
    pixels = torch.randn(3, 3, 24, 24, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():  # with gradients, attention takes another way, whose last bits differ
        original = (
            clip.get_text_features(**texts).pooler_output,
            clip.get_image_features(pixels).pooler_output,
        )
    weights = {name: weight.clone() for name, weight in clip.state_dict().items()}

    model = trained(MLA(clip, CONFIG)).train()

    assert torch.equal(model(**texts, language="en").feature, original[0])
    assert torch.equal(model.image(pixels), original[1])
    assert all(torch.equal(weight, weights[name]) for name, weight in model.clip.state_dict().items())
    assert not model.clip.training


@pytest.mark.parametrize("kind", ["clip", "siglip"])
@pytest.mark.parametrize("at_embedding", [False, True])
def test_the_acquired_path_starts_as_the_frozen_tower(kind: str, at_embedding: bool) -> None:
    """Given CLIP's own token vectors and no turn of them, a new language reads as English does."""
    clip = clip_model(kind)
    vectors = clip.text_model.embeddings.token_embedding.weight
    model = MLA(clip, dataclasses.replace(CONFIG, at_embedding=at_embedding), vectors)
    with torch.no_grad():
        model.multilingual_embedding_linear.weight.copy_(torch.eye(WIDTH))
        model.multilingual_embedding_linear.bias.zero_()
    texts = sentences(padded=kind == "clip")
    english = model(**texts, language="en", hidden_states=True)
    acquired = model(**texts, language="ja", hidden_states=True)
    torch.testing.assert_close(acquired.feature, english.feature, atol=1e-5, rtol=1e-4)
    assert acquired.layers.shape == english.layers.shape == (6, 2, WIDTH)
    torch.testing.assert_close(acquired.layers, english.layers, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("kind", ["clip", "siglip"])
def test_padding_changes_nothing(kind: str) -> None:
    model = trained(MLA(clip_model(kind), CONFIG))
    texts = sentences(padded=False)
    wider = {name: torch.nn.functional.pad(each, (0, 5)) for name, each in texts.items()}
    torch.testing.assert_close(
        model(**wider, language="hi").feature, model(**texts, language="hi").feature, atol=1e-5, rtol=1e-4
    )


def test_only_what_the_config_names_is_trained() -> None:
    per_language = 2 * (2 * WIDTH * 8 + 8 + WIDTH)
    shared = VOCABULARY * WIDTH + WIDTH * WIDTH + WIDTH
    counts = MLA(clip_model(), CONFIG).parameter_counts()
    whole = sum(weight.numel() for weight in clip_model().parameters()) + shared + 2 * per_language
    assert counts["trained"] == 2 * per_language + shared
    assert counts["per_language"] == per_language
    assert counts["whole"] == whole
    frozen = dataclasses.replace(CONFIG, train_embeddings=False, train_linear=False)
    assert MLA(clip_model(), frozen).parameter_counts()["trained"] == 2 * per_language
    full = dataclasses.replace(CONFIG, frozen=False, bottleneck=0)
    counts = MLA(clip_model(), full).parameter_counts()
    assert counts["trained"] == counts["whole"]
    assert counts["per_language"] == 0


def test_a_language_added_later_leaves_the_others_as_they_are() -> None:
    model = trained(MLA(clip_model(), dataclasses.replace(CONFIG, languages=("ja",))), ("ja",))
    texts = sentences(7)
    before = {language: model(**texts, language=language).feature.detach() for language in ("en", "ja")}

    new = model.add_language("hi")
    names = {name for name, weight in model.named_parameters() if weight.requires_grad}
    assert names == {f"acquirers.hi.{name}" for name, _ in model.acquirers["hi"].named_parameters()}
    assert sum(weight.numel() for weight in new) == model.parameter_counts()["trained"]
    start = model(**texts, language="hi").feature.detach()
    trained(model, ("hi",))

    for language, features in before.items():
        assert torch.equal(model(**texts, language=language).feature, features)
    assert not torch.equal(model(**texts, language="hi").feature, start)
    assert model.config.languages == ("ja", "hi")


def test_both_stages_lower_their_losses() -> None:
    model = MLA(clip_model(), CONFIG)
    loss = Acquisition(
        ("ja", "hi"), text_mse=1.0, image_contrast=0.1, text_contrast=0.1, image_mse=1.0, layer_mse=1.0
    )
    english = model(**sentences(1), language="en", hidden_states=True)
    batch = {
        **sentences(2),
        "language": torch.tensor(1),
        "english": english.feature.detach(),
        "english_layers": english.layers.detach(),
        "image": english.feature.detach(),
    }
    optimizer = torch.optim.AdamW([each for each in model.parameters() if each.requires_grad], lr=1e-2)
    found = []
    for _ in range(30):
        terms = loss(model, batch)
        optimizer.zero_grad()
        terms["loss"].backward()
        optimizer.step()
        found.append({name: value.item() for name, value in terms.items()})
    assert set(found[0]) == {"loss", *loss.active()}
    assert found[0]["loss"] == pytest.approx(
        sum(getattr(loss, name) * found[0][name] for name in loss.active()), rel=1e-5
    )
    for name in found[0]:
        assert found[-1][name] < 0.7 * found[0][name], name


def test_pixels_serve_where_image_features_are_not_cached() -> None:
    model = MLA(clip_model(), dataclasses.replace(CONFIG, frozen=False, bottleneck=0))
    batch = {**sentences(2), "language": torch.tensor(0), "pixel_values": torch.randn(6, 3, 24, 24)}
    Acquisition(("ja",), image_contrast=1.0)(model, batch)["loss"].backward()
    assert model.clip.vision_model.embeddings.patch_embedding.weight.grad.abs().sum() > 0


def test_saved_acquirers_load_on_the_same_clip(tmp_path: Path) -> None:
    model = trained(MLA(clip_model(), CONFIG))
    model.save(tmp_path / "acquired")
    loaded = MLA.load(clip_model(), tmp_path / "acquired")
    assert loaded.config == CONFIG
    texts = sentences(3)
    for language in ("en", "ja", "hi"):
        assert torch.equal(
            loaded(**texts, language=language).feature, model(**texts, language=language).feature
        )
    size = (tmp_path / "acquired" / "model.safetensors").stat().st_size
    assert size < 4 * sum(weight.numel() for weight in model.parameters()) / 2


def test_token_vectors_come_from_any_checkpoint(tmp_path: Path) -> None:
    from transformers import BertConfig, BertModel

    bert = BertModel(
        BertConfig(vocab_size=VOCABULARY, hidden_size=24, num_hidden_layers=1, num_attention_heads=2)
    )
    bert.save_pretrained(tmp_path / "bert")
    vectors = token_vectors(tmp_path / "bert")
    model = MLA(clip_model(), dataclasses.replace(CONFIG, embedding_width=24), vectors)
    assert torch.equal(model.multilingual_embedding.weight, bert.get_input_embeddings().weight)


def bert() -> Any:
    from transformers import BertConfig, BertModel

    return BertModel(BertConfig(vocab_size=9, hidden_size=8, num_hidden_layers=1, num_attention_heads=1))


@pytest.mark.parametrize(
    ("wrong", "error", "said"),
    [
        (lambda _: MLAConfig(("en", "ja")), SpecError, "English cannot be acquired"),
        (lambda _: MLA(bert(), CONFIG), SpecError, "clip, siglip or siglip2"),
        (lambda _: MLA(clip_model(), CONFIG, torch.zeros(5, 5)), SpecError, r"found:\s+\(5, 5\)"),
        (lambda _: MLA(clip_model(), CONFIG)(**sentences(), language="ta"), UnknownNameError, "en, hi, ja"),
        (lambda _: MLA(clip_model(), CONFIG).add_language("ja"), SpecError, "'ja' cannot be added"),
        (lambda folder: MLA.load(clip_model(), folder / "none"), SourceError, "cannot be loaded"),
    ],
)
def test_wrong_input_is_named(wrong: Any, error: type[Exception], said: str, tmp_path: Path) -> None:
    with pytest.raises(error) as raised:
        wrong(tmp_path)
    assert re.search(said, str(raised.value)), str(raised.value)


def test_acquirers_of_another_tower_do_not_load(tmp_path: Path) -> None:
    MLA(clip_model(), CONFIG).save(tmp_path / "acquired")
    (tmp_path / "acquired" / "mla.json").write_text(
        (tmp_path / "acquired" / "mla.json").read_text().replace('"bottleneck": 8', '"bottleneck": 4')
    )
    with pytest.raises(SourceError, match="cannot be loaded"):
        MLA.load(clip_model(), tmp_path / "acquired")
