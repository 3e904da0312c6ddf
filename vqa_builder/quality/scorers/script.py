"""Share of the letters that are written in the language's own scripts."""

from __future__ import annotations

import re
import unicodedata
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.quality.scorers.base import Scorer
from vqa_builder.quality.text import Floats, folded, numbers, per_unique

# The long vowel mark ー and joiners belong to every script that uses them ("Common", "Inherited").
_NEUTRAL = r"(?:[^\p{L}\p{M}]|[\p{Common}\p{Inherited}])+"
_LATIN_WORD = re.compile(r"[A-Za-zÀ-ÖØ-öø-ɏ]+(?:['’.&-][A-Za-zÀ-ÖØ-öø-ɏ]+)*")


class Script(Scorer):
    """Letters and marks in the language's scripts, among all that belong to one script; digits do not count.

    Latin names stay out of the share: words with a capital and single letters that the source has too, in any
    case (the TV of "TV चालू है क्या?", the iPhone of "iPhoneは何色ですか？"). A text without letters scores 1.
    Chinese passes for Japanese and Marathi for Hindi here; telling those apart is ``langid``'s part.

    Example:
        "क्या TV चालू है?" is 1; "क्या यह red है?" is 0.7; "Is it red?" is 0.
    """

    name = "script"
    summary = "share of letters in the language's own scripts, 0 to 1; 1 is good"
    bounds: ClassVar = (0.0, 1.0)
    columns: ClassVar = {"script": pa.float32()}

    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """0 where no letter belongs to the language, 1 where all do."""
        texts = folded(pairs["translation"])
        letters = pc.replace_substring_regex(texts, _NEUTRAL, "")
        foreign = pc.replace_substring_regex(letters, self.language.letters + "+", "")
        every = _length(letters) - self._in_names(pairs, texts)
        own = _length(letters) - _length(foreign)
        share = np.divide(own, every, out=np.ones_like(every), where=every > 0)
        return {"script": pa.array(share.clip(0, 1), pa.float32())}

    def _in_names(self, pairs: pa.Table, texts: pa.Array) -> Floats:
        """How many letters of each translation belong to Latin names taken from its source."""
        letters = np.zeros(len(texts))
        if "Latin" in self.language.scripts:
            return letters
        rows = np.flatnonzero(pc.match_substring_regex(texts, r"\p{Latin}").to_numpy(zero_copy_only=False))
        if not len(rows):
            return letters
        sources = per_unique(_words, folded(pairs["source"].take(pa.array(rows))))
        for row, text, known in zip(rows, texts.take(pa.array(rows)).to_pylist(), sources, strict=True):
            names = (word for word in _LATIN_WORD.findall(text) if word != word.lower() or len(word) == 1)
            letters[row] = sum(_letters(name) for name in names if _squash(name) in known)
        return letters


def _words(source: str) -> frozenset[str]:
    """The source's Latin words, whole and in their hyphenated parts, without case and marks."""
    words = _LATIN_WORD.findall(source)
    parts = (part for word in words for part in re.split(r"['’.&-]", word))
    return frozenset(_squash(word) for word in (*words, *parts))


def _squash(word: str) -> str:
    return re.sub(r"['’.&-]", "", word).casefold()


def _letters(word: str) -> int:
    return sum(unicodedata.category(char)[0] == "L" for char in word)


def _length(strings: pa.Array) -> Floats:
    return numbers(pc.utf8_length(strings))
