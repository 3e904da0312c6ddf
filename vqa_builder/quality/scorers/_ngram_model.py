"""A small n-gram model of one language's questions, over forms rather than words.

What a question is about is open, how it is put is not: Japanese is read as hiragana, with a sign each for a
run of kanji, of katakana, of Latin letters and of digits; Hindi as its frequent words, with a sign for any
other word by its ending. Probabilities are interpolated after Witten and Bell (1991), The zero-frequency
problem. ``recipes/policy/compile_tables.py`` counts.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder.quality.text import NOT_WRITTEN, Floats, folded

Integers = NDArray[np.int64]

ORDERS = {"ja": 5, "hi": 3}
"""Language -> the longest n-grams of its model."""

_BITS = 12
_BEGIN, _END, _OTHER, _LATIN, _DIGITS = range(5)
_RUNS = {r"[\p{Han}々]+": "漢", "[ァ-ヺー]+": "カ", r"\p{Latin}+": "A", r"\p{Nd}+": "0"}
_SIGNS = {"A": _LATIN, "0": _DIGITS, "漢": 5, "カ": 6}
_HIRAGANA, _LAST_HIRAGANA = ord("ぁ"), ord("ゖ")
_FIRST = 8
_ENDINGS = ("ों", "ें", "ियाँ", "ियों", "ा", "ी", "े")


class Units(NamedTuple):
    """Texts as numbers: their units, and the text of each; a sign begins and one ends every text."""

    unit: Integers
    row: Integers


class Grams(NamedTuple):
    """The n-grams of one length, as numbers in order, and how often each occurs.

    Attributes:
        keys, counts: of the n-grams.
        histories: all but their last units, each once.
        totals, types: how often each history occurs, and before how many different units.
    """

    keys: Integers
    counts: Integers
    histories: Integers
    totals: Integers
    types: Integers

    @classmethod
    def of(cls, keys: Integers, counts: Integers) -> Grams:
        """With what follows from the n-grams and their counts."""
        histories, firsts = np.unique(keys >> _BITS, return_index=True)
        types = np.diff([*firsts, len(keys)])
        return cls(keys, counts, histories, np.add.reduceat(counts, firsts), types)


class Model(NamedTuple):
    """How often n-grams occur.

    Attributes:
        words: Hindi: the words that are units by themselves.
        grams: for n from 1, the n-grams.
    """

    words: list[str]
    grams: list[Grams]

    def bits(self, texts: pa.Array) -> Floats:
        """The mean of -log2 of the probability of each text's units, its end among them."""
        unit, row = units_of(texts, self.words)
        probability = np.full(len(row), 1.0 / (len(self.grams[0].keys) + 1))
        history = np.zeros(len(row), np.int64)
        for length, grams in enumerate(self.grams, 1):
            shift = length - 1
            if shift:
                history[shift:] += unit[:-shift] << (_BITS * (shift - 1))
            place, known = _found(grams.histories, history)
            known[shift:] &= row[shift:] == row[: max(len(row) - shift, 0)]
            known[:shift] = False
            at, there = _found(grams.keys, (history << _BITS) + unit)
            types = grams.types[place]
            mixed = (np.where(there, grams.counts[at], 0) + types * probability) / (
                grams.totals[place] + types
            )
            probability = np.where(known, mixed, probability)
        said = unit != _BEGIN
        units = np.bincount(row[said], minlength=len(texts))
        return np.bincount(row[said], -np.log2(probability[said]), len(texts)) / units


def _found(keys: Integers, wanted: Integers) -> tuple[Integers, NDArray[np.bool_]]:
    """Where each number stands among sorted ones, and whether it does."""
    place = np.searchsorted(keys, wanted).clip(max=len(keys) - 1)
    return place, keys[place] == wanted


def count(texts: pa.Array, words: list[str], order: int) -> Model:
    """The model of some texts."""
    unit, row = units_of(texts, words)
    grams = []
    number = np.zeros(len(unit), np.int64)
    for length in range(1, order + 1):
        places = len(unit) - length + 1
        number = (number[:places] << _BITS) + unit[length - 1 :]
        whole = row[length - 1 :] == row[:places]
        found, many = np.unique(number[whole if length > 1 else unit != _BEGIN], return_counts=True)
        grams.append(Grams.of(found, many))
    return Model(words, grams)


def units_of(texts: pa.Array, words: list[str]) -> Units:
    """Texts in units: of Hindi if there are words, else of Japanese."""
    plain = folded(texts)
    return _words(plain, words) if words else _signs(plain)


def _signs(plain: pa.Array) -> Units:
    plain = pc.replace_substring_regex(plain, NOT_WRITTEN, "")
    for run, sign in _RUNS.items():
        plain = pc.replace_substring_regex(plain, run, sign)
    sizes = np.asarray(pc.utf8_length(plain).to_numpy(zero_copy_only=False), np.int64) + 2
    letters = np.frombuffer("".join(f"^{text}$" for text in plain.to_pylist()).encode("utf-32-le"), np.uint32)
    table = np.full(_LAST_HIRAGANA + 2, _OTHER, np.int64)
    table[_HIRAGANA : _LAST_HIRAGANA + 1] = _FIRST + np.arange(_LAST_HIRAGANA + 1 - _HIRAGANA)
    unit = table[letters.clip(max=_LAST_HIRAGANA + 1)]
    for sign, number in {**_SIGNS, "^": _BEGIN, "$": _END}.items():
        unit[letters == ord(sign)] = number
    return Units(unit, np.repeat(np.arange(len(plain)), sizes))


def _words(plain: pa.Array, words: list[str]) -> Units:
    bare = pc.replace_substring_regex(plain, r"[^\p{L}\p{M}\p{N}]+", " ")
    framed = pc.binary_join_element_wise("^", bare, "$", " ")
    lists = pc.utf8_split_whitespace(pc.utf8_trim_whitespace(framed))
    encoded = pc.list_flatten(lists).dictionary_encode()
    first = _FIRST + len(_ENDINGS)
    known = {"^": _BEGIN, "$": _END, **{word: first + place for place, word in enumerate(words)}}
    types = np.array([known.get(word, _kind(word)) for word in encoded.dictionary.to_pylist()], np.int64)
    row: Integers = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False)
    return Units(types[encoded.indices.to_numpy(zero_copy_only=False)], row)


def _kind(word: str) -> int:
    """The unit of a word that is none itself."""
    if word.isascii():
        return _DIGITS if word.isdecimal() else _LATIN
    return next((_FIRST + at for at, ending in enumerate(_ENDINGS) if word.endswith(ending)), _OTHER)


@cache
def model(code: str) -> Model | None:
    """The model of a language; None where there is none."""
    if code not in ORDERS:
        return None
    file = resources.files("vqa_builder.quality.scorers").joinpath(f"ngrams_{code}.npz")
    with file.open("rb") as opened, np.load(opened, allow_pickle=False) as arrays:
        kept = [
            (arrays[f"keys_{length}"], arrays[f"counts_{length}"]) for length in range(1, ORDERS[code] + 1)
        ]
        grams = [Grams.of(np.cumsum(keys), counts.astype(np.int64)) for keys, counts in kept]
        return Model(arrays["words"].tolist(), grams)


def write(found: Model, path: Path) -> None:
    """Keep a model as ``model`` reads it: of its sorted keys the differences."""
    arrays = {"words": np.array(found.words, np.str_)}
    for length, grams in enumerate(found.grams, 1):
        arrays[f"keys_{length}"] = np.diff(grams.keys, prepend=0)
        arrays[f"counts_{length}"] = grams.counts.astype(np.int32)
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]
