"""How much a translation repeats itself, as models do when they fall into a loop."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder.quality.scorers._ngrams import numbered
from vqa_builder.quality.scorers.base import Scorer
from vqa_builder.quality.text import folded, per_unique

_FEWEST = 3


class Repetition(Scorer):
    """1 - types/tokens of pairs of neighbouring words, or characters where the language has no spaces.

    TD-MML (Qiu et al. 2022) drops captions with 1 - TTR above 0.5 over sentence pieces. Pairs instead of
    single units keep grammar words (की, है, の, は) from counting as repetition in longer text. For languages
    with spaces, loops inside a word count too, over its characters. Fewer than three pairs score 0.

    Example:
        "猫の猫の猫の猫の猫の" is 0.78; "猫は何色ですか？" is 0.
    """

    name = "repetition"
    summary = "share of repeated unit pairs, 0 none, near 1 a loop; 0 is good"
    bounds: ClassVar = (0.0, 1.0)
    columns: ClassVar = {"repetition": pa.float32()}
    good: ClassVar = "low"

    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """0 for text without repetition, near 1 for a loop."""
        texts = folded(pairs["translation"])
        if self.language.unit == "word":
            words = pc.utf8_split_whitespace(texts)
            encoded = pc.list_flatten(words).dictionary_encode()
            row = pc.list_parent_indices(words).to_numpy(zero_copy_only=False)
            ids = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
            within = np.array([_of_characters(word) > 0 for word in encoded.dictionary.to_pylist()], bool)
            suspects = _has_a_pair_twice(ids, row, len(texts))
            suspects[row[within[ids]]] = True
            measure = _of_words
        else:
            points = np.frombuffer("".join(texts.to_pylist()).encode("utf-32-le", "surrogatepass"), "<u4")
            row = np.repeat(np.arange(len(texts)), pc.utf8_length(texts).to_numpy())
            ids = numbered(points)
            types = np.zeros(int(ids.max(initial=-1)) + 1, np.int64)
            types[ids] = points
            letters = np.array([chr(point).isalpha() for point in types.tolist()], bool)[ids]
            suspects = _has_a_pair_twice(ids[letters], row[letters], len(texts))
            measure = _of_characters
        shares = np.zeros(len(texts))
        shares[suspects] = per_unique(measure, texts.filter(pa.array(suspects)))
        return {"repetition": pa.array(shares, pa.float32())}


def _has_a_pair_twice(ids: NDArray[np.int64], row: NDArray[np.int64], rows: int) -> NDArray[np.bool_]:
    """Which texts hold the same two units, one after the other, at two places."""
    found = np.zeros(rows, bool)
    size = int(ids.max(initial=0)) + 1
    keys = (row[:-1].astype(np.int64) * size + ids[:-1]) * size + ids[1:]
    keys = np.sort(keys[row[:-1] == row[1:]])
    found[keys[:-1][keys[1:] == keys[:-1]] // (size * size)] = True
    return found


def _of_words(text: str) -> float:
    words = text.split()
    longest = max(words, key=len, default="")
    return max(_repeated(words), _of_characters(longest))


def _of_characters(text: str) -> float:
    return _repeated([char for char in text if char.isalpha()])


def _repeated(units: list[str]) -> float:
    pairs = len(units) - 1
    return 1 - len(set(pairwise(units))) / pairs if pairs >= _FEWEST else 0.0
