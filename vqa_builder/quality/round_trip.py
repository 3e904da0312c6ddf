"""Where a round trip may judge: short texts, and a back-translator that brings right translations back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder.quality.text import lengths

LONGEST = 16
"""Words of a source up to which the presets were fitted; longer texts are paraphrased on the way back."""

FEWEST, TRUSTED = 50, 0.5
"""So many translations that are known to be right tell how good a back-translator is, and which share of
them it must keep."""

_FITTED = ("question", "answer", "option")

MOST = 0.8
"""The share of rejected translations from which on a reader should look whether the way back is at fault."""


class Measured(NamedTuple):
    """What a build found out about its round trip.

    Attributes:
        known: translations that are known to be right and came back, such as the phrasebook's.
        kept: those of them that the rules of the round trip would have kept.
        unfitted: texts, turns and sources of more than 16 words, for which no preset was fitted.
        judged: translations of engines that the rules of the round trip judged.
        rejected: those of them that these rules reject.

    >>> Measured(200, 60, 0).trusted, Measured(200, 160, 0).trusted, Measured(3, 0, 0).trusted
    (False, True, True)
    """

    known: int = 0
    kept: int = 0
    unfitted: int = 0
    judged: int = 0
    rejected: int = 0

    @property
    def trusted(self) -> bool:
        """Whether the round trip may judge; where too little is known, it may."""
        return self.known < FEWEST or self.kept >= TRUSTED * self.known

    def told(self) -> Iterator[str]:
        """What a reader of the build's log and of the card must know."""
        if self.known >= FEWEST:
            fate = "so its rules hold" if self.trusted else "too few: no rule of the round trip was applied"
            yield (
                f"The round trip keeps {100 * self.kept / self.known:.0f} % of {self.known:,} translations "
                f"that are known to be right, {fate}."
            )
        if self.judged >= FEWEST and self.rejected >= MOST * self.judged:
            yield (
                f"The round trip rejects {100 * self.rejected / self.judged:.0f} % of {self.judged:,} "
                "translations of engines. If they read well, the back-translator is too weak for them: "
                "`policy: {round_trip: never}` judges without it."
            )
        if self.unfitted:
            yield (
                f"{self.unfitted:,} strings are statements in texts and turns, or have more than {LONGEST} "
                "words: no preset was fitted for them, and no rule of the round trip judged them."
            )


def fitted(segments: pa.Table) -> NDArray[np.bool_]:
    """Which segments are of the kinds and lengths that the presets were fitted on; questions in turns, too.

    >>> texts = ["What is this?", "Sure.", "Is it red?"]
    >>> fitted(pa.table({"role": ["question", "turn", "turn"], "text": texts})).tolist()
    [True, False, True]
    """
    short = pc.is_in(segments["role"], pa.array(_FITTED)).to_numpy()
    if "text" in segments.column_names:
        short = short | pc.ends_with(segments["text"], "?").to_numpy()
    if "text" in segments.column_names:
        short = short & (lengths(segments["text"].combine_chunks(), "word") <= LONGEST)
    return np.asarray(short, bool)
