"""Features of the scenes world, from its pixels: a small detector's stand-in, trained on the training images.

Two convolutional networks learn from the labels in ``scenes.jsonl``, training images alone: one names the
kind, colour, size and action of the thing in a crop, the other says what lies in each cell of a grid over the
whole picture and where it was taken. What they compute before their last layer are the features.

Boxes are the drawn ones, moved a little, and some are missed, as a detector would; tags are what the network
believes to see ("red car"), not what was drawn. The first region of every image is the whole picture.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from recipes.drawn_world.labels import NONE, THING_LABELS, World
from recipes.lib.command import finish, parser
from recipes.lib.features import FeatureStore, ImageFeatures, write_store
from vqa_builder.errors import SourceError

WIDTH = 64
CROP = 32
CONTEXT = 0.1
TRAIN_IMAGES = 3000
CHUNK = 256
THING_BATCH = 64
PICTURE_BATCH = 16
SIDES_SCALE = 8.0


class Encoder(nn.Module):
    """Convolutions that halve the picture, features of ``WIDTH``, and one classifier per label.

    Args:
        channels: outputs of each halving.
        inputs: values that the features are made of.
        classes: number of values of each label.
        generator: where the first weights come from.
    """

    def __init__(
        self, channels: Sequence[int], inputs: int, classes: Mapping[str, int], generator: torch.Generator
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in zip((3, *channels), channels, strict=False):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False)]
            layers += [nn.BatchNorm2d(after), nn.ReLU()]
        self.convolutions = nn.Sequential(*layers).to(memory_format=torch.channels_last)
        self.project = nn.Sequential(nn.Linear(inputs, 160), nn.ReLU(), nn.Linear(160, WIDTH), nn.ReLU())
        self.heads = nn.ModuleDict({name: nn.Linear(WIDTH, count) for name, count in classes.items()})
        for part in self.modules():
            if isinstance(part, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(part.weight, generator=generator)
            if isinstance(part, nn.Linear):
                nn.init.zeros_(part.bias)
        for head in self.heads.values():
            nn.init.normal_(head.weight, std=0.05, generator=generator)

    def crops(self, pixels: Tensor, sides: Tensor) -> Tensor:
        """Crops (M, 3, 32, 32) and their sides (M, 2), relative to the picture -> (M, WIDTH)."""
        return self.project(torch.cat([self.convolutions(pixels).flatten(1), sides * SIDES_SCALE], dim=1))

    def cells(self, pixels: Tensor) -> Tensor:
        """Pictures (B, 3, H, W) -> (B, cells, WIDTH), row by row."""
        return self.project(self.convolutions(pixels).flatten(2).transpose(1, 2))


@dataclass(frozen=True)
class Encoders:
    """The two trained networks, and the grid of the second (rows, columns)."""

    thing: Encoder
    picture: Encoder
    grid: tuple[int, int]


def extract_scenes(
    world: Path,
    folder: Path,
    *,
    seed: int = 0,
    epochs: int = 10,
    say: Callable[[str], None] = lambda line: None,
) -> FeatureStore:
    """Train the encoders on a world's training images and write the features of all its images.

    Args:
        world: a folder that ``python -m recipes.drawn_world.scenes`` wrote.
        folder: the store.
        seed: of weights, order of batches, and what the detector misses.
        epochs: passes over the training images.
        say: gets a line of news now and then.

    Raises:
        SourceError: the folder holds no world, or no training images.
    """
    read = World.read(Path(world))
    encoders = train_encoders(read, seed=seed, epochs=epochs, say=say)
    store = write_store(folder, encode(read, encoders, seed=seed), source=f"scenes, seed {seed}")
    say(f"{len(store):,} images, {store.region_width} values a region, {store.patch_count} patches")
    return store


def train_encoders(
    world: World, *, seed: int, epochs: int, say: Callable[[str], None] = lambda line: None
) -> Encoders:
    """Train both networks on (a sample of) the training images."""
    rng = np.random.default_rng([seed, 0])
    train = np.flatnonzero(world.is_train)
    if not len(train):
        raise SourceError("The world has no training images", where=world.folder / "scenes.jsonl")
    rows = np.sort(rng.permutation(train)[:TRAIN_IMAGES])
    pictures = world.load(rows)
    generator = torch.Generator().manual_seed(seed)
    counts = {name: len(values) for name, values in world.names.items()}
    thing = Encoder((24, 48, 96), 96 * 16 + 2, {name: counts[name] for name in THING_LABELS}, generator)
    picture = Encoder((16, 32, 64, 96, 96), 96, counts, generator)
    grid = (-(-world.size[1] // 32), -(-world.size[0] // 32))
    present = _presence(world, rows, grid)

    def thing_batches(epoch: int) -> Iterator[Tensor]:
        seen = world.seen(rows, np.random.default_rng([seed, 1, epoch]))
        crops = _crops(pictures, seen.image, seen.boxes)
        for part in _shuffled(len(seen.image), THING_BATCH, rng):
            features = thing.crops(_pixels(crops[part]), _sides(seen.boxes[part], world.size))
            labels = {name: world.things[name][seen.thing[part]] for name in THING_LABELS}
            yield _classification_loss(thing, features, labels)

    def picture_batches(epoch: int) -> Iterator[Tensor]:
        for part in _shuffled(len(rows), PICTURE_BATCH, rng):
            features = picture.cells(_pixels(pictures[part]))
            labels = {name: world.pictures[name][rows[part]] for name in world.pictures}
            there = {name: values[part] for name, values in present.items()}
            yield _classification_loss(picture, features.mean(1), labels) + _presence_loss(
                picture, features, there
            )

    _fit(
        thing,
        thing_batches,
        epochs,
        int(np.diff(world.offsets)[rows].sum()) // THING_BATCH + 1,
        say,
        "regions",
    )
    _fit(picture, picture_batches, epochs, -(-len(rows) // PICTURE_BATCH), say, "patches")
    return Encoders(thing.eval(), picture.eval(), grid)


@torch.inference_mode()
def encode(world: World, encoders: Encoders, *, seed: int) -> Iterator[ImageFeatures]:
    """The features of every image, in the order of the world."""
    width, height = world.size
    whole = np.array([[0, 0, width, height]], dtype=np.float32)
    for first in range(0, len(world.ids), CHUNK):
        rows = np.arange(first, min(first + CHUNK, len(world.ids)))
        pictures = world.load(rows)
        seen = world.seen(rows, np.random.default_rng([seed, 2, first]))
        crops = _pixels(_crops(pictures, seen.image, seen.boxes))
        regions = encoders.thing.crops(crops, _sides(seen.boxes, world.size))
        patches = torch.cat([encoders.picture.cells(_pixels(part)) for part in np.array_split(pictures, 8)])
        overall = patches.mean(1)
        tags = _believed(encoders.thing, regions, world.names, ("colour", "kind"))
        places = _believed(
            encoders.picture, overall, world.names, ("place",) if "place" in world.pictures else ()
        )
        bounds = np.searchsorted(seen.image, np.arange(len(rows) + 1))
        for place, row in enumerate(rows):
            here = slice(bounds[place], bounds[place + 1])
            yield ImageFeatures(
                image_id=int(world.ids[row]),
                width=width,
                height=height,
                boxes=np.concatenate([whole, seen.boxes[here]]),
                regions=_levelled(torch.cat([overall[place, None], regions[here]])),
                tags=[places[place], *tags[here]],
                patches=_levelled(patches[place]),
            )


def _crops(
    pictures: NDArray[np.uint8], image: NDArray[np.int64], boxes: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """(M, 32, 32, 3): boxes with a little of their surroundings, four samples a pixel."""
    height, width = pictures.shape[1:3]
    margin = (boxes[:, 2:] - boxes[:, :2]) * CONTEXT
    steps = (np.arange(2 * CROP, dtype=np.float32) + 0.5) / (2 * CROP)
    low, high = boxes[:, :2] - margin, boxes[:, 2:] + margin
    points = low[:, :, None] + (high - low)[:, :, None] * steps
    columns = np.clip(points[:, 0], 0, width - 1).astype(np.int64)
    rows = np.clip(points[:, 1], 0, height - 1).astype(np.int64)
    crops = np.empty((len(boxes), CROP, CROP, 3), dtype=np.uint8)
    for first in range(0, len(boxes), CHUNK):
        here = slice(first, first + CHUNK)
        fine = pictures[image[here, None, None], rows[here, :, None], columns[here, None, :]]
        pairs = fine.reshape(-1, CROP, 2, CROP, 2, 3).astype(np.uint16)
        crops[here] = (pairs.sum(axis=(2, 4)) + 2) // 4
    return crops


def _pixels(pictures: NDArray[np.uint8]) -> Tensor:
    """(B, H, W, 3) bytes -> (B, 3, H, W), about -2 to 2."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float().sub_(127.5).div_(64)


