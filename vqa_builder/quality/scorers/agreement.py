"""Whether source and back-translation agree in negation, numbers, colours and the kind of question."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pyarrow as pa
from pydantic import BaseModel

from vqa_builder import languages
from vqa_builder.languages.base import Language
from vqa_builder.quality.scorers import _english
from vqa_builder.quality.scorers.base import Scorer
from vqa_builder.quality.scorers.numerals import numbers_in
from vqa_builder.quality.text import folded


class Agreement(Scorer):
    """Four small checks that a lexical score of a whole sentence smooths over, and their mean.

    ``agreement_negation``: both are negated, or neither. ``agreement_number``: the same numbers.
    ``agreement_colour``: the same colours (grey is gray, golden is gold). ``agreement_question``: both ask
    how many, where, who, why, what, what colour, or yes/no; null where the source is no question (an
    answer). Each is 1 or 0; ``agreement`` is the mean of those that are not null.

    Example:
        "How many red cars are there?" -> 赤い車は何台ありますか？ -> "What color is the car?" disagrees in
        colour and
        question: 0.5.
    """

    name = "agreement"
    summary = "share of checks (negation, number, colour, question) that agree, 0 to 1; 1 is good"
    columns: ClassVar = {
        "agreement": pa.float32(),
        "agreement_negation": pa.float32(),
        "agreement_number": pa.float32(),
        "agreement_colour": pa.float32(),
        "agreement_question": pa.float32(),
    }
    needs_back_translation = True

    def __init__(self, language: Language, options: BaseModel | None = None) -> None:
        super().__init__(language, options)
        self.english = languages.get("en")

    @property
    def signature(self) -> str:
        """Names the rules of English, which both texts are in."""
        return f"{self.name}|{self.english.signature}|version:{self.version}"

    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """1 where they agree, 0 where not."""
        source, back = (folded(pairs[name]) for name in ("source", "back_translation"))
        here, there = _english.stated(source), _english.stated(back)
        checks = np.ones((pairs.num_rows, 4), np.float32)
        checks[:, 0] = here.negated == there.negated
        checks[:, 2] = here.colours == there.colours
        checks[:, 3] = np.where(here.asks > 0, here.asks == there.asks, np.nan)
        one, other = (numbers_in(self.english, texts) for texts in (source, back))
        for row in one.keys() | other.keys():
            checks[row, 1] = one.get(row) == other.get(row)
        values = np.column_stack([np.nanmean(checks, axis=1), checks])
        return {
            name: pa.array(values[:, place], pa.float32(), from_pandas=True)
            for place, name in enumerate(self.columns)
        }
