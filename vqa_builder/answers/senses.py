"""Senses: which "orange" an answer means is decided by the question it answers.

``senses.tsv`` names the senses of English homographs with their cues: words of the question first, then
answers that other annotators gave to it; the last sense of an answer has no cues and takes what is left.
Labels that no table translates are split by their own questions (see ``clusters``).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa

from vqa_builder.answers.annotator_answers import AnnotatorAnswers, Numbers
from vqa_builder.answers.clusters import split

VERSION = "1"


class SenseRule(NamedTuple):
    """One sense of an answer and what points to it.

    Attributes:
        answer_en: the answer, normalised.
        sense: a short name, the same in all languages ("colour", "fruit").
        question: words and phrases of the question (RE2); none for the sense that takes what is left.
        beside: answers of other annotators to the same question.
    """

    answer_en: str
    sense: str
    question: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()

    @property
    def pattern(self) -> str:
        """The cues of the question as one pattern of whole words."""
        return rf"\b(?:{'|'.join(self.question)})\b"


Rules: TypeAlias = Mapping[str, tuple[SenseRule, ...]]


@cache
def known_rules() -> Rules:
    """Answer -> its senses, from ``senses.tsv``.

    >>> [rule.sense for rule in known_rules()["orange"]]
    ['colour', 'fruit']
    """
    text = resources.files("vqa_builder.answers").joinpath("senses.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    return grouped(
        SenseRule(row["answer_en"], row["sense"], cues(row["question"]), cues(row["beside"])) for row in rows
    )


def grouped(rules: Iterable[SenseRule]) -> Rules:
    """Rules by their answer, in the order given."""
    found: dict[str, tuple[SenseRule, ...]] = {}
    for rule in rules:
        found[rule.answer_en] = (*found.get(rule.answer_en, ()), rule)
    return found


def cues(cell: str) -> tuple[str, ...]:
    """The cues in a cell of a table.

    >>> cues("where; city")
    ('where', 'city')
    """
    return tuple(cue.strip() for cue in cell.split(";") if cue.strip())


def assign(examples: pa.Table, rules: Rules, unsettled: Iterable[str] = ()) -> pa.Table:
    """The sense in which every row's answers are meant.

    Args:
        examples: the source's rows.
        rules: the senses of homographs.
        unsettled: labels without rules whose questions may split them.

    Returns:
        A table of ``examples``' length: ``winner``, the sense of the most frequent answer, and ``answers``, a
        list with the sense of each annotator's answer; "" for an answer of one sense, null where the
        examples have none.

    Example: "What color is the car?" answered by ``orange`` gives ``colour``, "What fruit is this?"
        ``fruit``.
    """
    given = AnnotatorAnswers.of(examples)
    place = {answer: code for code, answer in enumerate(given.answers)}
    names = [""]
    winner, answers = np.zeros(len(given.winner), np.int64), np.zeros(len(given.answer), np.int64)
    ruled = [(place[answer], rules[answer]) for answer in rules if answer in place]
    split_by_questions = [place[answer] for answer in unsettled if answer in place and answer not in rules]
    for code, rows, flat, won in _occurrences(given, [code for code, _ in ruled] + split_by_questions):
        if given.answers[code] in rules:
            senses, chosen = _by_rules(given, rules[given.answers[code]], rows)
        else:
            senses, chosen = split(given, code, rows)
        chosen = chosen + len(names)
        names += senses
        answers[flat] = chosen[np.searchsorted(rows, given.row[flat])]
        winner[won] = chosen[np.searchsorted(rows, won)]
    known = pa.array(names)
    lists = examples["answers"].combine_chunks()
    return pa.table(
        {
            "winner": known.take(pa.array(winner, mask=given.winner < 0)),
            "answers": _lists(known.take(pa.array(answers)), lists),
        }
    )


def _occurrences(
    given: AnnotatorAnswers, codes: list[int]
) -> Iterable[tuple[int, Numbers, Numbers, Numbers]]:
    """For each answer that occurs: its rows, its places among all answers, the rows that it wins."""
    wanted = np.zeros(len(given.answers) + 1, bool)
    wanted[codes] = True
    flat = np.flatnonzero(wanted[given.answer])
    flat = flat[np.argsort(given.answer[flat], kind="stable")]
    won = np.flatnonzero(wanted[given.winner])
    won = won[np.argsort(given.winner[won], kind="stable")]
    for code in sorted(codes):
        here = flat[slice(*np.searchsorted(given.answer[flat], [code, code + 1]))]
        wins = won[slice(*np.searchsorted(given.winner[won], [code, code + 1]))]
        yield code, np.union1d(given.row[here], wins), here, wins


def _by_rules(
    given: AnnotatorAnswers, rules: tuple[SenseRule, ...], rows: Numbers
) -> tuple[list[str], Numbers]:
    """The senses' names, and for each row which of them; cues of the question come before answers beside."""
    chosen = np.full(len(rows), -1)
    for at, rule in enumerate(rules):
        if rule.question:
            chosen[(chosen < 0) & given.asking(rule.pattern, rows)] = at
    for at, rule in enumerate(rules):
        if rule.beside:
            chosen[(chosen < 0) & given.rows_with(set(rule.beside))[rows]] = at
    chosen[chosen < 0] = len(rules) - 1
    return [rule.sense for rule in rules], chosen


def _lists(values: pa.Array, like: pa.ListArray) -> pa.ListArray:
    """Values in lists of the same lengths as others; null where those are."""
    lengths = like.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
    return pa.ListArray.from_arrays(offsets, values, mask=like.is_null())
