"""Teach a frozen English CLIP further languages: MLA in five steps.

    python -m recipes.mla.train recipes/mla/small.yaml --row "transfer, exposure" --seed 1
    python -m recipes.mla.train recipes/mla/base.yaml --set checkpoint=google/siglip-base-patch16-224

0. Without a checkpoint, a small CLIP is trained on English sentences and pictures. From here on it is frozen.
1. Features of all pictures and English sentences are computed once.
2. Native Language Transfer: acquirers learn to give a sentence the feature of its English parallel.
3. Language Exposure: sentences and pictures, contrasted. Each batch of both stages holds one language.
4. Languages that come later get an acquirer each, and all else stays as it is.
5. Retrieval in every language, both ways; English must be what it was, to the bit.

A step whose folder is complete is not run again, so that rows of a table share what they have in common.
Source: Zhang, Hu and Jin, MLA (NeurIPS 2022), and their public code; what is ours is said where it stands.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from recipes.lib import results
from recipes.lib.command import finish, run_parser
from recipes.lib.config import check_rows
from recipes.lib.models.mla import ENGLISH, MLA
from recipes.lib.pairs import Pairs
from recipes.lib.retrieval import record, score_features
from recipes.lib.steps import is_first_process, step_folder
from recipes.lib.trainer import Settings, train
from recipes.mla import config as settings
from recipes.mla.acquisition import Acquisition
from recipes.mla.backbone import image_features
from recipes.mla.config import Config, Source, Stage, Vqa
from recipes.mla.material import Material, text_features


@dataclass
class Cost:
    """What the languages cost.

    Attributes:
        trained: names of the parameters that any stage trained.
        seconds: of all stages.
        pairs: sentence pairs seen, repetitions counted.
        distinct: different ones among them.
    """

    trained: set[str] = field(default_factory=set)
    seconds: float = 0.0
    pairs: int = 0
    distinct: int = 0

    def record(self, model: MLA) -> dict[str, Any]:
        """The fields for a line of results; parameters are counted against the whole model.

        Whole means both towers, token vectors, linear layer and acquirers.
        """
        sizes = {name: weight.numel() for name, weight in model.named_parameters()}
        trained, whole = sum(sizes[name] for name in self.trained), sum(sizes.values())
        return {
            "trained": trained,
            "whole": whole,
            "trained_share": 100 * trained / whole,
            "seconds": round(self.seconds, 1),
            "pairs": self.pairs,
            "distinct_pairs": self.distinct,
        }


def run(config: Config) -> tuple[MLA, Cost, list[dict[str, Any]]]:
    """Train one model as the settings say, score it, and append the scores to ``results.jsonl``.

    Returns:
        The model, what the languages cost, and the lines of results.
    """
    if config.threads:
        torch.set_num_threads(config.threads)
    if config.worlds:
        from recipes.mla.small import make_worlds

        make_worlds(config.worlds)
    material = Material(config)
    model, cost = acquire(config, material)
    return model, cost, record_scores(config, material, model, cost) if is_first_process() else []


def acquire(config: Config, material: Material) -> tuple[MLA, Cost]:
    """Steps 1 to 4: every stage for the languages that come together, then for each that comes later."""
    model, cost, done = material.new_model(), Cost(), []
    for name in config.order:
        done.append(name)
        learn(config, material, model, config.languages, done, cost)
    for number, language in enumerate(config.later):
        torch.manual_seed(config.seed + 1 + number)
        model.add_language(language)
        for name in config.order:
            done.append(f"{language} {name}")
            learn(config, material, model, [language], done, cost)
    return model, cost


def learn(
    config: Config, material: Material, model: MLA, languages: Sequence[str], done: list[str], cost: Cost
) -> None:
    """One stage. ``done`` names all stages so far, the last of which is this one's."""
    stage = config.stages[done[-1].split()[-1]]
    identity = identity_of(config, material, done)
    batches = material.batches(languages, stage)
    loss = Acquisition(tuple(batches.languages), **{str(term): each for term, each in stage.terms.items()})
    with step_folder(config.out, done[-1].replace(" ", "-"), identity) as folder:
        outcome = train(model, loss, batches, trainer_settings(config, stage), folder, identity=identity)
    cost.trained |= {name for name, weight in model.named_parameters() if weight.requires_grad}
    cost.seconds += outcome.seconds
    cost.pairs += outcome.samples
    cost.distinct = max(cost.distinct, sum(len(pairs) for pairs in batches.languages.values()))


