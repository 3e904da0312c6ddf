"""Lists that are written as text, ``['a']`` or ``["a"]``, read as lists and written again likewise."""

from __future__ import annotations

import ast
import json
from typing import Any

import pyarrow as pa

_LONGEST = 1_000_000


def read_lists(texts: pa.Array) -> pa.ListArray:
    """The lists of strings that texts are; null for any other text.

    >>> read_lists(pa.array(["['a', \\"b's\\"]", '["c"]', "[1]", "d"])).to_pylist()
    [['a', "b's"], ['c'], None, None]
    """
    encoded = texts.cast(pa.string()).dictionary_encode()
    lists = pa.array([_read(text) for text in encoded.dictionary.to_pylist()], pa.list_(pa.string()))
    return lists.take(encoded.indices)


def write_lists(lists: pa.ListArray, like: pa.Array) -> pa.Array:
    """Lists as texts in the way of other texts; where these are no lists they stay.

    >>> like = pa.array(["['cat', 'dog']", "no list"])
    >>> write_lists(pa.array([["猫", "犬"], None]), like).to_pylist()
    ["['猫', '犬']", 'no list']
    """
    written = [
        text if items is None or text is None else _write(items, text)
        for items, text in zip(lists.to_pylist(), like.cast(pa.string()).to_pylist(), strict=True)
    ]
    return pa.array(written, pa.string())


def _read(text: str) -> list[str] | None:
    if not text.lstrip().startswith("[") or len(text) > _LONGEST:
        return None
    for read in (json.loads, ast.literal_eval):
        try:
            found: Any = read(text.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(found, list) and all(isinstance(each, str) for each in found):
            return found
    return None


def _write(items: list[str], like: str) -> str:
    """As Python prints a list, if the other text is such a print; else as JSON."""
    if like == repr(_read(like)):
        return repr(items)
    return json.dumps(items, ensure_ascii=False)
