"""Samples per second and MFU of the recipes at full shape, beside what people write today.

    python -m recipes.benchmarks.throughput                                   base size, on a GPU
    python -m recipes.benchmarks.throughput --layers 2 --hidden 64 --batch 8  a look, on a CPU

One run measures, for fine-tuning and for distillation of an Oscar model: the trainer of the recipes in bf16,
with and without compile; the same model in a plain eager fp32 loop; and (for fine-tuning) in the Trainer of
transformers, in fp32 and in bf16 with compile. Their batches are drawn once and lie in memory. Distillation
is measured with its loader too, and the last line says which of the two the other waits for.
Goals, on one current GPU at base size: 45 % MFU, 1.5 times the samples of transformers' Trainer in bf16.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from recipes.benchmarks.loader import epochs, loader, measured, shape_arguments
from recipes.cvil.train import answer_step, hidden_step
from recipes.lib import flops
from recipes.lib.data import QuestionBatches
from recipes.lib.models.oscar import Oscar, OscarConfig
from recipes.lib.trainer import Batches, Settings, StepLoss, train

Batch = dict[str, Tensor]
WARM_UP = 0.25
LOADER = "loader, one core"


@dataclass(frozen=True)
class Drawn:
    """Some batches again and again, as the trainer wants them; ``on`` notes when each is asked for."""

    batches: list[Batch]
    steps: int

    def __len__(self) -> int:
        return self.steps

    def epoch(self, number: int, start: int = 0) -> Iterator[Batch]:
        """The batches in turn."""
        for step in range(start, self.steps):
            yield self.batches[step % len(self.batches)]


@dataclass(frozen=True)
class Prepared:
    """Batches as a recipe's loader makes them, so many of them."""

    batches: QuestionBatches
    steps: int

    def __len__(self) -> int:
        return self.steps

    def epoch(self, number: int, start: int = 0) -> Iterator[Batch]:
        """One after the other."""
        return islice(epochs(self.batches), start, self.steps)


def draw(args: argparse.Namespace, device: torch.device) -> list[Batch]:
    """Two batches of full length: text, regions, targets, and teacher states for two layers."""
    random = torch.Generator().manual_seed(0)
    batches = []
    for _ in range(2):
        size, text, regions = args.batch, args.text, args.regions
        matched = (torch.rand(size * (text + regions), generator=random) < 0.5).nonzero()[:, 0]
        batches.append(
            {
                "input_ids": torch.randint(5, args.vocabulary, (size, text), generator=random),
                "attention_mask": torch.ones(size, text, dtype=torch.int64),
                "token_type_ids": torch.zeros(size, text, dtype=torch.int64),
                "regions": torch.randn(size, regions, args.region_width, generator=random),
                "region_mask": torch.ones(size, regions, dtype=torch.bool),
                "targets": (torch.rand(size, args.labels, generator=random) > 0.999).float(),
                "matched": matched,
                "teacher": torch.randn(2, len(matched), args.hidden, generator=random),
                "index": torch.arange(size),
            }
        )
    return [{name: value.to(device) for name, value in batch.items()} for batch in batches]


def new_model(args: argparse.Namespace) -> Oscar:
    """An Oscar model of the shape asked for."""
    return Oscar(
        OscarConfig(
            vocabulary=args.vocabulary,
            hidden=args.hidden,
            layers=args.layers,
            heads=max(1, args.hidden // 64),
            intermediate=4 * args.hidden,
            region_width=args.region_width,
            labels=args.labels,
        ),
        generator=torch.Generator().manual_seed(0),
    )


def ours(
    model: nn.Module, loss: StepLoss, batches: list[Batch] | QuestionBatches, steps: int, *, compile: bool
) -> float:
    """Seconds per step of the recipes' trainer in bf16, after a warm-up of a quarter of the length."""
    settings = Settings(
        epochs=1,
        lr=1e-5,
        precision="bf16",
        compile=compile,
        log_every=0,
        save_every=0,
        progress=False,
        tensorboard=False,
    )
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        for number, count in enumerate((max(3, int(WARM_UP * steps)), steps)):
            some: Batches = Drawn(batches, count) if isinstance(batches, list) else Prepared(batches, count)
            outcome = train(model, loss, some, settings, Path(folder) / str(number))
            seconds.append(outcome.seconds / count)
    return seconds[-1]


def plain(model: nn.Module, loss: StepLoss, batches: list[Batch], steps: int) -> float:
    """Seconds per step of a plain loop: eager, fp32, AdamW."""
    model.train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-5)
    start = 0.0
    for step in range(-max(3, int(WARM_UP * steps)), steps):
        if step == 0:
            start = now()
        terms = loss(model, batches[step % len(batches)])
        terms["loss"].backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
    return (now() - start) / steps


