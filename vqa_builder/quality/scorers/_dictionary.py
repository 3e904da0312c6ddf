"""A dictionary of one language: which words of a translation an English word may become."""

from __future__ import annotations

import lzma
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder.quality.scorers import _hindi
from vqa_builder.quality.scorers._content_words import Words as ContentWords
from vqa_builder.quality.text import per_unique

_FEW, _SOME = 10, 60
_FOUND = "\0"
_NO_WORD = r"[^\x{0900}-\x{0963}\x{0971}-\x{097f}]+"
_KATAKANA = "\u30a1-\u30fa\u30fc"
_HAN = "\u3400-\u9fff々"
_RUN = re.compile(
    rf"(?<![{_HAN}\0])[{_HAN}]+(?![{_HAN}\0])|(?<![{_KATAKANA}\0])[{_KATAKANA}]{{2,}}(?![{_KATAKANA}\0])"
)

Words: TypeAlias = str | dict[str, str]
"""What a dictionary looks into: a text without spaces, or the stems of a text's words, each with its word."""


class Dictionary(NamedTuple):
    """The lexical translations of one language.

    Attributes:
        translations: English lemma -> what it may become: parts of words in Japanese, stems in Hindi.
        checked: lemmas of which a translation always stands in a right one.
        known: translations that never stand in one unasked for.
        certain: English lemma -> those of its translations that few other words have, so that they show
            that this one was translated.
        stems: whether translations are stems of words.
    """

    translations: dict[str, tuple[str, ...]]
    checked: frozenset[str]
    known: frozenset[str]
    certain: dict[str, tuple[str, ...]]
    stems: bool

    def words(self, text: str) -> Words:
        """A translation as ``key in words`` can be asked of it."""
        return {_stem(word): word for word in _hindi.words(text)} if self.stems else text

    def without(self, words: Words, keys: Iterable[str]) -> Words:
        """A translation without what these keys stand for."""
        if isinstance(words, dict):
            asked = set(keys)
            return {key: word for key, word in words.items() if key not in asked}
        for key in keys:
            words = words.replace(key, _FOUND)
        return words

    def stands(self, lemma: str, text: str) -> bool | None:
        """Whether an English word's translation stands in a text; None where the dictionary cannot tell."""
        words = self.words(unicodedata.normalize("NFKC", text))
        return any(key in words for key in self.certain[lemma]) if lemma in self.checked else None

    def suspects(self, asked: ContentWords, sources: pa.Array, texts: pa.Array) -> Iterable[int]:
        """The rows in which a checked word may be missing or a known one may be unasked for; all in Japanese.

        Args:
            asked: the content words of the sources.
            sources: in English.
            texts: their translations.
        """
        if not self.stems:
            return range(len(texts))
        lists = pc.utf8_split_whitespace(pc.replace_substring_regex(texts, _NO_WORD, " "))
        encoded = pc.list_flatten(lists).dictionary_encode()
        numbers: dict[str, int] = {}
        kinds = [numbers.setdefault(_stem(word), len(numbers)) for word in encoded.dictionary.to_pylist()]
        known = np.array([stem in self.known for stem in numbers], bool)
        stems = np.array(kinds, np.int64)[encoded.indices.to_numpy(zero_copy_only=False)]
        row = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False).astype(np.int64)
        said = row * len(numbers) + stems
        wanted = [
            [numbers[key] for key in self.translations.get(lemma, ()) if key in numbers]
            for lemma in asked.lemmas
        ]
        many = np.array([len(keys) for keys in wanted], np.int64)[asked.meaning]
        starts = np.concatenate([[0], np.cumsum([len(keys) for keys in wanted])])[asked.meaning]
        flat = np.array([key for keys in wanted for key in keys], np.int64)
        at = np.repeat(np.arange(len(asked.meaning)), many)
        place = np.arange(len(at)) - np.repeat(np.cumsum(many) - many, many)
        keys = asked.row[at] * len(numbers) + flat[starts[at] + place]
        stands = np.zeros(len(asked.meaning), bool)
        stands[at[_among(keys, said)]] = True
        checked = np.array([lemma in self.checked for lemma in asked.lemmas], bool)[asked.meaning]
        found = np.zeros(len(texts), bool)
        found[asked.row[checked & ~stands]] = True
        openings = per_unique(
            lambda text: [numbers[key] for key in self.translations.get(opening(text), ()) if key in numbers],
            sources,
        )
        licensed = np.array(
            [r * len(numbers) + key for r, some in enumerate(openings) for key in some], np.int64
        )
        found[row[known[stems] & ~_among(said, np.concatenate([keys, licensed]))]] = True
        return np.flatnonzero(found).tolist()

    def known_in(self, words: Words) -> list[str]:
        """What never stands in a translation unasked for: runs of kanji or katakana, stems in Hindi."""
        if isinstance(words, dict):
            return [key for key in words if key in self.known]
        return [run for run in _RUN.findall(words) if run in self.known]


def _among(values: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which values stand among others; ``np.isin`` hashes where a sort is quicker."""
    if not len(others):
        return np.zeros(len(values), bool)
    there = np.sort(others)
    found: NDArray[np.bool_] = there[np.searchsorted(there, values).clip(max=len(there) - 1)] == values
    return found


def opening(source: str) -> str:
    """The first two words of a question under a sign that no word has: they license question words and verbs.

    >>> opening("How many dogs are there?")
    '?how many'
    """
    return "?" + " ".join(source.lower().split(None, 2)[:2])


_stem = cache(_hindi.stem)


@cache
def dictionary(code: str) -> Dictionary | None:
    """The dictionary of a language; None where there is none."""
    file = resources.files("vqa_builder.quality.scorers").joinpath(f"lexical_{code}.tsv.xz")
    if not file.is_file():
        return None
    lines = lzma.decompress(file.read_bytes()).decode("utf-8").split("\n")[1:-1]
    rows = [line.split("\t") for line in lines]
    translations = {lemma: tuple(keys.split(" ")) for lemma, _, keys in rows}
    loose = translations.pop("")
    known = frozenset(key for keys in translations.values() for key in keys) - frozenset(loose)
    checked = frozenset(lemma for lemma, checked, _ in rows if checked == "1")
    shared = Counter(key for keys in translations.values() for key in keys)
    certain = {
        lemma: tuple(key for place, key in enumerate(keys) if shared[key] <= (_FEW if place else _SOME))
        for lemma, keys in translations.items()
    }
    return Dictionary(translations, checked, known, certain, code == "hi")
