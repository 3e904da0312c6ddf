"""Paths into nested columns: found on a schema, taken out and put back, whatever the nesting and nulls."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from vqa_builder.errors import SourceError
from vqa_builder.field_paths import put, settle, take, text_paths

TURN = pa.struct([("from", pa.string()), ("value", pa.string())])
SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("turns", pa.list_(TURN)),
        ("a.b", pa.string()),
        ("meta", pa.struct([("deep", pa.struct([("hints", pa.large_list(pa.large_string()))]))])),
        ("label", pa.dictionary(pa.int32(), pa.string())),
        ("pair", pa.list_(pa.string(), 2)),
        ("empty", pa.list_(pa.null())),
    ]
)
ROWS: list[dict[str, Any]] = [
    {
        "id": 1,
        "turns": [{"from": "human", "value": "Is it red?"}, {"from": "gpt", "value": None}, None],
        "a.b": "dot",
        "meta": {"deep": {"hints": ["one", None]}},
        "label": "cat",
        "pair": ["left", "right"],
        "empty": [],
    },
    {"id": 2, "turns": None, "a.b": None, "meta": None, "label": None, "pair": None, "empty": None},
    {
        "id": 3,
        "turns": [],
        "a.b": "",
        "meta": {"deep": None},
        "label": "cat",
        "pair": [None, "x"],
        "empty": [None],
    },
    {
        "id": 4,
        "turns": [{"from": "human", "value": "How many?"}],
        "a.b": "z",
        "meta": {"deep": {"hints": []}},
        "label": "dog",
        "pair": ["a", "b"],
        "empty": [],
    },
]
PATHS = ("turns[*].value", "a.b", "meta.deep.hints[*]", "label", "pair[*]", "empty[*].text")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("start", [0, 1, 2])
def test_what_is_taken_out_and_put_back_is_what_was_there(path: str, start: int) -> None:
    rows = pa.RecordBatch.from_pylist(ROWS, SCHEMA).slice(start)
    (found,) = settle({path: "text"}, SCHEMA, "x")
    column = rows[found.column]
    texts = take(column, found.steps[1:]).texts
    same = put(column, found.steps[1:], texts)
    same.validate(full=True)
    assert same.type == column.type and same.to_pylist() == column.to_pylist()


def test_only_what_a_path_names_changes() -> None:
    rows = pa.RecordBatch.from_pylist(ROWS, SCHEMA)
    (path,) = settle({"turns[*].value": "turn"}, SCHEMA, "x")
    taken = take(rows["turns"], path.steps[1:])
    assert taken.texts.to_pylist() == ["Is it red?", None, None, "How many?"]
    assert taken.rows.tolist() == [0, 0, 0, 3]
    assert [path.at([place]) for place in taken.places[0].tolist()][:2] == [
        "turns[0].value",
        "turns[1].value",
    ]
    changed = put(rows["turns"], path.steps[1:], pa.array(["赤いですか？", None, None, "いくつですか？"]))
    assert changed.to_pylist() == [
        [{"from": "human", "value": "赤いですか？"}, {"from": "gpt", "value": None}, None],
        None,
        [],
        [{"from": "human", "value": "いくつですか？"}],
    ]


@pytest.mark.parametrize(
    ("path", "problem", "remedy"),
    [
        ("turns[*].valu", "matches nothing", "did you mean turns[*].value?"),
        ("turns.value", "matches nothing", "did you mean turns[*].value?"),
        ("turn[*].value", "matches nothing", "did you mean turns[*].value?"),
        ("id", "no text", "leave it out"),
        ("turns", "no text", "did you mean turns[*].value?"),
        ("pair", "no text", "did you mean pair[*]?"),
    ],
)
def test_a_path_that_leads_to_no_text_names_the_nearest(path: str, problem: str, remedy: str) -> None:
    with pytest.raises(SourceError) as caught:
        settle({path: "text"}, SCHEMA, "train.json")
    assert problem in caught.value.problem and remedy in caught.value.details["do"]


def test_optional_paths_may_be_missing_and_all_paths_are_listed() -> None:
    assert [path.text for path in settle({"hint?": "text", "label?": "answer"}, SCHEMA, "x")] == ["label"]
    with pytest.raises(SourceError, match="None of the paths"):
        settle({"hint?": "text"}, SCHEMA, "x")
    with pytest.raises(SourceError, match="Two paths"):
        settle({"label": "answer", "label?": "text"}, SCHEMA, "x")
    assert text_paths(SCHEMA)[:3] == ["turns[*].from", "turns[*].value", "a.b"]


@pytest.mark.parametrize(
    ("kind", "steps"), [(pa.string(), ("label",)), (pa.list_(pa.string()), ("label", "[*]"))]
)
def test_a_column_of_texts_or_of_lists_takes_the_path_that_fits(
    kind: pa.DataType, steps: tuple[str, ...]
) -> None:
    fields = {"label?": "answer", "label[*]?": "answer"}
    found = settle(fields, pa.schema([("label", kind)]), "chartqa.json")
    assert [path.steps for path in found] == [steps]
