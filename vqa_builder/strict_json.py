"""JSON from files and services: whatever the bytes are, they are read or refused in one way."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec

__all__ = ["decode", "decode_lines", "refuse_repeated_names"]


def decode(data: bytes | str, kind: Any = Any) -> Any:
    """The value of a JSON text: UTF-8, finite numbers, whole characters, no deeper than can be read.

    Args:
        data: the text.
        kind: the type that it must have.

    Raises:
        msgspec.DecodeError: it is none of that; a ``ValueError``.

    >>> decode(b'{"a": [1]}')
    {'a': [1]}
    """
    return _refusing(msgspec.json.Decoder(kind).decode, data)


def decode_lines(data: bytes | str, kind: Any = Any) -> list[Any]:
    """The values of the lines of a text; raises as ``decode``."""
    return list(_refusing(msgspec.json.Decoder(kind).decode_lines, data))


def refuse_repeated_names(data: bytes | str) -> None:
    """Refuse an object that gives a name twice, of which decoders keep the last.

    Args:
        data: JSON that can be decoded.

    Raises:
        msgspec.DecodeError: with the name.

    >>> refuse_repeated_names(b'{"1": "yes", "2": "no"}')
    """

    def check(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        content = dict(pairs)
        if len(content) < len(pairs):
            twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
            raise msgspec.DecodeError(f"the name {twice!r} stands there twice")
        return content

    try:
        json.loads(data, object_pairs_hook=check)
    except msgspec.DecodeError:
        raise
    except (ValueError, RecursionError) as error:  # in a field that nobody reads
        raise msgspec.DecodeError(str(error)) from None


def _refusing(read: Callable[[bytes | str], Any], data: bytes | str) -> Any:
    try:
        return read(data)
    except RecursionError:
        raise msgspec.DecodeError("nested too deeply") from None
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(str(error)) from None
