"""Whether the translation of a question is written as a question."""

from __future__ import annotations

import re
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.quality.scorers.base import Scorer
from vqa_builder.quality.text import folded, per_unique

_OPENS = re.compile(r"(?i)(?:what|which|who|whose|where|when|why|how|is|are|do|does|did|can)\b")


class QuestionForm(Scorer):
    """1 for a translation that ends and reads as a question, 0.5 for one of both, 0 for a statement.

    The end is the language's question mark, or in Japanese か too; what reads as a question is its question
    words and particles (何, か, の？; क्या, किस, कितने). A language whose file names none is judged by its
    end alone. Null where the source is no question ("Describe the image.").

    Example:
        "What color is the cat?" -> "猫は何色ですか？" is 1, -> "猫は何色です。" is 0.5, -> "猫は黒いです。"
        is 0.
    """

    name = "question_form"
    summary = "whether a question is written as one, 0, 0.5 or 1, null for others; 1 is good"
    bounds: ClassVar = (0.0, 1.0)
    partial: ClassVar[bool] = True
    columns: ClassVar = {"question_form": pa.float32()}
    roles = ("question",)

    def measure(self, pairs: pa.Table) -> dict[str, pa.Array]:
        """0, 0.5 or 1."""
        texts = pc.utf8_trim_whitespace(folded(pairs["translation"]))
        texts = pc.replace_substring_regex(texts, r"[\"'”’」』)\s]+$", "")
        ends = _floats(pc.match_substring_regex(texts, self.language.question_end))
        reads = ends
        if self.language.question_words:
            reads = _floats(pc.match_substring_regex(texts, self.language.question_words))
        asks = np.array(per_unique(_asks, folded(pairs["source"])), dtype=bool)
        return {"question_form": pa.array((ends + reads) / 2, pa.float32(), mask=~asks)}


def _asks(source: str) -> bool:
    bare = source.rstrip(" \"'")
    return bare.endswith("?") or (not bare.endswith((".", "!")) and bool(_OPENS.match(bare)))


def _floats(values: pa.Array) -> np.ndarray:
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.float32)
