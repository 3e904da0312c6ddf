"""Senses: which "orange" an answer means is decided by the question it answers.

``senses.tsv`` names the senses of English homographs with their cues: words of the question first, then
answers that other annotators gave to it; the last sense of an answer has no cues and takes what is left.

Labels that no table translates are split by their own questions: these fall into kinds by their head ("what
color", "what animal", "where", "how"). Kinds that other annotators answer alike are one sense, and kinds that
share no answers are not: "light" beside "dark" and "black" to "what color", beside "lamp" and "fan" to "what
is". The order of joining depends on counts, then on the heads' text, so the same data give the same senses.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
import pyarrow as pa

from vqa_builder.answers.annotator_answers import COLUMNS, AnnotatorAnswers, Numbers
from vqa_builder.answers.vocabulary import normalised
from vqa_builder.arrays import in_lists_like
from vqa_builder.batches import Batches
from vqa_builder.languages._text import table_rows

VERSION = "1"
MIN_SUPPORT = 20
"""Rows that a sense must have to stand for itself."""

MIN_SHARE = 0.15
"""Share of a label's rows that a sense must have to stand for itself."""

ALIKE = 0.1
"""Cosine of the answers beside it from which on two kinds of question are one sense."""

_AUXILIARY = "is|are|was|were|do|does|did|can|could|will|would|should|has|have|had|am|'s"
_AUXILIARIES = frozenset(_AUXILIARY.split("|"))
_KIND_OF = re.compile(
    r"^(?:what|which) (?:kind|type|sort|breed|brand|color|piece|part|species|style)s? of"
    r" (?:a |an |the )?(\w+)"
)
_NOUN = re.compile(rf"^(?:what|which) (?!(?:{_AUXILIARY})\b)(\w+)")
_DOING = re.compile(
    rf"^(?:what|who|where)(?:'s)? (?:{_AUXILIARY})\b.*?\b(\w+ing|made|used|called|say)\b[^?]*\??$"
)
_PLAIN = re.compile(rf"^(what|who|where|when|why|how(?: \w+)?|{_AUXILIARY})\b")


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
    rows = table_rows("senses.tsv", "vqa_builder.answers")
    return grouped(
        SenseRule(row["answer_en"], row["sense"], cues(row["question"]), cues(row["beside"])) for row in rows
    )


def default_sense(answer: str) -> str:
    """The sense of a homograph where no question tells; "" for any other answer.

    >>> default_sense("Orange"), default_sense("cat")
    ('fruit', '')
    """
    rules = known_rules().get(normalised(answer))
    return rules[-1].sense if rules else ""


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


class Looks(Protocol):
    """Tells senses by pictures.

    Attributes:
        always: whether it is asked even where the question tells.
    """

    always: bool

    def __call__(self, answer: str, senses: Sequence[str], rows: Numbers, /) -> Numbers:
        """For each of some rows the place of the sense that its picture shows, -1 where it does not tell."""


def assign(
    examples: pa.Table | Batches,
    rules: Rules,
    unsettled: Iterable[str] = (),
    copied: Callable[[pa.Table], pa.Table] | None = None,
    look_at: Callable[[pa.Table], Looks | None] | None = None,
) -> Iterator[pa.Table]:
    """The sense in which every row's answers are meant.

    Args:
        examples: the source's rows.
        rules: the senses of homographs.
        unsettled: labels without rules whose questions may split them.
        copied: finds which answers of some rows are copied, as ``modes.decide``; None if none is.
        look_at: gives what tells senses by the pictures of some rows where no cue does; None for nothing.

    Yields:
        Tables of the pieces' lengths: ``winner``, the sense of the most frequent answer, and ``answers``, a
        list with the sense of each annotator's answer; "" for an answer of one sense, null where the
        examples have none. Beside them the columns of ``copied``.

    Example: "What color is the car?" answered by ``orange`` gives ``colour``, "What fruit is this?" gives
    ``fruit``.
    """
    examples = Batches.of(examples)
    splits = split_by_questions(examples, [answer for answer in unsettled if answer not in rules])
    for piece in examples.read(None if look_at else COLUMNS):
        yield _assigned(piece, rules, splits, copied, look_at(piece) if look_at else None)


