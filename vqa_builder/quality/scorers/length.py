"""How far the translation's length lies from what its language needs for such a source."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import numpy as np
import pyarrow as pa

from vqa_builder.quality.scorers.base import Scorer
from vqa_builder.quality.text import folded, lengths


class Expected(NamedTuple):
    """Length of a translation: ``rate * source ** power``, with a spread that narrows as the source grows.

    The logarithm of actual over expected has the variance ``spread ** 2 + short ** 2 / source``: one word
    more doubles a one-word answer and is nothing in a paragraph.

    Attributes:
        unit: what both are counted in: ``language`` (English words against the language's own unit) or
            ``character`` (characters on both sides).
    """

    rate: float
    power: float
    spread: float
    short: float
    unit: str = "language"


# Fitted by least absolute deviations of log length on log length, eight classes of source length weighing
# alike, over flores, Tatoeba, XQuAD questions (hi) and VizWiz answers; test_length.py repeats the fit.
# Spreads are those of the residuals per class; ``short`` of Hindi is widened from 0.2 to make room for verbs
# ("waving" -> हाथ हिला रहा है).
EXPECTED = {
    "ja": Expected(rate=2.9, power=0.87, spread=0.21, short=0.55),
    "hi": Expected(rate=1.0, power=1.03, spread=0.20, short=0.39),
}
_ANY_LANGUAGE = Expected(rate=1.0, power=1.0, spread=0.5, short=1.0, unit="character")


class Length(Scorer):
    """Standard deviations by which a translation is longer (+) or shorter (-) than expected.

    Lengths are English words against the language's own unit: characters in Japanese, words in Hindi. A
    language without fitted figures is compared character by character. Among published human translations
    99 % lie within 3; a missing text (no letter, no digit) counts as length one half.

    Example:
        "What is this?" -> "これは何ですか？" is 0.1; -> "これはこれはこれはこれはこれは何ですか？" is 2.5.
    """

    name = "length"
    summary = "standard deviations from the expected length, - shorter, + longer; 0 is good"
    columns: ClassVar = {"length": pa.float32()}
    good: ClassVar = "zero"

    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """0 is typical; beyond 3 in either direction is rare in human translations."""
        expected = EXPECTED.get(self.language.code, _ANY_LANGUAGE)
        units = ("character",) * 2 if expected.unit == "character" else ("word", self.language.unit)
        source = np.maximum(lengths(folded(pairs["source"]), units[0]), 0.5)
        target = np.maximum(lengths(folded(pairs["translation"]), units[1]), 0.5)
        surprise = np.log(target) - np.log(expected.rate) - expected.power * np.log(source)
        spread = np.sqrt(expected.spread**2 + expected.short**2 / source)
        return {"length": pa.array(surprise / spread, pa.float32())}
