"""Activations that are computed again in the backward pass instead of being kept.

Source: Chen et al., Training Deep Nets with Sublinear Memory Cost (2016).
"""

from __future__ import annotations

from functools import partial

from torch import nn
from torch.utils.checkpoint import checkpoint

from vqa_builder.errors import SpecError

NOT_REENTRANT = {"use_reentrant": False}


def recompute(model: nn.Module) -> None:
    """Let each layer keep its input alone; the losses and gradients stay what they are, dropout included.

    A model of transformers does so by its own method; of others, the members of each list of layers.

    Raises:
        SpecError: the model has no layers.
    """
    if not _recomputes(model):
        raise SpecError("The model has no layers to compute again", found=type(model).__name__)


def _recomputes(model: nn.Module) -> bool:
    for own in ("activation_checkpointing_enable", "gradient_checkpointing_enable"):  # new, old
        if hasattr(model, own):
            getattr(model, own)(NOT_REENTRANT)
            return True
    if isinstance(model, nn.ModuleList):
        for layer in model:
            if not isinstance(layer.forward, partial):  # a model goes through several stages
                layer.forward = partial(checkpoint, layer.forward, **NOT_REENTRANT)
        return len(model) > 0
    found = [_recomputes(part) for part in model.children()]
    return any(found)
