"""JSON from files and services: whatever the bytes are, they are read or refused in one way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

__all__ = ["decode", "decode_lines"]


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


def _refusing(read: Callable[[bytes | str], Any], data: bytes | str) -> Any:
    try:
        return read(data)
    except RecursionError:
        raise msgspec.DecodeError("nested too deeply") from None
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(str(error)) from None
