"""Batches of questions in a target language, each with the teacher's states where both mean the same.

Positions that carry loss (cViL, ``get_align``): [CLS]; every region; the first [SEP] and the pieces of object
tags, which are English for both; and the English words mixed into the question.
"""

from __future__ import annotations

import warnings
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from recipes.cvil.codemix import Mixable, all_mixable, mix
from recipes.cvil.config import Distillation
from recipes.cvil.states import Layout, States
from recipes.lib.data import Batch, QuestionBatches, Questions, Ragged, Rows
from recipes.lib.features import FeatureStore

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

UNMATCHED = -1


@dataclass(frozen=True)
class Tokenizers:
    """Of the student and of the teacher; they may be the same."""

    student: PreTrainedTokenizerBase
    teacher: PreTrainedTokenizerBase

    def same_pieces(self, text: str) -> bool:
        """Whether both cut a word alike."""
        return bool(self.student.tokenize(text) == self.teacher.tokenize(text))


class Parallel:
    """The two hooks of :class:`recipes.lib.data.QuestionBatches` that make distillation batches.

    Adds to a batch: ``matched`` (M,) int64, the positions of the student that carry loss, counted through its
    B x (T + R); and what the teacher says there: ``teacher`` (L, M, H) and ``teacher_logits`` (B, labels) of
    kept states, or what ``states.asked`` makes these of.

    Args:
        questions: with alignments.
        tokenizers: of both sides.
        states: of the teacher, for these questions among others.
        features: whose tags both sides read.
        settings: which positions carry loss, and how many words are mixed.
        tags: as for the batches.
    """

    def __init__(
        self,
        questions: Questions,
        tokenizers: Tokenizers,
        states: States,
        features: FeatureStore,
        settings: Distillation,
        tags: int,
    ) -> None:
        self.tokenizers, self.states, self.settings = tokenizers, states, settings
        self.teacher_rows = states.rows(questions.question_id)
        self.mixables = _with_same_pieces(all_mixable(questions), tokenizers) if settings.mixed else []
        if self.mixables and not any(each.candidates for each in self.mixables):
            warnings.warn(
                f"No word of the {len(questions):,} questions can be mixed: none is aligned, or the"
                " tokenizers cut every English word differently. Build the release with `align`, or set"
                " distillation.mixed to 0.",
                stacklevel=2,
            )
        self.sources = _teacher_spans(self.mixables, questions, tokenizers.teacher)
        self.tag_matches = _tag_matches(questions, features, tokenizers, tags)

    def augment(self, rows: Rows, random: np.random.Generator) -> tuple[list[list[int]], Batch]:
        """Mix words in anew, and note which pieces of student and teacher they are: ``mixed`` (B, K, 2)."""
        drawn = [mix(self.mixables[row], self.settings.mixed, random) for row in rows]
        encoded = self.tokenizers.student(
            [each.text for each in drawn], add_special_tokens=False, return_offsets_mapping=True
        )
        pairs = [
            [pair for own, english in each.spans for pair in _pair(offsets, own, self.sources[row][english])]
            for row, each, offsets in zip(rows, drawn, encoded["offset_mapping"], strict=True)
        ]
        mixed = np.full((len(rows), max(map(len, pairs), default=0), 2), UNMATCHED, np.int64)
        for place, found in enumerate(pairs):
            mixed[place, : len(found)] = np.array(found, np.int64).reshape(-1, 2)
        return encoded["input_ids"], {"mixed": torch.from_numpy(mixed)}

    def collate(self, batch: Batch, rows: Rows, _: np.random.Generator) -> Batch:
        """Match positions and fetch the teacher's states."""
        mixed = batch.pop("mixed").numpy() if "mixed" in batch else np.zeros((len(rows), 0, 2), np.int64)
        layout, own = self.states.look_up(self.teacher_rows[rows])
        places = self._places(batch, rows, layout, mixed).ravel()
        matched = np.flatnonzero(places != UNMATCHED)
        batch["matched"] = torch.from_numpy(matched)
        return {**batch, **own, **self.states.gather(places[matched])}

    def _places(self, batch: Batch, rows: Rows, layout: Layout, mixed: NDArray[Any]) -> NDArray[np.int64]:
        """(B, T + R): where the teacher's state for each position of the student lies, or UNMATCHED."""
        settings = self.settings
        mask = batch["attention_mask"].numpy().astype(bool)
        length = mask.sum(1)
        own = (mask & (batch["token_type_ids"].numpy() == 0)).sum(1) - 2
        (start, theirs, total, slots), text = layout, mask.shape[1]
        real = batch["region_mask"].numpy()
        places = np.full((len(rows), text + real.shape[1]), UNMATCHED, np.int64)
        everyone = np.arange(len(rows))
        if settings.cls:
            places[:, 0] = start
        if settings.tags:
            places[everyone, own + 1] = start + theirs + 1
            matches = self.tag_matches.take(rows)
            row = np.repeat(everyone, matches.lengths)
            student, other = np.divmod(matches.flat, _SPREAD)
            student, other = own[row] + 2 + student, theirs[row] + 2 + other
            inside = (student < length[row]) & (other < total[row])
            row, student, other = row[inside], student[inside], other[inside]
            places[row, student] = start[row] + other
        if mixed.shape[1]:
            student, other = mixed[..., 0] + 1, mixed[..., 1] + 1
            inside = (mixed[..., 0] >= 0) & (student <= own[:, None]) & (other <= theirs[:, None])
            row = np.broadcast_to(everyone[:, None], inside.shape)[inside]
            places[row, student[inside]] = start[row] + other[inside]
        if settings.regions:
            places[:, text:] = np.where(real, slots[:, None] + np.arange(real.shape[1]), UNMATCHED)
        return places


