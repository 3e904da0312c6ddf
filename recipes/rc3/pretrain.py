"""RC3's pre-training: five objectives over strictly and weakly aligned texts, regions and patches.

    python -m recipes.rc3.pretrain recipes/rc3/small.yaml [pretraining.weak=plain seed=1 ...]

Read :func:`pretrain` from top to bottom. The same command continues a run that was stopped, and the finished
model lies in ``OUT/model``, its tokenizer in ``OUT/tokenizer``.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock
from numpy.typing import NDArray
from torch import Tensor, nn

from recipes.lib.features import FeatureStore
from recipes.lib.models.rc3 import RC3, RC3Config, from_transformers
from recipes.lib.pretrained import pretrained
from recipes.lib.records import read_json
from recipes.lib.sentence_encoder import SentenceEncoder, embedded, embedded_by, trained_encoder
from recipes.lib.steps import is_first_process, shared_lock, wait_for_all_processes
from recipes.lib.tokens import train_tokenizer
from recipes.lib.trainer import Settings, train
from recipes.rc3.batches import Corpus, Pairs, PretrainingBatches
from recipes.rc3.beginnings import begin
from recipes.rc3.config import Config, load
from recipes.rc3.material import Material, read_material, world_texts
from recipes.rc3.objectives.image_text_matching import ImageTextMatching
from recipes.rc3.objectives.masked_language import MaskedLanguage
from recipes.rc3.objectives.masked_visual import MaskedVisual
from recipes.rc3.objectives.strict_contrast import StrictContrast
from recipes.rc3.objectives.weak_contrast import WeakContrast
from vqa_builder.errors import SpecError
from vqa_builder.store import write_json


class Pretrainer(nn.Module):
    """The model and its objectives as one module, so that several processes can share it."""

    def __init__(self, body: RC3, objectives: list[Any]) -> None:
        super().__init__()
        self.body, self.objectives = body, objectives

    def forward(self, **batch: Tensor) -> dict[str, Tensor]:
        """The terms of the loss of a batch, by the objective that it was made for."""
        terms: dict[str, Tensor] = self.objectives[int(batch["objective"])].loss(self.body, batch)
        return terms


def pretrain(config: Config) -> RC3:
    """Pre-train a model; a run that was stopped goes on, and a finished one costs no training.

    Args:
        config: all settings; ``out`` is the folder of this run.

    Returns:
        The model, also saved to ``out/model``.
    """
    # 1. Texts, images, and which texts are translations of each other or only about the same image.
    settings = config.pretraining
    features = FeatureStore.open(config.data.features)
    material = read_material(config.data, weak=settings.weak != "none", seed=config.seed)
    tokenizer = open_tokenizer(config)
    corpus = Corpus.of(material.texts, tokenizer, features, config.data.longest)

    # 2. The frozen sentence encoder's view of every text, if the regulariser is on.
    regularised = settings.weak in ("kl", "bounded")
    relevance = textual_relevance(config, corpus, material, tokenizer) if regularised else None

    # 3. The model and its objectives; each step draws one.
    model = new_model(config, features, tokenizer, material)
    objectives, loader = chosen_objectives(config, tokenizer), config.loader.options()
    batches = PretrainingBatches(
        corpus,
        features,
        objectives,
        pairs={"strict": Pairs.of(material.strict, corpus), "weak": Pairs.of(material.weak, corpus)},
        relevance=relevance,
        batch_size=settings.batch_size,
        regions=config.data.regions,
        patches=config.data.patches,
        steps=settings.steps,
        per_image=settings.texts_per_image,
        translated=settings.translated,
        pad_id=tokenizer.pad_token_id,
        seed=config.seed,
        workers=loader["workers"],
        prefetch=loader["prefetch"],
    )

    # 4. Training.
    plan = Settings.of(settings, epochs=1, precision=config.precision, seed=config.seed)
    pretrainer = Pretrainer(model, batches.objectives)
    train(pretrainer, lambda trained, batch: trained(**batch), batches, plan, config.out / "pretraining")
    if is_first_process():
        model.save(config.out / "model")
    wait_for_all_processes()
    return model


def prepare_shared(config: Config) -> None:
    """Make the tokenizer and the relevance encoder that several runs share, before they start."""
    tokenizer = open_tokenizer(config)
    own = config.pretraining.relevance == "world" or config.model.first_weights == "mimetic"
    if own and config.data.world is not None:
        material = read_material(config.data, weak=False, seed=config.seed)
        relevance_encoder(config, material, tokenizer)


def open_tokenizer(config: Config) -> Any:
    """The tokenizer of the settings: opened, or trained once on the texts of the world."""
    from transformers import AutoTokenizer

    wanted, folder = config.data.tokenizer, (config.shared or config.out) / "tokenizer"
    if isinstance(wanted, str):
        return pretrained(AutoTokenizer, wanted)
    if config.data.world is None:
        raise SpecError(
            "There are no texts to train a tokenizer on",
            where="data.tokenizer",
            expected="the name of a tokenizer, where there is no world",
            found=wanted,
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        made_of = {"languages": config.data.languages, "pieces": wanted}
        if not (folder / "tokenizer.json").exists():
            train_tokenizer(world_texts(config.data.world, config.data.languages), wanted, folder)
            write_json(folder / "made_of.json", made_of)
        there = read_json(folder / "made_of.json") if (folder / "made_of.json").exists() else made_of
        if there != made_of:
            raise SpecError(
                "The folder holds the tokenizer of another run",
                where=folder,
                expected=made_of,
                found=there,
                remedy="name another folder with out, or delete this one",
            )
        return pretrained(AutoTokenizer, folder)


def new_model(config: Config, features: FeatureStore, tokenizer: Any, material: Material) -> RC3:
    """The model with its first weights: the text encoder's from a checkpoint where one is named, or from the
    sentence encoder of the world."""
    shape = config.model
    widths: dict[str, Any] = {"region_width": features.region_width}
    widths |= {"patch_width": features.patch_width or 1, "patches": features.patch_count or 1}
    if shape.text is not None:
        return from_transformers(
            shape.text,
            **widths,
            cross_layers=shape.cross_layers,
            projection=shape.projection,
            dropout=shape.dropout,
        )
    generator = torch.Generator().manual_seed(config.seed)
    model = RC3(text_shape(config, tokenizer, **widths), generator=generator)
    if shape.first_weights == "mimetic":
        encoder = relevance_encoder(config, material, tokenizer)
        begin(model, encoder.encoder, features, tokenizer, generator)
    return model


def text_shape(config: Config, tokenizer: Any, **widths: Any) -> RC3Config:
    """The small model's shape, which the sentence encoder shares as far as it goes."""
    sizes = config.model.model_dump(exclude={"text", "first_weights"})
    return RC3Config(vocabulary=len(tokenizer), pad_id=tokenizer.pad_token_id, **widths, **sizes)