def _sides(boxes: NDArray[np.float32], size: tuple[int, int]) -> Tensor:
    return torch.from_numpy((boxes[:, 2:] - boxes[:, :2]) / np.array(size, dtype=np.float32))


def _presence(world: World, rows: NDArray[np.int64], grid: tuple[int, int]) -> dict[str, NDArray[np.float32]]:
    """For every label of things: (B, cells, values), one where such a thing reaches into the cell."""
    steps = np.array([world.size[0] / grid[1], world.size[1] / grid[0]], dtype=np.float32)
    present = {
        name: np.zeros((len(rows), *grid, len(world.names[name])), dtype=np.float32) for name in THING_LABELS
    }
    for place, row in enumerate(rows):
        for thing in range(*world.offsets[row : row + 2]):
            left, top = np.floor(world.boxes[thing, :2] / steps).astype(int)
            right, bottom = np.ceil(world.boxes[thing, 2:] / steps).astype(int)
            for name, values in present.items():
                values[place, top:bottom, left:right, world.things[name][thing]] = 1
    return {name: values.reshape(len(rows), -1, values.shape[-1]) for name, values in present.items()}


def _classification_loss(
    encoder: Encoder, features: Tensor, labels: Mapping[str, NDArray[np.int64]]
) -> Tensor:
    losses = [
        functional.cross_entropy(encoder.heads[name](features), torch.from_numpy(values))
        for name, values in labels.items()
    ]
    return torch.stack([*losses, features.new_zeros(())]).sum()


