"""What every sense of every label answers: how often, which questions, and of which kinds."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.answers.annotator_answers import AnnotatorAnswers, Codebook, Tally
from vqa_builder.answers.senses import Rules, head
from vqa_builder.answers.vocabulary import normalised
from vqa_builder.batches import Batches

VERSION = "2"
EXAMPLES = 3
"""Questions that explain a sense."""

HEADS = 5
"""Kinds of question that are kept for a sense."""

_HALF, _LOW = 32, (1 << 32) - 1
"""Two numbers stand in the halves of one."""

CONTEXTS = pa.schema(
    [
        ("label", pa.int32()),
        ("answer_en", pa.string()),
        ("sense", pa.string()),
        ("spelling", pa.string()),
        ("support", pa.int64()),
        ("copied", pa.int64()),
        ("examples", pa.list_(pa.string())),
        ("heads", pa.list_(pa.string())),
        ("weights", pa.list_(pa.float32())),
    ],
)


def find(
    examples: pa.Table | Batches, senses: pa.Table | Batches, vocabulary: pa.Table, rules: Rules
) -> pa.Table:
    """One row per label and sense, by label, then by the order of the senses.

    Args:
        examples: the source's rows.
        senses: what ``senses.assign`` made of them.
        vocabulary: a table of schema ``VOCABULARY``.
        rules: the senses of homographs; each is listed, given or not.

    Returns:
        ``spelling`` is how the source most often writes the answer, ``support`` counts annotators' answers
        and ``copied`` those of them that are quotations, ``examples`` are the most frequent questions,
        ``heads`` the most frequent kinds of question, and ``weights`` their shares of all.
    """
    labels = dict(zip(vocabulary["label"].to_pylist(), vocabulary["answer_en"].to_pylist(), strict=True))
    counted = _Counted.of(examples, senses, {*labels.values(), *map(normalised, labels.values())})
    asked = _per_key(counted.asked, list(counted.book.questions))
    written = _per_key(counted.written, list(counted.book.texts))
    quotations = dict(zip(*(numbers.tolist() for numbers in counted.quoted.counts()), strict=True))
    rows = []
    for label, answer in labels.items():
        numbers = counted.book.answers
        keys = counted.keys.get(numbers.get(answer, numbers.get(normalised(answer), -1)), {})
        for sense in _listed(rules, answer, keys):
            key = keys.get(sense, -1)
            questions = asked.get(key, [])
            spelled = written.get(key) or [(answer, 0)]
            heads, weights = _heads(questions)
            rows.append(
                {
                    "label": label,
                    "answer_en": answer,
                    "sense": sense,
                    "spelling": spelled[0][0],
                    "copied": quotations.get(key, 0),
                    "support": sum(count for _, count in questions),
                    "examples": [question for question, _ in questions[:EXAMPLES]],
                    "heads": heads,
                    "weights": weights,
                }
            )
    return pa.Table.from_pylist(rows, CONTEXTS)


@dataclass
class _Counted:
    """What was counted of labels in their senses; each pair of them has a key.

    Attributes:
        book: the texts behind numbers.
        keys: number of an answer -> sense -> key.
        asked, written: how often each key stood with each question, and was written in each text.
        quoted: how often each key was a quotation.
    """

    book: Codebook = field(default_factory=Codebook)
    keys: dict[int, dict[str, int]] = field(default_factory=dict)
    asked: Tally = field(default_factory=Tally)
    written: Tally = field(default_factory=Tally)
    quoted: Tally = field(default_factory=Tally)

    @classmethod
    def of(cls, examples: pa.Table | Batches, senses: pa.Table | Batches, answers: set[str]) -> _Counted:
        """Counts of some normalised answers."""
        counted, keys = cls(), itertools.count()
        for annotated, piece in zip(
            AnnotatorAnswers.pieces(examples), Batches.of(senses).read(), strict=True
        ):
            counted.book = annotated.book
            numbers = [annotated.book.answers[each] for each in answers if each in annotated.book.answers]
            chosen = np.flatnonzero(np.isin(annotated.answer, numbers))
            meant = piece["answers"].combine_chunks().flatten().dictionary_encode()
            names = meant.dictionary.to_pylist()
            sense = meant.indices.to_numpy(zero_copy_only=False).astype(np.int64)[chosen]
            pairs, back = np.unique((annotated.answer[chosen] << _HALF) + sense, return_inverse=True)
            for answer, at in zip((pairs >> _HALF).tolist(), (pairs & _LOW).tolist(), strict=True):
                of_answer = counted.keys.setdefault(answer, {})
                if names[at] not in of_answer:
                    of_answer[names[at]] = next(keys)
            key = np.array(
                [counted.keys[pair >> _HALF][names[pair & _LOW]] for pair in pairs.tolist()], np.int64
            )[back]
            copied = piece["answers_copied"].combine_chunks().flatten().is_valid()
            questions = annotated.question_codes()[annotated.row[chosen]]
            counted.asked.add((key << _HALF) + questions)
            counted.written.add((key << _HALF) + annotated.text[chosen])
            counted.quoted.add(key[copied.to_numpy(zero_copy_only=False)[chosen]])
        return counted


def _listed(rules: Rules, answer: str, found: Iterable[str]) -> list[str]:
    """The senses of an answer: those of the rules, else those that its questions gave it."""
    if answer in rules:
        return list(dict.fromkeys(rule.sense for rule in rules[answer]))
    return sorted(found) or [""]


def _per_key(tally: Tally, texts: list[str]) -> dict[int, list[tuple[str, int]]]:
    """Key -> its texts with their counts, most frequent first, equal counts by their text."""
    every = pa.array(texts, pa.string())
    rank = pc.rank(every, sort_keys="ascending", tiebreaker="first").to_numpy().astype(np.int64)
    pairs, counts = tally.counts()
    keys, places = pairs >> _HALF, pairs & _LOW
    order = np.lexsort((rank[places], -counts, keys))
    keys, places, counts = keys[order], places[order], counts[order]
    found = every.take(pa.array(places)).to_pylist()
    bounds = np.flatnonzero(np.diff(keys, prepend=-1, append=-1))
    return {
        int(keys[start]): list(zip(found[start:end], counts[start:end].tolist(), strict=True))
        for start, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)
    }


def _heads(questions: list[tuple[str, int]]) -> tuple[list[str], list[float]]:
    counts: dict[str, int] = {}
    for question, count in questions:
        name = head(question)
        counts[name] = counts.get(name, 0) + count
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    total = sum(counts.values())
    kept = ranked[:HEADS]
    return [name for name, _ in kept], [count / total for _, count in kept]
