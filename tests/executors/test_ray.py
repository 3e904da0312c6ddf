"""Work on a real Ray cluster on this machine, with workers that are killed."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.tiny import write_vqa
from vqa_builder import build, executors, load_spec, registry
from vqa_builder.errors import MissingExtraError, UnknownNameError, VQABuilderError
from vqa_builder.executors.ray import RayExecutor
from vqa_builder.release.manifest import load_manifest
from vqa_builder.translation import run
from vqa_builder.translation.distribute import DistributedEngine
from vqa_builder.translation.engines.mini import Mini
from vqa_builder.translation.memory import TranslationMemory
from vqa_builder.translation.request import Request

ray = pytest.importorskip("ray")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::FutureWarning")]

square = partial(pow, exp=2)
PID = "__import__('os').getpid()"
DIE = "__import__('os').kill(__import__('os').getpid(), 9)"
TEXTS = [f"How many cows are in picture {number}?" for number in range(256)]


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """A cluster with room for two builds; gives its address."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray.init(address="local", num_cpus=4, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    yield ray.get_runtime_context().gcs_address
    ray.shutdown()


@pytest.fixture(scope="module")
def two(cluster: str) -> Iterator[RayExecutor]:
    with RayExecutor(2) as executor:
        yield executor


def pids(executor: RayExecutor) -> set[int]:
    """The workers' processes."""
    return set(executor.map(eval, [PID] * 8))


def test_the_order_is_that_of_the_items(two: RayExecutor) -> None:
    items = list(range(50))
    assert list(two.map(square, items)) == [item * item for item in items]
    assert list(two.map(square, [])) == []


def test_the_workers_are_two_other_processes_and_stay(two: RayExecutor) -> None:
    before = pids(two)
    assert len(before) == two.workers == 2
    assert os.getpid() not in before
    assert pids(two) == before


def test_results_are_handed_over_as_soon_as_they_are_there(two: RayExecutor) -> None:
    slow_first = ["__import__('time').sleep(1.5)", "1", "1", "1", "1"]
    places = [place for place, _ in two.finished(eval, iter(slow_first))]
    assert sorted(places) == [0, 1, 2, 3, 4]
    assert places[0] != 0
    assert list(two.map(eval, slow_first)) == [None, 1, 1, 1, 1]


def test_items_are_taken_when_a_worker_is_free_for_them(two: RayExecutor) -> None:
    taken: list[int] = []
    results = two.finished(square, (taken.append(number) or number for number in range(100)))  # type: ignore[func-returns-value]
    next(results)
    assert len(taken) <= 5
    results.close()  # type: ignore[attr-defined]


def test_errors_keep_their_type_and_place(two: RayExecutor) -> None:
    results = two.map(int, ["1", "2", "x", "4"])
    assert [next(results), next(results)] == [1, 2]
    with pytest.raises(ValueError, match="invalid literal"):
        next(results)
    with pytest.raises(UnknownNameError, match="Unknown scorer 'copi'") as caught:
        list(two.map(partial(registry.find, "scorers"), ["copy", "copi"]))
    assert "did you mean 'copy'" in str(caught.value)


def test_a_killed_worker_costs_what_it_had_under_way(two: RayExecutor, tmp_path: Path) -> None:
    log = tmp_path / "log"
    item = f"(open({str(log)!r}, 'a').write('x'), __import__('time').sleep(0.1), {{}})[-1]"
    victim = min(pids(two))
    results = two.finished(eval, [item.format(number) for number in range(20)])
    done = [next(results)]
    os.kill(victim, signal.SIGKILL)
    done += list(results)
    assert sorted(done) == [(number, number) for number in range(20)]
    assert 20 <= len(log.read_text()) <= 22


def test_work_that_kills_every_worker_is_an_error_of_ours(two: RayExecutor) -> None:
    with pytest.raises(VQABuilderError, match="No worker of Ray survives this work") as caught:
        list(two.map(eval, ["1", DIE]))
    assert "where:    eval" in str(caught.value)
    assert list(two.map(square, range(4))) == [0, 1, 4, 9]


def test_it_may_be_used_again_after_closing(cluster: str) -> None:
    executor = RayExecutor(1)
    assert list(executor.map(square, [3])) == [9]
    executor.close()
    assert list(executor.map(square, [4])) == [16]
    executor.close()


def test_more_workers_than_the_cluster_has_room_for_are_an_error(cluster: str) -> None:
    with pytest.raises(VQABuilderError, match="no room for the workers") as caught:
        list(RayExecutor(99).map(square, [1]))
    assert "run with --workers 4" in str(caught.value)


def test_translations_are_those_of_one_engine_though_a_worker_is_killed(
    two: RayExecutor, tmp_path: Path
) -> None:
    options = Mini.Options()
    with Mini(options) as mini, TranslationMemory(tmp_path / "memory.sqlite") as memory:
        many = DistributedEngine(mini, "mini", options, two)
        victim = max(pids(two))
        parts = many.translate_in_parts(Request(TEXTS, "en", "ja"))
        found = dict(next(parts))
        os.kill(victim, signal.SIGKILL)
        for part in parts:
            found |= dict(part)
        assert [found[at] for at in range(len(TEXTS))] == mini.translate(Request(TEXTS, "en", "ja"))
        request = Request(TEXTS, "en", "hi", "question")
        outcome, again = (run.translate(request, [engine], memory) for engine in (many, mini))
    assert (outcome.counts.translated, again.counts.remembered) == (len(TEXTS), len(TEXTS))


def hashes(folder: Path) -> dict[str, str]:
    """Table -> content hash, of every release in a folder."""
    return {
        f"{manifest.parent.name}/{key}": table["content_hash"]
        for manifest in sorted(folder.glob("*/manifest.json"))
        for key, table in load_manifest(manifest.parent).tables.items()
    }


def test_a_build_on_a_cluster_has_the_same_content_as_one_here(cluster: str, tmp_path: Path) -> None:
    spec = write_vqa(tmp_path / "source", languages=["ja"])
    here = build(load_spec(spec), tmp_path / "here", workers=1)
    command = [sys.executable, "-m", "vqa_builder", "build", str(spec), "--executor", "ray", "--workers", "2"]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "there")],
        env={**os.environ, "RAY_ADDRESS": cluster},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert hashes(tmp_path / "there") == hashes(tmp_path / "here") != {}
    assert f"{here[0].work.translated:,} translated now" in done.stdout


def test_an_address_where_nothing_runs_is_an_error_of_ours(tmp_path: Path) -> None:
    program = (
        "from vqa_builder.executors.ray import RayExecutor\n"
        "from vqa_builder.errors import VQABuilderError\n"
        "try:\n    list(RayExecutor(1).map(abs, [1]))\n"
        "except VQABuilderError as error:\n    print(error)\n"
    )
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "RAY_ADDRESS": "127.0.0.1:9"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "No cluster of Ray answers\n  where:    RAY_ADDRESS=127.0.0.1:9" in done.stdout
    assert time.monotonic() - started < 20


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ray" else find(name))
    with pytest.raises(MissingExtraError) as caught:
        executors.make("ray")
    assert "pip install 'vqa-builder[ray]'" in str(caught.value)


def test_executors_are_found_by_name() -> None:
    assert isinstance(executors.make("ray"), RayExecutor)
    with pytest.raises(UnknownNameError, match="Unknown executor 'slurm'"):
        executors.make("slurm")
    with pytest.raises(ValueError, match="at least 1"):
        RayExecutor(0)


def test_nothing_of_a_build_here_needs_ray() -> None:
    program = "import sys, json, vqa_builder.pipeline; print(json.dumps('ray' in sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) is False
