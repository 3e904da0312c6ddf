"""Batches for pre-training: texts tokenised once, one objective per step, all fixed by seed and step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recipes.lib.ahead import Parts, ahead
from recipes.lib.features import FeatureStore
from recipes.lib.ragged import Ragged, Rows
from vqa_builder.errors import SpecError

Arrays = dict[str, NDArray[Any]]
ALIKE = 4
"""Of so many times the texts that a batch holds, those of like length become the batch."""


@dataclass(frozen=True)
class Corpus:
    """Texts and their images.

    Attributes:
        texts: as they were.
        pieces: their word pieces, special tokens included.
        images: (N,) rows of the feature store.
        languages: of each text.
    """

    texts: list[str]
    pieces: Ragged
    images: Rows
    languages: list[str]

    @classmethod
    def of(
        cls,
        texts: Sequence[tuple[Any, str, str]],
        tokenizer: Any,
        features: FeatureStore,
        longest: int,
    ) -> Corpus:
        """From (image_id, language, text) triples.

        Raises:
            SourceError: images that the feature store lacks.
        """
        images, languages, sentences = (list(column) for column in zip(*texts, strict=True))
        encoded = tokenizer(sentences, truncation=True, max_length=longest)["input_ids"]
        return cls(sentences, Ragged.of(encoded, np.int64), features.rows(images), languages)


@dataclass(frozen=True)
class Pairs:
    """Pairs of texts of a corpus that speak about one image.

    Attributes:
        rows: (M, 2) rows of the corpus, pairs of one image next to each other.
        starts: (images + 1,) where each image's pairs begin, and the end of the last.
    """

    rows: Rows
    starts: Rows

    @classmethod
    def of(cls, rows: Sequence[tuple[int, int]], corpus: Corpus) -> Pairs:
        """Sorted by image."""
        pairs = np.asarray(rows, dtype=np.int64).reshape(-1, 2)
        pairs = pairs[np.argsort(corpus.images[pairs[:, 0]], kind="stable")]
        _, firsts = np.unique(corpus.images[pairs[:, 0]], return_index=True)
        return cls(pairs, np.append(firsts, len(pairs)))

    def draw(self, count: int, per_image: int, chance: np.random.Generator) -> Rows:
        """(count or fewer, 2): up to ``per_image`` pairs of each image drawn."""
        sizes = np.minimum(np.diff(self.starts), per_image)
        order = chance.permutation(len(sizes))
        images = order[: int(np.searchsorted(np.cumsum(sizes[order]), count)) + 1]
        found = [
            self.starts[image] + chance.permutation(self.starts[image + 1] - self.starts[image])[:per_image]
            for image in images
        ]
        drawn: Rows = self.rows[np.concatenate(found)[:count]]
        return drawn


class PretrainingBatches(Parts):
    """Batches of one objective each, drawn in proportion to the weights.

    A batch has ``input_ids`` and ``attention_mask`` (B, T); ``regions``, ``region_mask`` and ``patches`` as
    far as they are in use; ``objective`` (), its number; and what the objective's ``prepare`` adds. Batches
    of pairs have 2 B texts, the first of every pair and then the second; those of weak pairs have
    ``relevance`` and ``relevance_back`` (B, pairs of all processes).

    Args:
        corpus: all texts.
        features: of the images.
        objectives: name -> the objective and its weight.
        pairs: ``strict`` and ``weak`` pairs, for the objectives of these names.
        relevance: (N, E) sentence vectors of length one of every text of the corpus; None without weak pairs.
        batch_size: texts per batch; half as many pairs.
        regions: slots per image; 0 for none.
        patches: give patches too.
        steps: batches per epoch.
        per_image: pairs of one image in one batch, about.
        translated: share of the batches of masked language modelling that hold strict pairs, text and
            translation in one sequence.
        pad_id: the padding piece.
        seed: with epoch and step it fixes every draw.
    """

    def __init__(
        self,
        corpus: Corpus,
        features: FeatureStore,
        objectives: Mapping[str, tuple[Any, float]],
        *,
        pairs: Mapping[str, Pairs],
        relevance: NDArray[np.float32] | None = None,
        batch_size: int,
        regions: int,
        patches: bool,
        steps: int,
        per_image: int = 1,
        translated: float = 0.0,
        pad_id: int = 0,
        seed: int = 0,
        workers: int = 0,
        prefetch: int = 2,
    ) -> None:
        self.workers, self.prefetch = workers, prefetch
        self.corpus, self.features, self.relevance = corpus, features, relevance
        self.names = list(objectives)
        self.objectives = [objective for objective, _ in objectives.values()]
        weights = np.asarray([weight for _, weight in objectives.values()], dtype=np.float64)
        self.shares, self.pairs = weights / weights.sum(), dict(pairs)
        self.batch_size, self.regions, self.patches, self.steps = batch_size, regions, patches, steps
        self.per_image, self.translated = per_image, translated
        self.pad_id, self.seed = pad_id, seed

    def __len__(self) -> int:
        return self.steps

    @property
    def identity(self) -> dict[str, Any]:
        """What makes these batches what they are; a run that is taken up again compares it."""
        return {
            "texts": len(self.corpus.texts),
            "pairs": {name: len(pairs.rows) for name, pairs in self.pairs.items()},
            "objectives": {
                name: [repr(each), float(share)]
                for name, each, share in zip(self.names, self.objectives, self.shares, strict=True)
            },
            "batch_size": self.batch_size,
            "regions": self.regions,
            "patches": self.patches,
            "per_image": self.per_image,
            "translated": self.translated,
            "seed": self.seed,
        }

    def epoch(self, number: int, start: int = 0) -> Iterator[dict[str, Tensor]]:
        """The batches of an epoch from step ``start`` on."""
        yield from ahead(self._made, self._plan(number, start), self.workers, self.prefetch)

    def _plan(self, number: int, start: int) -> Iterator[tuple[int, list[int]]]:
        for step in range(start, self.steps):
            seed = [self.seed, number, step]
            yield int(np.random.default_rng(seed).choice(len(self.names), p=self.shares)), [*seed, 1, 0]

    def _made(self, place: int, seed: list[int]) -> dict[str, Tensor]:
        return self.batch(place, np.random.default_rng(seed))

    def shard(self, rank: int, world: int) -> Self:
        """The part of every batch that process ``rank`` of ``world`` computes.

        Raises:
            SpecError: the batch cannot be parted evenly, as contrasts over all processes need it.
        """
        if self.batch_size % (2 * world):
            raise SpecError(
                "The batch cannot be parted among the processes",
                where="batch_size",
                expected=f"a multiple of {2 * world}",
                found=self.batch_size,
            )
        return super().shard(rank, world)

    def batch(self, place: int, chance: np.random.Generator) -> dict[str, Tensor]:
        """One batch of the objective at a place."""
        name, objective = self.names[place], self.objectives[place]
        if name in self.pairs:
            arrays = self._pairs(name, chance)
        elif name == "masked_language" and chance.random() < self.translated:
            arrays = self._translations(chance)
        else:
            arrays = self._texts(chance)
        if hasattr(objective, "prepare"):
            arrays["slots"] = np.array([self.regions, self.features.patch_count if self.patches else 0])
            arrays |= objective.prepare(arrays, chance)
            del arrays["slots"]
        arrays |= self._images(arrays.pop("image_rows"))
        tensors = {key: torch.from_numpy(np.ascontiguousarray(array)) for key, array in arrays.items()}
        return tensors | {"objective": torch.tensor(place)}

    def _texts(self, chance: np.random.Generator) -> Arrays:
        texts = len(self.corpus.texts)
        drawn = chance.choice(texts, min(self.batch_size * ALIKE, texts), replace=False)
        rows = alike(drawn, self.corpus.pieces.lengths[drawn], self.batch_size, chance)
        rows = rows[self.rank :: self.world]
        return {**self._padded(rows), "image_rows": self.corpus.images[rows]}

    def _translations(self, chance: np.random.Generator) -> Arrays:
        """[CLS] text [SEP] translation [SEP] of strict pairs: what one hides the other may show."""
        drawn = self.pairs["strict"].draw(self.batch_size * ALIKE, self.per_image * ALIKE, chance)
        lengths = self.corpus.pieces.lengths[drawn].sum(1)
        rows = alike(drawn, lengths, self.batch_size, chance)[self.rank :: self.world]
        pieces = self.corpus.pieces
        both = [np.concatenate([pieces[int(one)], pieces[int(other)][1:]]).tolist() for one, other in rows]
        return {
            **Ragged.of(both, np.int64).padded(self.pad_id),
            "image_rows": self.corpus.images[rows[:, 0]],
        }

    def _pairs(self, name: str, chance: np.random.Generator) -> Arrays:
        count = self.batch_size // 2
        drawn = self.pairs[name].draw(count * ALIKE, self.per_image * ALIKE, chance)
        rows = alike(drawn, self.corpus.pieces.lengths[drawn].max(1), count, chance)
        first, second = rows[self.rank :: self.world].T
        arrays = {**self._padded(np.concatenate([first, second])), "image_rows": self.corpus.images[first]}
        if name == "weak" and self.relevance is not None:
            every = np.concatenate([rows[rank :: self.world] for rank in range(self.world)])
            of_all = self.relevance[every]
            arrays["relevance"] = self.relevance[first] @ of_all[:, 1].T
            arrays["relevance_back"] = self.relevance[second] @ of_all[:, 0].T
        return arrays

    def _padded(self, rows: Rows) -> Arrays:
        return self.corpus.pieces.take(rows).padded(self.pad_id)

    def _images(self, rows: Rows) -> Arrays:
        found: Arrays = {}
        if self.regions:
            found["regions"], found["region_mask"] = self.features.regions(rows, self.regions, np.float16)
        if self.patches:
            found["patches"] = self.features.patches(rows)
        return found


def alike(drawn: Rows, lengths: Rows, count: int, chance: np.random.Generator) -> Rows:
    """``count`` of the rows drawn, of like length, to pad little; all are as likely to be kept."""
    order = np.argsort(lengths, kind="stable")
    windows = max(1, len(drawn) // count)
    start = int(chance.integers(windows)) * count
    return drawn[order[start : start + count]]
