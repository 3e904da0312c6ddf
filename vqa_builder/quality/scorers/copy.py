"""Whether the translation is the source, untranslated."""

from __future__ import annotations

from typing import ClassVar

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
        equal = pc.equal(_bare(source), _bare(translation))
        asks = pc.match_substring_regex(source, _TRANSLATABLE)
        lower = pc.match_substring_regex(translation, _LOWER)
        return {"copy": pc.cast(pc.and_(equal, pc.and_(asks, lower)), pa.float32())}


def _bare(strings: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(pc.utf8_lower(strings), NOT_WRITTEN, "")
