"""The embedded default: three small neural translators, into Japanese, Hindi and English, inside the package.

They are there for trying things out, for tests and as a baseline; their README in ``vqa_builder/models`` says
how well they do. Being deterministic and always there, they let the whole job run offline on a laptop.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from vqa_builder.errors import EngineError
from vqa_builder.store import file_hash
from vqa_builder.translation.engines import base, ctranslate2
from vqa_builder.translation.engines.base import EngineInParts, Failure, Page, Parts
from vqa_builder.translation.engines.ctranslate2 import Candidate
from vqa_builder.translation.request import Request

MODELS = Path(__file__).parents[2] / "models" / "mini"
SIDES = {"into_japanese": ("en-ja",), "into_hindi": ("en-hi",), "into_english": ("ja-en", "hi-en")}
DIRECTIONS = {direction: side for side, directions in SIDES.items() for direction in directions}
BACK = "into_english"
BACK_WEIGHT, MARGIN = 0.5, 0.15
"""What the way back counts beside the way there, and how much less likely a candidate may be than the first:
measured on held-out questions, none of them among those that the tables report."""

SUMS = "SHA256SUMS"
LICENCE = (
    "CC BY 4.0 (weights trained on Tatoeba CC BY 2.0 FR, JSICK, Pratham Books and VQA v2, OK-VQA, GQA, "
    "TextVQA, VizWiz CC BY 4.0, JEC CC BY 3.0, African Storybook CC BY, Iconclass and TICO-19 CC0)"
)


class MiniOptions(base.Options):
    """What the spec may say.

    Attributes:
        threads: batches at a time; 0 for one per core.
        beam_size: hypotheses that are followed out of English, to take the one from which the way back finds
            the source the likeliest; 1 takes the likeliest piece every time, which is the fastest.
    """

    threads: int = Field(0, ge=0)
    beam_size: int = Field(4, ge=1)


class Mini(EngineInParts):
    """The embedded models, int8 on the CPU; rare nouns come from a dictionary.

    Example::

        >>> from vqa_builder.translation.request import Request
        >>> with Mini(Mini.Options()) as mini:
        ...     mini.translate(Request(["How many cows are there?"], "en", "ja"))
        ['牛は何頭いますか？']
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

    def __init__(self, options: MiniOptions, models: Path | None = None) -> None:
        self.options, self.models = options, models or MODELS
        self._checked = False
        self._sides = {
            side: ctranslate2.CTranslate2(
                side_options(
                    self.models, side, 1 if side == BACK else options.beam_size, threads=options.threads
                )
            )
            for side in SIDES
        }

    @cached_property
    def signature(self) -> str:
        """The models with their dictionaries, decoding and library version."""
        sides = "\n".join(side.signature for side in self._sides.values())
        parts = {
            "model": self.models.name,
            "sha": hashlib.sha256(sides.encode()).hexdigest()[:12],
            "beam": self.options.beam_size,
            "back": f"{BACK_WEIGHT}/{MARGIN}",
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

    def translate_in_parts(self, request: Request) -> Parts:
        """Translate every text; one that is too long, or whose translation is, fails."""
        self.check_direction(request.source, request.target)
        self._check_files()
        return ctranslate2.in_parts(request, self._begin)

    def _begin(self, request: Request) -> Callable[[], list[str | Failure]]:
        side = DIRECTIONS[request.direction]
        if side == BACK or self.options.beam_size == 1:
            return self._sides[side].begin(request)
        found = self._sides[side].begin_candidates(request, self.options.beam_size)
        return lambda: chosen(found(), request, self._sides[BACK])

    def _check_files(self) -> None:
        """Raise ``EngineError`` if a file of the models is not what was measured."""
        if self._checked:
            return
        for line in (self.models / SUMS).read_text(encoding="utf-8").splitlines():
            expected, name = line.split()
            found = file_hash(self.models / name) if (self.models / name).is_file() else "no such file"
            if found != expected:
                raise EngineError(
                    "A file of the engine mini is damaged",
                    where=self.models / name,
                    expected=f"SHA-256 {expected}",
                    found=found,
                    remedy="install vqa-builder again",
                )
        self._checked = True

    def close(self) -> None:
        """Free the models."""
        for side in self._sides.values():
            side.close()


def chosen(
    found: Sequence[list[Candidate] | Failure], request: Request, back: ctranslate2.CTranslate2
) -> list[str | Failure]:
    """Of the candidates for each text the one that is likely, and from which its source is.

    Source: Yee et al., Simple and Effective Noisy Channel Modeling for Neural Machine Translation (EMNLP
    2019).

    Args:
        found: for each text of the request.
        request: out of English.
        back: into English.
    """
    pairs = [
        (at, candidate)
        for at, some in enumerate(found)
        if not isinstance(some, Failure) and len(some) > 1 and some[1].score > some[0].score - MARGIN
        for candidate in some
        if candidate.score > some[0].score - MARGIN
    ]
    there = Request([candidate.text for _, candidate in pairs], request.target, request.source)
    likely = back.log_probabilities(there, [request.texts[at] for at, _ in pairs])
    results = [some if isinstance(some, Failure) else some[0].text for some in found]
    best: dict[int, float] = {}
    for (at, candidate), returns in zip(pairs, likely, strict=True):
        total = candidate.score + BACK_WEIGHT * returns if returns is not None else -math.inf
        if total > best.get(at, -math.inf):
            best[at], results[at] = total, candidate.text
    return results


def side_options(
    models: Path, side: str, beam_size: int = 1, *, threads: int = 0
) -> ctranslate2.CTranslate2Options:
    """How one of the models is run.

    Args:
        models: the folder of all.
        side: one of ``SIDES``.
        beam_size: hypotheses that are followed.
        threads: batches at a time; 0 for one per core.
    """
    return ctranslate2.CTranslate2Options(
        model=models / side,
        source_prefix="<2{target}>",
        directions=SIDES[side],
        device="cpu",
        compute_type="int8",
        disable_unk=True,
        use_vmap=True,
        slots=True,
        no_repeat_ngram_size=4,
        beam_size=beam_size,
        max_input_length=256,
        max_decoding_length=80,
        threads=threads,
        licence=LICENCE,
    )
