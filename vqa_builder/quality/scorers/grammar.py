"""Faults of language that a translation shows by itself: agreement, counters, animacy, spelling."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel

from vqa_builder.languages.base import Language
from vqa_builder.quality.scorers import _hindi_faults, _japanese_faults
from vqa_builder.quality.scorers._content_words import content_words
from vqa_builder.quality.scorers.base import Scorer
from vqa_builder.quality.text import folded, lengths, per_unique, read_rows

_LONG = {"word": 16, "character": 32}
_SHE, _HE = r"(?i)\b(?:she|her|hers)\b", r"(?i)\b(?:he|his|him)\b"
_FEMALE = r"(?i)\b(?:she|her|hers|wom[ae]n|lad(?:y|ies)|girls?|m[ou]m|mother|female|wife|daughter)\b"
_MALE = r"(?i)\b(?:he|his|him|m[ae]n|boys?|guys?|dad|father|male|husband|son|gentlem[ae]n)\b"


class Grammar(Scorer):
    """How many faults of Japanese or Hindi a translation shows, each of which a reader would mark.

    Japanese: a counter that does not go with its noun (犬は何人), いる of things and ある of animals, doubled
    particles (犬はは), a noun of itself (木の木), an object of a verb that takes none (何を座って). Hindi: an
    adjective, possessive, verb or कितना of the other gender than its noun (कितनी तकिये), impossible spellings
    (two vowel signs in a row), किसे without a verb. Both: a question's noun said twice where its source says
    nothing twice, an "or" between two sides that say the same, a person of the other gender than in the
    source (she -> 彼, रहा है), a person who is old as a thing is, and what a question says and its source does
    not: a negation, a place, a use, clothes, a price, what happened, something written in a nation and not in
    its language. Nouns come from the lexicons of this project; of others nothing is said.

    ``grammar_faults`` names the faults; in texts of more than 16 words (32 characters) they are counted per
    that length. Null for other languages.

    Example:
        "How many dogs are there?" -> "犬は何人いますか？" is 1: counter 犬…人.
    """

    name = "grammar"
    summary = "faults of agreement, counter, animacy, spelling: how many, and which; 0 is good"
    partial: ClassVar[bool] = True
    columns: ClassVar = {"grammar": pa.float32(), "grammar_faults": pa.string()}
    good: ClassVar = "low"
    named_by: ClassVar = {"grammar": "grammar_faults"}
    version: ClassVar[str] = "4"

    def __init__(self, language: Language, options: BaseModel | None = None) -> None:
        super().__init__(language, options)
        self.rules: ModuleType | None = {"ja": _japanese_faults, "hi": _hindi_faults}.get(language.code)

    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """A count from 0, and the faults joined by commas."""
        rows = pairs.num_rows
        if self.rules is None:
            return {name: pa.nulls(rows, kind) for name, kind in self.columns.items()}
        texts, sources = folded(pairs["translation"]), folded(pairs["source"])
        suspects = self.rules.may_be_wrong(texts)
        found = np.full(rows, "", dtype=object)
        places = np.flatnonzero(suspects)
        find: Callable[[str], Iterator[str]] = self.rules.faults
        found[places] = per_unique(lambda text: ", ".join(find(text)), texts.take(pa.array(places)))
        for female, (own, other) in {True: (_SHE, _MALE), False: (_HE, _FEMALE)}.items():
            for row in np.flatnonzero(_matches(sources, own) & ~_matches(sources, other)):
                fault = self.rules.person_fault(texts[int(row)].as_py(), female=female)
                found[row] = ", ".join(filter(None, (found[row], fault)))
        asked = _matches(sources, r"\?\s*$")
        twice = np.array([word or "" for word in per_unique(self.rules.said_twice, texts)], object)
        repeated = np.flatnonzero(asked & (twice != ""))
        for row in repeated[_says_nothing_twice(sources.take(pa.array(repeated)))]:
            found[row] = ", ".join(filter(None, (found[row], f"twice {twice[row]}")))
        for fault, said in self.rules.UNASKED.items():
            suspects = np.flatnonzero(asked & _matches(texts, said))
            licensed = _matches(sources.take(pa.array(suspects)), _licences().get(fault, "^$"))
            for row in suspects[~licensed]:
                found[row] = ", ".join(filter(None, (found[row], fault)))
        counts = np.array([text.count(", ") + 1 if text else 0 for text in found], np.float64)
        counts /= np.maximum(lengths(texts, self.language.unit) / _LONG[self.language.unit], 1.0)
        return {"grammar": pa.array(counts, pa.float32()), "grammar_faults": pa.array(found, pa.string())}


def _says_nothing_twice(sources: pa.Array) -> np.ndarray:
    """Whether a source names every thing once and gives no choice of two."""
    words = content_words(sources)
    distinct = np.unique(np.stack([words.row, words.meaning]), axis=1)[0]
    counts = [np.bincount(row, minlength=len(sources)) for row in (words.row, distinct)]
    chosen: np.ndarray = (counts[0] == counts[1]) & ~_matches(sources, r"\bor\b|/|[.!?].")
    return chosen


def _matches(texts: pa.Array, pattern: str) -> np.ndarray:
    return np.asarray(pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False), dtype=bool)


@cache
def _licences() -> dict[str, str]:
    """Fault -> RE2 for what in a source allows its translation to say such a thing."""
    return {row["fault"]: row["pattern"] for row in read_rows("licences_en.tsv")}
