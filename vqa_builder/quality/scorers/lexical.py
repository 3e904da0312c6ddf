"""A dictionary's view of a translation, without a round trip: words not translated, words not asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pyarrow as pa
from pydantic import BaseModel

from vqa_builder.languages.base import Language
from vqa_builder.quality.scorers._content_words import content_words
from vqa_builder.quality.scorers._dictionary import Dictionary, Words, dictionary, opening
from vqa_builder.quality.scorers.base import Scorer
from vqa_builder.quality.text import folded

_LONG = 8.0


class Lexical(Scorer):
    """Whether a dictionary finds the source's words in the translation, and the translation's in the source.

    The dictionary holds lexical translations (IBM Model 1, Brown et al. 1993) learned from this project's
    translations of 46,000 questions, and its lexicons; ``recipes/policy/compile_tables.py`` makes it.
    Inflection is allowed for: verbs and adjectives are stems, and so is everything in Hindi. A word that the
    dictionary lacks counts nowhere.

    ``lexical_missing`` is the weight of the source's words none of whose translations occurs (``content``
    says how words weigh), ``lexical_added`` the number of the translation's words that translate nothing in
    the source; both are per eight words in longer texts. ``lexical_missing_words`` and
    ``lexical_added_words`` name them; ``lexical`` is the share of known source words that are found. Null for
    languages without a dictionary.

    Example:
        "What animal is this?" -> "この動物は何を身につけていますか？": nothing is missing, but 身 is added,
        though it comes back as "What animal is this?".
    """

    name = "lexical"
    summary = "share of source words that a dictionary finds, and what is missing or added; 1 is good"
    bounds: ClassVar = (0.0, 1.0)
    partial: ClassVar[bool] = True
    version: ClassVar[str] = "2"
    columns: ClassVar = {
        "lexical": pa.float32(),
        "lexical_missing": pa.float32(),
        "lexical_added": pa.float32(),
        "lexical_missing_words": pa.string(),
        "lexical_added_words": pa.string(),
    }
    named_by: ClassVar = {
        "lexical_missing": "lexical_missing_words",
        "lexical_added": "lexical_added_words",
    }
    ends: ClassVar = {"lexical_missing": "low", "lexical_added": "low"}

    def __init__(self, language: Language, options: BaseModel | None = None) -> None:
        super().__init__(language, options)
        self.dictionary = dictionary(language.code)

    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """Shares, weights and counts; null without a dictionary."""
        rows, book = pairs.num_rows, self.dictionary
        if book is None:
            return {name: pa.nulls(rows, kind) for name, kind in self.columns.items()}
        sources = folded(pairs["source"])
        asked = content_words(sources)
        translations = [book.translations.get(lemma, ()) for lemma in asked.lemmas]
        checked = [lemma in book.checked for lemma in asked.lemmas]
        starts = np.searchsorted(asked.row, np.arange(rows + 1)).tolist()
        meanings, weights, words = asked.meaning.tolist(), asked.weight.tolist(), asked.text.to_pylist()
        shares, missing, added = [1.0] * rows, [0.0] * rows, [0] * rows
        missing_words, added_words = [""] * rows, [""] * rows
        texts, target = sources.to_pylist(), folded(pairs["translation"])
        for row in book.suspects(asked, sources, target):
            source, text = texts[row], target[row].as_py()
            span = range(starts[row], starts[row + 1])
            there = book.words(text)
            keys = [key for at in span for key in translations[meanings[at]]]
            rest = book.without(there, [*keys, *book.translations.get(opening(source), ())])
            lost = [
                at
                for at in span
                if checked[meanings[at]] and not any(key in there for key in translations[meanings[at]])
            ]
            if lost:
                missing[row] = sum(weights[at] for at in lost)
                whole = sum(weights[at] for at in span if checked[meanings[at]])
                shares[row] -= missing[row] / whole if whole else 0.0
                missing_words[row] = ", ".join(words[at] for at in lost)
            if more := book.known_in(rest):
                added[row] = len(more)
                added_words[row] = ", ".join([rest[key] for key in more] if isinstance(rest, dict) else more)
        scale = np.maximum(np.bincount(asked.row, asked.weight, minlength=rows) / _LONG, 1.0)
        columns = [pa.array(shares), *(pa.array(np.array(one) / scale) for one in (missing, added))]
        columns += [pa.array(missing_words, pa.string()), pa.array(added_words, pa.string())]
        return dict(zip(self.columns, columns, strict=True))

    def refutes(self, sources: Sequence[str], translations: Sequence[str]) -> list[bool]:
        """Whether a word of a short text that the dictionary knows is missing, or one is there unasked for.

        Args:
            sources: in English.
            translations: of them, one each.

        >>> from vqa_builder import languages
        >>> ja = Lexical(languages.get("ja"))
        >>> ja.refutes(["black dog", "dog"], ["犬", "犬"])
        [True, False]
        """
        book = self.dictionary
        if book is None or not sources:
            return [False] * len(sources)
        asked = content_words(folded(pa.array(sources)))
        meant: list[list[tuple[str, ...]]] = [[] for _ in sources]
        for row, at in zip(asked.row.tolist(), asked.meaning.tolist(), strict=True):
            meant[row].append(book.translations.get(asked.lemmas[at], ()))
        texts = folded(pa.array(translations)).to_pylist()
        return [_refutes(book, keys, book.words(text)) for keys, text in zip(meant, texts, strict=True)]


def _refutes(book: Dictionary, meant: Sequence[Sequence[str]], there: Words) -> bool:
    """Whether the translations of a word are missing in a text, or a word stands there unasked for."""
    if any(keys and not any(key in there for key in keys) for keys in meant):
        return True
    return bool(book.known_in(book.without(there, [key for keys in meant for key in keys])))
