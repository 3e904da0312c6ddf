"""A build in parts: every string in one of them, merged, and the same content as in one go."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import wraps
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests import command
from tests.tiny import write_vqa
from vqa_builder import build, load_spec
from vqa_builder.errors import SpecError, StorageError
from vqa_builder.quality import scoring
from vqa_builder.release.manifest import load_manifest
from vqa_builder.segments import segment_id
from vqa_builder.shards import Shard, build_shard, merge, parse_shard
from vqa_builder.spec import Budget
from vqa_builder.steps.build_context import WORK_FOLDER
from vqa_builder.translation.engines.base import Stopped
from vqa_builder.translation.memory import Entry, TranslationMemory

MEMORY = Path(WORK_FOLDER) / "memory.sqlite"


def hashes(folder: Path) -> dict[str, str]:
    """Table -> content hash, of every release in a folder."""
    return {
        f"{manifest.parent.name}/{key}": table["content_hash"]
        for manifest in sorted(folder.glob("*/manifest.json"))
        for key, table in load_manifest(manifest.parent).tables.items()
    }


@pytest.fixture(scope="module")
def parted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny data in three parts, none merged."""
    folder = tmp_path_factory.mktemp("parted")
    spec = load_spec(write_vqa(folder / "source"))
    for number in (1, 2, 3):
        build_shard(spec, folder / "out", Shard(number, 3), workers=1)
    return folder


