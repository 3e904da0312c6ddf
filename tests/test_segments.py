"""Unique strings out of rows, and the way back to every row."""

from typing import Any

import pyarrow as pa
from hypothesis import given, settings, strategies as st

from vqa_builder import schema
from vqa_builder.segments import Places, clean, extract, segment_id


def examples(rows: list[tuple[str, list[str] | None, str | None]]) -> pa.Table:
    records: list[dict[str, Any]] = []
    for number, (question, answers, winner) in enumerate(rows):
        given = [{"answer": text, "answer_confidence": "yes", "answer_id": 1} for text in answers or []]
        records.append(
            {
                "question_id": number,
                "image_id": number,
                "split": "train",
                "question": question,
                "multiple_choice_answer": winner,
                "answers": None if answers is None else given,
            },
        )
    return pa.Table.from_pylist(records, schema.examples_schema(pa.int64(), pa.int64()))


def test_each_string_once_with_its_count() -> None:
    table = extract(
        examples(
            [("What is it?", ["cat", " cat"], "cat"), ("What is it? ", ["dog"], "dog"), ("Who?", None, None)]
        )
    )
    assert table.schema == schema.SEGMENTS
    rows = [(row["role"], row["text"], row["count"]) for row in table.to_pylist()]
    assert rows == [
        ("question", "What is it?", 2),
        ("question", "Who?", 1),
        ("answer", "cat", 2),
        ("answer", "dog", 1),
    ]


def test_a_winner_that_nobody_wrote_is_a_segment_too() -> None:
    table = extract(examples([("Who?", ["Cat"], "cat")]))
    assert [(row["text"], row["count"]) for row in table.to_pylist()[1:]] == [("Cat", 1), ("cat", 0)]


def test_ids_depend_on_role_context_and_text_alone() -> None:
    ids = {segment_id("question", "", "a"), segment_id("answer", "", "a"), segment_id("answer", "a", "")}
    assert len(ids) == 3
    assert extract(examples([("a", None, None)]))["segment_id"][0].as_py() == segment_id("question", "", "a")


TEXTS = st.text(st.sampled_from("ab \t\u00a0\u3000猫क"), min_size=1, max_size=4).filter(
    lambda text: text.strip()
)


@given(st.lists(st.tuples(TEXTS, st.lists(TEXTS, max_size=3)), min_size=1, max_size=6))
@settings(max_examples=80, deadline=None)
def test_every_row_finds_its_string_again(rows: list[tuple[str, list[str]]]) -> None:
    table = examples([(question, answers, None) for question, answers in rows])
    segments = extract(table)
    assert len(segments["segment_id"].unique()) == segments.num_rows
    found = segments["text"].take(Places(segments).locate(table["question"], "question"))
    assert found.to_pylist() == clean(table["question"], "question").to_pylist()
    assert found.to_pylist() == [question.strip() for question, _ in rows]
    for _, answers in rows:
        there = pa.array(answers, pa.string())
        found = segments["text"].take(Places(segments).locate(there, "answer"))
        assert found.to_pylist() == [" ".join(answer.split()) for answer in answers]


def test_a_question_keeps_its_lines_and_an_answer_does_not() -> None:
    table = extract(examples([("<image>\nWhat  is it?\n", ["a\n cat"], "a cat")]))
    assert table["text"].to_pylist() == ["<image>\nWhat  is it?", "a cat"]


def test_nulls_are_nowhere() -> None:
    segments = extract(examples([("a", None, None)]))
    assert Places(segments).locate(pa.array([None, "a"], pa.string()), "question").to_pylist() == [None, 0]


def test_an_answer_of_two_senses_is_two_segments() -> None:
    rows = examples(
        [("What color?", ["orange", "orange"], "orange"), ("What fruit?", ["orange", "fig"], "orange")]
    )
    senses = pa.table(
        {
            "winner": ["colour", "fruit"],
            "answers": pa.array([["colour", "colour"], ["fruit", ""]], pa.list_(pa.string())),
            "winner_copied": pa.nulls(2, pa.string()),
            "answers_copied": pa.array([[None, None], [None, None]], pa.list_(pa.string())),
        }
    )
    table = extract(rows, senses)
    found = [(row["text"], row["context"], row["count"]) for row in table.to_pylist()[2:]]
    assert found == [("fig", "", 1), ("orange", "colour", 2), ("orange", "fruit", 1)]
    winners = rows["multiple_choice_answer"]
    assert Places(table).locate(winners, "answer", senses["winner"]).to_pylist() == [3, 4]
    assert Places(table).locate(winners, "answer").to_pylist() == [None, None]


def test_what_is_copied_is_no_segment() -> None:
    rows = examples([("What does it say?", ["stop", "no sign"], "stop"), ("What is it?", ["stop"], "stop")])
    senses = pa.table(
        {
            "winner": ["", ""],
            "answers": pa.array([["", ""], [""]], pa.list_(pa.string())),
            "winner_copied": ["text", None],
            "answers_copied": pa.array([["text", None], [None]], pa.list_(pa.string())),
        }
    )
    answers = [(row["text"], row["count"]) for row in extract(rows, senses).to_pylist()[2:]]
    assert answers == [("no sign", 1), ("stop", 1)]
