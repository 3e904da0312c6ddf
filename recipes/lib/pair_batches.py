"""Batches of image-caption pairs, each of one language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recipes.lib.ahead import Parts, ahead
from vqa_builder.errors import SourceError

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Encoded:
    """Pairs of one language as arrays.

    Args:
        input_ids: (N, T) int64, padded on the right with ``pad_id``.
        lengths: (N,) pieces of each row.
        image_rows: (N,) row of each caption's image in the tables of :class:`PairBatches`.
        columns: further arrays of N rows, such as the cached English features.
    """

    input_ids: NDArray[np.int64]
    lengths: NDArray[np.int64]
    image_rows: NDArray[np.int64]
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.lengths)


def encode(texts: Sequence[str], tokenizer: Any, longest: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Texts -> (N, T) pieces padded on the right, and (N,) lengths; each row ends with the end token.

    Args:
        texts: at least one.
        tokenizer: any of transformers that ends a text with its separator or end-of-text piece.
        longest: pieces to keep, the end token included.

    Raises:
        SourceError: the tokenizer sets no end token, so that there is no sentence vector to take.
    """
    rows = tokenizer(list(texts), truncation=True, max_length=longest, add_special_tokens=True)["input_ids"]
    lengths = np.asarray([len(row) for row in rows], dtype=np.int64)
    ids = np.full((len(rows), int(lengths.max())), tokenizer.pad_token_id, dtype=np.int64)
    for row, pieces in enumerate(rows):
        ids[row, : len(pieces)] = pieces
    ends = {tokenizer.sep_token_id, tokenizer.eos_token_id} - {None}
    without = np.flatnonzero(~np.isin(ids[np.arange(len(ids)), lengths - 1], list(ends)))
    if len(without):
        raise SourceError(
            f"{len(without):,} texts do not end with the tokenizer's end token",
            where=f"text {without[0]}: {texts[without[0]]!r}",
            expected=f"a last piece among {sorted(ends)}",
            found=rows[without[0]][-1:],
        )
    return ids, lengths


class PairBatches(Parts):
    """Batches of one language each; the language of every step is drawn, as by UNITER's MetaLoader.

    Args:
        languages: the rows of each, by name; the names' order gives the numbers in ``batch["language"]``.
        tables: what every image has, by name: (M, ...) arrays gathered by ``Encoded.image_rows``
            (``image`` features, or ``pixel_values``); float16 is widened.
        batch_size: rows per batch, at most a language's rows.
        steps: batches per epoch; by default as many as one pass over all languages takes.
        seed: with the epoch's number it fixes every draw.
        shares: weight of each language in the draw; by default its number of rows.
        workers, prefetch: threads that prepare batches, and how many lie ready for each; see ``ahead``.

    A batch is a dict of tensors: ``input_ids``, ``attention_mask`` (B, T) cut to the batch's longest row,
    ``language`` (), the tables' and the columns' names. Within an epoch a language is walked through in a
    drawn order before any of its rows comes again.
    """

    def __init__(
        self,
        languages: Mapping[str, Encoded],
        tables: Mapping[str, NDArray[Any]],
        *,
        batch_size: int,
        steps: int | None = None,
        seed: int = 0,
        shares: Mapping[str, float] | None = None,
        workers: int = 0,
        prefetch: int = 2,
    ) -> None:
        self.languages, self.tables, self.seed = dict(languages), dict(tables), seed
        self.workers, self.prefetch = workers, prefetch
        self.batch_size = min(batch_size, *(len(rows) for rows in self.languages.values()))
        self.steps = steps or sum(len(rows) // self.batch_size for rows in self.languages.values())
        weights = np.asarray([(shares or {}).get(name, len(rows)) for name, rows in self.languages.items()])
        self.shares = weights / weights.sum()

    def __len__(self) -> int:
        return self.steps

    @property
    def identity(self) -> dict[str, Any]:
        """What tells these batches from others, for a run that goes on."""
        rows = {name: len(pairs) for name, pairs in self.languages.items()}
        shares = self.shares.tolist()
        return {"rows": rows, "batch_size": self.batch_size, "seed": self.seed, "shares": shares}

    def epoch(self, number: int, start: int = 0) -> Iterator[dict[str, Tensor]]:
        """The batches of one epoch from step ``start`` on; the same for the same seed and number."""
        yield from ahead(self._batch, self._plan(number, start), self.workers, self.prefetch)

    def _plan(self, number: int, start: int) -> Iterator[tuple[str, int, NDArray[np.int64]]]:
        names = list(self.languages)
        drawn = np.random.default_rng([self.seed, number]).choice(len(names), size=self.steps, p=self.shares)
        orders = [self._order(number, index, int((drawn == index).sum())) for index in range(len(names))]
        used = [0] * len(names)
        for step, index in enumerate(drawn.tolist()):
            rows = orders[index][used[index] : used[index] + self.batch_size]
            used[index] += self.batch_size
            if step >= start:
                size = len(rows) // self.world
                yield names[index], index, rows[size * self.rank : size * (self.rank + 1)]

    def _order(self, number: int, index: int, batches: int) -> NDArray[np.int64]:
        rows = len(list(self.languages.values())[index])
        whole = rows // self.batch_size * self.batch_size
        passes = range(max(1, -(-batches * self.batch_size // whole)))
        draws = [np.random.default_rng([self.seed, number, index, each]) for each in passes]
        return np.concatenate([draw.permutation(rows)[:whole] for draw in draws])

    def _batch(self, name: str, index: int, rows: NDArray[np.int64]) -> dict[str, Tensor]:
        import torch

        pairs = self.languages[name]
        lengths = pairs.lengths[rows]
        longest = int(lengths.max())
        arrays = {
            "input_ids": pairs.input_ids[rows, :longest],
            "attention_mask": (np.arange(longest) < lengths[:, None]).astype(np.int64),
            **{column: values[rows] for column, values in pairs.columns.items()},
            **{table: values[pairs.image_rows[rows]] for table, values in self.tables.items()},
        }
        tensors = {key: torch.from_numpy(_widened(array)) for key, array in arrays.items()}
        return {**tensors, "language": torch.tensor(index)}


def _widened(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(np.float32) if array.dtype == np.float16 else array
