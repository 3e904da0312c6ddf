"""The answer vocabulary: a stable list of English answers, each with its label id.

Ids are positions in the list; they are read from a file or made once by the official rule, written into every
release, and never made again by a chance order (papers: Teney et al. 2018; compute_softscore.py of the
bottom-up-attention code keeps answers that win at least nine questions).
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from vqa_builder import named_files, schema
from vqa_builder.batches import Batches
from vqa_builder.errors import SpecError
from vqa_builder.languages.en import normalise_official
from vqa_builder.strict_json import decode

VERSION = "1"
_SHAPES = "a list of answers, {answer: label}, {label: answer}, or a list of the last two"


def from_examples(
    examples: pa.Table | Batches, *, size: int | None = None, min_count: int | None = None
) -> pa.Table:
    """The vocabulary of the training data.

    Args:
        examples: rows with ``split`` and ``multiple_choice_answer``; the split ``train`` counts, or all rows
            with answers where there is none.
        size: keep so many of the most frequent winners.
        min_count: keep the winners of at least so many questions (9 in the published vocabularies).

    Returns:
        A table of schema ``VOCABULARY``, most frequent first, equal counts in the order of their text.
    """
    of_split: dict[str, Counter[str]] = {}
    for piece in Batches.of(examples).read(["split", "multiple_choice_answer"]):
        pairs = piece.group_by(piece.column_names).aggregate([([], "count_all")]).to_pylist()
        for split, winner, count in (row.values() for row in pairs):
            of_split.setdefault(split, Counter())[winner] += count
    given = of_split.get("train") or sum(of_split.values(), Counter())
    counts: Counter[str] = Counter()
    for winner, count in given.items():
        if winner is not None:
            counts[normalised(winner)] += count
    counts.pop("", None)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    if min_count is not None:
        ranked = [item for item in ranked if item[1] >= min_count]
    return _table([answer for answer, _ in ranked[:size]], [count for _, count in ranked[:size]])


@lru_cache(maxsize=1 << 17)
def normalised(answer: str) -> str:
    """An answer as vocabularies list it: the official normaliser, then commas removed.

    >>> normalised("Two cats, and a dog.")
    '2 cats and dog'
    """
    return normalise_official(answer).replace(",", "")


def from_file(path: Path) -> pa.Table:
    """A vocabulary in any of the published shapes.

    Args:
        path: JSON; a list of answers, ``{answer: label}``, ``{label: answer}``, or a list of these two.

    Raises:
        SpecError: another shape, an answer given twice, or labels that are not 0, 1, 2, ... without gaps.
    """
    data = named_files.read_bytes(path, "vocabulary file", expected=_SHAPES)
    try:
        answers = _answers(decode(data.removeprefix(b"\xef\xbb\xbf")), path)
    except ValueError as error:
        raise SpecError(
            "The vocabulary is no JSON file", where=path, expected=_SHAPES, found=error
        ) from error
    seen: dict[str, int] = {}
    for label, answer in enumerate(answers):
        if answer in seen:
            raise SpecError(
                f"The vocabulary lists the answer {answer!r} twice",
                where=f"{path}, labels {seen[answer]}, {label}",
            )
        seen[answer] = label
    return _table(answers, [None] * len(answers))


def _answers(content: Any, path: Path) -> list[str]:
    """The answers in the order of their labels."""
    if isinstance(content, list) and len(content) == 2 and all(isinstance(part, dict) for part in content):
        content = content[0]
    if isinstance(content, list) and all(isinstance(answer, str) for answer in content):
        return content
    if isinstance(content, dict) and all(isinstance(answer, str) for answer in content.values()):
        content = {answer: int(label) if label.isdigit() else label for label, answer in content.items()}
    if not isinstance(content, dict) or not all(isinstance(label, int) for label in content.values()):
        raise SpecError(
            "The vocabulary has an unknown shape", where=path, expected=_SHAPES, found=type(content).__name__
        )
    by_label = {label: answer for answer, label in content.items()}
    if sorted(by_label) != list(range(len(content))):
        gaps = sorted(set(range(len(content))) - set(by_label))[:5]
        raise SpecError(
            "The vocabulary's labels have gaps or repeat",
            where=path,
            expected=f"every label from 0 to {len(content) - 1} once",
            found=f"{len(by_label)} labels from {min(by_label)} to {max(by_label)}; missing: {gaps}",
        )
    return [by_label[label] for label in range(len(by_label))]


def _table(answers: list[str], counts: list[Any]) -> pa.Table:
    return pa.table([list(range(len(answers))), answers, counts], schema=schema.VOCABULARY)