@pytest.fixture
def parts(parted: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of those parts."""
    shutil.copytree(parted, tmp_path / "parted")
    yield tmp_path / "parted"


def entries(path: Path) -> list[Entry]:
    """All that a memory holds."""
    with TranslationMemory(path) as memory:
        return list(memory.entries())


@pytest.mark.parametrize(
    ("text", "shard"), [("1/1", Shard(1, 1)), ("3/8", Shard(3, 8)), ("08/12", Shard(8, 12))]
)
def test_a_part_is_written_as_i_of_n(text: str, shard: Shard) -> None:
    assert parse_shard(text) == shard


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "1/", "/3", "a/b", "-1/3", "1/3/5", "1.0/3", ""])
def test_anything_else_is_an_error_that_knows_slurm(text: str) -> None:
    with pytest.raises(SpecError, match="no part of a build") as caught:
        parse_shard(text)
    assert "$SLURM_ARRAY_TASK_ID" in str(caught.value)


def test_every_string_falls_into_one_part_of_about_the_same_size() -> None:
    ids = [segment_id("question", "", f"Is this number {number}?") for number in range(2000)]
    holders = [[number for number in range(1, 6) if Shard(number, 5).holds(each)] for each in ids]
    assert all(len(some) == 1 for some in holders)
    sizes = [holders.count([number]) for number in range(1, 6)]
    assert min(sizes) > 330


@pytest.mark.slow
def test_merged_parts_leave_the_build_next_to_nothing_to_do(
    parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = load_spec(parts / "source" / "build.yaml")
    merged = merge([parts / "out"], parts / "out" / MEMORY)
    assert len(merged.memories) == 3 and not merged.conflicts
    assert merged.added > 0
    once = build(spec, tmp_path / "once", workers=1)
    scored: dict[tuple[str, str], int] = {}

    def spied(pairs: pa.Table, scorer: str, options: object, language: str, *more: Any) -> pa.Table:
        scored[scorer, language] = pairs.num_rows
        return scoring.score.__wrapped__(pairs, scorer, options, language, *more)  # type: ignore[attr-defined]

    monkeypatch.setattr(scoring, "score", wraps(scoring.score)(spied))
    pieced = build(spec, parts / "out", workers=1)
    assert hashes(parts / "out") == hashes(tmp_path / "once") != {}
    for one, other in zip(once, pieced, strict=True):
        assert other.work.unique == one.work.unique
        assert other.work.translated <= one.work.translated / 5
    assert scored and max(scored.values()) <= 3
    whole = {entry[:5] for entry in entries(tmp_path / "once" / MEMORY)}
    assert {entry[:5] for entry in entries(parts / "out" / MEMORY)} == whole


def test_parts_share_the_strings_and_only_their_back_translations_may_meet(parts: Path) -> None:
    forward = []
    for number in (1, 2, 3):
        found = entries(Shard(number, 3).folder(parts / "out") / MEMORY)
        assert found
        forward += [entry for entry in found if entry.source == "en"]
    assert len({entry[:3] + entry[4:] for entry in forward}) == len(forward)


def test_a_merge_may_be_repeated(parts: Path) -> None:
    into = parts / "out" / MEMORY
    first = merge([parts / "out"], into)
    before = entries(into)
    second = merge([parts / "out", parts / "out"], into)
    assert second.added == 0 and second.entries == first.entries
    assert entries(into) == before


def test_parts_may_lie_anywhere(parts: Path, tmp_path: Path) -> None:
    shutil.move(Shard(2, 3).folder(parts / "out"), tmp_path / "moved")
    file = tmp_path / "moved" / MEMORY
    together = merge([parts / "out", file], tmp_path / "all.sqlite")
    assert [path for path in together.memories if path == file]
    assert len(together.memories) == 3


def test_what_was_translated_twice_and_differently_is_told(parts: Path, tmp_path: Path) -> None:
    file = Shard(1, 3).folder(parts / "out") / MEMORY
    some = next(entry for entry in entries(file) if entry.target == "ja")
    with TranslationMemory(tmp_path / "all.sqlite") as memory:
        memory.add([some._replace(translation="別の訳")])
    merged = merge([parts / "out"], tmp_path / "all.sqlite")
    assert [(kept.text, kept.translation, dropped) for kept, dropped in merged.conflicts] == [
        (some.text, "別の訳", some.translation)
    ]
    assert f"{some.text!r} stays '別の訳', not {some.translation!r}" in "\n".join(merged.lines())


def test_a_part_begins_with_what_the_build_remembers_and_merges_no_word_of_people(
    tiny: Path, tmp_path: Path
) -> None:
    with TranslationMemory(tmp_path / "out" / MEMORY) as memory:
        memory.add([Entry("en", "ja", "red", "赤色", role="answer", engine="human")])
    spec = load_spec(tiny)
    done = [build_shard(spec, tmp_path / "out", Shard(number, 2), workers=1) for number in (1, 2)]
    said = [
        entry
        for number in (1, 2)
        for entry in entries(Shard(number, 2).folder(tmp_path / "out") / MEMORY)
        if entry.human_verified
    ]
    assert [entry.translation for entry in said] == ["赤色", "赤色"]
    with TranslationMemory(tmp_path / "out" / MEMORY) as memory:
        memory.add([Entry("en", "ja", "red", "赤", role="answer", engine="human")])
    merge([tmp_path / "out"], tmp_path / "out" / MEMORY)
    asserted = [entry.translation for entry in entries(tmp_path / "out" / MEMORY) if entry.human_verified]
    assert asserted == ["赤"]
    assert sum(work.strings for part in done for work in part if work.language == "ja") == done[0][0].of


def test_a_part_may_be_empty(tiny: Path, tmp_path: Path) -> None:
    done = build_shard(load_spec(tiny), tmp_path / "out", Shard(1, 10**9), workers=1)
    assert [work.strings for work in done] == [0, 0]
    assert merge([tmp_path / "out"], tmp_path / "out" / MEMORY).entries == 0


def test_parts_divide_the_budget(tiny: Path, tmp_path: Path) -> None:
    spec = load_spec(tiny).model_copy(update={"budget": Budget(characters=100)})
    with pytest.raises(Stopped, match="budget") as caught:
        build_shard(spec, tmp_path / "out", Shard(1, 2), languages=["ja"], workers=1)
    assert "at most 50 characters" in str(caught.value)


@pytest.mark.parametrize("kind", ["nothing", "empty"])
def test_a_folder_without_parts_is_an_error(kind: str, tmp_path: Path) -> None:
    if kind == "empty":
        (tmp_path / kind).mkdir()
    with pytest.raises(StorageError, match="no part of a build") as caught:
        merge([tmp_path / kind], tmp_path / "out" / MEMORY)
    assert str(tmp_path / kind) in str(caught.value)


@pytest.mark.slow
def test_the_command_line_does_the_same(tiny: Path, tmp_path: Path) -> None:
    def run(*arguments: str) -> str:
        done = command.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    out = str(tmp_path / "out")
    for shard in ("1/2", "2/2"):
        said = run("build", str(tiny), "--out", out, "--language", "ja", "--shard", shard, "--workers", "1")
        assert "remembered" in said and "tiny-ja" not in said
    assert "entries in 2 memories" in run("merge", out)
    assert " 0 failed" in run("build", str(tiny), "--out", out, "--language", "ja", "--workers", "1")
    assert (tmp_path / "out" / "tiny-ja" / "manifest.json").exists()
