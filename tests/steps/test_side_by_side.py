"""Languages that are finished in another process are what they are in one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.hub.plugin import hub
from tests.hub.server import Hub as LoopbackHub
from tests.sources.test_hub import COLUMNS, REPO, dataset, push
from tests.steps import builds
from vqa_builder import build, load_spec
from vqa_builder.errors import ReleaseError, SpecError, StorageError, VQABuilderError
from vqa_builder.executors import LocalExecutor
from vqa_builder.plugins import construct
from vqa_builder.progress import KeptProgress
from vqa_builder.steps import side_by_side
from vqa_builder.steps.build_context import SharedBuild, join_build, open_build
from vqa_builder.steps.releasing import BuiltRelease
from vqa_builder.translation import run

__all__ = ["hub"]
DIE = "__import__('os')._exit(9)"
TRY_TO_BUILD = """
import time
from pathlib import Path
from vqa_builder.errors import StorageError
from vqa_builder.store import Store
work, told = Path({!r}), "nothing"
time.sleep(1)
try:
    with Store(work):
        pass
except StorageError as error:
    told = error.problem
(work / "told").write_text(told)
"""
SCRIPT = """\
import sys
from vqa_builder import build, load_spec
from vqa_builder.steps import side_by_side
print("run")
side_by_side.FEWEST_STRINGS = 0
for release in build(load_spec(sys.argv[1]), sys.argv[2], workers=2):
    print(release.folder.name, release.verification.ok)
"""


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of two languages, the first of which is finished in another process."""
    monkeypatch.setattr(side_by_side, "FEWEST_STRINGS", 0)
    monkeypatch.setattr(side_by_side, "FEWEST_BYTES", 0)
    return builds.spec(tmp_path, languages=["ja", "hi"])


def content(releases: list[BuiltRelease]) -> list[tuple[Any, ...]]:
    return [
        (
            each.language,
            replace(each.work, engine_seconds=0.0),
            {path.name: path.read_bytes() for path in each.folder.rglob("*") if path.is_file()},
        )
        for each in releases
    ]


def steps_told(progress: KeptProgress) -> list[str]:
    return sorted(line.partition(" in ")[0] for line in progress.lines)


def test_two_processes_write_the_bytes_of_one(spec: Path, tmp_path: Path) -> None:
    one, two = KeptProgress(), KeptProgress()
    alone = build(load_spec(spec), tmp_path / "one", workers=1, progress=one)
    beside = build(load_spec(spec), tmp_path / "two", workers=2, progress=two)
    assert content(beside) == content(alone)
    assert steps_told(two) == steps_told(one)
    assert all(each.changed and each.verification and each.verification.ok for each in beside)
    assert beside[0].work.translated > 0
    again = build(load_spec(spec), tmp_path / "two", workers=2)
    assert [each.changed for each in again] == [False, False]


