"""Sentence chrF++ of the back-translation against the source, as sacreBLEU defines it."""

from __future__ import annotations

from typing import ClassVar

import pyarrow as pa

from vqa_builder.quality.scorers.chrf import ChrF


class ChrFPlusPlus(ChrF):
    """chrF with word order 2 (Popović 2017): characters up to six and words up to two, 0 to 100.

    Computed over whole batches; tests hold it equal to sacreBLEU's ``CHRF(word_order=2)`` to 1e-9. Against
    ``chrf`` it punishes a wrong word in an otherwise equal sentence more.

    Example:
        "What color is the cat?" -> 猫は何色ですか？ -> "What color is the dog?" is 74.0, and 74.8 by
        ``chrf``.
    """

    name = "chrfpp"
    summary = "chrF++ of the back-translation against the source, 0 to 100; 100 is good"
    columns: ClassVar = {"chrfpp": pa.float32()}
    words: ClassVar[int] = 2
    control: ClassVar[str] = ""
