"""How much a translation repeats itself, as models do when they fall into a loop."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

import pyarrow as pa

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
        measure = _of_words if self.language.unit == "word" else _of_characters
        return {"repetition": pa.array(per_unique(measure, folded(pairs["translation"])), pa.float32())}


def _of_words(text: str) -> float:
    words = text.split()
    longest = max(words, key=len, default="")
    return max(_repeated(words), _of_characters(longest))


def _of_characters(text: str) -> float:
    return _repeated([char for char in text if char.isalpha()])


def _repeated(units: list[str]) -> float:
    pairs = len(units) - 1
    return 1 - len(set(pairwise(units))) / pairs if pairs >= _FEWEST else 0.0
