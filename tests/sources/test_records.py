"""The source records: every format gives the same rows, and what is wrong is named by file, row and path."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings, strategies as st

from vqa_builder.errors import SourceError
from vqa_builder.sources import _nested_json as nested
from vqa_builder.sources.base import BadRecord
from vqa_builder.sources.records import Records, RecordsOptions

TALKS: list[dict[str, Any]] = [
    {
        "id": "000000033471",
        "image": "coco/train2017/000000033471.jpg",
        "conversations": [
            {"from": "human", "value": "<image>\nWhat are the colors of the bus?"},
            {"from": "gpt", "value": "The bus is white and red."},
        ],
    },
    {"id": "2", "image": None, "conversations": [{"from": "human", "value": "Is it “new”?\n- yes\n- no"}]},
    {"id": "3", "conversations": [], "image": "x.jpg"},
]
FIELDS = {"conversations[*].value": "turn"}


def records(path: Path, fields: dict[str, str] = FIELDS, **options: Any) -> Records:
    return Records(RecordsOptions.model_validate({"splits": {"train": path}, "fields": fields, **options}))


def read(source: Records, limit: int | None = None) -> tuple[list[dict[str, Any]], list[BadRecord]]:
    bad: list[BadRecord] = []
    batches = list(source.batches(bad.append, limit))
    return [row for batch in batches for row in batch.table.to_pylist()], bad


def raising(record: BadRecord) -> None:
    raise record.error()


def written(folder: Path, name: str, rows: list[Any]) -> Path:
    path, table = folder / name, None
    if name.endswith((".parquet", ".arrow")):
        table = pa.Table.from_pylist(rows)
    if name.endswith(".parquet"):
        pq.write_table(table, path, row_group_size=2)
    elif name.endswith(".arrow"):
        feather.write_feather(table, str(path))
    elif ".jsonl" in name:
        text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    else:
        path.write_text(json.dumps(rows, indent=1 if "pretty" in name else None), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["a.json", "pretty.json", "a.jsonl", "a.jsonl.gz", "a.parquet", "a.arrow"])
def test_every_format_gives_the_same_rows(tmp_path: Path, name: str) -> None:
    source = records(written(tmp_path, name, TALKS))
    rows, bad = read(source)
    assert rows == TALKS and not bad
    assert source.roles == ("turn",)
    assert source.schema.names[0] == "id" and source.schema.field("id").type == pa.string()


def test_a_list_larger_than_one_read_comes_record_by_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nested, "_CHUNK", 50)
    assert read(records(written(tmp_path, "pretty.json", TALKS)))[0] == TALKS


def test_records_under_a_key_and_objects_of_records(tmp_path: Path) -> None:
    under = tmp_path / "docvqa.json"
    rows = [{"questionId": 1, "question": "What is the date?", "answers": ["May 1", "1 May"]}]
    under.write_text(json.dumps({"dataset_name": "docvqa", "data": rows}), encoding="utf-8")
    assert read(records(under, {"question": "question"}))[0] == rows
    assert read(records(under, {"question": "question"}, key="data"))[0] == rows
    with pytest.raises(SourceError, match="no such part"):
        read(records(under, {"question": "question"}, key="rows"))
    named = tmp_path / "problems.json"
    problems = {"7": {"question": "Which?", "choices": ["a cat", "a dog"], "answer": 1}}
    named.write_text(json.dumps(problems), encoding="utf-8")
    assert read(records(named, {"choices[*]": "option"}))[0] == [{"key": "7", **problems["7"]}]


def test_csv_is_text_and_empty_fields_are_null(tmp_path: Path) -> None:
    path = tmp_path / "mmbench.tsv"
    path.write_text('index\tquestion\tA\tB\tC\n007\t"Which ""one""?"\tRed\tBlue\t\n', encoding="utf-8")
    rows, _ = read(records(path, {"question": "question", "A": "option", "B": "option", "C?": "option"}))
    assert rows == [{"index": "007", "question": 'Which "one"?', "A": "Red", "B": "Blue", "C": None}]


def test_files_of_a_folder_are_one_split_with_columns_of_all(tmp_path: Path) -> None:
    written(tmp_path, "1.json", TALKS[:1])
    written(tmp_path, "2.jsonl", [{**TALKS[1], "late": 2.5}])
    source = records(tmp_path)
    batches = list(source.batches(raising))
    rows = [row for batch in batches for row in batch.table.to_pylist()]
    assert rows == [{**TALKS[0], "late": None}, {**TALKS[1], "late": 2.5}]
    assert [one for batch in batches for one in batch.row_ids.to_pylist()] == ["train-0", "train-1"]
    written(tmp_path, "3.json", [{"id": [4], "conversations": []}])
    with pytest.raises(SourceError, match="different columns, the first is id"):
        records(tmp_path).schema  # noqa: B018


def test_a_limit_counts_records_of_a_split(tmp_path: Path) -> None:
    written(tmp_path, "1.json", TALKS)
    written(tmp_path, "2.parquet", TALKS)
    written(tmp_path, "3.jsonl", TALKS)
    rows, _ = read(records(tmp_path), limit=5)
    assert rows == [*TALKS, *TALKS[:2]]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_numbers_among_texts_are_read_as_texts_and_told(tmp_path: Path, name: str) -> None:
    ids = ["000000033471", 17, 1.5, True, None]  # as in the mix of LLaVA-1.5
    rows: list[Any] = [{"id": one, "conversations": [{"from": "human", "value": "Is it?"}]} for one in ids]
    rows[2]["conversations"][0]["value"] = 4
    path = written(tmp_path, name, rows)
    source = records(path)
    found, bad = read(source)
    assert [row["id"] for row in found] == ["000000033471", "17", "1.5", "true", None] and not bad
    assert found[2]["conversations"] == [{"from": "human", "value": "4"}]
    told = "numbers among texts are written as text, the first in"
    assert source.notices() == [
        f"conversations[*].value: {told} {name}, record 2",
        f"id: {told} {name}, record 1",
    ]


def test_a_column_says_the_split(tmp_path: Path) -> None:
    splits = ["train", "val", "train", "test", "train"]
    rows = [{"q": f"Is it {at}?", "part": one} for at, one in enumerate(splits)]
    path = written(tmp_path, "a.json", rows)
    options = {"splits": {"train": path, "validation": path}, "split_column": "part"}
    source = records(path, {"q": "question"}, **options)
    batches = list(source.batches(raising))
    assert [one for batch in batches for one in batch.row_ids.to_pylist()] == [
        *("train-0", "train-2", "train-4"),
        "validation-1",
    ]
    rows, _ = read(source, limit=2)
    assert [row["q"] for row in rows] == ["Is it 0?", "Is it 2?", "Is it 1?"]
    with pytest.raises(SourceError, match="holds no text") as caught:
        read(records(path, {"q": "question"}, split_column="parts"))
    assert "q, part" in str(caught.value)


def _assistant_first(rows: list[Any]) -> None:
    rows[1]["conversations"][0] = {"from": "gpt", "value": "Hello."}


def _open_tag(rows: list[Any]) -> None:
    rows[1]["conversations"][0]["value"] = "Where is <ref>the bus</ref> and <ref>the man?"


def _list_as_id(rows: list[Any]) -> None:
    rows[1]["id"] = [17]


def _list_as_turn(rows: list[Any]) -> None:
    rows[1]["conversations"][0]["value"] = ["Is it?"]


def _half_a_pair(rows: list[Any]) -> None:
    rows[1]["image"] = "\ud83d.jpg"


def _list_for_object(rows: list[Any]) -> None:
    rows[1] = ["no", "object"]


def _text_for_list(rows: list[Any]) -> None:
    rows[1]["conversations"] = "Is it?"


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_assistant_first, "starts with the assistant at conversations[0].from"),
        (_open_tag, "A tag is not balanced at conversations[0].value"),
        (_list_as_id, "Mixed types under id"),
        (_list_as_turn, "Mixed types under conversations[*].value"),
        (_half_a_pair, "Mixed types under image"),
        (_list_for_object, "no JSON object"),
        (_text_for_list, "Mixed types under conversations"),
    ],
)
@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_a_bad_record_is_named_by_file_row_and_path(
    tmp_path: Path, name: str, damage: Any, said: str
) -> None:
    rows = json.loads(json.dumps(TALKS))
    damage(rows)
    path = tmp_path / name
    texts = [json.dumps(row) for row in rows]
    path.write_text("\n".join(texts) if name == "a.jsonl" else f"[{','.join(texts)}]", encoding="utf-8")
    source = records(path)
    kept, bad = read(source)
    assert kept == [TALKS[0], TALKS[2]]
    assert [(one.file, one.record) for one in bad] == [(str(path), 1)]
    if damage is not _half_a_pair:
        assert said in bad[0].problem
    ids = [one for batch in source.batches(lambda record: None) for one in batch.row_ids.to_pylist()]
    assert ids == ["train-0", "train-2"]
    with pytest.raises(SourceError) as caught:
        list(source.batches(raising))
    assert f"{path}, record 1" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'[{"conversations": []}, {"conv', "damaged"),
        (b'[{"conversations": []}, {"a" 1}]', "damaged"),
        (b'[{"conversations": [NaN]}]', "not valid JSON"),
        (b'{"a": 1}', "known shapes"),
        (b"[]", "no records"),
        (b"", "empty"),
        (b"\xff\xfe[]", "UTF-8"),
        (b'[{"a": "\xe3\x81"}]', "UTF-8"),
        (b"[" * 100_000, "damaged"),
    ],
)
def test_a_broken_file_is_an_error_of_ours(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(SourceError) as caught:
        records(path).schema  # noqa: B018
    assert said in str(caught.value)


def test_a_column_that_releases_add_is_refused_and_can_be_renamed(tmp_path: Path) -> None:
    path = written(tmp_path, "a.parquet", [{"question": "Is it?", "language": "en", "question_en": "?"}])
    with pytest.raises(SourceError, match="a column language, and so has the release"):
        records(path, {"question": "question"}).paths  # noqa: B018
    names = {"language": "source_language", "question_en": "original"}
    source = records(path, {"question": "question"}, rename=names)
    assert [path.text for path in source.paths] == ["question"]
    assert read(source)[0] == [{"question": "Is it?", "source_language": "en", "original": "?"}]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(["x", "y", "q"]), JSON, max_size=3), min_size=1, max_size=6))
def test_any_json_is_read_or_set_aside_and_nothing_is_lost(rows: list[dict[str, Any]]) -> None:
    kind: pa.DataType = nested.learnt(pa.struct([]), rows)
    for row in rows:
        fault = nested.fault(row, kind)
        if fault is None:
            (found,) = nested.array_of([row], kind).to_pylist()
            fitted = nested.fitted(row, kind)
            assert {name: value for name, value in found.items() if value is not None} == _without_nulls(
                fitted, found
            )
        else:
            assert fault[0] and fault[1]


def _without_nulls(row: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """The row as Arrow has it: fields that it lacks are null within."""
    return {name: found[name] for name, value in row.items() if value is not None}


def test_a_dataset_keeps_its_features_and_names_the_splits_that_it_leaves_aside(tmp_path: Path) -> None:
    features = datasets.Features(
        {
            "texts": datasets.List({"user": datasets.Value("string"), "assistant": datasets.Value("string")}),
            "images": datasets.List(datasets.Image()),
            "source": datasets.ClassLabel(names=["coco", "vg"]),
        }
    )
    rows = [
        {
            "texts": [{"user": "What is it?", "assistant": "A bus."}],
            "images": [{"bytes": b"no picture", "path": "a.png"}],
            "source": 1,
        },
        {"texts": [], "images": [], "source": 0},
    ]
    for split in ("train", "testdev"):
        table = pa.Table.from_pylist(rows, features.arrow_schema)
        (tmp_path / "data").mkdir(exist_ok=True)
        pq.write_table(table, tmp_path / "data" / f"{split}-00000-of-00001.parquet")
    fields = {"texts[*].user": "question", "texts[*].assistant": "answer"}
    source = Records(RecordsOptions.model_validate({"repo": str(tmp_path), "fields": fields}))
    assert datasets.Features.from_arrow_schema(source.schema) == features
    assert read(source)[0] == rows
    assert source.roles == ("question", "answer") and len(source.files()) == 2
    assert "testdev" in source.notices()[0]
    (batch,) = source.batches(raising, texts_alone=True)
    assert batch.table.schema.names == ["texts"]
    named = {"repo": str(tmp_path), "fields": fields, "splits": {"validation": "testdev"}}
    (batch,) = Records(RecordsOptions.model_validate(named)).batches(raising)
    assert batch.split == "validation" and batch.row_ids.to_pylist() == ["validation-0", "validation-1"]


def test_objects_without_fields_can_be_written(tmp_path: Path) -> None:
    rows = [{**TALKS[0], "meta": {}, "more": [{}]}, {**TALKS[2], "meta": None, "more": []}]
    source = records(written(tmp_path, "rows.json", rows))
    batches = list(source.batches(raising))
    pq.write_table(pa.Table.from_batches([batch.table for batch in batches]), tmp_path / "rows.parquet")
    again = pq.read_table(tmp_path / "rows.parquet")
    assert again["meta"].to_pylist() == [{"_": None}, None] and again["more"].to_pylist() == [
        [{"_": None}],
        [],
    ]
