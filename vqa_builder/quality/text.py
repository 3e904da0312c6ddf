"""Measures of text that several scorers share, over whole Arrow columns."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from importlib import resources
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

NOT_WRITTEN = r"[^\p{L}\p{M}\p{N}]+"
"""RE2: everything but letters, marks and digits."""

WORD = r"[\p{L}\p{M}\p{N}]\S*"
"""RE2: a run without spaces that begins with a letter or digit."""


def folded(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """One contiguous array in NFKC: full-width Latin, half-width kana and composed marks look alike.

    >>> folded(pa.array(["ＴＶ", "ﾈｺ"])).to_pylist()
    ['TV', 'ネコ']
    """
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return pc.utf8_normalize(whole, "NFKC")


def lengths(strings: pa.Array, unit: str) -> Floats:
    """Words (``unit="word"``) or letters and digits (``"character"``) of each string; punctuation is neither.

    >>> lengths(pa.array(["Is the TV on ?"]), "word").tolist()
    [4.0]
    >>> lengths(pa.array(["猫 2匹？"]), "character").tolist()
    [3.0]
    """
    if unit == "word":
        counts = pc.count_substring_regex(strings, WORD)
    else:
        counts = pc.utf8_length(pc.replace_substring_regex(strings, NOT_WRITTEN, ""))
    return numbers(counts)


def numbers(array: pa.Array) -> Floats:
    """An Arrow array of numbers without nulls, as floats."""
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=np.float64)


def per_unique(function: Callable[[str], Any], strings: pa.Array | pa.ChunkedArray) -> list[Any]:
    """``function`` of every string, called once for each distinct one."""
    whole = strings.combine_chunks() if isinstance(strings, pa.ChunkedArray) else strings
    encoded = whole.dictionary_encode()
    results = [function(text) for text in encoded.dictionary.to_pylist()]
    return [results[index] for index in encoded.indices.to_pylist()]


def read_rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of a table of the scorers, tab-separated with a header.

    >>> next(read_rows("irregular_forms_en.tsv"))["lemma"]
    'add'
    """
    file = resources.files("vqa_builder.quality.scorers").joinpath(name)
    yield from csv.DictReader(
        file.read_text(encoding="utf-8").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE
    )