def chosen_objectives(config: Config, tokenizer: Any) -> dict[str, tuple[Any, float]]:
    """Name -> objective and how often it is drawn; those of weight 0 are left out."""
    settings, weights = config.pretraining, config.pretraining.weights
    special = tuple(tokenizer.all_special_ids)
    masked = MaskedLanguage(tokenizer.mask_token_id, special, len(tokenizer), settings.masked)
    all_of_them: dict[str, tuple[Any, float]] = {
        "masked_language": (masked, weights.masked_language),
        "matching": (ImageTextMatching(), weights.matching),
        "masked_visual": (MaskedVisual(), weights.masked_visual),
        "strict": (StrictContrast(settings.temperature), weights.strict),
    }
    if settings.weak in ("plain", "kl", "bounded"):
        contrast = WeakContrast(settings.weak, settings.temperature, settings.relevance_temperature)
        all_of_them["weak"] = (contrast, weights.weak)
    return {name: each for name, each in all_of_them.items() if each[1] > 0}


def textual_relevance(
    config: Config, corpus: Corpus, material: Material, tokenizer: Any
) -> NDArray[np.float32]:
    """(N, E) vectors of length one of the corpus's texts, whose cosines are the relevance."""
    settings = config.pretraining
    if settings.relevance != "world":
        return embedded_by(settings.relevance, corpus.texts)
    encoder = relevance_encoder(config, material, tokenizer)
    return embedded(encoder, corpus.pieces, tokenizer.pad_token_id)


def relevance_encoder(config: Config, material: Material, tokenizer: Any) -> SentenceEncoder:
    """The small sentence encoder; it is trained on the parallel sentences of the world only once."""
    if not material.parallel:
        raise SpecError(
            "There are no parallel sentences to train a relevance encoder on",
            where="pretraining.relevance",
            expected="a model of sentence-transformers, where there is no world",
        )
    folder = (config.shared or config.out) / "relevance"
    shape = text_shape(config, tokenizer)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with shared_lock(folder):
        return trained_encoder(
            material.parallel, tokenizer, folder, shape=shape, steps=config.pretraining.relevance_steps
        )


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Pre-train RC3.")
    parser.add_argument("settings", type=Path, help="a YAML file such as recipes/rc3/small.yaml")
    parser.add_argument("overrides", nargs="*", help="section.name=value")
    parser.add_argument("--relevance", help="a model of sentence-transformers instead of the settings' one")
    args = parser.parse_args(arguments)
    extra = [f"pretraining.relevance={args.relevance}"] if args.relevance else []
    config = load(args.settings, [*args.overrides, *extra])
    if config.threads:
        torch.set_num_threads(config.threads)
    pretrain(config)
    print(f"The model lies in {config.out / 'model'}")


if __name__ == "__main__":
    main()
