"""The annotators' answers of all rows as flat arrays of small numbers, for counting without a loop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder.answers.vocabulary import normalised
from vqa_builder.segments import clean

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class AnnotatorAnswers:
    """What was asked and answered.

    Attributes:
        answers: distinct answers, normalised as vocabularies list them.
        texts: distinct answers as the source has them.
        row: for each annotator's answer, its row; ascending.
        answer: for each annotator's answer, its place in ``answers``.
        text: for each annotator's answer, its place in ``texts``.
        winner: for each row, the place of its most frequent answer; -1 where there is none.
        questions: distinct questions.
        question: for each row, the place of its question.
    """

    answers: list[str]
    texts: list[str]
    row: Numbers
    answer: Numbers
    text: Numbers
    winner: Numbers
    questions: pa.Array
    question: Numbers

    @classmethod
    def of(cls, examples: pa.Table) -> AnnotatorAnswers:
        """The answers of a table of examples."""
        lists = examples["answers"].combine_chunks()
        flat = pc.struct_field(lists.flatten(), "answer")
        winners = examples["multiple_choice_answer"].combine_chunks()
        both = clean(pa.concat_arrays([flat, winners])).dictionary_encode()
        places: dict[str, int] = {}
        texts: list[str] = both.dictionary.to_pylist()
        of_text = [places.setdefault(normalised(text), len(places)) for text in texts]
        places_of_texts = pc.fill_null(both.indices, len(texts)).to_numpy(zero_copy_only=False)
        codes = np.array([*of_text, -1], np.int64)[places_of_texts]
        questions = clean(examples["question"].combine_chunks()).dictionary_encode()
        return cls(
            answers=list(places),
            texts=texts,
            row=pc.list_parent_indices(lists).to_numpy().astype(np.int64),
            answer=codes[: len(flat)],
            text=places_of_texts[: len(flat)].astype(np.int64),
            winner=codes[len(flat) :],
            questions=questions.dictionary,
            question=questions.indices.to_numpy(zero_copy_only=False).astype(np.int64),
        )

    def rows_with(self, answers: set[str]) -> Flags:
        """For each row, whether an annotator gave one of some answers."""
        wanted = np.array([answer in answers for answer in self.answers], bool)
        found = np.zeros(len(self.question), bool)
        if wanted.any():
            found[self.row[wanted[self.answer]]] = True
        return found

    def asking(self, pattern: str, rows: Numbers) -> Flags:
        """For each of some rows, whether its question matches a pattern (RE2, without case)."""
        asked, back = np.unique(self.question[rows], return_inverse=True)
        texts = self.questions.take(pa.array(asked))
        hits = pc.match_substring_regex(texts, pattern, ignore_case=True)
        found: Flags = hits.to_numpy(zero_copy_only=False).astype(bool)[back]
        return found
