"""Content words that source and back-translation share, and those that either has alone."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import BaseModel

from vqa_builder.languages.base import Language
from vqa_builder.quality.scorers._content_words import Words, content_words
from vqa_builder.quality.scorers._dictionary import Dictionary, dictionary, opening
from vqa_builder.quality.scorers._ngrams import Tokens, shared
from vqa_builder.quality.scorers.base import Scorer
from vqa_builder.quality.text import Floats, folded

Flags: TypeAlias = NDArray[np.bool_]

_LONG = 8.0
_AGAIN = 0.75


class Content(Scorer):
    """What the round trip lost and what it put in, in content words.

    Words mean the same in any inflection (ride, riding), and where a table of synonyms says so (photo,
    picture; guy, man; asleep, sleeping); numbers and names have no synonyms. Articles, auxiliaries,
    prepositions, pronouns and question words do not count.

    ``content_missing`` is the weight of the source's words that the back-translation lacks,
    ``content_added`` that of words it has and the source has not. A telling word weighs 1, a word of little
    meaning (kind, thing, shown) 0.25 or 0.5, and one that is merely said once more 0.75. In texts with more
    than eight content words both are per eight words, since a longer text is paraphrased more.
    ``content_missing_words`` and ``content_added_words`` name the words.

    ``content_bigrams`` is the F1 of pairs of neighbours, function words, the beginning and the end among
    them, all read by their meaning and without articles: unlike chrF it forgives "are there any dogs in the
    image" for "is there a dog in the picture", unlike ``content`` it sees what stands in another's place.

    The round trip has two halves, and only the first is judged: where the language has a dictionary (see
    ``lexical``), a missing word that it finds in the translation was lost on the way back, and an added one
    that it does not find there was put in on the way back. Neither counts, so that a weak back-translator
    rejects less. ``content`` is the F1 of the words of the round trip as it came back.

    Example:
        "Is the house on the left?" -> "Is the home on the right?": missing 1 (left), added 1 (right), and
        ``content`` is 0.5.
    """

    name = "content"
    summary = "F1 of content words of the round trip, and what is missing or added; 1 is good"
    bounds: ClassVar = (0.0, 1.0)
    columns: ClassVar = {
        "content": pa.float32(),
        "content_bigrams": pa.float32(),
        "content_missing": pa.float32(),
        "content_added": pa.float32(),
        "content_missing_words": pa.string(),
        "content_added_words": pa.string(),
    }
    named_by: ClassVar = {
        "content_missing": "content_missing_words",
        "content_added": "content_added_words",
    }
    ends: ClassVar = {"content_missing": "low", "content_added": "low"}
    needs_back_translation = True
    version: ClassVar[str] = "5"

    def __init__(self, language: Language, options: BaseModel | None = None) -> None:
        super().__init__(language, options)
        self.dictionary = dictionary(language.code)

    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """Weights from 0; the words in the order of the text, joined by commas."""
        rows = pairs.num_rows
        both = content_words(
            pa.concat_arrays([folded(pairs[name]) for name in ("source", "back_translation")])
        )
        here, there = both.row < rows, both.row >= rows
        row = both.row % max(rows, 1)
        key = row * (int(both.meaning.max(initial=0)) + 1) + both.meaning
        missing = _alone(key, here, there) * both.weight
        added = _alone(key, there, here) * both.weight
        if self.dictionary is not None:
            suspects = np.bincount(row, missing + added, minlength=rows) > 0
            suspects &= ~np.asarray(pc.match_substring(pairs["source"], " or ").to_numpy(), bool)
            new = (added > 0) & (added == both.weight)
            lost, put_in = _faults_of_the_way_back(self.dictionary, both, suspects, missing > 0, new, pairs)
            missing[lost] = added[put_in] = 0.0
        total = np.bincount(row[here], both.weight[here], minlength=rows)
        scale = np.maximum(total / _LONG, 1.0)
        counts = [np.bincount(row[side], minlength=rows).astype(np.float64) for side in (here, there)]
        alone = np.bincount(
            row, _alone(key, here, there, 1.0) + _alone(key, there, here, 1.0), minlength=rows
        )
        words = counts[0] + counts[1]
        f1 = np.divide(words - alone, words, out=np.ones(rows), where=words > 0)
        return {
            "content": pa.array(f1, pa.float32()),
            "content_bigrams": pa.array(_bigrams(both, rows), pa.float32()),
            "content_missing": pa.array(np.bincount(row, missing, minlength=rows) / scale, pa.float32()),
            "content_added": pa.array(np.bincount(row, added, minlength=rows) / scale, pa.float32()),
            "content_missing_words": _named(both, row, missing > 0, rows),
            "content_added_words": _named(both, row, added > 0, rows),
        }


def _bigrams(both: Words, rows: int) -> Floats:
    """F1 of the pairs of neighbours in each text and its back-translation."""
    lengths = np.bincount(both.read_row, minlength=2 * rows) + 2
    framed = np.full(lengths.sum(), 1)
    framed[np.cumsum(lengths) - lengths] = 0
    framed[np.arange(len(both.read)) + 2 * both.read_row + 1] = both.read + 2
    split = int(lengths[:rows].sum())
    sides = [Tokens(framed[:split], lengths[:rows]), Tokens(framed[split:], lengths[rows:])]
    *_, pairs = shared(sides, 2)
    f1: Floats = 2 * pairs.matches / (pairs.hypothesis + pairs.reference)
    return f1


def _alone(key: NDArray[np.int64], one: Flags, other: Flags, again: float = _AGAIN) -> Floats:
    """For every word 1 where the other side lacks it, ``again`` where it has it less often; else 0."""
    found = np.zeros(len(key))
    places = np.flatnonzero(one)
    places = places[np.argsort(key[places], kind="stable")]
    keys = key[places]
    first = np.searchsorted(keys, keys)
    nth = np.arange(len(keys)) - first
    others = np.sort(key[other])
    there = np.searchsorted(others, keys, "right") - np.searchsorted(others, keys)
    found[places] = np.where(nth < there, 0.0, np.where((there > 0) | (nth > 0), again, 1.0))
    return found


def _faults_of_the_way_back(
    book: Dictionary, both: Words, suspects: Flags, missing: Flags, added: Flags, pairs: pa.Table
) -> tuple[list[int], list[int]]:
    """Places of missing words that stand in the translation, and of added ones that do not.

    What may translate two words of a source shows neither (食べ, in "eating fast food"). An alternative ("big
    or small") is left alone: both of its words stand in either order.
    """
    rows, lemmas = both.row % pairs.num_rows, [both.lemmas[number] for number in both.meaning.tolist()]
    chosen = pa.array(np.flatnonzero(suspects))
    texts = {name: folded(pairs[name].take(chosen)).to_pylist() for name in ("source", "translation")}
    places = dict(zip(chosen.to_pylist(), range(len(chosen)), strict=True))
    asked: list[list[str]] = [[] for _ in texts["source"]]
    for at in np.flatnonzero((both.row < pairs.num_rows) & suspects[rows]).tolist():
        asked[places[both.row[at]]] += book.translations.get(lemmas[at], ())
    words = [book.words(text) for text in texts["translation"]]
    gone = np.flatnonzero(missing & suspects[rows]).tolist()
    claims = {place: Counter(asked[place]) for place in {places[rows[at]] for at in gone}}
    lost = [
        at
        for at in gone
        for place in [places[rows[at]]]
        if any(key in words[place] and claims[place][key] < 2 for key in book.certain.get(lemmas[at], ()))
    ]
    new = [at for at in np.flatnonzero(added & suspects[rows]).tolist() if lemmas[at] in book.checked]
    unasked = {
        place: book.without(
            words[place], [*asked[place], *book.translations.get(opening(texts["source"][place]), ())]
        )
        for place in {places[rows[at]] for at in new}
    }
    put_in = [
        at for at in new if not any(key in unasked[places[rows[at]]] for key in book.translations[lemmas[at]])
    ]
    return lost, put_in


def _named(words: Words, row: NDArray[np.int64], chosen: Flags, rows: int) -> pa.Array:
    """The chosen words of each row, joined; "" where there are none."""
    places = np.flatnonzero(chosen)
    offsets = np.concatenate([[0], np.cumsum(np.bincount(row[places], minlength=rows))]).astype(np.int32)
    lists = pa.ListArray.from_arrays(pa.array(offsets), words.text.take(pa.array(places)))
    return pc.binary_join(lists, ", ")
