"""What every sense of every label answers: how often, which questions, and of which kinds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.answers.annotator_answers import AnnotatorAnswers, Numbers
from vqa_builder.answers.senses import Rules, head
from vqa_builder.answers.vocabulary import normalised

VERSION = "2"
EXAMPLES = 3
"""Questions that explain a sense."""

HEADS = 5
"""Kinds of question that are kept for a sense."""

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


def find(examples: pa.Table, senses: pa.Table, vocabulary: pa.Table, rules: Rules) -> pa.Table:
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
    annotated = AnnotatorAnswers.of(examples)
    flat = senses["answers"].combine_chunks().flatten().dictionary_encode()
    names: list[str] = flat.dictionary.to_pylist()
    codes = {answer: code for code, answer in enumerate(annotated.answers)}
    meant = flat.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    key = annotated.answer * len(names) + meant if names else annotated.answer
    asked = _per_key(key, annotated.question[annotated.row], annotated.questions)
    written = _per_key(key, annotated.text, pa.array(annotated.texts, pa.string()))
    quoted = senses["answers_copied"].combine_chunks().flatten().is_valid().to_numpy(zero_copy_only=False)
    quotations = Counter(key[quoted].tolist())
    rows = []
    for label, answer in zip(
        vocabulary["label"].to_pylist(), vocabulary["answer_en"].to_pylist(), strict=True
    ):
        code = codes.get(answer, codes.get(normalised(answer)))
        keys = {} if code is None else {name: code * len(names) + at for at, name in enumerate(names)}
        found = {name: asked[of_sense] for name, of_sense in keys.items() if of_sense in asked}
        for sense in _listed(rules, answer, found):
            questions = found.get(sense, [])
            spelled = written.get(keys.get(sense, -1)) or [(answer, 0)]
            heads, weights = _heads(questions)
            rows.append(
                {
                    "label": label,
                    "answer_en": answer,
                    "sense": sense,
                    "spelling": spelled[0][0],
                    "copied": quotations[keys.get(sense, -1)],
                    "support": sum(count for _, count in questions),
                    "examples": [question for question, _ in questions[:EXAMPLES]],
                    "heads": heads,
                    "weights": weights,
                }
            )
    return pa.Table.from_pylist(rows, CONTEXTS)


def _listed(rules: Rules, answer: str, found: Iterable[str]) -> list[str]:
    """The senses of an answer: those of the rules, else those that its questions gave it."""
    if answer in rules:
        return list(dict.fromkeys(rule.sense for rule in rules[answer]))
    return sorted(found) or [""]


def _per_key(key: Numbers, question: Numbers, questions: pa.Array) -> dict[int, list[tuple[str, int]]]:
    """Key -> its questions with their counts, most frequent first, equal counts by their text."""
    rank = pc.rank(questions, sort_keys="ascending", tiebreaker="first").to_numpy().astype(np.int64)
    pairs, counts = np.unique(key * (len(questions) + 1) + question, return_counts=True)
    keys, asked = np.divmod(pairs, len(questions) + 1)
    order = np.lexsort((rank[asked], -counts, keys))
    keys, asked, counts = keys[order], asked[order], counts[order]
    texts = questions.take(pa.array(asked)).to_pylist()
    bounds = np.flatnonzero(np.diff(keys, prepend=-1, append=-1))
    return {
        int(keys[start]): list(zip(texts[start:end], counts[start:end].tolist(), strict=True))
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
