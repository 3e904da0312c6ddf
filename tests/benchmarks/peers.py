"""What peers do with pairs of strings, run by ``python -m tests.benchmarks`` where they are installed.

    python peers.py opusfilter|datatrove < pairs.json

Imports nothing of vqa_builder; prints the CPU seconds of the work, imports left out.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from typing import Any


def opusfilter(source: list[str], translation: list[str]) -> float:
    """Lengths, their ratio, scripts and numerals."""
    from opusfilter.filters import (  # type: ignore[import-not-found]
        CharacterScoreFilter,
        LengthFilter,
        LengthRatioFilter,
        NonZeroNumeralsFilter,
    )

    filters = [
        LengthFilter(min_length=1, max_length=500, unit="char"),
        LengthRatioFilter(threshold=4, unit="char"),
        CharacterScoreFilter(scripts=["Latin", "Han"], thresholds=[0.5, 0.1]),
        NonZeroNumeralsFilter(threshold=0.5),
    ]
    began = time.process_time()
    for each in filters:
        for _ in each.score(list(pair) for pair in zip(source, translation, strict=True)):
            pass
    return time.process_time() - began


def datatrove(source: list[str], translation: list[str]) -> float:
    """Documents to Parquet, compressed as ours."""
    from datatrove.data import Document  # type: ignore[import-not-found]
    from datatrove.pipeline.writers import ParquetWriter  # type: ignore[import-not-found]

    rows = list(zip(source, translation, strict=True))
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        documents = (
            Document(text=text, id=str(at), metadata={"source": english})
            for at, (english, text) in enumerate(rows)
        )
        for _ in ParquetWriter(folder, compression="zstd").run(documents):
            pass
        return time.process_time() - began


if __name__ == "__main__":
    work: Any = {"opusfilter": opusfilter, "datatrove": datatrove}[sys.argv[1]]
    print(work(**json.load(sys.stdin)))
