"""Damaged copies of good bytes: what disks, lines and hasty scripts do to files."""

from __future__ import annotations

import random

_TOKENS = [
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\\ud83d",
    b"\xef\xbb\xbf",
    b"\x00",
    b"NaN",
    b"1e999",
    b"-0",
    b"9" * 40,
    b"null",
    b"[" * 2000,
    b'{"a":' * 500,
    b'"',
    b",",
    b"\n",
    b"\r",
    b"\t",
    b"\xe2\x80\x8b",
    b"\xff\xff\xff\x7f",
]


def mutate(data: bytes, seed: int) -> bytes:
    """The same bytes with one to four faults; equal seeds, equal faults.

    >>> mutate(b"good", 1) == mutate(b"good", 1) != b"good"
    True
    """
    chance = random.Random(seed)
    damaged = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        place = chance.randrange(len(damaged) + 1) if damaged else 0
        kind = chance.randrange(6)
        if kind == 0 and damaged:
            damaged[place - 1] ^= 1 << chance.randrange(8)
        elif kind == 1:
            damaged[place : place + chance.randrange(1, 9)] = chance.randbytes(chance.randrange(1, 9))
        elif kind == 2:
            damaged[place:place] = chance.choice(_TOKENS)
        elif kind == 3:
            del damaged[place : place + chance.choice((1, 4, 64))]
        elif kind == 4:
            del damaged[place:]
        else:
            other = chance.randrange(len(damaged) + 1)
            damaged[place : place + 16] = damaged[other : other + 16]
    return bytes(damaged)