def _assigned(
    examples: pa.Table,
    rules: Rules,
    splits: Mapping[str, Mapping[str, str]],
    copied: Callable[[pa.Table], pa.Table] | None,
    look: Looks | None,
) -> pa.Table:
    annotated = AnnotatorAnswers.of(examples)
    numbers, names = annotated.book.answers, [""]
    winner, answers = np.zeros(len(annotated.winner), np.int64), np.zeros(len(annotated.answer), np.int64)
    codes = {numbers[answer]: answer for answer in (*rules, *splits) if answer in numbers}
    for code, rows, flat, won in _occurrences(annotated, list(codes)):
        answer = codes[code]
        if answer in rules:
            senses, chosen = _by_rules(annotated, rules[answer], rows, look)
        else:
            senses, chosen = _by_heads(annotated, splits[answer], rows)
        chosen = chosen + len(names)
        names += senses
        answers[flat] = chosen[np.searchsorted(rows, annotated.row[flat])]
        winner[won] = chosen[np.searchsorted(rows, won)]
    known = pa.array(names)
    lists = examples["answers"].combine_chunks()
    quoted = copied(examples) if copied else None
    nothing = pa.nulls(len(annotated.winner), pa.string())
    return pa.table(
        {
            "winner": known.take(pa.array(winner, mask=annotated.winner < 0)),
            "answers": in_lists_like(known.take(pa.array(answers)), lists),
            "winner_copied": quoted["winner_copied"] if quoted else nothing,
            "answers_copied": quoted["answers_copied"]
            if quoted
            else in_lists_like(pa.nulls(len(annotated.answer), pa.string()), lists),
        }
    )


@lru_cache(maxsize=1 << 16)
def head(question: str) -> str:
    """What a question asks for, in one or two words.

    >>> head("What kind of animal is this?"), head("What is the man wearing?"), head("Where is the cat?")
    ('animal', 'wearing', 'where')
    """
    asked = question.lower()
    for pattern in (_KIND_OF, _NOUN, _DOING, _PLAIN):
        if found := pattern.search(asked):
            word = found[1]
            return "whether" if word in _AUXILIARIES else word
    return "what"


