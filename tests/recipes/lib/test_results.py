"""Runs survive two processes and a killed one; tables say mean, spread and how many seeds are missing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from recipes.lib.results import (
    Column,
    Row,
    Summary,
    append,
    identity,
    read,
    relative_gain,
    summary,
    table,
    write_into,
)
from vqa_builder.errors import SourceError, StorageError

ROOT = Path(__file__).parents[3]
RUNS: list[dict[str, Any]] = [
    {"row": row, "language": language, "share": share, "seed": seed, "accuracy": base + each * seed}
    for row, base in (("student", 70.0), ("no distillation", 60.0))
    for language, each in (("ja", 1), ("hi", -9))
    for share in (1.0, 0.1)
    for seed in (0, 1, 2)
    if (row, language, seed) != ("student", "hi", 2)
]
APPENDING = """
import sys
from pathlib import Path
from recipes.lib.results import append
for seed in range(100):
    append(Path(sys.argv[1]), {"row": sys.argv[2], "seed": seed, "note": "日本語とहिन्दी" * 50})
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "out" / "results.jsonl"


def test_what_was_appended_is_read(file: Path) -> None:
    for run in RUNS:
        append(file, run)
    assert read(file) == RUNS
    append(file, {"row": "日本語", "seed": 0})
    assert "日本語" in file.read_text(encoding="utf-8")


def test_a_run_that_was_repeated_counts_once(file: Path) -> None:
    append(file, {"row": "student", "language": "ja", "seed": 0, "accuracy": 1.0})
    append(file, {"row": "student", "language": "hi", "seed": 0, "accuracy": 2.0})
    append(file, {"seed": 0, "row": "student", "language": "ja", "accuracy": 3.0, "seconds": 4})
    assert [run["accuracy"] for run in read(file)] == [3.0, 2.0]


def test_two_processes_append_at_once(file: Path) -> None:
    running = [
        subprocess.Popen([sys.executable, "-c", APPENDING, str(file), name], cwd=ROOT) for name in "ab"
    ]
    assert [process.wait(60) for process in running] == [0, 0]
    lines = file.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 200 and all(json.loads(line)["note"].startswith("日本語") for line in lines)
    assert {(run["row"], run["seed"]) for run in read(file)} == {(row, n) for row in "ab" for n in range(100)}


@pytest.mark.parametrize(
    ("rest", "left"),
    [
        ('{"row": "student", "seed": 1, "accur', []),
        ('{"row": "student", "seed": 1}', [1]),
        ('{"row": "日本', []),
    ],
)
def test_half_a_line_of_a_killed_process_is_dropped(file: Path, rest: str, left: list[int]) -> None:
    append(file, {"row": "student", "seed": 0})
    with file.open("ab") as open_file:
        open_file.write(rest.encode()[:-1] if "日" in rest else rest.encode())
    assert [run["seed"] for run in read(file)] == [0, *left]
    append(file, {"row": "student", "seed": 2})
    assert [run["seed"] for run in read(file)] == [0, *left, 2]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"row": "student"}, "no run"),
        ({"row": "student", "seed": "0"}, "no run"),
        ({"row": "student", "seed": True}, "no run"),
        ({"row": 1, "seed": 0}, "no run"),
        ({"row": "student", "seed": 0, "accuracy": float("nan")}, "JSON cannot say"),
        ({"row": "student", "seed": 0, "accuracy": {1, 2}}, "JSON cannot say"),
    ],
)
def test_what_is_no_run_is_refused_and_nothing_written(
    file: Path, record: dict[str, Any], message: str
) -> None:
    with pytest.raises(SourceError, match=message):
        append(file, record)
    assert not file.exists()


def test_reading_what_is_not_there_and_what_is_no_run(file: Path) -> None:
    with pytest.raises(SourceError, match="no results yet"):
        read(file)
    append(file, {"row": "student", "seed": 0})
    file.write_text(file.read_text() + "[1]\n")
    with pytest.raises(SourceError) as caught:
        read(file)
    assert caught.value.details["where"] == f"{file}:2"


