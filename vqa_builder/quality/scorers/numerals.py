"""Whether source and translation state the same numbers."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel

from vqa_builder import languages
from vqa_builder.languages.base import Language
from vqa_builder.quality.scorers._number_phrases import BOTH, in_digits
from vqa_builder.quality.scorers.base import Scorer
from vqa_builder.quality.text import folded, per_unique

_JOINTS = re.compile(r"[:/]")


class Numerals(Scorer):
    """Numbers that both texts state, over the numbers that either states; 1 where neither states any.

    Digits of any script and the number words that ``Language.numerals`` knows count (2, ２, 二, दो). Times
    and dates are compared part by part, since 10:15 becomes 10時15分. Dozens, halves and lakhs are numbers
    (दर्जन, डेढ़, half past two), and "both" (दोनों, 両方) may stand for a 2. A 0 or 1 on one side only is no
    disagreement: "a", "one" and एक are articles as often as numbers, and "zero" is "no".

    Example:
        "Are there 2 dogs?" -> "犬は二匹いますか？" is 1, -> "犬は三匹いますか？" is 0.
    """

    name = "numerals"
    summary = "agreement of the numbers in source and translation, 0 to 1; 1 is good"
    bounds: ClassVar = (0.0, 1.0)
    columns: ClassVar = {"numerals": pa.float32()}
    version: ClassVar[str] = "2"

    def __init__(self, language: Language, options: BaseModel | None = None) -> None:
        super().__init__(language, options)
        self.english = languages.get("en")

    @property
    def signature(self) -> str:
        """Names the rules of both languages."""
        return f"{self.name}|{self.language.signature}|source_{self.english.signature}|version:{self.version}"

    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """0 where all numbers differ, 1 where all agree or none is stated."""
        source = numbers_in(self.english, folded(pairs["source"]))
        translation = numbers_in(self.language, folded(pairs["translation"]))
        agreement = np.ones(pairs.num_rows, np.float32)
        for row in source.keys() | translation.keys():
            here, there = source.get(row, []), translation.get(row, [])
            if here != there:
                here = _without_both(here, there, self.language.code, pairs["translation"][row])
                there = _without_both(there, here, "en", pairs["source"][row])
            agreement[row] = _agreement(here, there)
        return {"numerals": pa.array(agreement)}


def numbers_in(language: Language, texts: pa.Array) -> dict[int, list[str]]:
    """Row -> its numbers as ``Language.numerals`` gives them, for the rows that state any."""
    texts = in_digits(language.code, texts)
    if language.number_signs:
        rows = np.flatnonzero(
            pc.match_substring_regex(texts, language.number_signs).to_numpy(zero_copy_only=False)
        )
    elif language.unit == "character":
        rows = np.arange(len(texts))
    else:
        rows = _with_number_words(language, texts)
    found = per_unique(language.numerals, texts.take(pa.array(rows)))
    return {int(row): numbers for row, numbers in zip(rows, found, strict=True) if numbers}


def _without_both(numbers: list[str], others: list[str], code: str, text: pa.Scalar) -> list[str]:
    """Numbers without a 2 that the other text says by "both"."""
    said = code in BOTH and "2" in numbers and "2" not in others and re.search(BOTH[code], text.as_py())
    return [number for number in numbers if number != "2"] if said else numbers


def _with_number_words(language: Language, texts: pa.Array) -> np.ndarray:
    """The rows with a word in which the language sees a number; few do, and words repeat more than texts."""
    words = pc.utf8_split_whitespace(texts)
    encoded = pc.list_flatten(words).dictionary_encode()
    stating = [states_number(language.code, word) for word in encoded.dictionary.to_pylist()]
    hits = np.array(stating, dtype=bool)[encoded.indices.to_numpy(zero_copy_only=False)]
    return np.unique(pc.list_parent_indices(words).to_numpy(zero_copy_only=False)[hits])


@lru_cache(maxsize=200_000)
def states_number(code: str, word: str) -> bool:
    """Whether a word states a number on its own or before another; "बता दो" asks, "दो कुत्ते" counts."""
    numerals = languages.get(code).numerals
    return bool(numerals(word) or numerals(f"{word} x"))


def _agreement(one: list[str], other: list[str]) -> float:
    if one == other:
        return 1.0
    left, right = _parts(one), _parts(other)
    for vague in ("0", "1"):
        if not (left[vague] and right[vague]):
            del left[vague], right[vague]
    either = (left | right).total()
    return (left & right).total() / either if either else 1.0


def _parts(numbers: list[str]) -> Counter[str]:
    return Counter(part for number in numbers for part in _JOINTS.split(number) if part)