def split_by_questions(examples: pa.Table | Batches, answers: Iterable[str]) -> dict[str, dict[str, str]]:
    """The senses of some answers, by the heads of their questions.

    Args:
        examples: the source's rows.
        answers: normalised, as vocabularies list them.

    Returns:
        Answer -> head -> sense, "" -> the sense of all other heads; only answers of more than one sense.
    """
    answers = set(answers)
    counts: dict[str, Counter[str]] = {answer: Counter() for answer in answers}
    beside: dict[str, dict[str, Counter[str]]] = {answer: {} for answer in answers}
    for annotated in AnnotatorAnswers.pieces(examples) if answers else ():
        texts = list(annotated.book.answers)
        heads = np.array([head(text) for text in annotated.questions.to_pylist()], object)
        codes = [annotated.book.answers[answer] for answer in answers & annotated.book.answers.keys()]
        for code, rows, _, _ in _occurrences(annotated, codes):
            counts[texts[code]].update(heads[annotated.question[rows]])
            starts = np.searchsorted(annotated.row, [rows, rows + 1])
            lengths = starts[1] - starts[0]
            flat = np.repeat(starts[0] - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
            pairs = annotated.question[np.repeat(rows, lengths)] * len(texts) + annotated.answer[flat]
            pairs, times = np.unique(pairs[annotated.answer[flat] != code], return_counts=True)
            for pair, number in zip(pairs.tolist(), times.tolist(), strict=True):
                place, other = divmod(pair, len(texts))
                beside[texts[code]].setdefault(heads[place], Counter())[texts[other]] += number
    found = {answer: _large_groups(counts[answer], beside[answer]) for answer in answers}
    return {answer: groups for answer, groups in found.items() if groups}


def _large_groups(counts: Counter[str], beside: Mapping[str, Counter[str]]) -> dict[str, str]:
    """Head -> the head that leads its sense, "" -> the first sense; nothing where there is one sense."""
    rows = counts.total()
    if rows < 2 * MIN_SUPPORT:
        return {}
    ranked = sorted(counts, key=lambda name: (-counts[name], name))
    groups = _groups_of_heads(ranked, {name: beside.get(name, Counter()) for name in ranked})
    large = [
        group for group in groups if sum(counts[name] for name in group) >= max(MIN_SUPPORT, MIN_SHARE * rows)
    ]
    if len(large) < 2:
        return {}
    return {"": large[0][0]} | {name: group[0] for group in large for name in group}


def _occurrences(
    annotated: AnnotatorAnswers, codes: list[int]
) -> Iterable[tuple[int, Numbers, Numbers, Numbers]]:
    """For each answer that occurs: its rows, its places among all answers, the rows that it wins."""
    wanted = np.zeros(len(annotated.book.answers) + 1, bool)
    wanted[codes] = True
    flat = np.flatnonzero(wanted[annotated.answer])
    flat = flat[np.argsort(annotated.answer[flat], kind="stable")]
    won = np.flatnonzero(wanted[annotated.winner])
    won = won[np.argsort(annotated.winner[won], kind="stable")]
    for code in sorted(codes):
        here = flat[slice(*np.searchsorted(annotated.answer[flat], [code, code + 1]))]
        wins = won[slice(*np.searchsorted(annotated.winner[won], [code, code + 1]))]
        yield code, np.union1d(annotated.row[here], wins), here, wins


def _by_rules(
    annotated: AnnotatorAnswers, rules: tuple[SenseRule, ...], rows: Numbers, look: Looks | None
) -> tuple[list[str], Numbers]:
    """The senses' names, and for each row which of them.

    Cues of the question come before answers beside, and those before the picture.
    """
    chosen = np.full(len(rows), -1)
    for at, rule in enumerate(rules):
        if rule.question:
            chosen[(chosen < 0) & annotated.asking(rule.pattern, rows)] = at
    for at, rule in enumerate(rules):
        if rule.beside:
            chosen[(chosen < 0) & annotated.rows_with(set(rule.beside))[rows]] = at
    senses = [rule.sense for rule in rules]
    if look is not None and len(senses) > 1:
        asked = np.flatnonzero((chosen < 0) | look.always)
        shown = look(rules[0].answer_en, senses, rows[asked])
        chosen[asked] = np.where(shown >= 0, shown, chosen[asked])
    chosen[chosen < 0] = len(rules) - 1
    return senses, chosen


def _by_heads(
    annotated: AnnotatorAnswers, senses: Mapping[str, str], rows: Numbers
) -> tuple[list[str], Numbers]:
    """The senses' names, and for each row which of them."""
    names = list(dict.fromkeys(senses.values()))
    texts = annotated.questions.take(pa.array(annotated.question[rows])).to_pylist()
    return names, np.array([names.index(senses.get(head(text), senses[""])) for text in texts], np.int64)


def _groups_of_heads(ranked: list[str], beside: dict[str, Counter[str]]) -> list[list[str]]:
    """Heads in groups whose answers beside are alike; the most frequent head leads its group."""
    groups: list[list[str]] = []
    sums: list[Counter[str]] = []
    for name in ranked:
        likeness = [_cosine(beside[name], total) for total in sums]
        best = max(range(len(groups)), key=likeness.__getitem__, default=-1)
        if best >= 0 and likeness[best] >= ALIKE:
            groups[best].append(name)
            sums[best] = sums[best] + beside[name]
        else:
            groups.append([name])
            sums.append(beside[name])
    return groups


def _cosine(one: Counter[str], other: Counter[str]) -> float:
    product = sum(count * other[code] for code, count in one.items())
    lengths = np.sqrt(sum(n * n for n in one.values())) * np.sqrt(sum(n * n for n in other.values()))
    return product / lengths if lengths else 0.0
