"""Words that were left in English inside a translation."""

from __future__ import annotations

import re
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.quality.scorers.base import Scorer
from vqa_builder.quality.text import folded

_LATIN_WORD = re.compile(r"(?<![A-Za-z0-9])[a-z]{2,}(?:['’][a-z]+)?(?![A-Za-z0-9])")
_NO_WORDS = "am pm cm mm km kg mg ml kb mb gb tb hz mph oz lb lbs ft px dpi com org net www http https jpg"
_UNITS = frozenset(_NO_WORDS.split())


class Spans(Scorer):
    """How many lower-case Latin words of the source stand untranslated in the translation.

    Names keep a capital or a digit (iPhone, NASA, WiFi, 4K) and do not count; units (cm, kg, pm) and parts of
    addresses do not either. Where the language itself is written in Latin letters the score is 0: a shared
    word (tennis) is no fault there, and whole copies are ``copy``'s part.

    Example:
        "What is the man holding?" -> "この man は何を holding していますか？" is 2; "TV चालू है क्या?" is 0.
    """

    name = "spans"
    summary = "number of English words left inside the translation; 0 is good"
    columns: ClassVar = {"spans": pa.float32()}
    good: ClassVar = "low"

    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """A count from 0."""
        texts = folded(pairs["translation"])
        counts = np.zeros(len(texts), np.float32)
        if "Latin" not in self.language.scripts:
            rows = np.flatnonzero(pc.match_substring_regex(texts, "[a-z]{2}").to_numpy(zero_copy_only=False))
            chosen = pa.array(rows)
            sources = folded(pairs["source"].take(chosen)).to_pylist()
            for row, text, source in zip(rows, texts.take(chosen).to_pylist(), sources, strict=True):
                counts[row] = _left(text, source)
        return {"spans": pa.array(counts)}


def _left(text: str, source: str) -> int:
    known = set(_LATIN_WORD.findall(source.lower())) - _UNITS
    return sum(word in known for word in _LATIN_WORD.findall(text))