def distillation_batches(
    questions: Questions, parallel: Parallel, features: FeatureStore, **options: Any
) -> QuestionBatches:
    """Batches with the hooks of ``parallel``; ``options`` are those of ``QuestionBatches``."""
    return QuestionBatches(
        questions,
        parallel.tokenizers.student,
        features,
        augment=parallel.augment if parallel.mixables else None,
        collate=parallel.collate,
        **options,
    )


_SPREAD = 1 << 16


def _with_same_pieces(mixables: list[Mixable], tokenizers: Tokenizers) -> list[Mixable]:
    """Only candidates whose English word both tokenizers cut alike."""
    known = {each.english for question in mixables for each in question.candidates}
    same = {word for word in known if tokenizers.same_pieces(word)}
    return [
        Mixable(
            each.text,
            each.words,
            [found for found in each.candidates if found.english in same],
            each.spaceless,
        )
        for each in mixables
    ]


def _teacher_spans(
    mixables: list[Mixable], questions: Questions, tokenizer: PreTrainedTokenizerBase
) -> list[dict[tuple[int, int], range]]:
    """Per question: the span of a candidate in the English text -> the teacher's pieces of it."""
    if not mixables:
        return []
    encoded = tokenizer(questions.text_en, add_special_tokens=False, return_offsets_mapping=True)
    return [
        {found.span: _inside(offsets, found.span) for found in question.candidates}
        for question, offsets in zip(mixables, encoded["offset_mapping"], strict=True)
    ]


def _inside(offsets: list[tuple[int, int]], span: tuple[int, int]) -> range:
    """The pieces that lie in a span of characters."""
    first = last = bisect_left(offsets, (span[0],))
    while last < len(offsets) and offsets[last][1] <= span[1]:
        last += 1
    return range(first, last)


def _pair(offsets: list[tuple[int, int]], own: tuple[int, int], source: range) -> list[tuple[int, int]]:
    """Student piece and teacher piece of a mixed word; nothing where their numbers differ."""
    pieces = _inside(offsets, own)
    return list(zip(pieces, source, strict=True)) if len(pieces) == len(source) else []


def _tag_matches(questions: Questions, features: FeatureStore, tokenizers: Tokenizers, count: int) -> Ragged:
    """Per question: the pieces of tags that both tokenizers share, as student x SPREAD + teacher."""
    rows = features.rows(questions.image_id)
    pieces = cache(lambda tag: (tokenizers.student.tokenize(tag), tokenizers.teacher.tokenize(tag)))
    of_image = {row: _matching(map(pieces, features.tags(row)[:count])) for row in set(rows.tolist())}
    return Ragged.of([of_image[row] for row in rows.tolist()], np.int64)


def _matching(tags: Iterable[tuple[list[str], list[str]]]) -> list[int]:
    """Tag by tag, so that one that is cut differently does not derail the rest."""
    matches, student, teacher = [], 0, 0
    for own, other in tags:
        if own == other:
            matches += [(student + piece) * _SPREAD + teacher + piece for piece in range(len(own))]
        student, teacher = student + len(own), teacher + len(other)
    return matches
