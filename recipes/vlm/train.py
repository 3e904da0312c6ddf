"""Fine-tune a vision-language model on releases, and ask it in every language, in four steps.

    python -m recipes.vlm.train recipes/vlm/small.yaml --row "LoRA, ja and hi" --seed 1
    torchrun --nproc-per-node 8 -m recipes.vlm.train recipes/vlm/base.yaml

0. Without a checkpoint, a small model learns to see and to answer in English, as the English model has.
1. Conversations come from releases: picture, question and answer, or whole dialogues of `records`.
2. Adapters (or all weights) learn the answers, in one language or in several at once.
3. Every question of the validation is answered in words, which the metric of ``vqa-builder evaluate`` scores.

A step whose folder is complete is not run again.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from recipes.lib import results
from recipes.lib.command import finish, run_parser
from recipes.lib.config import check_rows, of_row, read, validate
from recipes.lib.precision import products
from recipes.lib.steps import is_first_process, step_folder
from recipes.lib.trainer import Outcome, Settings, train
from recipes.vlm import adapters
from recipes.vlm.adapters import load_model
from recipes.vlm.answering import ask
from recipes.vlm.batches import ConversationBatches
from recipes.vlm.config import ENGLISH, Config, Small, Stage
from recipes.vlm.conversations import Conversation, load_conversations, mixture
from vqa_builder.store import fingerprint

BASE, TUNED, MERGED = "model", "tuned", "merged"


def run(config: Config) -> list[dict[str, Any]]:
    """Train as the settings say, score every language, and append the scores to ``results.jsonl``."""
    if config.threads:
        torch.set_num_threads(config.threads)
    model: Any = None
    processor: Any = None
    seconds, trained = 0.0, 0
    if not config.blind:
        checkpoint = config.checkpoint or str(english_model(config))
        model, processor = load_model(checkpoint, config.dtype, config.attention)
    if config.learn:
        model, outcome = fine_tune(config, model, processor, checkpoint)
        seconds, trained = outcome.seconds, sum(n.numel() for n in model.parameters() if n.requires_grad)
    if not is_first_process():
        return []
    whole = sum(n.numel() for n in model.parameters()) if model else 0
    cost = {"seconds": round(seconds, 1), "trained": trained, "whole": whole}
    lines = [{**ask(config, model, processor, language), **cost} for language in config.asked]
    for line in lines:
        results.append(config.out / "results.jsonl", line)
    return lines


def english_model(config: Config) -> Path:
    """Step 0: the folder of a small model that has learned to see, and English questions about pictures."""
    from recipes.vlm import english

    shape = config.small or Small()
    spoken = {language: conversations(config, language, "train") for language in (ENGLISH, *config.releases)}
    if shape.world:
        spoken[ENGLISH] = english.lessons(shape.world)
    texts = [text for some in spoken.values() for each in some for _, text in each.turns]
    identity = {"seed": config.seed, "releases": config.releases, "small": shape.model_dump(mode="json")}
    begun = english.beginning(config, shape, texts)
    with step_folder(config.out, "english", identity) as folder:
        if not (folder / BASE).exists():
            model, processor = load_model(str(begun), "float32", config.attention)
            if shape.world:
                model.model.vision_tower.requires_grad_(False)
            stage = Stage(**shape.english.model_dump())
            learn(config, stage, model, processor, mixture([spoken[ENGLISH]], config.seed), folder)
            if is_first_process():
                adapters.save(model, processor, folder / BASE)
    return folder / BASE


def fine_tune(config: Config, model: Any, processor: Any, checkpoint: str) -> tuple[Any, Outcome]:
    """Step 2: the model with what it has learned, also in its folder as ``tuned`` and perhaps ``merged``."""
    if config.lora:
        model = adapters.with_adapters(model, config.lora, config.adapter, seed=config.seed)
    parts = [some_of(conversations(config, each, "train"), config.share) for each in config.learn]
    identity = {
        "checkpoint": checkpoint,
        **config.model_dump(
            mode="json",
            include={"learn", "share", "stage", "lora", "adapter", "longest", "seed", "together"},
        ),
        "releases": config.releases,
    }
    name = "-".join(["lora" if config.lora else "full", *config.learn])
    with step_folder(config.out, name, identity) as folder:
        outcome = learn(config, config.stage, model, processor, mixture(parts, config.seed), folder)
        if is_first_process():
            if not (folder / TUNED).exists():
                adapters.save(model, processor, folder / TUNED)
            if config.merge and not (folder / MERGED).exists():
                fresh, _ = load_model(checkpoint, config.dtype, config.attention)
                if config.lora:
                    fresh = adapters.with_adapters(fresh, config.lora, folder / TUNED)
                adapters.save(fresh, processor, folder / MERGED, merged=True)
    return model, outcome


def learn(
    config: Config, stage: Stage, model: Any, processor: Any, some: Sequence[Conversation], folder: Path
) -> Outcome:
    """Train on conversations; the loss is the mean over the pieces that the assistant says."""
    batches = ConversationBatches(
        some,
        processor,
        stage.batch_size,
        longest=config.longest,
        seed=config.seed,
        workers=2 if config.loader.workers is None else config.loader.workers,
        prefetch=config.loader.prefetch,
    )
    if batches.left_out and not config.quiet:
        print(
            f"{batches.left_out:,} conversations are longer than {config.longest:,} pieces", file=sys.stderr
        )
    settings = Settings.of(stage, quiet=config.quiet, seed=config.seed, precision=config.precision)
    trainable = adapters.Trainable(model)
    parameters = [each for each in trainable.parameters() if each.requires_grad]
    return train(trainable, answer_loss, batches, settings, folder, parameters=parameters)


def answer_loss(model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Cross-entropy over the pieces that the assistant says, and how many they are."""
    inputs = {name: value for name, value in batch.items() if name not in ("index", "answers")}
    answers = batch["answers"]
    with products(answers.device):
        logits = model(**inputs)
    loss = functional.cross_entropy(logits.float(), answers)
    return {"loss": loss, "weight": torch.full((), float(len(answers)), device=loss.device)}


def conversations(config: Config, language: str, split: str) -> list[Conversation]:
    """The conversations of one language; English ones from the first release."""
    return load_conversations(
        config.release(language),
        split,
        english=language == ENGLISH,
        images=config.images,
        image_name=config.image_name,
        together=config.together and split == "train",
    )


def some_of(every: Sequence[Conversation], share: float) -> Sequence[Conversation]:
    """The first share of them, in an order that depends on their ids alone."""
    ordered = sorted(every, key=lambda each: fingerprint(str(each.id)))
    return ordered[: max(1, round(share * len(ordered)))]


def main() -> int:
    """The command line."""
    return finish(_run, run_parser(__doc__))


def _run(args: argparse.Namespace) -> None:
    content = read(args.settings, args.set)
    if args.row or "rows" in content:
        row = args.row or next(iter(content["rows"]))
        check_rows(content, [row], args.set, args.settings)
        content = of_row(content, row, args.seed)
    elif args.seed is not None:
        content["seed"] = args.seed
    run(validate(Config, content, args.settings))


if __name__ == "__main__":
    raise SystemExit(main())
