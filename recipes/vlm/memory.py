"""What a fine-tuning needs of a GPU's memory, computed from the model's shape without its weights.

    python -m recipes.vlm.memory recipes/vlm/base.yaml
    python -m recipes.vlm.memory recipes/vlm/base.yaml --processes 8 --set stage.fsdp=true \\
        --set lora=null --set dtype=float32
"""

from __future__ import annotations

import argparse
from typing import Any, NamedTuple

import torch

from recipes.lib.command import finish, parser
from recipes.lib.config import read, validate
from recipes.vlm import adapters
from recipes.vlm.config import Config
from vqa_builder.errors import SpecError

GIB = 1 << 30
LAYER = 34
"""Bytes of activations of a layer per token and unit of width (Korthikanti et al., 2022, section 4.1)."""


class Memory(NamedTuple):
    """GiB on one device.

    Attributes:
        weights: that are not trained.
        trained: fp32 weights, gradients and both moments of Adam.
        activations: of the language model, at the longest conversations.
        logits: with their gradient, in fp32, if every piece were one of an answer; no others are computed.
        parameters: of the model.
        trained_parameters: of them.
    """

    weights: float
    trained: float
    activations: float
    logits: float
    parameters: int
    trained_parameters: int

    @property
    def total(self) -> float:
        """Of all, without what the allocator loses to fragments, some tenth of it."""
        return self.weights + self.trained + self.activations + self.logits

    def lines(self) -> list[str]:
        """For people."""
        parts = {
            name: getattr(self, name) for name in ("weights", "trained", "activations", "logits", "total")
        }
        told = [f"{name:<12}{value:>8.1f} GiB" for name, value in parts.items()]
        return [f"{self.parameters:,} parameters, {self.trained_parameters:,} of them trained", *told]


def estimate(config: Config, shape: Any, processes: int = 1) -> Memory:
    """The memory of a run of these settings, on each of its devices.

    Args:
        config: of the run.
        shape: the model's configuration, of transformers.
        processes: that share every batch, and with ``stage.fsdp`` the weights; the layer that is computed,
            which each then holds whole, is not counted.
    """
    from transformers import AutoModelForImageTextToText

    with torch.device("meta"):
        model: Any = AutoModelForImageTextToText.from_config(shape, dtype=getattr(torch, config.dtype))
        if config.lora:
            model = adapters.with_adapters(model, config.lora)
    trained = sum(each.numel() for each in model.parameters() if each.requires_grad)
    whole = sum(each.numel() for each in model.parameters())
    size = torch.finfo(getattr(torch, config.dtype)).bits // 8
    text = shape.get_text_config()
    tokens = -(-config.stage.batch_size // processes) * config.longest
    parts = processes if config.stage.fsdp else 1
    kept = (
        2 * text.num_hidden_layers + LAYER if config.stage.checkpointing else LAYER * text.num_hidden_layers
    )
    return Memory(
        (whole - trained) * size / GIB / parts,
        trained * 16 / GIB / parts,
        tokens * text.hidden_size * kept / GIB,
        tokens * text.vocab_size * 8 / GIB,
        whole,
        trained,
    )


def main() -> int:
    """The command line."""
    made = parser(__doc__)
    made.add_argument("--processes", type=int, default=1, help="of torchrun, each with a device")
    return finish(_memory, made)


def _memory(args: argparse.Namespace) -> None:
    config = validate(Config, read(args.settings, args.set), args.settings)
    print(*estimate(config, _shape(config), args.processes).lines(), sep="\n")


def _shape(config: Config) -> Any:
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(config.checkpoint)
    except (OSError, ValueError) as error:
        raise SpecError(
            "The model's configuration cannot be read", where=config.checkpoint, found=error
        ) from error


if __name__ == "__main__":
    raise SystemExit(main())
