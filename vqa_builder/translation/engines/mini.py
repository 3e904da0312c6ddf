"""The embedded default: two small neural translators, out of English and into it, inside the package.

They are there for trying things out, for tests and as a baseline; their README in ``vqa_builder/models`` says
how well they do. Being deterministic and always there, they let the whole job run offline on a laptop.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from vqa_builder.errors import EngineError
from vqa_builder.store import file_hash
from vqa_builder.translation.engines import base, ctranslate2
from vqa_builder.translation.engines.base import Engine, Failure, Page
from vqa_builder.translation.request import Request

MODELS = Path(__file__).parents[2] / "models" / "mini"
SIDES = {"out_of_english": ("en-ja", "en-hi"), "into_english": ("ja-en", "hi-en")}
DIRECTIONS = tuple(direction for side in SIDES.values() for direction in side)
SUMS = "SHA256SUMS"
LICENCE = (
    "CC BY 4.0 (weights trained on Tatoeba CC BY 2.0 FR, JSICK, Pratham Books and VQA v2, OK-VQA, GQA, "
    "TextVQA, VizWiz CC BY 4.0, JEC CC BY 3.0, African Storybook CC BY, Iconclass and TICO-19 CC0)"
)


class MiniOptions(base.Options):
    """What the spec may say.

    Attributes:
        threads: batches at a time; 0 for one per core.
        beam_size: hypotheses that are followed; 1 is the fastest.
    """

    threads: int = Field(0, ge=0)
    beam_size: int = Field(1, ge=1)


class Mini(Engine):
    """The embedded models, int8 on the CPU; rare nouns come from a dictionary.

    Example::

        >>> from vqa_builder.translation.request import Request
        >>> with Mini(Mini.Options()) as mini:
        ...     mini.translate(Request(["How many cows are there?"], "en", "ja"))
        ['牛たちは何頭いますか？']
    """

    name: ClassVar[str] = "mini"
    summary: ClassVar[str] = "small embedded en-ja, en-hi models, both ways: for trials, tests and baselines"
    page: ClassVar[Page] = Page(
        install="pip install vqa-builder",
        limits="256 tokens in, 80 out; no quality for a release",
        output=LICENCE,
        languages="ja, hi",
    )
    takes_terms: ClassVar[bool] = True
    licence = LICENCE
    Options = MiniOptions

    def __init__(self, options: MiniOptions) -> None:
        self.options = options
        self._checked = False
        self._sides = [
            ctranslate2.CTranslate2(side_options(MODELS, side, options.beam_size, threads=options.threads))
            for side in SIDES
        ]

    @cached_property
    def signature(self) -> str:
        """Both models with their dictionaries, decoding and library version."""
        sides = "\n".join(side.signature for side in self._sides)
        parts = {
            "model": MODELS.name,
            "sha": hashlib.sha256(sides.encode()).hexdigest()[:12],
            "beam": self.options.beam_size,
            "compute": "int8",
            "ctranslate2": version("ctranslate2"),
        }
        return "|".join([self.name, *(f"{key}:{value}" for key, value in parts.items())])

    def check_direction(self, source: str, target: str) -> None:
        """Raise ``EngineError`` for anything but English to or from Japanese or Hindi."""
        if f"{source}-{target}" not in DIRECTIONS:
            raise EngineError(
                f"The engine mini cannot translate from {source} to {target}",
                expected=", ".join(DIRECTIONS),
                found=f"{source}-{target}",
                remedy="translate through English, or name another engine under `translate:`",
            )

    def translate(self, request: Request) -> list[str | Failure]:
        """Translate every text; one that is too long, or whose translation is, fails."""
        self.check_direction(request.source, request.target)
        self._check_files()
        return self._sides[request.target == "en"].translate(request)

    def _check_files(self) -> None:
        """Raise ``EngineError`` if a file of the models is not what was measured."""
        if self._checked:
            return
        for line in (MODELS / SUMS).read_text(encoding="utf-8").splitlines():
            expected, name = line.split()
            found = file_hash(MODELS / name) if (MODELS / name).is_file() else "no such file"
            if found != expected:
                raise EngineError(
                    "A file of the engine mini is damaged",
                    where=MODELS / name,
                    expected=f"SHA-256 {expected}",
                    found=found,
                    remedy="install vqa-builder again",
                )
        self._checked = True

    def close(self) -> None:
        """Free the models."""
        for side in self._sides:
            side.close()


def side_options(
    models: Path, side: str, beam_size: int = 1, *, threads: int = 0, slots: bool = True
) -> ctranslate2.CTranslate2Options:
    """How one of the two models is run.

    Args:
        models: the folder of both.
        side: ``out_of_english`` or ``into_english``.
        beam_size: hypotheses that are followed.
        threads: batches at a time; 0 for one per core.
        slots: whether rare words come from the dictionary.
    """
    return ctranslate2.CTranslate2Options(
        model=models / side,
        source_prefix="<2{target}>",
        directions=SIDES[side],
        device="cpu",
        compute_type="int8",
        disable_unk=True,
        use_vmap=True,
        slots=slots,
        no_repeat_ngram_size=4,
        beam_size=beam_size,
        max_input_length=256,
        max_decoding_length=80,
        threads=threads,
        licence=LICENCE,
    )
