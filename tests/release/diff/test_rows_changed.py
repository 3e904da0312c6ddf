"""Rows meet by split and id, whatever their order and the type of their ids; what differs is named."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tests.release.conftest import changed, copy_of
from vqa_builder.errors import ReleaseError
from vqa_builder.release.contents import ReleaseContents
from vqa_builder.release.diff.rows_changed import RowGroup, Rows, compare, differs
from vqa_builder.release.manifest import load_manifest
from vqa_builder.release.write import write_release

LISTS = pa.list_(pa.struct([("a", pa.string()), ("b", pa.int32())]))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (pa.array(["猫", None, "犬"]), pa.array(["猫", "犬", None]), [False, True, True]),
        (pa.array([1.0, float("nan"), None]), pa.array([1.0, float("nan"), 2.0]), [False, False, True]),
        (pa.array([1, 2]), pa.array(["1", "3"]), [False, True]),
        (pa.array([[1], [], None, [1, 2]]), pa.array([[1], None, None, [2, 1]]), [False, True, False, True]),
        (pa.array([], pa.string()), pa.array([], pa.string()), []),
        (
            pa.array([[{"a": "हाँ", "b": 1}], [{"a": None, "b": 1}], None], LISTS),
            pa.array([[{"a": "हाँ", "b": 2}], [{"a": None, "b": 1}], []], LISTS),
            [True, False, True],
        ),
        (
            pa.array([{"chrf": 1.0}, {"chrf": None}, None], pa.struct([("chrf", pa.float32())])),
            pa.array([{"chrf": 1.5}, {"chrf": None}, None], pa.struct([("chrf", pa.float32())])),
            [True, False, False],
        ),
        (pa.array([[1], [2], [3]]).slice(1), pa.array([[9], [2], [4]]).slice(1), [False, True]),
    ],
)
def test_arrays_of_any_type_are_compared(old: pa.Array, new: pa.Array, expected: list[bool]) -> None:
    assert differs(old, new).tolist() == expected


def _groups(old: Path, new: Path) -> dict[str, RowGroup]:
    rows = [Rows(folder, load_manifest(folder)) for folder in (old, new)]
    return {group.kind: group for group in compare(*rows)}


def test_the_same_release_in_another_order_has_no_difference(ja: ReleaseContents, tmp_path: Path) -> None:
    turned = {split: table.take(list(range(table.num_rows))[::-1]) for split, table in ja.data.items()}
    new = write_release(dataclasses.replace(ja, data=turned), tmp_path / "new")
    assert _groups(copy_of(ja, tmp_path / "old"), new) == {}


def test_ids_of_another_type_meet(ja: ReleaseContents, tmp_path: Path) -> None:
    def with_text_ids(table: pa.Table) -> pa.Table:
        for name in ("question_id", "image_id"):
            place = table.schema.get_field_index(name)
            table = table.set_column(place, name, table[name].cast(pa.string()))
        return table

    data = {split: with_text_ids(table) for split, table in ja.data.items()}
    rejected = {split: with_text_ids(table) for split, table in ja.rejected.items()}
    new = write_release(dataclasses.replace(ja, data=data, rejected=rejected), tmp_path / "new")
    assert _groups(copy_of(ja, tmp_path / "old"), new) == {}


@pytest.mark.parametrize(
    ("column", "value", "kind", "old"),
    [
        ("question", "犬は全部で何匹いますか？", "question text", "犬は何匹いますか？"),
        ("question_en", "How many dogs?", "English question", "How many dogs are there?"),
        ("labels", [2, 3], "labels", [2]),
        ("soft_scores", [0.6], "soft scores", [1.0]),
        ("engine", "other|version:2", "engine", "memory|version:1"),
        ("scores", {"script_share": 1.0, "chrf": 56.5, "langid": "ok"}, "score chrf", 55.0),
    ],
)
def test_a_changed_value_is_told_with_what_it_was(
    ja: ReleaseContents, tmp_path: Path, column: str, value: Any, kind: str, old: Any
) -> None:
    folders = [
        copy_of(ja, tmp_path / "old"),
        write_release(changed(ja, 228478001, column, value), tmp_path),
    ]
    found = _groups(*folders)
    assert [*found] == [kind]
    (example,) = found[kind].examples
    new = 56.5 if column == "scores" else value
    asked = value if column == "question_en" else "How many dogs are there?"
    expected = {"split": "train", "question_id": 228478001, "question_en": asked, "old": old, "new": new}
    assert example == expected


def test_of_the_answers_only_those_that_differ_are_shown(ja: ReleaseContents, tmp_path: Path) -> None:
    row = next(one for one in ja.data["train"].to_pylist() if one["question_id"] == 1117560050)
    answers = [{**one, "answer": "橙色"} if one["answer_en"] == "orange" else one for one in row["answers"]]
    new = write_release(changed(ja, 1117560050, "answers", answers), tmp_path)
    group = _groups(copy_of(ja, tmp_path / "old"), new)["answers"]
    assert [one["answer"] for one in group.examples[0]["new"]] == ["橙色"]


def test_rows_come_go_and_move(ja: ReleaseContents, tmp_path: Path) -> None:
    train, validation = ja.data["train"], ja.data["validation"]
    data = {
        **ja.data,
        "train": train.filter(pc.not_equal(train["question_id"], 228478000)).slice(1),
        "validation": pa.concat_tables([validation, train.slice(1, 1)]),
    }
    source = {"train": 2, "validation": 3, "test": 1}
    facts = {**ja.facts, "counts": {**ja.facts["counts"], "source": source}}
    new = write_release(dataclasses.replace(ja, data=data, facts=facts), tmp_path / "new")
    old = copy_of(ja, tmp_path / "old")
    found = _groups(old, new)
    assert {kind: group.rows for kind, group in found.items()} == {"removed": 1, "moved to another split": 1}
    assert found["moved to another split"].examples == (
        {"split": "validation", "question_id": 228478001, "question_en": "How many dogs are there?"},
    )
    assert {kind: group.rows for kind, group in _groups(new, old).items()} == {
        "added": 1,
        "moved to another split": 1,
    }


@pytest.mark.parametrize(("chrf", "cause"), [(25.0, "score changed"), (61.2, "rule changed")])
def test_a_flipped_verdict_says_by_which_score_and_why(
    ja: ReleaseContents, tmp_path: Path, chrf: float, cause: str
) -> None:
    row = {**ja.data["train"].to_pylist()[0], "reasons": ["chrf<30", "copy"]}
    row["scores"] = {**row["scores"], "chrf": chrf}
    rejected = pa.concat_tables(
        [ja.rejected["train"], pa.Table.from_pylist([row], ja.rejected["train"].schema)]
    )
    data = {**ja.data, "train": ja.data["train"].slice(1)}
    new = write_release(
        dataclasses.replace(ja, data=data, rejected={**ja.rejected, "train": rejected}), tmp_path / "new"
    )
    old = copy_of(ja, tmp_path / "old")
    found = {kind: group.rows for kind, group in _groups(old, new).items()}
    expected = {"now rejected": 1, f"now rejected: chrf<30 ({cause})": 1, "now rejected: copy": 1}
    assert found == expected | ({"score chrf": 1} if chrf == 25.0 else {})
    back = {kind: group.rows for kind, group in _groups(new, old).items()}
    assert back["now kept"] == back[f"now kept: chrf<30 ({cause})"] == 1


def test_ids_that_are_not_unique_cannot_be_compared(ja: ReleaseContents, tmp_path: Path) -> None:
    data = {**ja.data, "test": pa.concat_tables([ja.data["test"], ja.data["test"]])}
    counts = {**ja.facts["counts"], "source": {"train": 4, "validation": 2, "test": 2}}
    folder = write_release(dataclasses.replace(ja, data=data, facts={**ja.facts, "counts": counts}), tmp_path)
    with pytest.raises(ReleaseError, match="the same question_id"):
        Rows(folder, load_manifest(folder))
