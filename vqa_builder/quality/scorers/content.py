"""Content words that source and back-translation share."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.quality.scorers import _english, _ngrams
from vqa_builder.quality.scorers.base import Scorer
from vqa_builder.quality.text import folded


class Content(Scorer):
    """F1 of the content words of the source and of its back-translation.

    Articles, auxiliaries with do-support, prepositions and pronouns do not count, number (dog, dogs) and the
    spelling of colours (gray, grey) neither: a back-translation changes them and keeps the meaning. Where
    neither text has a content word, it is 1.

    Example:
        "Does the man have a red hat?" -> "Has that man red hats?" is 1, -> "Is the woman wearing a red
        hat?" is
        0.57.
    """

    name = "content"
    summary = "F1 of content words of source and back-translation, 0 to 1; 1 is good"
    columns: ClassVar = {"content": pa.float32()}
    needs_back_translation = True

    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """0 for no content word in common, 1 for the same ones."""
        sides = _tokens(folded(pairs["source"]), folded(pairs["back_translation"]))
        matches, source, back = next(_ngrams.shared(sides, 1))
        words = source + back
        overlap = np.divide(2 * matches, words, out=np.ones(len(words)), where=words > 0)
        return {"content": pa.array(overlap, pa.float32())}


def _tokens(source: pa.Array, back: pa.Array) -> list[_ngrams.Tokens]:
    """The content words of both sides, numbered alike; every distinct word is looked at once."""
    words = pc.utf8_split_whitespace(_english.spread(pa.concat_arrays([source, back])))
    encoded = pc.list_flatten(words).dictionary_encode()
    forms = pa.array([_english.content_form(word) for word in encoded.dictionary.to_pylist()], pa.string())
    numbers = pc.fill_null(forms.dictionary_encode().indices, -1).to_numpy(zero_copy_only=False)
    ids = numbers.astype(np.int64)[encoded.indices.to_numpy(zero_copy_only=False)]
    parents = pc.list_parent_indices(words).to_numpy(zero_copy_only=False)[ids >= 0]
    lengths = np.bincount(parents, minlength=2 * len(source)).astype(np.int64)
    parts = np.split(ids[ids >= 0], [lengths[: len(source)].sum()])
    return [_ngrams.Tokens(*one) for one in zip(parts, np.split(lengths, 2), strict=True)]
