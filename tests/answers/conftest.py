"""Small real rows: a question, and what its annotators answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from vqa_builder import schema
from vqa_builder.answers import senses

Row = tuple[str, dict[str, int]]
MakeExamples = Callable[..., pa.Table]


def assigned(*arguments: Any) -> pa.Table:
    """What ``senses.assign`` says of all rows."""
    return pa.concat_tables(senses.assign(*arguments))


def examples(*rows: Row) -> pa.Table:
    """Rows of the schema of examples; the first answer of each is the winner."""
    records = []
    for number, (question, counts) in enumerate(rows):
        given = [answer for answer, count in counts.items() for _ in range(count)]
        records.append(
            {
                "question_id": number,
                "image_id": number,
                "split": "train",
                "question": question,
                "question_type": None,
                "answer_type": "other",
                "multiple_choice_answer": given[0],
                "answers": [
                    {"answer": answer, "answer_confidence": "yes", "answer_id": place}
                    for place, answer in enumerate(given, 1)
                ],
            }
        )
    return pa.Table.from_pylist(records, schema.examples_schema(pa.int64(), pa.int64()))


@pytest.fixture
def make_examples() -> MakeExamples:
    """Makes examples from questions and counts of answers."""
    return examples


@pytest.fixture
def make_vocabulary() -> Callable[..., pa.Table]:
    """Makes a vocabulary from its answers."""
    return lambda *answers: pa.table(
        [range(len(answers)), list(answers), [None] * len(answers)], schema=schema.VOCABULARY
    )
