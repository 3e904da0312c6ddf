"""The settings of a training run."""

from __future__ import annotations

import math
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from recipes.lib.config import Section
from recipes.lib.precision import Precision

Optimiser = Literal["adamw", "muon"]


class Loader(Section):
    """How batches are prepared; they are the same whatever stands here.

    Attributes:
        workers: threads that make batches while the model computes; two where there is a GPU, none on a CPU,
            which has nothing to wait for, if not given.
        prefetch: batches per worker that lie ready.
    """

    workers: int | None = Field(None, ge=0)
    prefetch: int = Field(2, ge=1)

    def options(self) -> dict[str, Any]:
        """The options of ``QuestionBatches``."""
        import torch

        gpu = torch.cuda.is_available()
        workers = (2 if gpu else 0) if self.workers is None else self.workers
        return {"workers": workers, "prefetch": self.prefetch, "pin_memory": gpu}


class Stage(Section):
    """What a training stage of any recipe can set; the names are those of :class:`Settings`."""

    lr: float = Field(gt=0)
    batch_size: int = Field(128, ge=1)
    accumulate: int = Field(1, ge=1)
    checkpointing: bool = False
    fsdp: bool = False
    weight_decay: float = Field(0.05, ge=0)
    warmup: float = Field(0.0, ge=0, lt=1)
    schedule: Literal["linear", "cosine", "constant"] = "linear"
    optimiser: Optimiser = "adamw"
    save_every: int = Field(1000, ge=0)


class Settings(BaseModel):
    """How to train. The defaults are those of cViL and Oscar where these say something.

    Attributes:
        epochs: passes over the batches.
        lr: the highest learning rate; ``parameters`` may give groups their own.
        optimiser: ``adamw``, or ``muon`` for the matrices inside layers and AdamW for all else; small models
            that start from random weights learn several times faster by it.
        weight_decay: of matrices; biases, LayerNorm and other vectors have none.
        adam_eps: of AdamW.
        betas: of AdamW.
        warmup: the share of all steps in which the rate grows from 0.
        schedule: how the rate falls after that: to 0 linearly, to 0 along a cosine, or not at all.
        clip: the greatest norm of the gradient; 0 for any.
        accumulate: batches per step.
        checkpointing: compute the layers' activations again in the backward pass: a third more time, and the
            memory of one layer's activations instead of all.
        fsdp: every process holds a part of weights, gradients and optimiser states, and the layer that is
            computed; else it holds them whole. With AdamW, in bf16 or fp32. A validation takes room for the
            whole model. It changes no result, so that a run may go on with it or without.
        precision: of the forward pass; weights and optimiser stay in fp32. A CPU without matrix units
            computes in fp32 whatever is asked for, as that is faster there.
        compile: ``torch.compile`` the model.
        ema: decay of a moving average of the weights, which then is what is validated and kept; 0 for none.
        log_every: steps per line of the log; 0 for a line per epoch.
        save_every: steps per checkpoint, besides the one after each epoch and every half a minute (see
            ``due.py``); 0 for none.
        validate_every: epochs between validations; the last epoch always has one.
        patience: validations without a better score after which to stop; 0 for never.
        seed: of dropout.
        tensorboard: write events where the package is installed.
        progress: a line on stderr for each line of the log.
        peak_tflops: of the device in bf16, for MFU; 0 looks its name up.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    epochs: int = Field(gt=0)
    lr: float = Field(gt=0)
    optimiser: Optimiser = "adamw"
    weight_decay: float = Field(0.05, ge=0)
    adam_eps: float = Field(1e-8, gt=0)
    betas: tuple[float, float] = (0.9, 0.999)
    warmup: float = Field(0.0, ge=0, lt=1)
    schedule: Literal["linear", "cosine", "constant"] = "linear"
    clip: float = Field(1.0, ge=0)
    accumulate: int = Field(1, gt=0)
    checkpointing: bool = False
    fsdp: bool = False
    precision: Precision = "fp32"
    compile: bool = False
    ema: float = Field(0.0, ge=0, lt=1)
    log_every: int = Field(50, ge=0)
    save_every: int = Field(1000, ge=0)
    validate_every: int = Field(1, gt=0)
    patience: int = Field(0, ge=0)
    seed: int = Field(0, ge=0)
    tensorboard: bool = True
    progress: bool = True
    peak_tflops: float = Field(0.0, ge=0)

    @classmethod
    def of(cls, stage: BaseModel, *, quiet: bool = False, **own: Any) -> Settings:
        """The settings of a recipe's stage: all that both have a name for, and what is the caller's own.

        Args:
            stage: a section of the recipe's settings.
            quiet: one line of the log per epoch, none on the terminal, no events.
            **own: fields of this class, before the stage's.

        >>> class Stage(BaseModel):
        ...     lr: float = 0.1
        ...     batch_size: int = 8
        >>> settings = Settings.of(Stage(), epochs=3)
        >>> settings.lr, settings.epochs
        (0.1, 3)
        """
        shared = {name: value for name, value in stage if name in cls.model_fields}
        calm = {"log_every": 0, "progress": False, "tensorboard": False} if quiet else {}
        return cls(**{**shared, **calm, **own})

    def factor(self, step: int, steps: int) -> float:
        """The share of ``lr`` at one step of ``steps``, counted from 0.

        >>> [round(Settings(epochs=1, lr=1, warmup=0.2).factor(step, 10), 3) for step in (0, 1, 2, 6, 9)]
        [0.5, 1.0, 1.0, 0.5, 0.125]
        """
        rising = math.ceil(self.warmup * steps)
        if step < rising:
            return (step + 1) / rising
        if self.schedule == "constant":
            return 1.0
        done = (step - rising) / max(steps - rising, 1)
        return 1 - done if self.schedule == "linear" else 0.5 * (1 + math.cos(math.pi * done))