def test_a_disk_that_cannot_be_written_is_our_error(tmp_path: Path) -> None:
    (tmp_path / "results.jsonl").mkdir()
    with pytest.raises(StorageError, match="cannot be written"):
        append(tmp_path / "results.jsonl", {"row": "student", "seed": 0})


def test_identity_does_not_depend_on_order_or_values() -> None:
    assert identity({"row": "a", "seed": 1, "accuracy": 2}) == identity({"seed": 1, "row": "a", "n": 3})
    assert identity({"row": "a", "seed": 1}) != identity({"row": "a", "seed": 1, "language": "ja"})


def test_summary() -> None:
    found = summary(RUNS, "accuracy", row="student", language="ja", share=0.1)
    assert found == Summary(71.0, 1.0, (0, 1, 2))
    assert summary(RUNS, "accuracy", row="nobody") is None
    assert summary(RUNS, "seconds", row="student") is None
    single = summary(RUNS[:1], "accuracy")
    assert single == Summary(70.0, None, (0,)) and single.text(expected=1) == "70.0"


def test_a_condition_that_leaves_something_open_is_an_error() -> None:
    with pytest.raises(SourceError, match="only one can be meant") as caught:
        summary(RUNS, "accuracy", row="student", language="ja")
    assert "share" in caught.value.details["do"]


def test_relative_gain_is_seed_by_seed() -> None:
    found = relative_gain(RUNS, "accuracy", "student", "no distillation", language="ja", share=0.1)
    assert found is not None and found.seeds == (0, 1, 2)
    assert found.mean == pytest.approx(100 * (10 / 60 + 10 / 61 + 10 / 62) / 3)
    missing = relative_gain(RUNS, "accuracy", "student", "no distillation", language="hi", share=1.0)
    assert missing is not None and missing.seeds == (0, 1)
    assert relative_gain(RUNS, "accuracy", "student", "nobody", language="ja", share=0.1) is None


def test_the_table_shows_mean_spread_and_missing_seeds() -> None:
    columns = [
        Column("ja, 10 %", "accuracy", {"language": "ja", "share": 0.1}),
        Column("hi, 10 %", "accuracy", {"language": "hi", "share": 0.1}, decimals=2),
    ]
    rows: list[str | Row] = [
        "student",
        Row("without | distillation", {"row": "no distillation"}),
        "zero-shot",
    ]
    assert table(RUNS, rows, columns, heading="system").splitlines() == [
        "| system | ja, 10 % | hi, 10 % |",
        "|---|---:|---:|",
        "| student | 71.0 ± 1.0 | 65.50 ± 6.36 (n = 2) |",
        r"| without \| distillation | 61.0 ± 1.0 | 51.00 ± 9.00 |",
        "| zero-shot | - | - |",
    ]
    four = table(RUNS, ["student"], columns[:1], seeds=4)
    assert "71.0 ± 1.0 (n = 3)" in four


PAGE = """# Results

<!-- results: main -->
old
<!-- /results: main -->

結果は上の表です。<!--results: other--><!--/results: other-->
"""


def test_a_page_takes_the_table_between_its_markers(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text(PAGE, encoding="utf-8")
    assert write_into(page, "main", "| a |\n|---|\n")
    text = page.read_text(encoding="utf-8")
    assert "<!-- results: main -->\n\n| a |\n|---|\n\n<!-- /results: main -->\n\n結果は" in text
    assert "old" not in text
    assert not write_into(page, "main", "| a |\n|---|")
    assert write_into(page, "other", r"a \1 b") and r"a \1 b" in page.read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]


@pytest.mark.parametrize(
    "text",
    [
        "nothing",
        "<!-- results: main -->",
        "<!-- /results: main --><!-- results: main -->",
        "<!-- results: main --><!-- results: main --><!-- /results: main -->",
        "<!-- results: mains --><!-- /results: mains -->",
    ],
)
def test_a_page_without_the_markers_stays_as_it_is(tmp_path: Path, text: str) -> None:
    page = tmp_path / "README.md"
    page.write_text(text)
    with pytest.raises(StorageError, match="no place for the results 'main'"):
        write_into(page, "main", "| a |")
    assert page.read_text() == text
    with pytest.raises(StorageError, match="no page"):
        write_into(tmp_path / "absent.md", "main", "| a |")
