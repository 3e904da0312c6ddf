"""Stretches of a translation that say the same thing again at once, as models do in a loop."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vqa_builder.quality.scorers._ngrams import numbered
from vqa_builder.quality.scorers.base import Scorer
from vqa_builder.quality.text import folded, per_unique

# A unit said three times, or a long one said twice: "色々", "いろいろ", "धीरे धीरे" and "क्या-क्या" are words.
_OF_CHARACTERS = re.compile(r"(?P<unit>\S{1,30}?)(?P=unit){2,}|(?P<long>\S{5,40}?)(?P=long)+")
_OF_WORDS = re.compile(
    r"(?<!\S)(?:(?P<unit>\S+(?: \S+){0,7}?)(?: (?P=unit)){2,}"
    r"|(?P<long>\S+(?: \S+){2,9}?)(?: (?P=long))+)(?!\S)"
)
_MARKS = re.compile(r"[^\w\u0900-\u0963\u0971-\u097f\u200c\u200d ]+")
_HAN = re.compile("[\u4e00-\u9fff](?<![一二三四五六七八九十〇])")
_SAME_LETTER = 4
_LETTERS = 4


class Loops(Scorer):
    """Share of a translation that repeats the stretch right before it.

    Counts what comes after the first time, where a stretch stands three times or more, or one of five
    characters (three words) twice; punctuation between does not hide it. One letter counts from the fifth
    time on ("ああああ" is a cry), a kanji from the third. ``repetition`` measures the same fault without
    order and misses a sentence said twice.

    Example:
        "これは何ですか？これは何ですか？" is 0.5; "色々なものが少しずつありますか？" is 0.
    """

    name = "loops"
    summary = "share of text that repeats the stretch right before it, 0 none, near 1 a loop; 0 is good"
    bounds: ClassVar = (0.0, 1.0)
    columns: ClassVar = {"loops": pa.float32()}
    good: ClassVar = "low"
    version: ClassVar[str] = "2"

    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """0 for text without loops, near 1 for nothing else."""
        texts = folded(pairs["translation"])
        shares = np.zeros(len(texts))
        rows = np.flatnonzero(may_loop(texts.to_pylist()))
        shares[rows] = per_unique(self._share, texts.take(pa.array(rows)))
        return {"loops": pa.array(shares, pa.float32())}

    def _share(self, text: str) -> float:
        words = " ".join(_MARKS.sub(" ", text).split())
        if not words:
            return 0.0
        if self.language.unit == "word":
            return max(_repeated(_OF_WORDS, words), _repeated(_OF_CHARACTERS, max(words.split(), key=len)))
        return _repeated(_OF_CHARACTERS, words.replace(" ", ""))


def may_loop(texts: Sequence[str]) -> NDArray[np.bool_]:
    """Whether the patterns could find anything in a text: quick, and never False where they do.

    Without marks and spaces every loop leaves four letters that stand there twice, unless what repeats is a
    single letter or three words of a letter each.

    >>> may_loop(["ネコネコネコ", "クモの巣", "हा हा हा"]).tolist()
    [True, False, True]
    """
    points = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), "<u4")
    row = np.repeat(np.arange(len(texts)), np.fromiter(map(len, texts), np.int64, len(texts)))
    ids = numbered(points)
    types = np.zeros(int(ids.max(initial=-1)) + 1, np.int64)
    types[ids] = points
    is_letter = np.array([not _MARKS.match(chr(point)) and point != ord(" ") for point in types], bool)
    letters = is_letter[ids]
    ids, row = ids[letters], row[letters]
    found = np.zeros(len(texts), bool)
    for shift, run in ((1, 2), (3, 3)):
        same = (ids[shift:] == ids[:-shift]) & (row[shift:] == row[:-shift])
        starts = max(0, len(same) - run + 1)
        found[row[:starts][np.all([same[place : place + starts] for place in range(run)], axis=0)]] = True
    return found | _has_twice(ids, row, len(texts))


def _has_twice(ids: NDArray[np.int64], row: NDArray[np.int64], rows: int) -> NDArray[np.bool_]:
    """Which rows hold the same four letters at two places."""
    found = np.zeros(rows, bool)
    if len(ids) < _LETTERS:
        return found
    bits = int(ids.max()).bit_length()
    if _LETTERS * bits + rows.bit_length() > 62:
        return ~found
    size = len(ids) - _LETTERS + 1
    keys = row[:size].astype(np.int64)
    for place in range(_LETTERS):
        keys = keys << bits | ids[place : place + size]
    keys = np.sort(keys[row[:size] == row[_LETTERS - 1 :]])
    found[keys[:-1][keys[1:] == keys[:-1]] >> bits * _LETTERS] = True
    return found


def _repeated(pattern: re.Pattern[str], text: str) -> float:
    extra = 0
    for match in pattern.finditer(text):
        unit = match["unit"] or match["long"]
        if len(unit) == 1 and len(match[0]) <= _SAME_LETTER and not _HAN.match(unit):
            continue
        if unit.replace(" ", "").isdigit():
            continue
        extra += len(match[0]) - len(unit)
    return extra / len(text)
