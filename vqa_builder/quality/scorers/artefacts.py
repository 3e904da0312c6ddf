"""What does not belong into a sentence: control characters, markup, broken bytes, stray quotes."""

from __future__ import annotations

from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.quality.scorers.base import Scorer
from vqa_builder.quality.text import numbers

# U+2047 is what SentencePiece writes for a piece that it does not know; U+FFFD is a byte that was no UTF-8.
_ANYWHERE = {
    "control": r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}\x{fff9}-\x{fffb}\x{feff}]",
    "broken": r"[\x{2047}\x{fffd}]|â€|Ã[\x{80}-\x{bf}]|ã[\x{80}-\x{9f}]|à¤",
    "pieces": r"[\x{2581}]|@@|##|</?s>|<unk>|<pad>|\[UNK\]|<2[a-z]{2}>",
    "prompt": (
        r"(?i)^(?:translation|translated text|output|answer|japanese|hindi|訳|翻訳|和訳|日本語訳|अनुवाद|"
        r"हिंदी अनुवाद)\s*[:：]"
    ),
    "run": r"[?？]{3,}|[!！]{3,}|[。．.]{4,}|[、，,]{3,}|।{2,}|[\"'“”]{3,}",
    "quotes": r"^\s*[\"“「『]+\s*[\"”」』]*\s*$|[「『“][」』”]",
}
_NOT_IN_SOURCE = {
    "html": r"</?[a-zA-Z][^<>]{0,80}>|&(?:amp|lt|gt|quot|nbsp|apos|#x?[0-9a-fA-F]{1,6});",
    "address": r"https?://|www\.",
    "wrapped": r"^\s*(?:[\"“].*[\"”]|「[^「」]*」|『[^『』]*』)\s*$",
    "honorific": r"さん[様殿]|[様殿]さん|様様|जी जी(?:\s|$)|श्री श्री",
}


class Artefacts(Scorer):
    """How many kinds of refuse a translation holds.

    Control and replacement characters, mojibake, ⁇ and other traces of a tokeniser, a prompt's
    "Translation:", runs of punctuation, empty quotes; and, where the source has none: HTML tags and
    entities, web addresses, quotes around the whole text, doubled honorifics (さん様).

    Example:
        "猫は何色ですか？" is 0; "⁇は何色ですか？？？" is 2 (a broken character, a run of marks).
    """

    name = "artefacts"
    summary = "kinds of refuse in the translation: control characters, HTML, ⁇, stray quotes; 0 is good"
    columns: ClassVar = {"artefacts": pa.float32()}
    good: ClassVar = "low"

    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """A count from 0."""
        texts, sources = pairs["translation"], pairs["source"]
        found = [pc.match_substring_regex(texts, pattern) for pattern in _ANYWHERE.values()]
        for pattern in _NOT_IN_SOURCE.values():
            given = pc.match_substring_regex(sources, pattern)
            found.append(pc.and_not(pc.match_substring_regex(texts, pattern), given))
        counts = sum(numbers(pc.cast(one, pa.float32())) for one in found)
        return {"artefacts": pa.array(counts, pa.float32())}
