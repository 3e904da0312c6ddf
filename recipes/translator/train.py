"""Train the translator, with the trainer that all recipes share.

    python -m recipes.translator.train runs/translator --steps 12000
    python -m recipes.translator.train runs/translator --name end --steps 3000 --schedule linear \\
        --from runs/translator/main/last

The first run may be stopped at any time; the second takes its weights and brings the learning rate down.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from recipes.lib.checkpoint import load_weights
from recipes.lib.command import whole
from recipes.lib.config import validate
from recipes.lib.precision import multiplies
from recipes.lib.settings import Settings
from recipes.lib.trainer import train
from recipes.translator.files import SIDES, open_examples, open_vocabulary, reading
from recipes.translator.model import BEGIN, PAD, Translator, names, read_weights, shape_of
from vqa_builder.errors import SourceError, SpecError

FROM_THE_COMMAND = ("lr", "optimiser", "warmup", "schedule", "ema", "save_every", "seed")


class Batches:
    """Batches of about ``tokens`` target pieces, of one target language and one length of sources.

    A batch has only the pieces that occur in its language to choose from (``choices``, of which ``target``
    holds places), as when the model is run: half the work of the last layer, and no
    kanji in Hindi.

    Args:
        files: written by ``recipes.translator.data``.
        tokens: target pieces of a batch, padding included.
        steps: batches per epoch; all if not given.
        seed: of the order.
        first: the first pieces that sources may have; any if not given.
    """

    def __init__(
        self,
        files: list[Path],
        tokens: int,
        steps: int | None = None,
        seed: int = 0,
        first: list[int] | None = None,
    ) -> None:
        self.tokens, self.seed = tokens, seed
        arrays = [open_examples(file) for file in files]
        self.sides = {}
        for side in SIDES:
            lengths = np.concatenate([each[f"{side}_lengths"] for each in arrays]).astype(np.int64)
            pieces = np.concatenate([each[side] for each in arrays])
            self.sides[side] = pieces, lengths, np.cumsum(lengths) - lengths
        pieces, _, starts = self.sides["source"]
        self.into = pieces[starts]
        self.rows = np.flatnonzero(np.isin(self.into, first)) if first else np.arange(len(starts))
        if not len(self.rows):
            raise SourceError(
                "There is nothing to learn from", where=files[0], expected="examples of the target languages"
            )
        self.written = {int(language): self._written(language) for language in np.unique(self.into)}
        self.steps = steps or len(self._groups(0))
        self.identity = {"files": [file.name for file in files], "tokens": tokens, "seed": seed}

    def __len__(self) -> int:
        return self.steps

    def epoch(self, number: int, start: int = 0) -> Iterator[dict[str, Tensor]]:
        """The batches of one epoch, from a place on; drawn again from the first group where they run out."""
        drawn: list[NDArray[np.int64]] = []
        times = 0
        while len(drawn) < self.steps:
            drawn += self._groups(number + 1000 * times)
            times += 1
        for rows in drawn[start : self.steps]:
            source, target = self._padded("source", rows), self._padded("target", rows)
            before = np.concatenate([np.full((len(rows), 1), BEGIN), target[:, :-1]], axis=1)
            choices = self.written[int(source[0, 0])]
            yield {
                "source": torch.from_numpy(source),
                "before": torch.from_numpy(before),
                "target": torch.from_numpy(np.searchsorted(choices, target)),
                "choices": torch.from_numpy(choices),
            }

    def _written(self, language: int) -> NDArray[np.int64]:
        """The pieces that occur in a target language, the padding first."""
        pieces, lengths, _ = self.sides["target"]
        inside = np.repeat(self.into == language, lengths)
        return np.union1d([PAD], pieces[inside]).astype(np.int64)

    def _groups(self, number: int) -> list[NDArray[np.int64]]:
        draw = np.random.default_rng([self.seed, number])
        lengths = {side: self.sides[side][1][self.rows] for side in self.sides}
        noise = (
            draw.random(len(lengths["source"])) * 2
        )  # targets of like length together, not always the same ones
        kinds = self.into[self.rows].astype(np.int64) * 1000 + lengths["source"]
        order = np.lexsort((lengths["target"] + noise, kinds))
        groups, begin = [], 0
        while begin < len(order):
            end, longest = begin, 0
            while end < len(order) and kinds[order[end]] == kinds[order[begin]]:
                longest = max(longest, int(lengths["target"][order[end]]))
                if longest * (end + 1 - begin) > self.tokens:
                    break
                end += 1
            end = max(end, begin + 1)
            groups.append(self.rows[order[begin:end]])
            begin = end
        draw.shuffle(groups)
        return groups

    def _padded(self, side: str, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        pieces, lengths, starts = self.sides[side]
        places = np.arange(lengths[rows].max())
        inside = places < lengths[rows][:, None]
        at = np.where(inside, starts[rows][:, None] + places, 0)
        return np.where(inside, pieces[at], PAD).astype(np.int64)


def loss(model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Cross entropy of the target's pieces, labels smoothed.

    A CPU with the dot products of AVX-512 computes in bf16 here although the trainer does not ask it to: it
    multiplies five times as fast, and this model has none of the operations that are slower for it.
    """
    device = batch["source"].device.type
    with torch.autocast(
        device,
        torch.bfloat16,
        enabled=torch.is_autocast_enabled(device) or multiplies(batch["source"].device),
    ):
        states = model(batch["source"], batch["before"])
        places = batch["target"] != PAD
        logits = functional.linear(states[places], model.embedding.weight[batch["choices"]])
        return {"loss": functional.cross_entropy(logits, batch["target"][places], label_smoothing=0.1)}