def identity_of(config: Config, material: Material, done: Sequence[str]) -> dict[str, Any]:
    """All that the outcome of a stage depends on: frozen model, data, shape, stages so far."""
    kept = ("tokens", "train", "languages", "bottleneck", "at_embedding", "train_embeddings", "train_linear")
    fields = config.model_dump(mode="json")
    return {
        "backbone": material.backbone_folder,
        "tokenizer": material.tokenizer.name_or_path,
        **{name: fields[name] for name in (*kept, "full", "seed", "precision")},
        "stages": [[name, fields["stages"][name.split()[-1]]] for name in done],
    }


def trainer_settings(config: Config, stage: Stage | Vqa, **own: Any) -> Settings:
    """The trainer's settings of a stage; betas and eps are those of the authors' BertAdam."""
    return Settings.of(
        stage,
        quiet=config.quiet,
        betas=(0.9, 0.98),
        adam_eps=1e-6,
        seed=config.seed,
        precision=config.precision,
        save_every=0,
        **own,
    )


def record_scores(config: Config, material: Material, model: MLA, cost: Cost) -> list[dict[str, Any]]:
    """Step 5: a line of ``results.jsonl`` per set and language, with what the languages cost."""
    lines = []
    model.eval()
    for source in config.evaluate:
        for language in (ENGLISH, *config.languages, *config.later):
            if source.languages is None or language in source.languages:
                lines.append(evaluate(config, material, model, source, language) | cost.record(model))
                results.append(config.out / "results.jsonl", lines[-1])
    return lines


def evaluate(config: Config, material: Material, model: MLA, source: Source, language: str) -> dict[str, Any]:
    """Recalls of one set in one language, beside those of the frozen model in English (``of_english``, in %).

    For English also whether its features are the frozen model's, to the bit; for others the share of texts
    that are as long as the model can read, and so may have been cut.
    """
    pairs = material.pairs(language, [source])
    files = material.images([source])
    paths = {image: files[image] for image in pairs.images()[0]}
    images = material.image_features(paths)
    pieces = material.pieces(pairs.text, language)
    texts = text_features(model, pieces, language)
    found = score_features(images, texts, pairs)
    if config.full:
        moved = image_features(replace(material.backbone, clip=model.clip), list(paths.values()))
        found = score_features(moved, texts, pairs)
    line = {"row": config.row, "seed": config.seed, "split": source.name, **record(language, found)}
    if language != ENGLISH:
        line["cut"] = 100 * float((pieces[1] >= material.longest).mean())
    if source.languages is None or ENGLISH in source.languages:
        english = material.pairs(ENGLISH, [source])
        frozen = material.english_features(english.text)
        line["of_english"] = 100 * found.average / frozen_recall(material, source, english, frozen)
        if language == ENGLISH:
            line["to_the_bit"] = float(np.array_equal(frozen, texts))
    return line


def frozen_recall(material: Material, source: Source, english: Pairs, texts: NDArray[np.float32]) -> float:
    """The average recall of the frozen model in English."""
    files = material.images([source])
    images = material.image_features({image: files[image] for image in english.images()[0]})
    return score_features(images, texts, english).average


def main() -> int:
    """The command line."""
    return finish(_run, run_parser(__doc__))


def _run(args: argparse.Namespace) -> None:
    table = settings.read(args.settings, args.set)
    row = args.row or next(iter(table.get("rows") or [""]))
    check_rows(table, [row], args.set, args.settings)
    run(settings.validate(settings.Config, settings.of_row(table, row, args.seed), args.settings))


if __name__ == "__main__":
    raise SystemExit(main())
