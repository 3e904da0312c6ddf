"""N-grams that two texts share, counted for a whole batch at once and without hashing, so without error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Integers: TypeAlias = NDArray[np.int64]

_ROOM = 1 << 62


class Tokens(NamedTuple):
    """The tokens of many texts, one after the other.

    Attributes:
        ids: the number of each token's type; texts that are compared share the numbering.
        lengths: how many tokens each text has.
    """

    ids: Integers
    lengths: Integers


class Shared(NamedTuple):
    """N-grams of one order, per pair of texts.

    Attributes:
        matches: those that both have, each as often as in the text that has it less often.
        hypothesis: those of the first text.
        reference: those of the second.
    """

    matches: Integers
    hypothesis: Integers
    reference: Integers


def characters(*sides: Sequence[str]) -> list[Tokens]:
    """The characters of each side's texts, white space left out."""
    joined = [["".join(text.split()) for text in texts] for texts in sides]
    points = [np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), "<u4") for texts in joined]
    _, ids = np.unique(np.concatenate(points), return_inverse=True)
    return _cut(ids.astype(np.int64), [[len(text) for text in texts] for texts in joined])


def words(*sides: Sequence[Sequence[str]]) -> list[Tokens]:
    """The words of each side's texts, which come as lists."""
    flat = pa.array([word for texts in sides for text in texts for word in text], pa.string())
    ids = flat.dictionary_encode().indices.to_numpy(zero_copy_only=False)
    return _cut(ids.astype(np.int64), [[len(text) for text in texts] for texts in sides])


def shared(sides: Sequence[Tokens], longest: int) -> Iterator[Shared]:
    """What each pair of texts, hypothesis and reference, shares, for n-grams of one token, of two, and so on.

    >>> [one.matches.tolist() for one in shared(characters(["abab"], ["abba"]), 2)]
    [[4], [2]]
    """
    rows = len(sides[0].lengths)
    grams = [_Grams(tokens) for tokens in sides]
    types = size = int(max(side.grams.max(initial=-1) for side in grams)) + 1
    for order in range(1, longest + 1):
        if order > 1:
            if size * types * max(rows, 1) >= _ROOM:
                size = _renumber(grams)
            for side in grams:
                side.extend(types)
            size *= types
        keys = [side.rows * size + side.grams for side in grams]
        matches = _common(keys[0], keys[1], rows, size)
        counts = [np.maximum(side.tokens.lengths - order + 1, 0) for side in grams]
        yield Shared(matches, counts[0], counts[1])


class _Grams:
    """The n-grams of one side: a number and a row each; ``extend`` makes each one token longer."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.rows = np.repeat(np.arange(len(tokens.lengths)), tokens.lengths)
        self.grams = tokens.ids
        self.ends = np.arange(len(tokens.ids))
        self._row_of_token = self.rows

    def extend(self, types: int) -> None:
        ends = self.ends + 1
        inside = ends < len(self.tokens.ids)
        inside[inside] = self._row_of_token[ends[inside]] == self.rows[inside]
        self.rows, self.ends = self.rows[inside], ends[inside]
        self.grams = self.grams[inside] * types + self.tokens.ids[self.ends]


def _cut(ids: Integers, lengths: list[list[int]]) -> list[Tokens]:
    counts = [np.array(side, np.int64) for side in lengths]
    parts = np.split(ids, np.cumsum([side.sum() for side in counts])[:-1])
    return [Tokens(part, side) for part, side in zip(parts, counts, strict=True)]


def _renumber(sides: list[_Grams]) -> int:
    """Small numbers for the n-grams that occur; their count."""
    found, numbers = np.unique(np.concatenate([side.grams for side in sides]), return_inverse=True)
    split = len(sides[0].grams)
    sides[0].grams, sides[1].grams = numbers[:split], numbers[split:]
    return len(found)


def _common(one: Integers, other: Integers, rows: int, size: int) -> Integers:
    keys, left = np.unique(one, return_counts=True)
    others, right = np.unique(other, return_counts=True)
    both, at_left, at_right = np.intersect1d(keys, others, assume_unique=True, return_indices=True)
    counts = np.minimum(left[at_left], right[at_right])
    found: Integers = np.bincount(both // max(size, 1), weights=counts, minlength=rows).astype(np.int64)
    return found
