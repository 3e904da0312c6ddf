"""Distillation batches at full shape from a warm cache: how many samples a second one core prepares.

    python -m recipes.benchmarks.loader                    by processor time
    python -m recipes.benchmarks.loader --profile          and where it goes

Questions, features and teacher states are random, of the shapes that cViL has on VQA v2: 128 positions of
text, 50 regions of 2,054 values, two layers of 768. The goal is 3,000 samples per second and core.
"""

from __future__ import annotations

import argparse
import cProfile
import itertools
import pstats
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from recipes.cvil.config import Distillation
from recipes.cvil.parallel import Parallel, Tokenizers, distillation_batches
from recipes.cvil.states import TeacherStates
from recipes.lib.command import parser
from recipes.lib.data import Batch, QuestionBatches, Questions
from recipes.lib.features import ImageFeatures, write_store
from recipes.lib.tokens import train_tokenizer

WORDS = ["".join(parts) for parts in itertools.product("bdfgklmnprst", "aeiou", "bdfgklmnprst", "aeiou")]
QUESTION = 24


def shape_arguments(made: argparse.ArgumentParser) -> None:
    """The shape of a model and of its batches; the defaults are base size."""
    for name, value in (
        ("layers", 12),
        ("hidden", 768),
        ("regions", 50),
        ("text", 128),
        ("batch", 128),
        ("steps", 60),
        ("vocabulary", 30522),
        ("region-width", 2054),
        ("labels", 3129),
    ):
        made.add_argument(f"--{name}", type=int, default=value, help=f"default {value}")


def loader(args: argparse.Namespace, folder: Path, *, workers: int = 0) -> QuestionBatches:
    """Distillation batches of the shape asked for, their features and states in memory."""
    random = np.random.default_rng(0)
    count, images = 4 * args.batch, 2 * args.batch
    tokenizer = train_tokenizer(WORDS * 2, min(len(WORDS) + 300, args.vocabulary), folder / "tokenizer")
    tags = max(0, args.text - QUESTION - 3)
    features = write_store(folder / "features", _images(args, images, tags, random), source="random numbers")
    texts = [" ".join(random.choice(WORDS, min(QUESTION, args.text - 3))) for _ in range(count)]
    words = len(texts[0].split())
    questions = Questions(
        question_id=list(range(count)),
        image_id=random.integers(images, size=count).tolist(),
        text=[" ".join(reversed(text.split())) for text in texts],
        text_en=texts,
        labels=[[0] for _ in texts],
        soft_scores=[[1.0] for _ in texts],
        answer_type=["other"] * count,
        alignment=[[(word, words - 1 - word) for word in range(words)] for _ in texts],
        language="hi",
    )
    distillation = Distillation(epochs=1, lr=1e-5, layers=[0, 1], mixed=0.15)
    parallel = Parallel(
        questions,
        Tokenizers(tokenizer, tokenizer),
        _states(args, count, words, random),
        features,
        distillation,
        tags,
    )
    options = {"batch_size": args.batch, "regions": args.regions, "tags": tags, "labels": args.labels}
    return distillation_batches(
        questions, parallel, features, **options, max_text=args.text, workers=workers, prefetch=2
    )


def measured(batches: QuestionBatches, steps: int) -> float:
    """Samples per second of processor time, after an epoch that warms the caches."""
    for _ in batches.epoch(0):
        pass
    begun, samples = time.process_time(), 0
    for batch in itertools.islice(epochs(batches), steps):
        samples += len(batch["index"])
    return samples / (time.process_time() - begun)


def epochs(batches: QuestionBatches) -> Iterator[Batch]:
    """One epoch after the other, without end."""
    for number in itertools.count(1):
        yield from batches.epoch(number)


def _images(
    args: argparse.Namespace, count: int, tags: int, random: np.random.Generator
) -> Iterator[ImageFeatures]:
    boxes = np.tile([[10.0, 10.0, 100.0, 100.0]], (args.regions, 1))
    named = [str(word) for word in random.choice(WORDS, args.regions)]
    named = (named + [""] * args.regions)[: args.regions]
    for number in range(count):
        values = random.normal(size=(args.regions, args.region_width - 6)).astype(np.float16)
        yield ImageFeatures(number, 320, 240, boxes, values, named, None)


def _states(args: argparse.Namespace, count: int, words: int, random: np.random.Generator) -> TeacherStates:
    each = args.text + args.regions
    layer = random.normal(size=(count * each, args.hidden)).astype(np.float16)
    ones = np.ones(count, np.int64)
    logits = np.zeros((count, args.labels), np.float16)
    rows = {question: question for question in range(count)}
    return TeacherStates(
        [layer, layer], logits, np.arange(count) * each, words * ones, args.text * ones, rows
    )


def main() -> int:
    """The command line."""
    made = parser(__doc__, settings=False)
    shape_arguments(made)
    made.add_argument("--profile", action="store_true")
    args = made.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        batches = loader(args, Path(folder))
        print(f"{measured(batches, args.steps):,.0f} samples per second and core")
        if args.profile:
            with cProfile.Profile() as profile:
                measured(batches, args.steps)
            pstats.Stats(profile).sort_stats("tottime").print_stats(14)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
