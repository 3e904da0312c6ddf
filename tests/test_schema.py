"""The content hash is the same for the same content, whatever holds it, and another for anything else."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings, strategies as st

from vqa_builder import schema
from vqa_builder.schema import content_hash

ROWS = pa.schema(
    [
        ("id", pa.int64()),
        ("question", pa.string()),
        ("score", pa.float32()),
        ("keep", pa.bool_()),
        ("answers", pa.list_(schema.ANSWER)),
    ],
)
TEXT = st.none() | st.sampled_from(["", "a", "猫は何色ですか？", "बिल्ली"]) | st.text(max_size=5)
ANSWERS = st.fixed_dictionaries(
    {"answer": TEXT, "answer_confidence": TEXT, "answer_id": st.none() | st.integers(0, 10)}
)
ROW = st.fixed_dictionaries(
    {
        "id": st.none() | st.integers(-(2**40), 2**40),
        "question": TEXT,
        "score": st.none() | st.floats(width=32, allow_nan=False),
        "keep": st.none() | st.booleans(),
        "answers": st.none() | st.lists(st.none() | ANSWERS, max_size=3),
    },
)
TABLES = st.lists(ROW, max_size=6)


def table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=ROWS)


@given(TABLES, TABLES, TABLES)
@settings(max_examples=60, deadline=None)
def test_chunks_and_slices_do_not_count(before: list[Any], rows: list[Any], after: list[Any]) -> None:
    sliced = table(before + rows + after).slice(len(before), len(rows))
    chunked = pa.concat_tables([table(rows[:1]), table(rows[1:])])
    assert content_hash(sliced) == content_hash(chunked) == content_hash(table(rows))


@given(TABLES, TABLES)
@settings(max_examples=100, deadline=None)
def test_different_rows_hash_differently(one: list[Any], other: list[Any]) -> None:
    same = table(one).equals(table(other))
    assert (content_hash(table(one)) == content_hash(table(other))) == same


def test_encodings_and_files_do_not_count(tmp_path: Path) -> None:
    plain = pa.table({"question": ["猫", None, "猫"]})
    pq.write_table(plain, tmp_path / "a.parquet", compression="zstd")
    assert content_hash(pq.read_table(tmp_path / "a.parquet")) == content_hash(plain)
    encoded = plain.set_column(0, "question", plain["question"].dictionary_encode())
    large = plain.cast(pa.schema([("question", pa.large_string())]))
    assert content_hash(encoded) == content_hash(large) == content_hash(plain)


def test_names_types_and_order_count() -> None:
    hashes = {
        content_hash(pa.table({"a": pa.array([1, 2], pa.int64())})),
        content_hash(pa.table({"b": pa.array([1, 2], pa.int64())})),
        content_hash(pa.table({"a": pa.array([1, 2], pa.int32())})),
        content_hash(pa.table({"a": pa.array([2, 1], pa.int64())})),
        content_hash(pa.table({"a": ["1", "2"]})),
        content_hash(pa.table({"a": ["12", ""]})),
    }
    assert len(hashes) == 6


def test_columns_have_hashes_of_their_own_and_bytes_count() -> None:
    table = pa.table({"a": ["猫", None], "image": pa.array([b"\x00", b"\x01"])})
    whole, columns = schema.content_hashes(table)
    assert whole == schema.content_hash(table)
    assert [*columns] == ["a", "image"]
    other = table.set_column(1, "image", pa.array([b"\x00", b"\x02"]))
    assert schema.content_hashes(other)[1]["a"] == columns["a"]
    assert schema.content_hashes(other)[1]["image"] != columns["image"]
    large = table.set_column(1, "image", table["image"].cast(pa.large_binary()))
    assert schema.content_hash(large) == whole
