"""JSON files too large to be held: the parts at their top level, lists in pieces of whole elements.

Brackets outside strings are counted over whole blocks of bytes, so that a piece ends where an element ends;
what the elements are is for the decoder to say. What is not as JSON should be ends in ``Irregular``, and the
reader of whole files says what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import IO, TypeAlias

import msgspec
import numpy as np

BLOCK = 1 << 22
_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_MEMBER = re.compile(rb'\s*("(?:[^"\\]|\\.)*")\s*:\s*(\[|(?=[^\s\[]))', re.DOTALL)
_Pieces: TypeAlias = Generator[tuple[str | None, bytes | None], None, bytes]


class Irregular(Exception):
    """The bytes are not as a JSON file's are."""


def parts(stream: IO[bytes]) -> Iterator[tuple[str | None, bytes | None]]:
    """The members of an object at the top level, or the elements of a list there.

    Args:
        stream: a JSON file.

    Yields:
        A member's name, None in a list, and some elements with the commas between them; None for a value that
        is no list. The pieces of one list follow each other.

    Raises:
        Irregular: the file is neither, or something in its structure is wrong.

    >>> from io import BytesIO
    >>> list(parts(BytesIO(b'{"info": 1, "questions": [{"a": []}, {}]}')))
    [('info', None), ('questions', b'{"a": []}, {}')]
    """
    data = _more(b"", stream).removeprefix(b"\xef\xbb\xbf").lstrip()
    if data[:1] == b"[":
        data = yield from _elements(None, data[1:], stream)
    elif data[:1] == b"{":
        data = yield from _members(data[1:], stream)
    else:
        raise Irregular
    while data:
        if data.strip():
            raise Irregular
        data = stream.read(BLOCK)


def _members(data: bytes, stream: IO[bytes]) -> _Pieces:
    """The members of an object that is open; returns what follows it."""
    names: set[str] = set()
    while True:
        while (match := _MEMBER.match(data)) is None:
            if not names and data.lstrip()[:1] == b"}":
                return data.lstrip()[1:]
            data = _more(data, stream)
        name = _decoded(match[1])
        if name in names:
            raise Irregular
        names.add(name)
        data = data[match.end() :]
        if match[2]:
            data = yield from _elements(name, data, stream)
        else:
            while (end := _ends(data)[0]) < 0:
                data = _more(data, stream)
            yield name, None
            data = data[end:]
        while not data.strip():
            data = _more(data, stream)
        data = data.lstrip()
        if data[:1] == b"}":
            return data[1:]
        if data[:1] != b",":
            raise Irregular
        data = data[1:]


def _elements(name: str | None, data: bytes, stream: IO[bytes]) -> _Pieces:
    """The elements of a list that is open; returns what follows it."""
    first = True
    while True:
        _, comma, close = _ends(data)
        if close < 0 and comma < 0:
            data = _more(data, stream)
            continue
        if close >= 0 and data[close : close + 1] != b"]":
            raise Irregular
        end = close if close >= 0 else comma
        piece = data[:end]
        if piece.strip():
            yield name, piece
        elif not (first and close >= 0):
            raise Irregular
        first, data = False, data[end + 1 :]
        if close >= 0:
            return data


def _ends(data: bytes) -> tuple[int, int, int]:
    """Where the first value ends, the last comma between values, and the bracket that closes them; or -1."""
    codes = np.frombuffer(_ESCAPE.sub(b"__", data) if b"\\" in data else data, np.uint8)
    outside = ~np.logical_xor.accumulate(codes == ord('"'))
    braces = codes | (ord("{") ^ ord("["))  # of both kinds of brackets
    opened, closed = ((braces == ord(brace)) & outside for brace in "{}")
    depth = np.cumsum(opened.view(np.int8) - closed.view(np.int8), dtype=np.int32)
    closes = np.flatnonzero(depth < 0)
    close = int(closes[0]) if len(closes) else -1
    level = slice(0, close if close >= 0 else None)
    commas = np.flatnonzero((codes[level] == ord(",")) & (depth[level] == 0) & outside[level])
    if not len(commas):
        return close, -1, close
    return int(commas[0]), int(commas[-1]), close


def _more(data: bytes, stream: IO[bytes]) -> bytes:
    """The data and the next block; larger ones where one value fills a block."""
    try:
        block = stream.read(max(BLOCK, len(data)))
    except Exception as error:  # zipfile passes on whatever its decompressors raise
        raise Irregular from error
    if not block:
        raise Irregular
    return data + block


def _decoded(name: bytes) -> str:
    try:
        return msgspec.json.decode(name, type=str)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Irregular from error
