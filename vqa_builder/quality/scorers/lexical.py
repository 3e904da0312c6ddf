"""A dictionary's view of a translation, without a round trip: words not translated, words not asked for."""

from __future__ import annotations

import lzma
import re
from collections.abc import Callable, Sequence
from functools import cache
from importlib import resources
from typing import ClassVar, NamedTuple

import numpy as np
import pyarrow as pa
from pydantic import BaseModel

from vqa_builder.languages.base import Language
from vqa_builder.quality.scorers import _hindi
from vqa_builder.quality.scorers._content_words import content_words
from vqa_builder.quality.scorers.base import Scorer
from vqa_builder.quality.text import folded

_LONG = 8.0
_FOUND = "\0"
_KATAKANA = "\u30a1-\u30fa\u30fc"
_HAN = "\u3400-\u9fff々"
RUN = re.compile(
    rf"(?<![{_HAN}\0])[{_HAN}]+(?![{_HAN}\0])|(?<![{_KATAKANA}\0])[{_KATAKANA}]{{2,}}(?![{_KATAKANA}\0])"
)


class Dictionary(NamedTuple):
    """The lexical translations of one language.

    Attributes:
        translations: English lemma -> what it may become: parts of words in Japanese, stems in Hindi.
        checked: lemmas of which a translation always stands in a right one.
        known: translations that never stand in one unasked for.
    """

    translations: dict[str, tuple[str, ...]]
    checked: frozenset[str]
    known: frozenset[str]


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
    partial: ClassVar[bool] = True
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
        self.dictionary = _dictionary(language.code)
        self.look_up: Callable[[str, Sequence[Sequence[str]]], tuple[list[bool], list[str]]] = (
            self._in_stems if language.code == "hi" else self._in_text
        )

    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """Shares, weights and counts; null without a dictionary."""
        rows = pairs.num_rows
        if self.dictionary is None:
            return {name: pa.nulls(rows, kind) for name, kind in self.columns.items()}
        sources = folded(pairs["source"])
        asked = content_words(sources)
        translations = [self.dictionary.translations.get(lemma, ()) for lemma in asked.lemmas]
        checked = [lemma in self.dictionary.checked for lemma in asked.lemmas]
        starts = np.searchsorted(asked.row, np.arange(rows + 1)).tolist()
        meanings, weights, words = asked.meaning.tolist(), asked.weight.tolist(), asked.text.to_pylist()
        shares, missing, added = [1.0] * rows, [0.0] * rows, [0] * rows
        missing_words, added_words = [""] * rows, [""] * rows
        texts = zip(sources.to_pylist(), folded(pairs["translation"]).to_pylist(), strict=True)
        for row, (source, text) in enumerate(texts):
            span = range(starts[row], starts[row + 1])
            keys = [translations[meanings[at]] for at in span]
            found, more = self.look_up(text, [*keys, self._opening(source)])
            lost = [at for at in span if not found[at - starts[row]] and checked[meanings[at]]]
            if lost:
                missing[row] = sum(weights[at] for at in lost)
                shares[row] -= missing[row] / sum(weights[at] for at in span if checked[meanings[at]])
                missing_words[row] = ", ".join(words[at] for at in lost)
            if more:
                added[row], added_words[row] = len(more), ", ".join(more)
        scale = np.maximum(np.bincount(asked.row, asked.weight, minlength=rows) / _LONG, 1.0)
        columns = [pa.array(shares), *(pa.array(np.array(one) / scale) for one in (missing, added))]
        columns += [pa.array(missing_words, pa.string()), pa.array(added_words, pa.string())]
        return dict(zip(self.columns, columns, strict=True))

    def _opening(self, source: str) -> tuple[str, ...]:
        assert self.dictionary is not None
        return self.dictionary.translations.get(opening(source), ())

    def _in_text(self, text: str, keys: Sequence[Sequence[str]]) -> tuple[list[bool], list[str]]:
        """Translations as parts of a text without spaces; runs of kanji or katakana that none touches."""
        assert self.dictionary is not None
        found = [any(key in text for key in some) for some in keys]
        for some in keys:
            for key in some:
                text = text.replace(key, _FOUND)
        return found, [run for run in RUN.findall(text) if run in self.dictionary.known]

    def _in_stems(self, text: str, keys: Sequence[Sequence[str]]) -> tuple[list[bool], list[str]]:
        """Translations as stems of a text's words; words whose stem is none of them."""
        assert self.dictionary is not None
        stems = {_stem(word): word for word in _hindi.words(text)}
        found = [any(key in stems for key in some) for some in keys]
        asked = {key for some in keys for key in some}
        return found, [
            word for key, word in stems.items() if key in self.dictionary.known and key not in asked
        ]


def opening(source: str) -> str:
    """The first two words of a question under a sign that no word has: they license question words and verbs.

    >>> opening("How many dogs are there?")
    '?how many'
    """
    return "?" + " ".join(source.lower().split(None, 2)[:2])


_stem = cache(_hindi.stem)


@cache
def _dictionary(code: str) -> Dictionary | None:
    file = resources.files("vqa_builder.quality.scorers").joinpath(f"lexical_{code}.tsv.xz")
    if not file.is_file():
        return None
    lines = lzma.decompress(file.read_bytes()).decode("utf-8").split("\n")[1:-1]
    rows = [line.split("\t") for line in lines]
    translations = {lemma: tuple(keys.split(" ")) for lemma, _, keys in rows}
    loose = translations.pop("")
    known = frozenset(key for keys in translations.values() for key in keys) - frozenset(loose)
    return Dictionary(translations, frozenset(lemma for lemma, checked, _ in rows if checked == "1"), known)
