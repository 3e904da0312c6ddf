"""Lists of different lengths in one array, taken and cut without a loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Ragged:
    """Lists of different lengths in one array.

    Attributes:
        flat: all values, list after list.
        starts: (N + 1,) where each list begins, and the end of the last.
    """

    flat: NDArray[Any]
    starts: Rows

    @classmethod
    def of(cls, lists: Sequence[Sequence[Any]], dtype: Any) -> Self:
        """Lists of numbers, put into one array."""
        lengths = np.fromiter((len(each) for each in lists), np.int64, len(lists))
        flat = np.fromiter((value for each in lists for value in each), dtype, int(lengths.sum()))
        return cls(flat, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))

    @property
    def lengths(self) -> Rows:
        """(N,) the length of each list."""
        return np.diff(self.starts)

    def __getitem__(self, row: int) -> NDArray[Any]:
        return self.flat[self.starts[row] : self.starts[row + 1]]

    def take(self, rows: Rows) -> Ragged:
        """The lists at these places, in this order, without a loop."""
        lengths = self.starts[rows + 1] - self.starts[rows]
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        places = np.arange(starts[-1]) + np.repeat(self.starts[rows] - starts[:-1], lengths)
        return Ragged(self.flat[places], starts)

    def cut(self, lengths: Rows) -> Ragged:
        """Each list up to its own length at most."""
        lengths = np.minimum(lengths, self.lengths)
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        places = np.arange(starts[-1]) + np.repeat(self.starts[:-1] - starts[:-1], lengths)
        return Ragged(self.flat[places], starts)

    def padded(self, filler: int) -> dict[str, Rows]:
        """``input_ids`` and ``attention_mask`` (N, T) of lists of word pieces, up to the longest.

        >>> Ragged.of([[2, 7, 3], [2, 3]], np.int64).padded(0)["input_ids"].tolist()
        [[2, 7, 3], [2, 3, 0]]
        """
        lengths = self.lengths[:, None]
        mask = np.arange(int(lengths.max())) < lengths
        ids = np.full(mask.shape, filler, dtype=np.int64)
        ids[mask] = self.flat
        return {"input_ids": ids, "attention_mask": mask.astype(np.int64)}
