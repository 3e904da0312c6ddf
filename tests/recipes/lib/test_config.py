"""Settings from YAML: values are replaced from outside, and what is wrong is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from recipes.lib.command import read_table, table_parser
from recipes.lib.config import Section, check_rows, merged, of_row, read
from vqa_builder.errors import SpecError


class Colours(Section):
    sky: str = "blue"


def test_values_are_replaced_by_their_path(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("data: {pieces: 10, tags: 2}\nseed: 0\n", encoding="utf-8")
    assert read(path, ["data.pieces=20", "seed=7", "out.name=x"]) == {
        "data": {"pieces": 20, "tags": 2},
        "seed": 7,
        "out": {"name": "x"},
    }


def test_rows_that_keep_their_own_value_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    rows = {"plain": {}, "long": {"tuning": {"epochs": 9}}, "none": {"tuning": None}, "empty": None}
    check_rows({"rows": rows}, [], ["tuning.epochs=2", "seed=3"], "here")
    assert capsys.readouterr().err == "Row 'long' keeps its own tuning.epochs: 9\n"
    check_rows({"rows": rows}, ["plain"], ["tuning.epochs=2"], "here")
    check_rows({"rows": rows}, ["long"], ["tuning.epochs=9"], "here")
    assert not capsys.readouterr().err


@pytest.mark.parametrize("content", [{}, {"rows": None}, {"rows": ["a"]}, {"rows": {"a": 3}}])
def test_settings_without_rows_are_no_table(content: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match="no table's"):
        check_rows(content, [], [], "here")


@pytest.mark.parametrize(
    ("content", "override", "problem"),
    [
        ("- a", "seed=1", "no mapping"),
        ("a: [", "seed=1", "cannot be read"),
        ("a: 1", "seed", "No value to set"),
        ("a: 1", "name={:012d}", "No value to set"),
        (None, "seed=1", "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_refused(
    tmp_path: Path, content: str | None, override: str, problem: str
) -> None:
    path = tmp_path / "a.yaml"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(SpecError, match=problem):
        read(path, [override])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"a": {"x": 2}}, {"a": {"x": 2, "y": 1}, "b": 3}),
        ({"a": None}, {"a": None, "b": 3}),
        ({"c": {"z": 1}}, {"a": {"x": 1, "y": 1}, "b": 3, "c": {"z": 1}}),
    ],
)
def test_sections_are_merged_and_nothing_is_changed_in_place(
    changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    content = {"a": {"x": 1, "y": 1}, "b": 3}
    assert merged(content, changes) == expected
    assert content == {"a": {"x": 1, "y": 1}, "b": 3}


def test_an_unknown_name_is_an_error() -> None:
    assert Colours().sky == "blue"
    with pytest.raises(ValidationError, match="see"):
        Colours.model_validate({"see": "green"})


def test_a_seed_from_outside_counts_before_those_of_the_table() -> None:
    content = {"rows": {"plain": {}, "long": {"epochs": 9}}, "seeds": [4, 5], "out": "x"}
    assert of_row(content)["seed"] == 4
    assert of_row({**content, "seed": 7}, "long") == {"row": "long", "epochs": 9, "seed": 7, "out": "x"}
    assert of_row({**content, "seed": 7}, "long", 8)["seed"] == 8


@pytest.mark.parametrize("seeds", ["3", "[]", "[a]", "[-1]", "[true]", "{a: 1}"])
def test_seeds_of_a_table_are_numbers(tmp_path: Path, seeds: str) -> None:
    path = tmp_path / "table.yaml"
    path.write_text(f"out: x\nrows: {{a: {{}}}}\nseeds: {seeds}\n")
    with pytest.raises(SpecError, match="no table's") as error:
        read_table(table_parser(None).parse_args([str(path)]))
    assert error.value.details["where"] == f"{path}: seeds"
