"""The embedded default: a small neural translator for en-ja, ja-en, en-hi and hi-en inside the package.

It is there for trying things out, for tests and as a baseline; its README in ``vqa_builder/models`` says how
well it does. Being deterministic and always there, it lets the whole job run offline on a laptop.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from vqa_builder.errors import EngineError
from vqa_builder.translation.engines import base, ctranslate2
from vqa_builder.translation.engines.base import Page

MODEL = Path(__file__).parents[2] / "models" / "mini_en_ja_hi"
DIRECTIONS = ("en-ja", "ja-en", "en-hi", "hi-en")
LICENCE = "CC BY 2.0 (weights trained on Tatoeba and Tanaka CC BY 2.0 FR, TICO-19 CC0, VQA v2 CC BY 4.0)"


class MiniOptions(base.Options):
    """What the spec may say.

    Attributes:
        threads: batches at a time; 0 for one per core.
    """

    threads: int = Field(0, ge=0)


class Mini(ctranslate2.CTranslate2):
    """The embedded model, greedy and int8 on the CPU, as its quality was measured.

    Example::

        >>> from vqa_builder.translation.request import Request
        >>> with Mini(Mini.Options()) as mini:
        ...     mini.translate(Request(["How many cows are there?"], "en", "ja"))
        ['牛は何匹いますか？']
    """

    name: ClassVar[str] = "mini"
    summary: ClassVar[str] = "small embedded en-ja, en-hi model, both ways: for trials, tests and baselines"
    page: ClassVar[Page] = Page(
        install="pip install vqa-builder",
        limits="256 tokens in, 80 out; no quality for a release",
        output=LICENCE,
        languages="ja, hi",
    )
    Options = MiniOptions  # type: ignore[assignment]

    def __init__(self, options: MiniOptions) -> None:
        super().__init__(
            ctranslate2.CTranslate2Options(
                model=MODEL,
                source_prefix="<2{target}>",
                directions=DIRECTIONS,
                device="cpu",
                compute_type="int8",
                disable_unk=True,
                max_input_length=256,
                max_decoding_length=80,
                threads=options.threads,
                licence=LICENCE,
            )
        )

    def check_direction(self, source: str, target: str) -> None:
        """Raise ``EngineError`` for anything but English to or from Japanese or Hindi."""
        if f"{source}-{target}" not in DIRECTIONS:
            raise EngineError(
                f"The engine mini cannot translate from {source} to {target}",
                expected=", ".join(DIRECTIONS),
                found=f"{source}-{target}",
                remedy="translate through English, or name another engine under `translate:`",
            )
