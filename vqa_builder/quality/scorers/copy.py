"""Whether the translation is the source, untranslated."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.quality.scorers.base import Scorer
from vqa_builder.quality.text import NOT_WRITTEN, folded

_TRANSLATABLE = r"\b[a-z]{2,}\b"
_LOWER = r"[a-z]"


class Copy(Scorer):
    """1 where source and translation are equal but for case, punctuation and spaces; 0 elsewhere.

    Only a source with a lower-case word asks for translation, so "2", "NASA" and "iPhone" are no copies, and
    "tv" given back as "TV" is taken for a decision of the engine. Spans left in English inside a translation
    lower ``script``.

    Example:
        "a red bus" -> "A red bus." is 1; "NASA" -> "NASA" and "tv" -> "TV" are 0.
    """

    name = "copy"
    summary = "1 where the translation is the untranslated source, else 0; 0 is good"
    columns: ClassVar = {"copy": pa.float32()}
    good: ClassVar = "low"

    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """0 or 1."""
        source, translation = folded(pairs["source"]), folded(pairs["translation"])
        copied = np.zeros(pairs.num_rows, np.float32)
        lower = pc.match_substring_regex(translation, _LOWER)
        asks = pc.match_substring_regex(source, _TRANSLATABLE)
        rows = pc.indices_nonzero(pc.and_(lower, asks))
        equal = pc.equal(_bare(source.take(rows)), _bare(translation.take(rows)))
        copied[rows] = equal.to_numpy(zero_copy_only=False)
        return {"copy": pa.array(copied)}


def _bare(strings: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(pc.utf8_lower(strings), NOT_WRITTEN, "")