def warm(model: Translator, folder: Path, vocabulary: Any) -> None:
    """Start from a model of CTranslate2 with another vocabulary: layers as they are, further ones silent.

    A piece that the other vocabulary has takes its vector; any other takes the mean of the pieces that the
    other vocabulary cuts it into.
    """
    with reading(folder / "model.bin", "a model of CTranslate2, as recipes.translator.export writes it"):
        weights = read_weights(folder / "model.bin")
    own = model.state_dict()
    table = names(model.shape)
    for there, here in table.items():
        if there in weights and here != "embedding.weight":
            own[here] = torch.from_numpy(weights[there].copy())
        elif here.endswith(("self_attention.linear_1.weight", "inner.linear_1.weight")):
            own[here] = own[here] * 0.05
    other = open_vocabulary(folder / "spm.model")
    vectors = torch.from_numpy(weights["decoder/embeddings/weight"].copy())
    embedding = own["embedding.weight"]
    if vectors.shape[1] != embedding.shape[1]:
        expected, found = f"width {embedding.shape[1]}", f"width {vectors.shape[1]}"
        raise SpecError(
            "The model to begin with has another width", where=folder, expected=expected, found=found
        )
    for number in range(len(vocabulary)):
        piece = vocabulary.id_to_piece(number)
        known = other.piece_to_id(piece)
        if known != other.unk_id():
            embedding[number] = vectors[known]
        elif not vocabulary.is_control(number) and not vocabulary.is_byte(number):
            parts = [part for part in other.encode(piece.replace("▁", " ")) if part != other.unk_id()]
            if parts:
                embedding[number] = 0.5 * vectors[parts].mean(0) + 0.5 * embedding[number]
    model.load_state_dict(own)


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="the folder that recipes.translator.data wrote")
    parser.add_argument("--name", default="main", help="of the run within it")
    parser.add_argument("--examples", nargs="+", default=["examples1.npz"])
    parser.add_argument("--into", nargs="+", default=[], choices=("en", "ja", "hi"), help="target languages")
    parser.add_argument("--steps", type=whole(1), default=10_000)
    parser.add_argument("--tokens", type=whole(1), default=4_000)
    parser.add_argument("--lr", type=float, default=1.5e-3)
    parser.add_argument("--schedule", default="constant", choices=("constant", "linear", "cosine"))
    parser.add_argument("--optimiser", default="muon", choices=("adamw", "muon"))
    parser.add_argument("--warmup", type=float, default=0.02)
    parser.add_argument("--ema", type=float, default=0.998)
    parser.add_argument("--start", type=Path, help="a model of CTranslate2 to begin with")
    parser.add_argument("--from", dest="checkpoint", type=Path, help="a checkpoint to begin with")
    parser.add_argument("--width", type=whole(64), default=256)
    parser.add_argument("--layers", type=whole(1), nargs=2, default=(4, 2))
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--save-every", type=whole(0), default=250, help="steps")
    parser.add_argument("--threads", type=whole(1), default=2)
    parser.add_argument("--seed", type=whole(0), default=0)
    return parser.parse_args()


def main() -> None:
    """Train, or go on."""
    args = arguments()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    vocabulary = open_vocabulary(args.out / "spm.model")
    model = Translator(shape_of(len(vocabulary), args.width, args.layers, args.dropout))
    if args.start:
        warm(model, args.start, vocabulary)
    if args.checkpoint:
        load_weights(args.checkpoint, model)
    first = [vocabulary.piece_to_id(f"<2{language}>") for language in args.into]
    batches = Batches([args.out / name for name in args.examples], args.tokens, args.steps, args.seed, first)
    own = {name: getattr(args, name) for name in FROM_THE_COMMAND}
    usual = {"epochs": 1, "weight_decay": 0.01, "betas": (0.9, 0.98), "precision": "bf16"}
    quiet = {"log_every": 50, "tensorboard": False}
    settings = validate(Settings, {**usual, **quiet, **own}, "the command line")
    print(f"{sum(each.numel() for each in model.parameters()):,} parameters", flush=True)
    identity = {"start": str(args.start), "from": str(args.checkpoint)}
    train(model, loss, batches, settings, args.out / args.name, identity=identity)


if __name__ == "__main__":
    main()
