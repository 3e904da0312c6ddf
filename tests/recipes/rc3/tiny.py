"""A model of a few numbers and batches for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recipes.lib.models.rc3 import RC3, RC3Config

CONFIG = RC3Config(
    vocabulary=40,
    hidden=16,
    text_layers=1,
    cross_layers=1,
    heads=2,
    intermediate=32,
    positions=12,
    region_width=11,
    patch_width=5,
    patches=6,
    projection=8,
    dropout=0.0,
)
SPECIAL = (0, 1, 2, 3, 4)


def model() -> RC3:
    """The same weights every time."""
    return RC3(CONFIG, generator=torch.Generator().manual_seed(0))


def arrays(size: int = 16) -> dict[str, NDArray[Any]]:
    """Texts of 9 and of 5 pieces in turn, [CLS] 2 and [SEP] 3 included, and the rows of their images."""
    random = np.random.default_rng(0)
    lengths = np.where(np.arange(size) % 2, 5, 9)[:, None]
    column = np.arange(9)
    ids = np.where(column < lengths, random.integers(5, 40, (size, 9)), 0)
    ids[:, 0] = 2
    ids[column == lengths - 1] = 3
    return {
        "input_ids": ids,
        "attention_mask": (column < lengths).astype(np.int64),
        "image_rows": np.arange(size),
        "slots": np.array([4, 6]),
    }


def images(size: int) -> dict[str, Tensor]:
    """Regions, the last of every second image missing, and patches."""
    random = torch.Generator().manual_seed(2)
    mask = torch.ones(size, 4, dtype=torch.bool)
    mask[::2, 3] = False
    return {
        "regions": torch.randn(size, 4, 11, generator=random),
        "region_mask": mask,
        "patches": torch.randn(size, 6, 5, generator=random),
    }


def tensors(prepared: dict[str, NDArray[Any]]) -> dict[str, Tensor]:
    """A batch as the objectives' losses take it."""
    kept = {name: each for name, each in prepared.items() if name not in ("slots", "image_rows")}
    size = len(prepared["image_rows"])
    return {name: torch.from_numpy(each) for name, each in kept.items()} | images(size)