def test_a_folder_in_the_way_is_told_before_an_engine_is_asked(
    spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def paid(*_: object) -> None:
        raise AssertionError("an engine was asked")

    strange = tmp_path / "out" / "tiny-ja" / "diary.txt"
    strange.parent.mkdir(parents=True)
    strange.write_text("今日は晴れ")
    monkeypatch.setattr(run, "translate", paid)
    with pytest.raises(StorageError, match="tiny-ja"):
        build(load_spec(spec), tmp_path / "out", workers=2)
    assert strange.read_text() == "今日は晴れ"


def test_an_error_of_the_other_process_comes_when_the_rest_is_done(spec: Path, tmp_path: Path) -> None:
    builds.spec(tmp_path, languages=["ja", "hi"], policy={"languages": {"ja": {"length": {"max": -9}}}})
    with pytest.raises(ReleaseError, match="No question was kept") as caught:
        build(load_spec(spec), tmp_path / "out", workers=2)
    assert "tiny-ja" in str(caught.value)
    assert (tmp_path / "out" / "tiny-hi" / "manifest.json").exists()


def test_a_glossary_that_is_changed_meanwhile_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(side_by_side, "FEWEST_STRINGS", 0)
    path = builds.spec(tmp_path, languages=["ja", "hi"], translate={"glossary": "{language}.tsv"})
    for language, dog in (("ja", "犬"), ("hi", "कुत्ता")):
        (path.parent / f"{language}.tsv").write_text(f"term\ttranslation\trole\ndog\t{dog}\t\n")
    real = LocalExecutor.begin

    def changed(*asked: Any) -> Any:
        (path.parent / "ja.tsv").write_text("term\ttranslation\trole\ndog\tワンちゃん\t\n")
        return real(*asked)

    with monkeypatch.context() as patch:
        patch.setattr(LocalExecutor, "begin", changed)
        with pytest.raises(SpecError, match="was changed while the build ran"):
            build(load_spec(path), tmp_path / "out", workers=2)
    releases = build(load_spec(path), tmp_path / "out", workers=2)
    assert [each.changed for each in releases] == [True, False]


def test_no_other_build_begins_while_the_other_process_writes(spec: Path, tmp_path: Path) -> None:
    work = tmp_path / "out" / ".vqa-builder"
    with pytest.raises(ZeroDivisionError), open_build(load_spec(spec), tmp_path / "out", workers=2) as job:
        job.executor.begin(exec, TRY_TO_BUILD.format(str(work)))
        _ = 1 / 0
    assert (work / "told").read_text() == "Another build is running in this folder"


def test_a_process_that_dies_is_told_and_the_same_command_goes_on(
    spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(side_by_side, "FEWEST_BYTES", 1 << 20)
    real = LocalExecutor.begin
    with monkeypatch.context() as patch:
        patch.setattr(LocalExecutor, "begin", lambda self, *_: real(self, eval, DIE))
        with pytest.raises(VQABuilderError, match="A worker process died"):
            build(load_spec(spec), tmp_path / "out", workers=2)
    releases = build(load_spec(spec), tmp_path / "out", workers=2)
    assert [each.changed for each in releases] == [True, False]


def test_the_other_process_reads_the_commit_that_the_build_began_with(
    hub: LoopbackHub, tmp_path: Path
) -> None:
    read = {"type": "hub", "repo": REPO, "columns": COLUMNS}
    build_yaml = tmp_path / "build.yaml"
    build_yaml.write_text(json.dumps({"name": "tiny", "languages": ["ja", "hi"], "source": read}))
    push(dataset(tmp_path / "data"), hub)
    with open_build(load_spec(build_yaml), tmp_path / "out") as job:
        push(dataset(tmp_path / "data", train=5), hub)
        with join_build(SharedBuild.of(job, "ja"), job.progress) as joined:
            assert tuple(joined.plugins.source.fingerprint()) == job.inputs
            assert not joined.plugins.source.marks().settled  # so that check_unchanged compares these
        assert tuple(construct("sources", job.spec.source, tmp_path).fingerprint()) != job.inputs


@pytest.mark.skipif(os.name == "nt", reason="there is no nice")
@pytest.mark.parametrize(("given", "expected"), [(0, 10), (15, 15)])
def test_the_other_process_keeps_a_lower_priority(given: int, expected: int) -> None:
    script = "import os, sys\nfrom vqa_builder.steps import side_by_side\nos.nice(int(sys.argv[1]))\n"
    script += "side_by_side._step_back()\nprint(os.getpriority(os.PRIO_PROCESS, 0))"
    done = subprocess.run([sys.executable, "-c", script, str(given)], capture_output=True, text=True)
    assert done.stdout.strip() == str(expected), done.stderr


def test_a_script_needs_no_guard(spec: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, str(script), str(spec), str(tmp_path / "out")], capture_output=True, text=True
    )
    assert done.stdout.split("\n") == ["run", "tiny-ja True", "tiny-hi True", ""], done.stderr
