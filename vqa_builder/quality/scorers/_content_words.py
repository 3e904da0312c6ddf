"""The content words of English texts, each with its meaning and with how telling it is.

Two words mean the same where they have one lemma (rides, riding) or stand in one group of
``synonyms_en.tsv`` (photo, picture). The group also says how telling its words are: a wall that is missing
from a back-translation is a fault, a "kind of" that is missing is none.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder.quality.scorers import _english
from vqa_builder.quality.scorers._english_forms import lemma
from vqa_builder.quality.text import Floats, read_rows

_FUNCTION = (
    "a an the this that these those some any such do does did be is are was were am been being has have had "
    "having will would can could shall should may might must of in on at to for from by with as into onto "
    "upon there here it its he him his she her hers they them their theirs i me my we us our you your and or "
    "but if then so please just very what which who whom whose how where when why not no none "
    "never s t ll ve d m re itself himself herself themselves yourself"
)
FUNCTION_WORDS = frozenset(_FUNCTION.split())
"""Articles, auxiliaries, prepositions and pronouns, which a paraphrase changes freely; question words and
negations, which ``agreement`` compares."""


_UNREAD = "a an the any some do does did it its there you your s of very just please here"
_SAME = {
    "be": "is are was were been being am",
    "can": "could",
    "will": "would",
    "what": "which",
    "this": "these",
    "that": "those",
    "he": "him she they them",
    "his": "her their",
    "on": "onto upon",
    "in": "into",
    "have": "has had",
    "not": "no",
}
_READ = dict.fromkeys(_UNREAD.split(), "") | {
    form: word for word, forms in _SAME.items() for form in forms.split()
}
"""Function words that a paraphrase leaves out, and those that it puts one for the other."""

_DRINKING = (
    "wine wines water drink drinks drinking beer beers champagne juice milk tea liquid beverage alcohol "
    "cocktail cocktails soda lemonade liquor whiskey full empty filled fill half ice straw straws poured "
    "pouring"
)
_DRINKS = frozenset(_DRINKING.split())


class Meaning(NamedTuple):
    """What a content word means: a lemma, that of its group where it has one; and its weight, 0 to 1."""

    lemma: str
    weight: float


class Words(NamedTuple):
    """The content words of many texts, one after the other.

    Attributes:
        row: the text of each word.
        meaning: a number for each word's meaning; words of one meaning share it.
        weight: how telling each word is.
        text: each word as it stands in its text, in lower case.
        lemmas: the lemma of each meaning, by its number.
        read: all words of the texts in their order but articles and the like: numbers of meanings and of
            function words.
        read_row: the text of each of those.
    """

    row: NDArray[np.int64]
    meaning: NDArray[np.int64]
    weight: Floats
    text: pa.Array
    lemmas: list[str]
    read: NDArray[np.int64]
    read_row: NDArray[np.int64]


def content_words(texts: pa.Array) -> Words:
    """The content words of each text.

    >>> found = content_words(pa.array(["What kind of photo is this?", "Is it a picture?"]))
    >>> found.text.to_pylist(), found.row.tolist(), bool(found.meaning[1] == found.meaning[2])
    (['kind', 'photo', 'picture'], [0, 0, 1], True)
    """
    lists = pc.utf8_split_whitespace(_english.bare_words(texts))
    encoded = pc.list_flatten(lists).dictionary_encode()
    types: list[str] = encoded.dictionary.to_pylist()
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    row: NDArray[np.int64] = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False)
    meanings = [meaning(word) for word in types]
    types, codes = _joined(types, codes, row, meanings)
    _tell_glasses(types, codes, row, meanings)
    lemmas = [one.lemma if one else _READ.get(word, word) for word, one in zip(types, meanings, strict=True)]
    encoded = pa.array(lemmas, pa.string()).dictionary_encode()
    numbers = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)[codes]
    known = np.array([one is not None for one in meanings], bool)[codes]
    weights = np.array([one.weight if one else 0.0 for one in meanings])[codes]
    read = np.array([lemma != "" for lemma in lemmas], bool)[codes]
    text = pa.array(types, pa.string()).take(pa.array(codes[known]))
    meant = encoded.dictionary.to_pylist()
    return Words(row[known], numbers[known], weights[known], text, meant, numbers[read], row[read])


def _tell_glasses(
    types: list[str], codes: NDArray[np.int64], row: NDArray[np.int64], meanings: list[Meaning | None]
) -> None:
    """Glasses that somebody drinks from are many a glass; others are to see through."""
    if "glasses" in types:
        drinks = np.unique(row[np.array([word in _DRINKS for word in types], bool)[codes]])
        codes[(codes == types.index("glasses")) & np.isin(row, drinks)] = len(types)
        types.append("glasses")
        meanings.append(meaning("glass"))


def lemmas_of(words: Words) -> list[str]:
    """The lemma of each word, one after the other."""
    return [words.lemmas[number] for number in words.meaning.tolist()]


def _joined(
    types: list[str], codes: NDArray[np.int64], row: NDArray[np.int64], meanings: list[Meaning | None]
) -> tuple[list[str], NDArray[np.int64]]:
    """Two words that are one in the table (cell phone) as one; the second becomes a word without meaning."""
    places = {word: number for number, word in enumerate(types)}
    phrases = [
        (places[first], places[second], phrase)
        for phrase in _phrases()
        for first, second in [phrase.split("_")]
        if first in places and second in places
    ]
    if not phrases or len(codes) < 2:
        return types, codes
    size = len(types)
    keys = np.array([first * size + second for first, second, _ in phrases])
    order = np.argsort(keys)
    follows = np.where(row[:-1] == row[1:], codes[:-1] * size + codes[1:], -1)
    at = np.searchsorted(keys[order], follows).clip(max=len(keys) - 1)
    found = np.flatnonzero(keys[order][at] == follows)
    types = [*types, *(phrase.replace("_", " ") for _, _, phrase in phrases), ""]
    meanings += [*(_groups()[phrase] for _, _, phrase in phrases), None]
    codes = codes.copy()
    codes[found] = size + order[at[found]]
    codes[found + 1] = len(types) - 1
    return types, codes


@lru_cache(maxsize=200_000)
def meaning(word: str) -> Meaning | None:
    """What a word means; None for a function word.

    >>> meaning("riding") == meaning("rides"), meaning("grey"), meaning("the")
    (True, Meaning(lemma='gray', weight=1.0), None)
    """
    if not word or word in FUNCTION_WORDS:
        return None
    groups = _groups()
    form = lemma(word)
    return groups.get(word) or groups.get(form) or Meaning(form, 1.0)


@cache
def _groups() -> dict[str, Meaning]:
    """Word, lemma or phrase -> what its group means."""
    found: dict[str, Meaning] = {}
    for row in read_rows("synonyms_en.tsv"):
        words = row["words"].split(" ")
        group = Meaning(lemma(words[0]), float(row["weight"]))
        for word in words:
            for form in (word, f"{word}s") if "_" in word else (word, lemma(word)):
                found.setdefault(form, group)
    return found


@cache
def _phrases() -> tuple[str, ...]:
    return tuple(word for word in _groups() if word.count("_") == 1)
