"""N-grams that two texts share, counted for a whole batch at once and without hashing, so without error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Integers: TypeAlias = NDArray[np.int64]

_BITS = 63
_ROOM = 1 << 62
_IS_SPACE = np.array([chr(point).isspace() for point in range(0x3002)], bool)
"""Whether ``str.split`` splits at a code point; it does at none beyond these."""


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
    flat = [text for texts in sides for text in texts]
    points = np.frombuffer("".join(flat).encode("utf-32-le", "surrogatepass"), "<u4")
    text = np.repeat(np.arange(len(flat)), np.fromiter(map(len, flat), np.int64, len(flat)))
    written = ~_IS_SPACE[np.minimum(points, len(_IS_SPACE) - 1)]
    ids, lengths = numbered(points[written]), np.bincount(text[written], minlength=len(flat))
    return _cut(ids, np.split(lengths, np.cumsum([len(texts) for texts in sides])[:-1]))


def words(*sides: Sequence[Sequence[str]]) -> list[Tokens]:
    """The words of each side's texts, which come as lists."""
    flat = pa.array([word for texts in sides for text in texts for word in text], pa.string())
    ids = flat.dictionary_encode().indices.to_numpy(zero_copy_only=False)
    return _cut(ids.astype(np.int64), [np.array([len(text) for text in texts], int) for texts in sides])


def shared(sides: Sequence[Tokens], longest: int) -> Iterator[Shared]:
    """What each pair of texts, hypothesis and reference, shares, for n-grams of one token, of two, and so on.

    >>> [one.matches.tolist() for one in shared(characters(["abab"], ["abba"]), 2)]
    [[4], [2]]
    """
    types = 1 + max(int(side.ids.max(initial=-1)) for side in sides)
    bits = types.bit_length()
    if longest * bits + len(sides[0].lengths).bit_length() + 1 < _BITS:
        yield from _sorted_once(sides, longest, bits)
    else:
        yield from _order_by_order(sides, longest, types)


def _sorted_once(sides: Sequence[Tokens], longest: int, bits: int) -> list[Shared]:
    """All orders from one sort: the n-grams of an order are prefixes of the longest, 0 for past the end."""
    rows = len(sides[0].lengths)
    keys = np.concatenate([_keys(tokens, longest, bits) << 1 | side for side, tokens in enumerate(sides)])
    keys.sort()
    grams = keys >> 1
    firsts = np.flatnonzero(np.diff(grams, prepend=-1))
    every = np.diff(firsts, append=len(grams))
    right = np.add.reduceat(keys & 1, firsts) if len(firsts) else every
    grams = grams[firsts]
    found = []
    for order in range(longest, 0, -1):
        if order < longest:
            grams = grams >> bits
            firsts = np.flatnonzero(np.diff(grams, prepend=-1))
            grams = grams[firsts]
            every, right = (np.add.reduceat(one, firsts) if len(firsts) else one for one in (every, right))
        both = np.minimum(right, every - right) * (grams & ((1 << bits) - 1) > 0)
        matches = np.bincount(grams >> bits * order, weights=both, minlength=rows).astype(np.int64)
        counts = [np.maximum(tokens.lengths - order + 1, 0) for tokens in sides]
        found.append(Shared(matches, counts[0], counts[1]))
    return found[::-1]


def _keys(tokens: Tokens, longest: int, bits: int) -> Integers:
    """For each token the number of its row, then the tokens from it on, ``bits`` each, counted from 1."""
    size = len(tokens.ids)
    keys = np.repeat(np.arange(len(tokens.lengths)), tokens.lengths)
    left = np.repeat(np.cumsum(tokens.lengths), tokens.lengths) - np.arange(size)
    following = np.concatenate([tokens.ids + 1, np.zeros(longest, np.int64)])
    for step in range(longest):
        keys = keys << bits | following[step : step + size] * (left > step)
    return keys


def _order_by_order(sides: Sequence[Tokens], longest: int, types: int) -> Iterator[Shared]:
    """One order after the other, with small numbers for the n-grams where they would outgrow 64 bits."""
    rows, size = len(sides[0].lengths), types
    grams = [_Grams(tokens) for tokens in sides]
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


def numbered(points: NDArray[np.uint32]) -> Integers:
    """Small numbers for code points, in their order."""
    occurs = np.zeros(int(points.max(initial=0)) + 1, bool)
    occurs[points] = True
    return (np.cumsum(occurs) - 1)[points].astype(np.int64)


def _cut(ids: Integers, lengths: Sequence[Integers]) -> list[Tokens]:
    parts = np.split(ids, np.cumsum([side.sum() for side in lengths])[:-1])
    return [Tokens(part, side) for part, side in zip(parts, lengths, strict=True)]


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
