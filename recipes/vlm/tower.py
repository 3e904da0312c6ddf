"""What a small model learns before any question: which words fit each patch of a picture.

It stands for the image towers that have seen many pictures before a language model is joined to them. The
labels of a drawn world say what lies where; a patch is to be near the words for it, in the language model's
own vectors, as regions and words are brought together by Zhong et al., RegionCLIP (CVPR 2022).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from recipes.drawn_world.labels import NONE, World
from recipes.lib.ahead import Parts
from recipes.lib.precision import products

LABELS = ("kind", "colour", "size", "action")
FILLED = 0.3
"""Of a patch, the share that a thing must fill to be named there."""
CHUNK = 256
SHARPNESS = 8.0
"""Of the odds: patches then have lengths of about one."""


class PatchBatches(Parts):
    """Pictures of a world's training split, and the words for what reaches into each of their patches.

    Args:
        world: drawn pictures and their labels.
        processor: of the model; its pictures are square.
        grid: patches at a side.
        batch_size: pictures of a step, over all processes.
        seed: of the order.
    """

    def __init__(self, world: World, processor: Any, grid: int, batch_size: int, seed: int) -> None:
        self.batch_size, self.seed = batch_size, seed
        self.images = processor.image_processor
        rows = np.flatnonzero(world.is_train)
        self.pixels = np.concatenate(
            [self._resized(world.load(rows[at : at + CHUNK])) for at in range(0, len(rows), CHUNK)]
        )
        self.words, self.present = named(world, rows, grid)
        self.identity = {"pictures": len(rows), "grid": grid, "batch_size": batch_size, "seed": seed}

    def __len__(self) -> int:
        return -(-len(self.pixels) // self.batch_size)

    def epoch(self, number: int, start: int = 0) -> Iterator[dict[str, Tensor]]:
        """The batches of an epoch from a place on: pixels (B, 3, side, side), present (B, patches, words)."""
        order = np.random.default_rng([self.seed, number]).permutation(len(self.pixels))
        for step in range(start, len(self)):
            rows = order[step * self.batch_size :][: self.batch_size][self.rank :: self.world]
            yield {
                "pixel_values": self._levelled(self.pixels[rows]),
                "present": torch.from_numpy(self.present[rows]).float(),
            }

    def _resized(self, pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
        made = self.images([Image.fromarray(each) for each in pictures], do_rescale=False, do_normalize=False)
        return np.stack([np.asarray(each) for each in made["pixel_values"]]).round().astype(np.uint8)

    def _levelled(self, pixels: NDArray[np.uint8]) -> Tensor:
        """As the model's processor does it."""
        mean, deviation = (
            torch.tensor(each)[:, None, None] for each in (self.images.image_mean, self.images.image_std)
        )
        return (torch.from_numpy(pixels).float() * self.images.rescale_factor - mean) / deviation


def named(world: World, rows: NDArray[np.int64], grid: int) -> tuple[list[str], NDArray[np.bool_]]:
    """All words of the labels, and (B, patches, words) which of them fit a patch.

    Those of the things that fill a good part of it or have their middle there, and those for the whole
    picture: where, when, in what weather.
    """
    words: list[str] = []
    columns: list[NDArray[np.bool_]] = []
    image, thing, row, column = _filled(world, rows, grid)
    for name in LABELS:
        words += world.names[name]
        there = np.zeros((len(rows), grid, grid, len(world.names[name])), bool)
        there[image, row, column, world.things[name][thing]] = True
        columns.append(there.reshape(len(rows), grid * grid, -1))
    for name, indices in world.pictures.items():
        words += world.names[name]
        whole = np.eye(len(world.names[name]), dtype=bool)[indices[rows]]
        columns.append(np.repeat(whole[:, None], grid * grid, axis=1))
    kept = [place for place, word in enumerate(words) if word != NONE]
    return [words[place] for place in kept], np.concatenate(columns, axis=-1)[..., kept]


def _filled(world: World, rows: NDArray[np.int64], grid: int) -> tuple[NDArray[np.int64], ...]:
    """(M,) places among the rows, things, rows and columns of the patches that belong to them."""
    counts = np.diff(world.offsets)[rows]
    image = np.repeat(np.arange(len(rows)), counts)
    thing = np.concatenate([np.arange(*world.offsets[row : row + 2]) for row in rows])
    boxes = world.boxes[thing] * (grid / np.tile(np.array(world.size, np.float32), 2))
    edges = np.arange(grid)
    covers = [
        np.clip(
            np.minimum(boxes[:, side + 2, None], edges + 1) - np.maximum(boxes[:, side, None], edges), 0, 1
        )
        for side in (0, 1)
    ]
    middle = ((boxes[:, :2] + boxes[:, 2:]) / 2).astype(np.int64).clip(0, grid - 1)
    belongs = covers[1][:, :, None] * covers[0][:, None, :] >= FILLED
    belongs[np.arange(len(thing)), middle[:, 1], middle[:, 0]] = True
    found, row, column = belongs.nonzero()
    return image[found], thing[found], row, column


class Naming(nn.Module):
    """A vision-language model's tower and projector, and how near each patch is to each word.

    Args:
        model: a LLaVA of transformers.
        tokenizer: of the model.
        words: to be told apart; a word's vector is the mean of its pieces'.
        shares: (words,) of the patches that each fits: what is believed before anything is seen.
    """

    def __init__(
        self, model: Any, tokenizer: Any, words: Sequence[str], shares: NDArray[np.floating[Any]]
    ) -> None:
        super().__init__()
        self.model = model
        table = model.get_input_embeddings().weight.detach()
        pieces = [tokenizer(f" {word}", add_special_tokens=False)["input_ids"] for word in words]
        vectors = torch.stack([table[each].mean(0) for each in pieces])
        self.register_buffer("vectors", SHARPNESS * functional.normalize(vectors, dim=-1))
        self.prior = nn.Parameter(torch.from_numpy(np.clip(shares, 1e-4, 0.9)).float().logit())

    def forward(self, pixel_values: Tensor) -> Tensor:
        """Pictures -> (B, patches, words), log-odds."""
        patches = torch.stack(list(self.model.model.get_image_features(pixel_values).pooler_output))
        return patches @ self.vectors.T + self.prior

    @property
    def trained(self) -> list[nn.Parameter]:
        """The tower, the projector, and what is believed before; no word moves."""
        parts = (self.model.model.vision_tower, self.model.model.multi_modal_projector)
        return [*(each for part in parts for each in part.parameters()), self.prior]


def naming_loss(model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Binary cross-entropy, summed over the words; how many of the words that fit are found, and
    how many of those that are found fit."""
    present = batch["present"]
    with products(present.device):
        odds = model(batch["pixel_values"]).float()
    loss = functional.binary_cross_entropy_with_logits(odds, present, reduction="sum")
    named = (odds > 0) * present
    found, right = named.sum() / present.sum().clamp(min=1), named.sum() / (odds > 0).sum().clamp(min=1)
    return {"loss": loss / (odds.shape[0] * odds.shape[1]), "found": found.detach(), "right": right.detach()}
