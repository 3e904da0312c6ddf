"""Images that look like others: copies that were scaled or saved anew, in one split or across splits."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vqa_builder.pictures import MOST_PIXELS

Hashes = NDArray[np.uint64]

NEAR = 3
"""Bits of 64 that may differ; the search finds every such pair."""

_SIDE, _BANDS = 8, NEAR + 1
_FLAT = 6
_FEW = 1000


class Shown(NamedTuple):
    """An image that can be shown: its split and id, its name there, and where it lies."""

    split: str
    image_id: int | str
    name: str
    path: Path


class Likeness(NamedTuple):
    """Two images that look alike, and in how many of 64 bits they differ."""

    image: Shown
    other: Shown
    bits: int


def alike(images: Sequence[Shown]) -> Iterator[Likeness]:
    """Every image that looks like an earlier one, with the first such; one of another split goes before.

    Needs Pillow. What cannot be opened and what shows nothing (one colour) is like no other.
    """
    with ThreadPoolExecutor() as workers:
        hashed = [*workers.map(difference_hash, (image.path for image in images))]
    known = [place for place, value in enumerate(hashed) if value is not None]
    found: dict[int, tuple[bool, int, int]] = {}
    for first, second, bits in near(np.array([hashed[place] for place in known], np.uint64)):
        one, other = known[first], known[second]
        rank = (images[one].split == images[other].split, one, bits)
        found[other] = min(found.get(other, rank), rank)
    for place, (_, one, bits) in sorted(found.items()):
        yield Likeness(images[place], images[one], bits)


def difference_hash(path: Path) -> int | None:
    """64 bits: whether each of 8 x 8 spots of an image is brighter than its right neighbour.

    The dHash of Krawetz (2013), Kind of like that. None where the image cannot be opened or has no contrast.
    """
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    return None
                opened.draft("L", (8 * _SIDE, 8 * _SIDE))
                grey = opened.convert("L").resize((_SIDE + 1, _SIDE), Image.Resampling.LANCZOS)
    except Exception:  # decoders raise whatever the bytes make them raise
        return None
    spots = np.asarray(grey, np.int16)
    bits = spots[:, :-1] > spots[:, 1:]
    if not _FLAT <= bits.sum() <= bits.size - _FLAT:
        return None
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def near(hashes: Hashes) -> Iterator[tuple[int, int, int]]:
    """Places of two hashes that differ in at most ``NEAR`` bits, the lower first, and in how many.

    Two such hashes are equal in one of ``NEAR + 1`` bands, so that only those are compared. In a band that
    more than a thousand share, each is compared with the first thousand.

    >>> list(near(np.array([0b1010, 0xFFFF0000, 0b1011], np.uint64)))
    [(0, 2, 1)]
    """
    seen: set[tuple[int, int]] = set()
    width = 64 // _BANDS
    for band in range(_BANDS):
        part = (hashes >> np.uint64(band * width)) & np.uint64((1 << width) - 1)
        order = np.argsort(part, kind="stable")
        starts = np.flatnonzero(np.diff(part[order], prepend=part[order][:1] + np.uint64(1)))
        for group in np.split(order, starts[1:]) if len(order) else ():
            for other in range(1, len(group)):
                earlier = group[: min(other, _FEW)]
                apart = _bits(hashes[earlier] ^ hashes[group[other]])
                pairs = zip(earlier[apart <= NEAR].tolist(), repeat(int(group[other])), strict=False)
                for pair, bits in zip(pairs, apart[apart <= NEAR].tolist(), strict=True):
                    if pair not in seen:
                        seen.add(pair)
                        yield *pair, bits


def _bits(numbers: Hashes) -> NDArray[np.int64]:
    """How many bits of each are set."""
    bits: NDArray[np.int64] = np.unpackbits(numbers.view(np.uint8)).reshape(len(numbers), 64).sum(axis=1)
    return bits


def problems(images: Iterable[Shown]) -> Iterator[tuple[Shown, str, str]]:
    """What ``image_problems.jsonl`` says of images that look like others: the image, the kind, the other."""
    for image, other, bits in alike([*images]):
        kind = "repeated" if image.split == other.split else "leaked"
        where = f"{other.split} {other.image_id} ({other.name})"
        yield image, kind, f"looks like {where}, {bits} of 64 bits differ"