def transformers_trainer(model: nn.Module, batches: list[Batch], steps: int, *, fast: bool = False) -> float:
    """Seconds per step of ``transformers.Trainer`` with its defaults, or in bf16 with compile."""
    from transformers import Trainer, TrainingArguments

    class Wrapped(nn.Module):
        def __init__(self, inner: nn.Module) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, **batch: Tensor) -> dict[str, Tensor]:
            return answer_step(self.inner, batch)

    names = ("input_ids", "attention_mask", "token_type_ids", "regions", "region_mask", "targets")
    size = len(batches[0]["index"])
    rows = [{name: batch[name][row].cpu() for name in names} for batch in batches for row in range(size)]
    data = [rows[at % len(rows)] for at in range(size * steps)]
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            per_device_train_batch_size=size,
            num_train_epochs=1,
            learning_rate=1e-5,
            report_to=[],
            save_strategy="no",
            logging_strategy="no",
            remove_unused_columns=False,
            disable_tqdm=True,
            use_cpu=not torch.cuda.is_available(),
            bf16=fast,
            torch_compile=fast,
        )
        trainer = Trainer(model=Wrapped(model), args=arguments, train_dataset=data)
        start = now()
        trainer.train()
        return (now() - start) / steps


def now() -> float:
    """A clock that waits for the device."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()


def measure(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One record per way of training."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    batches = draw(args, device)
    steps = args.steps
    losses: dict[str, StepLoss] = {
        "fine-tuning": answer_step,
        "distillation": partial(hidden_step, layers=[args.layers - 2, args.layers - 1]),
    }
    peak = args.peak_tflops * 1e12 or flops.peak_flops(device)
    for task, loss in losses.items():
        work = flops.count(new_model(args).to(device), loss, batches[0])
        mine = partial(ours, loss=loss, batches=batches, steps=steps)
        ways: dict[str, Callable[[nn.Module], float]] = {
            "ours, bf16, compile": partial(mine, compile=True),
            "ours, bf16": partial(mine, compile=False),
            "plain loop, fp32": partial(plain, loss=loss, batches=batches, steps=steps),
        }
        if task == "fine-tuning":
            trainer = partial(transformers_trainer, batches=batches, steps=steps)
            ways |= {
                "transformers Trainer, fp32": trainer,
                "transformers Trainer, bf16, compile": partial(trainer, fast=True),
            }
        for way, run in ways.items():
            if way in args.without:
                continue
            seconds = run(new_model(args).to(device))
            speed = args.batch / seconds
            mfu = None if peak is None else work / seconds / peak
            yield {"task": task, "way": way, "samples_per_second": speed, "mfu": mfu}
    with tempfile.TemporaryDirectory() as folder:
        speed = measured(loader(args, Path(folder) / "core"), max(4, steps // 4))
        yield {"task": "distillation", "way": LOADER, "samples_per_second": speed, "mfu": None}
        made = loader(args, Path(folder) / "threads", workers=args.workers)
        loss = partial(hidden_step, layers=[args.layers - 2, args.layers - 1])
        seconds = ours(new_model(args).to(device), loss, made, steps, compile=False)
        mfu = None if peak is None else work / seconds / peak
        speed = args.batch / seconds
        yield {
            "task": "distillation",
            "way": "ours, bf16, with loader",
            "samples_per_second": speed,
            "mfu": mfu,
        }


def bottleneck(records: list[dict[str, Any]], workers: int) -> str:
    """Which waits for the other in distillation: the model for the loader, or the reverse."""
    found = {each["way"]: each["samples_per_second"] for each in records if each["task"] == "distillation"}
    made = found.pop(LOADER)
    model = max(speed for way, speed in found.items() if way.startswith("ours") and "loader" not in way)
    needed = math.ceil(model / made)
    said = f"{made:,.0f} samples a second and core are prepared, the model takes {model:,.0f}"
    if needed > workers:
        return f"{said}: the loader is the bottleneck; it takes {needed} workers (--workers {workers} now)"
    return f"{said}: the model is the bottleneck; {needed} of {workers} workers are enough"


def machine() -> str:
    """What it ran on."""
    if torch.cuda.is_available():
        return f"{torch.cuda.get_device_name()}, torch {torch.__version__}"
    processor = platform.processor() or platform.machine()
    return f"{processor}, {torch.get_num_threads()} threads, torch {torch.__version__}"


def main() -> None:
    """The command line: a table, or with ``--json`` a record per line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    shape_arguments(parser)
    parser.add_argument("--workers", type=int, default=4, help="threads of the loader")
    parser.add_argument("--peak-tflops", type=float, default=0.0, help="of the device in bf16, for MFU")
    parser.add_argument("--without", action="append", default=[], metavar="WAY", help="leave a way out")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if not args.json:
        length = f"{args.text} + {args.regions} positions"
        print(f"{machine()}; {args.layers} x {args.hidden}, {length}, batch {args.batch}")
        print(f"{'task':<13} {'way':<28} {'samples/s':>10} {'MFU':>7}")
    records = []
    for record in measure(args):
        records.append(record)
        if args.json:
            print(json.dumps({"machine": machine(), **record}), flush=True)
            continue
        mfu = "-" if record["mfu"] is None else f"{record['mfu']:.1%}"
        print(
            f"{record['task']:<13} {record['way']:<28} {record['samples_per_second']:>10,.1f} {mfu:>7}",
            flush=True,
        )
    told = bottleneck(records, args.workers)
    print(json.dumps({"machine": machine(), "bottleneck": told}) if args.json else told)


if __name__ == "__main__":
    main()
