"""Whether source and back-translation agree in negation, numbers, colours and the kind of question."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel

from vqa_builder import languages
from vqa_builder.languages.base import Language
from vqa_builder.quality.scorers import _english
from vqa_builder.quality.scorers._content_words import meaning
from vqa_builder.quality.scorers._dictionary import dictionary
from vqa_builder.quality.scorers._english_forms import lemma
from vqa_builder.quality.scorers.base import Scorer
from vqa_builder.quality.scorers.numerals import numbers_in
from vqa_builder.quality.text import folded

_PLACES = "on|in|under|at|behind|above|below|near|inside|beside|over"
_WHAT_IS = r"(?i)^what(?: \w+)? (?:is|are|was|were) "
_ASKED_FOR = rf"{_WHAT_IS}(?:(?:the|this|that|these|his|her) )?(?:\w+ ){{1,3}}(?:{_PLACES})\s*\??$"
_GIVEN = rf"{_WHAT_IS}(?:{_PLACES}) "
"""RE2 for questions after a place ("What is the train on?") and about a place ("What is on the train?")."""


class Agreement(Scorer):
    """Five small checks that a lexical score of a whole sentence smooths over, and their mean.

    ``agreement_negation``: both are negated, or neither. ``agreement_number``: the same numbers.
    ``agreement_colour``: the same colours (grey is gray, golden is gold) of the same things; a colour that a
    dictionary finds in the translation, or does not find there, is a fault of the way back (see ``content``).
    ``agreement_question``: both ask how many, of how many kinds, where, who, why, with what, what, what
    colour, or yes/no; null where the source is no question (an answer). ``agreement_place``: "What is on the
    train?" is not "What is the train on?"; null where neither form is there. Each is 1 or 0; ``agreement``
    is the mean of those that are not null.

    Example:
        "How many red cars are there?" -> 赤い車は何台ありますか？ -> "What color is the car?" disagrees in
        colour and
        question: 0.5.
    """

    name = "agreement"
    summary = "share of checks (negation, number, colour, question, place) that agree, 0 to 1; 1 is good"
    bounds: ClassVar = (0.0, 1.0)
    columns: ClassVar = {
        "agreement": pa.float32(),
        "agreement_negation": pa.float32(),
        "agreement_number": pa.float32(),
        "agreement_colour": pa.float32(),
        "agreement_question": pa.float32(),
        "agreement_place": pa.float32(),
    }
    needs_back_translation = True
    version: ClassVar[str] = "4"

    def __init__(self, language: Language, options: BaseModel | None = None) -> None:
        super().__init__(language, options)
        self.english = languages.get("en")
        self.dictionary = dictionary(language.code)

    @property
    def signature(self) -> str:
        """Names the rules of English, which both texts are in."""
        return f"{self.name}|{self.english.signature}|version:{self.version}"

    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """1 where they agree, 0 where not."""
        source, back = (folded(pairs[name]) for name in ("source", "back_translation"))
        here, there = _english.stated(source), _english.stated(back)
        checks = np.ones((pairs.num_rows, 5), np.float32)
        checks[:, 0] = here.negated == there.negated
        for row in here.coloured.keys() | there.coloured.keys():
            text = pairs["translation"][row].as_py()
            checks[row, 2] = self._colours_agree(
                here.coloured.get(row, {}), there.coloured.get(row, {}), text
            )
        checks[:, 3] = np.where(here.asks > 0, here.asks == there.asks, np.nan)
        checks[:, 4] = _places_agree(source, back)
        one, other = (numbers_in(self.english, texts) for texts in (source, back))
        for row in one.keys() | other.keys():
            checks[row, 1] = set(one.get(row, ())) == set(other.get(row, ()))
        values = np.column_stack([np.nanmean(checks, axis=1), checks])
        return {
            name: pa.array(values[:, place], pa.float32(), from_pandas=True)
            for place, name in enumerate(self.columns)
        }

    def _colours_agree(self, here: dict[str, str], there: dict[str, str], translation: str) -> bool:
        """Whether two texts name the same colours, and each of the same thing where a thing follows it."""
        for colour in here.keys() & there.keys():
            one, other = meaning(here[colour]), meaning(there[colour])
            if one and other and one.weight == other.weight == 1 and one.lemma != other.lemma:
                return False
        for colour in here.keys() ^ there.keys():
            stands = self.dictionary and self.dictionary.stands(lemma(colour), translation)
            if stands is None or stands != (colour in here):
                return False
        return True


def _places_agree(source: pa.Array, back: pa.Array) -> np.ndarray:
    """1 where both ask after a place or both about one, 0 where they differ, NaN for other questions."""
    kinds = []
    for texts in (source, back):
        asked, given = (
            pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)
            for pattern in (_ASKED_FOR, _GIVEN)
        )
        kinds.append(np.where(asked, 1, np.where(given, 2, 0)))
    return np.where((kinds[0] > 0) & (kinds[1] > 0), kinds[0] == kinds[1], np.nan)
