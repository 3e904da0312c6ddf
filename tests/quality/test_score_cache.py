"""Scores made elsewhere: found by pair, joined with the rest, merged from many files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from vqa_builder.errors import StorageError
from vqa_builder.executors import LocalExecutor
from vqa_builder.progress import Progress
from vqa_builder.quality import score_cache, scoring

MakePairs = Callable[..., pa.Table]
ROWS = [
    ("Is it red?", "それは赤いですか？", "Is it red?"),
    ("How many cows are there?", "牛は何頭いますか？", "How many cows are there?"),
    ("What is this?", None, None),
    ("Where is he?", "彼はどこですか？", None),
    ("Is it red?", "それは赤いですか？", "Is it read?"),
]
asked: list[int] = []


def score(pairs: pa.Table) -> pa.Table:
    """Real scores; notes how many were asked for."""
    asked.append(pairs.num_rows)
    return scoring.score(pairs, "chrf", {}, "ja", LocalExecutor(1), Progress())


def kept(path: Path, pairs: pa.Table, rows: list[int]) -> None:
    """Keep the scores of some rows."""
    some = pairs.take(pa.array(rows, pa.int64()))
    score_cache.keep(path, [(some, score(some).select(["chrf"]))])
    asked.clear()


@pytest.mark.parametrize(
    ("rows", "left"), [([0, 1, 2, 3, 4], 0), ([1], 4), ([0, 2, 3], 2), ([0, 0, 1], 3), ([], 5)]
)
def test_only_what_is_not_kept_is_scored(
    rows: list[int], left: int, make_pairs: MakePairs, tmp_path: Path
) -> None:
    pairs = make_pairs(ROWS)
    kept(tmp_path / "kept.arrow", pairs, rows)
    found = score_cache.score_rest(tmp_path / "kept.arrow", pairs, "ja", score)
    assert asked == [left]
    assert found.to_pydict() == score(pairs).to_pydict()
    assert found.schema == score(pairs).schema


def test_without_a_file_everything_is_scored(make_pairs: MakePairs, tmp_path: Path) -> None:
    asked.clear()
    pairs = make_pairs(ROWS)
    assert score_cache.score_rest(tmp_path / "none.arrow", pairs, "ja", score).num_rows == 5
    assert asked == [5]


def test_a_damaged_file_is_not_taken_for_good(make_pairs: MakePairs, tmp_path: Path) -> None:
    path, pairs = tmp_path / "kept.arrow", make_pairs(ROWS)
    kept(path, pairs, [0, 1, 2, 3, 4])
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert score_cache.score_rest(path, pairs, "ja", score).to_pydict() == score(pairs).to_pydict()
    assert 5 in asked
    with pytest.raises(StorageError, match="damaged"):
        score_cache.merge([path], tmp_path / "all")


def test_another_role_is_another_pair(make_pairs: MakePairs, tmp_path: Path) -> None:
    kept(tmp_path / "kept.arrow", make_pairs(ROWS), [0, 1, 2, 3, 4])
    score_cache.score_rest(tmp_path / "kept.arrow", make_pairs(ROWS, "answer"), "ja", score)
    assert asked == [5]


def test_files_of_the_same_name_are_merged_and_may_be_again(make_pairs: MakePairs, tmp_path: Path) -> None:
    pairs = make_pairs(ROWS)
    for name, rows in (("a", [0, 1]), ("b", [1, 2, 3])):
        kept(tmp_path / name / "chrf-ja-1.arrow", pairs, rows)
    files = [tmp_path / name / "chrf-ja-1.arrow" for name in "ab"]
    score_cache.merge(files, tmp_path / "all")
    score_cache.merge(files, tmp_path / "all")
    path = tmp_path / "all" / "chrf-ja-1.arrow"
    assert pa.ipc.open_file(pa.memory_map(str(path))).read_all().num_rows == 4
    found = score_cache.score_rest(path, pairs, "ja", score)
    assert asked == [1]
    assert pc.all(pc.equal(found["chrf"], score(pairs)["chrf"])).as_py()


def test_the_signature_names_the_file(tmp_path: Path) -> None:
    one = score_cache.path_of(tmp_path, "chrf", "ja", "chrf|version:1")
    assert one == score_cache.path_of(tmp_path, "chrf", "ja", "chrf|version:1")
    assert one != score_cache.path_of(tmp_path, "chrf", "ja", "chrf|version:2")
    assert one.name.startswith("chrf-ja-") and one.suffix == ".arrow"
