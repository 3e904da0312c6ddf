"""The annotators' answers as flat arrays of small numbers, piece by piece, for counting without a loop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder.answers.vocabulary import normalised
from vqa_builder.batches import Batches
from vqa_builder.segments import clean

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]
COLUMNS = ["question", "answers", "multiple_choice_answer"]


@dataclass
class Codebook:
    """The numbers of all texts that were met so far.

    Attributes:
        answers: distinct answers, normalised as vocabularies list them -> their number.
        texts: distinct answers as the source has them -> their number.
        questions: distinct questions -> their number.
        of_text: the number in ``answers`` of each of ``texts``.
    """

    answers: dict[str, int] = field(default_factory=dict)
    texts: dict[str, int] = field(default_factory=dict)
    questions: dict[str, int] = field(default_factory=dict)
    of_text: list[int] = field(default_factory=list)

    def code_answers(self, texts: list[str]) -> tuple[Numbers, Numbers]:
        """The numbers of some texts, and of the answers that they are."""
        for text in texts:
            if text not in self.texts:
                self.texts[text] = len(self.texts)
                self.of_text.append(self.answers.setdefault(normalised(text), len(self.answers)))
        codes = np.array([self.texts[text] for text in texts], np.int64)
        return codes, np.array([self.of_text[code] for code in codes], np.int64)


@dataclass(frozen=True)
class AnnotatorAnswers:
    """What was asked and answered in some rows.

    Attributes:
        book: the texts behind the numbers.
        row: for each annotator's answer, its row; ascending.
        answer: for each annotator's answer, its number in ``book.answers``.
        text: for each annotator's answer, its number in ``book.texts``.
        winner: for each row, the number of its most frequent answer; -1 where there is none.
        questions: distinct questions of these rows.
        question: for each row, the place of its question in ``questions``.
    """

    book: Codebook
    row: Numbers
    answer: Numbers
    text: Numbers
    winner: Numbers
    questions: pa.Array
    question: Numbers

    @classmethod
    def pieces(cls, examples: pa.Table | Batches) -> Iterator[AnnotatorAnswers]:
        """The answers of examples, piece by piece, with one book."""
        book = Codebook()
        for piece in Batches.of(examples).read(COLUMNS):
            yield cls.of(piece, book)

    @classmethod
    def of(cls, examples: pa.Table, book: Codebook | None = None) -> AnnotatorAnswers:
        """The answers of a table of examples."""
        book = book or Codebook()
        lists = examples["answers"].combine_chunks()
        flat = pc.struct_field(lists.flatten(), "answer")
        winners = examples["multiple_choice_answer"].combine_chunks()
        both = clean(pa.concat_arrays([flat, winners])).dictionary_encode()
        texts, answers = book.code_answers(both.dictionary.to_pylist())
        places = pc.fill_null(both.indices, len(texts)).to_numpy(zero_copy_only=False)
        codes = np.append(answers, -1)[places]
        questions = clean(examples["question"].combine_chunks()).dictionary_encode()
        return cls(
            book=book,
            row=pc.list_parent_indices(lists).to_numpy().astype(np.int64),
            answer=codes[: len(flat)],
            text=np.append(texts, -1)[places[: len(flat)]],
            winner=codes[len(flat) :],
            questions=questions.dictionary,
            question=questions.indices.to_numpy(zero_copy_only=False).astype(np.int64),
        )

    def question_codes(self) -> Numbers:
        """For each row, the number of its question in ``book.questions``."""
        numbers = self.book.questions
        of_place = [numbers.setdefault(text, len(numbers)) for text in self.questions.to_pylist()]
        return np.array(of_place, np.int64)[self.question]

    def rows_with(self, answers: Iterable[str]) -> Flags:
        """For each row, whether an annotator gave one of some answers."""
        wanted = [self.book.answers[answer] for answer in answers if answer in self.book.answers]
        is_wanted = np.zeros(len(self.book.answers) + 1, bool)  # the last one for -1
        is_wanted[wanted] = True
        found = np.zeros(len(self.question), bool)
        found[self.row[is_wanted[self.answer]]] = True
        return found

    def asking(self, pattern: str, rows: Numbers) -> Flags:
        """For each of some rows, whether its question matches a pattern (RE2, without case)."""
        asked, back = np.unique(self.question[rows], return_inverse=True)
        texts = self.questions.take(pa.array(asked))
        hits = pc.match_substring_regex(texts, pattern, ignore_case=True)
        found: Flags = hits.to_numpy(zero_copy_only=False).astype(bool)[back]
        return found


class Tally:
    """Counts of numbers, united whenever what was added has doubled."""

    def __init__(self) -> None:
        self._keys: list[Numbers] = []
        self._counts: list[Numbers] = []
        self._united = 0

    def add(self, keys: Numbers) -> None:
        """Count some numbers."""
        distinct, counts = np.unique(keys, return_counts=True)
        self._keys.append(distinct)
        self._counts.append(counts.astype(np.int64))
        if sum(map(len, self._keys)) > 2 * self._united + 100_000:
            self._united = len(self.counts()[0])

    def counts(self) -> tuple[Numbers, Numbers]:
        """The distinct numbers, ascending, and how often each was added."""
        keys, back = np.unique(np.concatenate([*self._keys, np.zeros(0, np.int64)]), return_inverse=True)
        summed = np.zeros(len(keys), np.int64)
        np.add.at(summed, back, np.concatenate([*self._counts, np.zeros(0, np.int64)]))
        self._keys, self._counts = [keys], [summed]
        return keys, summed