def _presence_loss(encoder: Encoder, features: Tensor, present: Mapping[str, NDArray[np.float32]]) -> Tensor:
    losses = [
        functional.binary_cross_entropy_with_logits(
            encoder.heads[name](features), torch.from_numpy(values), reduction="sum"
        )
        for name, values in present.items()
    ]
    return torch.stack(losses).sum() / (features.shape[0] * features.shape[1])


def _fit(
    encoder: Encoder,
    losses: Callable[[int], Iterator[Tensor]],
    epochs: int,
    steps: int,
    say: Callable[[str], None],
    what: str,
) -> None:
    """Adam with a learning rate that rises and falls once."""
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=4e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: max(0.01, min((step + 1) / 40, 1 - step / (epochs * steps)))
    )
    for epoch in range(epochs):
        total: list[float] = []
        for loss in losses(epoch):
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total.append(loss.item())
        say(f"{what}: epoch {epoch + 1} of {epochs}, loss {np.mean(total):.3f}")


def _shuffled(count: int, size: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    order = rng.permutation(count)
    for first in range(0, count, size):
        yield order[first : first + size]


def _levelled(features: Tensor) -> NDArray[np.float32]:
    """Features of mean 0 and deviation 1 each, which a new linear layer learns from at once."""
    levelled: NDArray[np.float32] = functional.layer_norm(features, (WIDTH,)).numpy()
    return levelled


def _believed(
    encoder: Encoder, features: Tensor, names: Mapping[str, list[str]], labels: Sequence[str]
) -> list[str]:
    """The most probable value of each label, joined: "red car"."""
    chosen = [[names[label][i] for i in encoder.heads[label](features).argmax(1)] for label in labels]
    if not chosen:
        return [""] * len(features)
    return [" ".join(word for word in words if word != NONE) for words in zip(*chosen, strict=True)]


def main(arguments: list[str] | None = None) -> int:
    """Train, extract, write; 2 where the input is wrong."""
    made = parser(__doc__, settings=False, prog="python -m recipes.drawn_world.features")
    made.add_argument("world", type=Path, help="a folder written by `python -m recipes.drawn_world.scenes`")
    made.add_argument("out", type=Path, help="the folder of the store; an older one is replaced")
    made.add_argument("--seed", type=int, default=0, help="of weights and of what is missed (default: 0)")
    made.add_argument("--epochs", type=int, default=10, help="passes over the training images (10)")
    made.add_argument("--threads", type=int, help="of torch; 1 is best where others work too")
    return finish(_extract, made, arguments)


def _extract(args: argparse.Namespace) -> None:
    if args.threads:
        torch.set_num_threads(args.threads)
    extract_scenes(args.world, args.out, seed=args.seed, epochs=args.epochs, say=_say)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
