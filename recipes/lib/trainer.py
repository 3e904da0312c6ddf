"""One training loop for every recipe: a model, a loss, batches, and a folder that a killed run goes on from.

What a step computes is a function of the weights and of (seed, step, process): the schedule is a formula of
the step, batches are asked for by epoch and number, and dropout is seeded anew for every step. So a
checkpoint is weights, optimiser and a place, and a run that is killed anywhere goes on to the same losses,
bit for bit.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from accelerate.utils import broadcast_object_list
from torch import Tensor, nn

from recipes.lib import checkpoint
from recipes.lib.due import Due
from recipes.lib.fsdp import Shards, gathered
from recipes.lib.groups import only, optimisers
from recipes.lib.journal import Journal, TrainingError, memory_advice
from recipes.lib.precision import autocast
from recipes.lib.recompute import recompute
from recipes.lib.settings import Settings
from vqa_builder.errors import SpecError

Batch = dict[str, Tensor]
StepLoss = Callable[[nn.Module, Batch], dict[str, Tensor]]
Validate = Callable[[nn.Module], dict[str, float]]

__all__ = ["Outcome", "Settings", "StepLoss", "TrainingError", "Validate", "train"]


class Batches(Protocol):
    """What is trained on: ``QuestionBatches``, or anything like it.

    ``shard(rank, world)``, for several processes, gives the part of every batch that one of them computes.
    """

    def __len__(self) -> int: ...

    def epoch(self, number: int, start: int = 0) -> Iterator[Batch]: ...


@dataclass
class Outcome:
    """What a run came to; ``model`` holds the best weights where there was a validation, else the last.

    Attributes:
        folder: the run's.
        steps: optimiser steps.
        samples: rows of batches seen, over all processes.
        seconds: of training, without validation, over all starts of the run.
        history: the lines of ``log.jsonl``.
        best: ``{"score": ..., "step": ..., "epoch": ..., ...}`` as ``validate`` returned it; None without.
        stopped: ``epochs`` (all done) or ``patience``.
    """

    folder: Path
    steps: int
    samples: int
    seconds: float
    history: list[dict[str, Any]]
    best: dict[str, Any] | None
    stopped: str


def train(
    model: nn.Module,
    loss: StepLoss,
    batches: Batches,
    settings: Settings,
    folder: Path,
    *,
    validate: Validate | None = None,
    parameters: Iterable[Any] | None = None,
    identity: Mapping[str, Any] | None = None,
) -> Outcome:
    """Train a model, or go on where an earlier run in this folder stopped.

    The folder gets ``settings.json``, ``log.jsonl``, TensorBoard events, ``last/`` and, where there is a
    validation, ``best/``; each of these two holds ``model.safetensors`` and is written whole or not at all.
    A finished folder returns at once. Under ``torchrun`` every process computes its part of each batch, so
    that ``batch_size`` and the rate stay what they are on one.

    Args:
        model: trained in place; on a GPU where there is one. Buffers and frozen weights are kept with it.
        loss: ``loss(model, batch)`` gives scalars; ``"loss"`` is minimised, all are logged but ``"weight"``:
            how much the loss is a mean over, where batches differ in that. Batches that are accumulated, and
            the parts of several processes, then count by it.
        batches: ``epoch(number, start)`` gives the batches of an epoch from a place on.
        settings: how to train.
        folder: of this run alone.
        validate: gives ``"score"``, the higher the better, and other numbers; the model is in eval mode.
            Every process calls it, the first one's numbers count.
        parameters: train these alone (parameters, or groups ``{"params": ..., "lr": ...}``); others are
            frozen meanwhile.
        identity: what else tells this run from others: data, teacher. Compared when the run goes on.

    Raises:
        SpecError: the folder holds another run (settings, batches, identity or model differ).
        TrainingError: the loss is no number any more, or the memory is full.

    In a recipe::

        def loss(model, batch):
            logits = model(**batch).logits
            return {"loss": binary_cross_entropy_with_logits(logits, batch["targets"]) * logits.shape[1]}

        settings = Settings(epochs=15, lr=5e-5, precision="bf16")
        outcome = train(model, loss, batches, settings, Path("runs/ja"), validate=score)
    """
    if not len(batches):
        raise SpecError("There is nothing to train on", where=folder, expected="batches", found="0 batches")
    unused = DistributedDataParallelKwargs(find_unused_parameters=True)
    accelerator = Accelerator(cpu=not torch.accelerator.is_available(), kwargs_handlers=[unused])
    with checkpoint.locked(folder, accelerator), only(model, parameters, settings) as groups:
        checkpoint.claim(folder, model, batches, settings.model_dump(), identity)
        run = _Run(model, batches, settings, folder, groups, accelerator)
        if not run.place.stopped:
            with run.journal, torch.random.fork_rng(devices=run.devices), memory_advice(run.journal):
                while not run.place.stopped:
                    run.epoch(loss)
                    run.end_epoch(validate)
        return run.outcome()


class _Run:
    """The model, its optimisers and its place, on the device and in the folder of this run."""

    def __init__(
        self,
        model: nn.Module,
        batches: Batches,
        settings: Settings,
        folder: Path,
        groups: list[dict[str, Any]],
        accelerator: Accelerator,
    ) -> None:
        self.accelerator, self.device = accelerator, accelerator.device
        self.devices = [torch.cuda.current_device()] if self.device.type == "cuda" else []
        self.settings, self.folder, self.bare = settings, folder, model
        self.batches = _share(batches, self.accelerator)
        self.steps = settings.epochs * math.ceil(len(batches) / settings.accumulate)
        self.shards = self._shards(model)
        computing = model
        if self.shards:
            computing, groups = self.shards.parts, self.shards.groups(groups)
        elif settings.checkpointing:
            recompute(model)
        if settings.compile:
            computing.compile()
        self.parameters = [each for group in groups for each in group["params"]]
        self.optimisers = optimisers(groups, settings, self.device)
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=settings.precision == "fp16")
        self.average = [each.detach().clone() for each in self.parameters] if settings.ema else []
        self.place = checkpoint.load(folder / "last", model, self.optimisers, self.average)
        if accelerator.is_main_process:
            checkpoint.count_processes(self.place, accelerator.num_processes, folder)
        if self.place.scaler:
            self.scaler.load_state_dict(self.place.scaler)
        self.journal = Journal(folder, settings, self.place, self.steps, self.accelerator)
        self.due = Due(self.place.step)
        if self.shards:
            self.shards.scatter()
        plain = self.shards or accelerator.num_processes == 1
        self.model = computing if plain else accelerator.prepare(model)

    def _shards(self, model: nn.Module) -> Shards | None:
        """The model in parts, where the settings ask for it and there are processes to share them."""
        settings, processes = self.settings, self.accelerator.num_processes
        if not settings.fsdp or processes == 1:
            model.to(self.device)
            return None
        if settings.optimiser == "muon" or settings.precision == "fp16":
            raise SpecError(
                "Weights in parts do not go with these settings",
                where="fsdp",
                expected="optimiser adamw, as muon needs whole matrices, and precision bf16 or fp32",
                found=f"optimiser {settings.optimiser}, precision {settings.precision}",
            )
        return Shards(model.cpu(), self.device, processes, checkpointing=settings.checkpointing)

    def gather(self) -> None:
        """Bring the model that the recipe knows to where the training is."""
        if self.shards:
            self.shards.gather()

    def epoch(self, loss: StepLoss) -> None:
        """The steps that are left of the current epoch."""
        self.model.train()
        coming = self.batches.epoch(self.place.epoch, self.place.batch)
        while group := list(islice(coming, self.settings.accumulate)):
            self.step(loss, group)
            if self.settings.log_every and self.place.step % self.settings.log_every == 0:
                self.journal.write()
            every, step = self.settings.save_every, self.place.step
            if self.due.now(step) or (every and step % every == 0):
                self.save()

    def step(self, loss: StepLoss, group: list[Batch]) -> None:
        """One step over the mean loss of some batches. Nothing here waits for the device."""
        place, settings = self.place, self.settings
        seeds = np.random.SeedSequence([settings.seed, place.step, self.accelerator.process_index])
        torch.manual_seed(int(seeds.generate_state(1, np.uint64)[0]))
        rate = settings.factor(place.step, self.steps)
        for each in self.optimisers:
            for weights in each.param_groups:
                weights["lr"] = weights["highest"] * rate
        alone = len(group) == 1 and self.accelerator.num_processes == 1
        counted: Tensor | None = None
        for number, batch in enumerate(group):
            batch = {name: self.moved(value) for name, value in batch.items()}
            last = number == len(group) - 1
            with nullcontext() if last else self.accelerator.no_sync(self.model):
                with autocast(self.device, self.settings.precision):
                    self.journal.watch(self.bare, loss, batch)
                    terms = dict(loss(self.model, batch))
                weight = terms.pop("weight", None)
                if alone or weight is None:
                    share = terms["loss"] / len(group)
                else:
                    counted = weight if counted is None else counted + weight
                    share = terms["loss"] * weight
                self.scaler.scale(share).backward()
            self.journal.add(terms, batch)
        if counted is not None:
            self.divide_gradients(counted)
        norm = None
        if settings.clip:
            for each in self.optimisers:
                self.scaler.unscale_(each)
            norm = gathered(torch.nn.utils.clip_grad_norm_(self.parameters, settings.clip))
        for each in self.optimisers:
            self.scaler.step(each)
            each.zero_grad()
        self.scaler.update()
        self.move_average()
        place.step, place.batch = place.step + 1, place.batch + len(group)
        self.journal.step(settings.lr * rate, norm)

    def moved(self, value: Tensor) -> Tensor:
        """On the device; a single number, such as a language's, stays where nobody waits to read it."""
        return value.to(self.device, non_blocking=True) if value.dim() else value

    def divide_gradients(self, counted: Tensor) -> None:
        """By all that the losses of this step are means over, in all batches and processes."""
        average = self.accelerator.reduce(counted.float(), reduction="mean")
        gradients = [each.grad for each in self.parameters if each.grad is not None]
        torch._foreach_div_(gradients, average.clamp(min=torch.finfo(torch.float32).tiny))

    def move_average(self) -> None:
        """Bring the averaged weights towards the weights, faster in the first steps."""
        if self.average:
            decay = min(self.settings.ema, (1 + self.place.step) / (10 + self.place.step))
            with torch.no_grad():
                torch._foreach_lerp_(self.average, self.parameters, 1 - decay)

    def end_epoch(self, validate: Validate | None) -> None:
        """Validate, keep the best, save; the run ends with its last epoch or with its patience."""
        place, settings = self.place, self.settings
        self.journal.write()
        place.epoch, place.batch = place.epoch + 1, 0
        if validate and (place.epoch % settings.validate_every == 0 or place.epoch == settings.epochs):
            with self.averaged():
                scores = self.validated(validate)
                place.waited += 1
                if place.best is None or scores["score"] > place.best["score"]:
                    place.best = {**scores, "step": place.step, "epoch": place.epoch}
                    place.waited = 0
                    checkpoint.save(self.folder / "best", self.bare, place.best, self.accelerator)
        if settings.patience and place.waited >= settings.patience:
            place.stopped = "patience"
        if place.epoch == settings.epochs:
            place.stopped = "epochs"
        self.save()

    def validated(self, validate: Validate) -> dict[str, float]:
        """The first process's scores, on all of them."""
        self.gather()
        self.bare.to(self.device).eval()
        with torch.no_grad(), autocast(self.device, self.settings.precision):
            scores = {name: float(value) for name, value in validate(self.bare).items()}
        if not math.isfinite(scores.get("score", math.nan)):
            raise SpecError("The validation gives no score", expected='{"score": a number}', found=scores)
        if self.shards:
            self.bare.cpu()
        first: dict[str, float] = broadcast_object_list([scores])[0]
        self.journal.validation(first)
        return first

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """The averaged weights in the model's place, where there is an average."""
        kept = [each.detach().clone() for each in self.parameters] if self.average else []
        self.put(self.average)
        yield
        self.put(kept)

    @torch.no_grad()
    def put(self, values: list[Tensor]) -> None:
        """Values in the place of the trained weights; none where there are none."""
        for weight, value in zip(self.parameters, values, strict=False):
            weight.copy_(value)

    def save(self) -> None:
        """Write ``last/``: weights, optimiser, average and place."""
        self.journal.settle()
        begun = time.monotonic()
        self.gather()
        self.place.scaler = self.scaler.state_dict()
        state = asdict(self.place)
        checkpoint.save(
            self.folder / "last", self.bare, state, self.accelerator, self.optimisers, self.average
        )
        self.due.saved(self.place.step, time.monotonic() - begun)
        self.journal.restart()

    def outcome(self) -> Outcome:
        """The result, and the weights that are worth having in the model."""
        place = self.place
        if place.best is not None:
            checkpoint.load_weights(self.folder / "best", self.bare)
        else:
            self.put(self.average)
            self.gather()
        self.bare.to(self.device).eval()
        history = checkpoint.read_log(self.folder)
        return Outcome(
            self.folder, place.step, place.samples, place.seconds, history, place.best, place.stopped
        )


def _share(batches: Batches, accelerator: Accelerator) -> Batches:
    """This process's part of the batches."""
    if accelerator.num_processes == 1:
        return batches
    if not hasattr(batches, "shard"):
        raise SpecError(
            "These batches cannot be computed by several processes",
            expected="a method shard(rank, world)",
            found=type(batches).__name__,
            remedy="start it without torchrun",
        )
    part: Batches = batches.shard(accelerator.process_index, accelerator.num_processes)
    return part
