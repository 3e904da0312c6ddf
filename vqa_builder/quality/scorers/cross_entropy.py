"""How unusual a translation is put, by a small n-gram model of questions in its language."""

from __future__ import annotations

from typing import ClassVar

import pyarrow as pa
from pydantic import BaseModel

from vqa_builder.languages.base import Language
from vqa_builder.quality.scorers._ngram_model import model
from vqa_builder.quality.scorers.base import Scorer


class CrossEntropy(Scorer):
    """Bits per unit that a translation costs under a model of how questions about pictures are put.

    The model counts n-grams of forms in the phrasebook's 46,000 questions: hiragana in Japanese, where runs
    of kanji, katakana, Latin letters and digits count as one sign each; frequent words in Hindi, where others
    count by their endings. So it says nothing of what is asked, and sees a sentence that nobody would write
    though each of its words is right, as 食べ物はおいですか？. Choosing text by its cross-entropy under a
    model of the wanted kind is the means of Moore and Lewis (2010), Intelligent selection of language model
    training data. Questions put in another style than the phrasebook's are unusual, too: alone it is no
    verdict, and the presets ask only that what is unusual come back from the round trip the better.

    Null for languages without a model.

    Example:
        "Is the food good?" -> "食べ物はおいしいですか？" is 0.8, -> "食べ物はおいですか？" is 1.9.
    """

    name = "cross_entropy"
    summary = "bits per unit under a model of how questions are put; 0 is good"
    columns: ClassVar = {"cross_entropy": pa.float32()}
    roles = ("question",)
    good: ClassVar = "low"
    partial: ClassVar[bool] = True

    def __init__(self, language: Language, options: BaseModel | None = None) -> None:
        super().__init__(language, options)
        self.model = model(language.code)

    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """From 0; some 1.2 bits are usual, more than 2.5 rare."""
        if self.model is None:
            return {"cross_entropy": pa.nulls(pairs.num_rows, pa.float32())}
        return {"cross_entropy": pa.array(self.model.bits(pairs["translation"]), pa.float32())}
