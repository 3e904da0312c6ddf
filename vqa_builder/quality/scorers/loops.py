"""Stretches of a translation that say the same thing again at once, as models do in a loop."""

from __future__ import annotations

import re
from typing import ClassVar

import pyarrow as pa

from vqa_builder.quality.scorers.base import Scorer
from vqa_builder.quality.text import folded, per_unique

# A unit said three times, or a long one said twice: "色々", "いろいろ", "धीरे धीरे" and "क्या-क्या" are words.
_OF_CHARACTERS = re.compile(r"(?P<unit>\S{1,30}?)(?P=unit){2,}|(?P<long>\S{5,40}?)(?P=long)+")
_OF_WORDS = re.compile(
    r"(?<!\S)(?:(?P<unit>\S+(?: \S+){0,7}?)(?: (?P=unit)){2,}"
    r"|(?P<long>\S+(?: \S+){2,9}?)(?: (?P=long))+)(?!\S)"
)
_MARKS = re.compile(r"[^\w\u0900-\u0963\u0971-\u097f\u200c\u200d ]+")
_SAME_LETTER = 4


class Loops(Scorer):
    """Share of a translation that repeats the stretch right before it.

    Counts what comes after the first time, where a stretch stands three times or more, or one of five
    characters (three words) twice; punctuation between does not hide it. One character counts from the
    fifth time on ("ああああ" is a cry). ``repetition`` measures the same fault without order and misses a
    sentence said twice.

    Example:
        "これは何ですか？これは何ですか？" is 0.5; "色々なものが少しずつありますか？" is 0.
    """

    name = "loops"
    summary = "share of text that repeats the stretch right before it, 0 none, near 1 a loop; 0 is good"
    columns: ClassVar = {"loops": pa.float32()}
    good: ClassVar = "low"

    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """0 for text without loops, near 1 for nothing else."""
        return {"loops": pa.array(per_unique(self._share, folded(pairs["translation"])), pa.float32())}

    def _share(self, text: str) -> float:
        words = " ".join(_MARKS.sub(" ", text).split())
        if not words:
            return 0.0
        if self.language.unit == "word":
            return max(_repeated(_OF_WORDS, words), _repeated(_OF_CHARACTERS, max(words.split(), key=len)))
        return _repeated(_OF_CHARACTERS, words.replace(" ", ""))


def _repeated(pattern: re.Pattern[str], text: str) -> float:
    extra = 0
    for match in pattern.finditer(text):
        unit = match["unit"] or match["long"]
        if len(unit) == 1 and len(match[0]) <= _SAME_LETTER:
            continue
        if unit.replace(" ", "").isdigit():
            continue
        extra += len(match[0]) - len(unit)
    return extra / len(text)
