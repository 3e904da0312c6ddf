"""Rows that ask the same again, on one image and across splits."""

import pyarrow as pa

from vqa_builder.batches import Batches
from vqa_builder.release.duplicates import repeats

ROWS = [
    ("train", 1, "What color is the cat?", "black", []),
    ("train", 1, "what COLOR is the cat", "black", []),  # same
    ("train", 1, "What colour are the cats?", "black", []),  # near
    ("train", 1, "Is the cat black?", "yes", []),
    ("train", 1, "Isn't the cat black?", "no", []),
    ("train", 2, "What color is the cat?", "white", []),
    ("train", 2, "What color is the cat?", "white", ["copy"]),
    ("validation", 2, "What color is the cat?", "black", []),  # pair of train, and its image
    ("test", 3, "What color is the cat?", None, []),
]


def table(rows: list[tuple[str, int, str, str | None, list[str]]]) -> pa.Table:
    names = ("split", "image_id", "question_en", "multiple_choice_answer_en", "reasons")
    made = dict(zip(names, (list(column) for column in zip(*rows, strict=True)), strict=True))
    kinds = ("string", "int64", "string", "string", pa.list_(pa.string()))
    typed = pa.table(made).cast(pa.schema(list(zip(names, kinds, strict=True))))
    return typed.append_column("question_id", pa.array(range(len(rows))))


def test_what_is_asked_again_is_counted() -> None:
    assert repeats(table(ROWS)).counts == {"same": 1, "near": 1, "shared_images": 1, "shared_pairs": 3}


def test_nothing_is_asked_again() -> None:
    assert set(repeats(table(ROWS[:1])).counts.values()) == {0}
    assert set(repeats(table(ROWS[:1]).slice(0, 0)).counts.values()) == {0}


def test_rows_may_come_in_pieces() -> None:
    rows = table(ROWS)
    pieces = Batches(rows.schema, len(ROWS), lambda columns: (rows.slice(at, 2) for at in range(0, 9, 2)))
    assert repeats(pieces).counts == repeats(rows).counts
    assert repeats(pieces).rows == repeats(rows).rows


def test_every_row_that_repeats_another_is_named_with_it() -> None:
    found = repeats(table(ROWS)).rows.to_pylist()
    assert [tuple(row.values()) for row in found] == [
        ("train", 1, "same", "train", 0),
        ("train", 2, "near", "train", 0),
        ("validation", 7, "pair", "train", 0),
    ]
