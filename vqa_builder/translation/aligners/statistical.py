"""Links by statistics of the release's own questions; nothing to install or to download."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from pydantic import Field

from vqa_builder import schema
from vqa_builder.translation.aligners import _model_one, _words, base

LONGEST = 100


class Statistical(base.Aligner):
    """IBM model 1 of both directions, trained to agree on all question pairs of the build.

    Some 20,000 pairs a second; links are as good as the questions are many (``recipes/alignment`` has the
    error rates). It knows no word order: a word that a question has twice mostly stays without links.
    What it learns depends on all pairs, so that one changed translation can change links of other rows.

    Example:
        "What color is the bus?" and バスは何色ですか？ give What-何, color-色, bus-バス, ?-？.
    """

    class Options(base.Options):
        """Options of ``statistical``.

        Attributes:
            rounds: of training.
            empty: how likely a word has no partner, before it is seen.
            threshold: the product of both directions' posteriors from which a link is made.
        """

        rounds: int = Field(5, ge=1, le=50)
        empty: float = Field(0.2, gt=0, lt=1)
        threshold: float = Field(0.3, gt=0, lt=1)

    name = "statistical"
    summary = "IBM model 1 in both directions, trained to agree on the build's own questions"

    @property
    def signature(self) -> str:
        """The model, its options and the version of the words."""
        options = self.options
        return (
            f"model1-agreement|rounds:{options.rounds}|empty:{options.empty}|threshold:{options.threshold}"
            f"|version:1|words:{_words.VERSION}|{self.language.signature}"
        )

    def align(self, sources: Sequence[Sequence[str]], targets: Sequence[Sequence[str]]) -> pa.ListArray:
        """Train on all pairs, and link them; sentences of more than 100 words get no links."""
        source, target = _model_one.make_side(sources), _model_one.make_side(targets)
        cells = _model_one.make_cells(source, target, LONGEST)
        agreed = _model_one.agreed_posteriors(source, target, cells, self.options.rounds, self.options.empty)
        linked = np.flatnonzero(agreed >= self.options.threshold)
        pair = np.repeat(np.arange(len(targets)), target.lengths)[cells.target[linked]]
        links = pa.StructArray.from_arrays(
            [
                pa.array((cells.source[linked] - source.starts[pair]).astype(np.int32)),
                pa.array((cells.target[linked] - target.starts[pair]).astype(np.int32)),
            ],
            fields=list(schema.TOKEN_PAIR),
        )
        ends = np.bincount(pair, minlength=len(targets)).cumsum()
        return pa.ListArray.from_arrays(pa.array(np.concatenate([[0], ends]).astype(np.int32)), links)
