"""Links by statistics of the release's own questions; nothing to install or to download.

IBM model 1 in both directions, trained to agree, over all pairs of words at once.

Model 1 (Brown, Della Pietra, Della Pietra and Mercer, Computational Linguistics 19, 1993, section 4.1; the
share ``empty`` of the empty word is that of Dyer, Chahuneau and Smith, NAACL 2013, equation 1): of a target
word f_j beside the source words e_1 .. e_I,

    p(i | j)    = (1 - empty) / I * t(f_j | e_i) / Z_j
    p(none | j) = empty * t(f_j | none) / Z_j

and the same from target to source. Both posteriors of a link are multiplied before they are counted (Liang,
Taskar and Klein, Alignment by agreement, NAACL 2006, section 4), which keeps rare words from drawing in
everything beside them. All sums are ``bincount``, in the order of the corpus: the same pairs give the same
bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field

from vqa_builder import schema
from vqa_builder.translation.aligners import _words, base

LONGEST = 100
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
TINY = 1e-12


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
        source, target = make_side(sources), make_side(targets)
        cells = make_cells(source, target, LONGEST)
        agreed = agreed_posteriors(source, target, cells, self.options.rounds, self.options.empty)
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


@dataclass(frozen=True)
class Side:
    """One side of all sentence pairs.

    Attributes:
        words: the number of each token in the vocabulary of its language.
        marks: per word of the vocabulary, whether it is punctuation.
        lengths: tokens per sentence.
        starts: the place of each sentence's first token.
    """

    words: Ints
    marks: NDArray[np.bool_]
    lengths: Ints
    starts: Ints


@dataclass(frozen=True)
class Cells:
    """Every pair of a source and a target token of the same sentence pair.

    Attributes:
        source, target: places of the tokens in their sides.
        entry: the number of the two words in the word table.
        source_of, target_of: the words of each entry.
        linkable: per entry; a word and a punctuation mark are never linked.
    """

    source: Ints
    target: Ints
    entry: Ints
    source_of: Ints
    target_of: Ints
    linkable: NDArray[np.bool_]


def make_side(sentences: Sequence[Sequence[str]]) -> Side:
    """Number the words of all sentences, without case."""
    numbers: dict[str, int] = {}
    words = [numbers.setdefault(word.lower(), len(numbers)) for words in sentences for word in words]
    lengths = np.array([len(words) for words in sentences], np.int64)
    marks = np.array([not any(sign.isalnum() for sign in word) for word in numbers], bool)
    return Side(np.array(words, np.int64), marks, lengths, lengths.cumsum() - lengths)


def make_cells(source: Side, target: Side, longest: int) -> Cells:
    """Pair the tokens; a sentence pair with a side of more than ``longest`` tokens has no cells."""
    short = (source.lengths <= longest) & (target.lengths <= longest)
    pair = np.repeat(np.arange(len(target.lengths)), target.lengths)
    beside = np.where(short, source.lengths, 0)[pair]
    target_at = np.repeat(np.arange(len(pair)), beside)
    first = beside.cumsum() - beside
    source_at = source.starts[pair[target_at]] + np.arange(len(target_at)) - first[target_at]
    size = max(len(source.marks), 1)
    keys, entry = np.unique(target.words[target_at] * size + source.words[source_at], return_inverse=True)
    source_of, target_of = keys % size, keys // size
    linkable = source.marks[source_of] == target.marks[target_of]
    return Cells(source_at, target_at, entry, source_of, target_of, linkable)


def agreed_posteriors(source: Side, target: Side, cells: Cells, rounds: int, empty: float) -> Floats:
    """The product of both directions' posteriors of every cell, after ``rounds`` of training.

    Args:
        source, target, cells: the sentence pairs.
        rounds: of expectation and maximisation.
        empty: how likely a word is made by none, before it is seen; 0 to 1.
    """
    forth = _Direction(cells.source_of, target, cells.target, cells, empty)
    back = _Direction(cells.target_of, source, cells.source, cells, empty)
    for _ in range(rounds):
        agreed = forth.posteriors() * back.posteriors()
        counts: Floats = np.bincount(cells.entry, weights=agreed, minlength=len(cells.source_of)).astype(
            float
        )
        forth.update(counts, agreed)
        back.update(counts, agreed)
    return forth.posteriors() * back.posteriors()


class _Direction:
    """One direction: ``given`` words make words of the side ``made``, whose tokens stand ``at`` the cells."""

    def __init__(self, given: Ints, made: Side, at: Ints, cells: Cells, empty: float) -> None:
        self.given, self.made, self.at, self.cells, self.empty = given, made, at, cells, empty
        self.sizes = max(int(given.max(initial=0)) + 1, 1), len(made.marks)
        self.table = np.where(cells.linkable, 1.0, 0.0) / max(len(made.marks), 1)
        self.of_none = np.full(len(made.marks), 1.0 / max(len(made.marks), 1))
        beside = np.bincount(at, minlength=len(made.words))
        self.share = (1 - empty) / np.maximum(beside, 1)

    def posteriors(self) -> Floats:
        """p(i | j) of every cell."""
        emitted = self.table[self.cells.entry] * self.share[self.at]
        total = self._per_token(emitted) + self.empty * self.of_none[self.made.words]
        found: Floats = emitted / np.maximum(total, TINY**3)[self.at]
        return found

    def update(self, counts: Floats, agreed: Floats) -> None:
        """New probabilities from expected counts of entries, and of tokens that nothing is linked with."""
        per_word = np.bincount(self.given, weights=counts, minlength=self.sizes[0])
        self.table = counts / np.maximum(per_word, TINY)[self.given]
        alone = np.maximum(1 - self._per_token(agreed), 0)
        of_none = np.bincount(self.made.words, weights=alone, minlength=self.sizes[1])
        self.of_none = np.maximum(of_none / max(float(of_none.sum()), TINY), TINY)

    def _per_token(self, values: Floats) -> NDArray[Any]:
        return np.bincount(self.at, weights=values, minlength=len(self.made.words))
