"""Work inline and in processes."""

import importlib.util
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from vqa_builder import registry
from vqa_builder.errors import ScorerError, UnknownNameError, VQABuilderError
from vqa_builder.executors import Executor, LocalExecutor, local
from vqa_builder.executors.local import usable_cpus

# Worker processes find a function by its module's name, which a test module need not have there: builtins do.
square = partial(pow, exp=2)
PID = "__import__('os').getpid()"
DIE = "__import__('os')._exit(3)"
IN_A_FOLDER = """
import tempfile, time
with tempfile.TemporaryDirectory(dir={!r}):
    time.sleep(60)
"""


def wait_for(folder: Path) -> None:
    until = time.monotonic() + 30
    while not list(folder.iterdir()) and time.monotonic() < until:
        time.sleep(0.01)
    assert list(folder.iterdir())


@pytest.fixture
def two() -> Iterator[LocalExecutor]:
    with LocalExecutor(2, starting_seconds=0) as executor:
        yield executor


def test_the_order_is_that_of_the_items(two: LocalExecutor) -> None:
    items = list(range(50))
    assert list(two.map(square, items)) == [item * item for item in items]
    assert two._pool is not None


def test_workers_change_no_result(two: LocalExecutor) -> None:
    items = [f"{number:x}" for number in range(30)]
    work = partial(int, base=16)
    assert list(two.map(work, items)) == list(LocalExecutor(1).map(work, items))


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_items_start_no_process(two: LocalExecutor, count: int) -> None:
    assert list(two.map(square, range(count))) == [number * number for number in range(count)]
    assert two._pool is None


def test_quick_work_starts_no_process() -> None:
    with LocalExecutor(2) as executor:
        assert sum(executor.map(square, range(1000))) == sum(number * number for number in range(1000))
        assert executor._pool is None


def test_one_worker_never_starts_a_process() -> None:
    with LocalExecutor(1, starting_seconds=0) as executor:
        list(executor.map(square, range(10)))
        assert executor._pool is None


def test_the_workers_are_other_processes_and_stay(two: LocalExecutor) -> None:
    pids = {pid for pid in two.map(eval, [PID] * 20) if pid != os.getpid()}
    again = {pid for pid in two.map(eval, [PID] * 20) if pid != os.getpid()}
    assert 1 <= len(pids | again) <= 2


def test_it_may_be_used_again_after_closing(two: LocalExecutor) -> None:
    assert list(two.map(square, range(5))) == list(two.map(square, range(5)))
    two.close()
    assert list(two.map(square, range(5))) == [0, 1, 4, 9, 16]


def test_an_early_end_leaves_nothing_running(two: LocalExecutor) -> None:
    results = two.map(partial(time.sleep), [0.01] * 100)
    next(results)
    next(results)
    results.close()  # type: ignore[attr-defined]
    started = time.monotonic()
    two.close()
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("starting_seconds", [0.0, 1e9])
def test_errors_keep_their_type(starting_seconds: float) -> None:
    with (
        LocalExecutor(2, starting_seconds=starting_seconds) as executor,
        pytest.raises(ValueError, match="invalid"),
    ):
        list(executor.map(int, ["1", "2", "x", "4"]))


def test_our_errors_arrive_with_their_details(two: LocalExecutor) -> None:
    with pytest.raises(UnknownNameError) as caught:
        list(two.map(partial(registry.find, "scorers"), ["copy", "copy", "copi", "copy"]))
    assert "did you mean 'copy'" in str(caught.value)
    assert not isinstance(caught.value, ScorerError)


def test_a_dead_worker_is_an_error_of_ours(two: LocalExecutor) -> None:
    with pytest.raises(VQABuilderError, match="A worker process died") as caught:
        list(two.map(eval, ["0", DIE, "1", "1"]))
    assert "eval, between items 2 and 4" in str(caught.value)
    assert "fewer workers" in str(caught.value)
    assert list(two.map(square, range(4))) == [0, 1, 4, 9]


def test_what_is_begun_goes_on_beside(two: LocalExecutor) -> None:
    begun = two.begin(eval, PID)
    assert begun is not None
    assert begun() not in (os.getpid(), None)
    assert LocalExecutor(1).begin(eval, PID) is None


def test_what_is_begun_may_fail_or_die(two: LocalExecutor) -> None:
    wrong = two.begin(int, "x")
    assert wrong is not None
    with pytest.raises(ValueError, match="invalid"):
        wrong()
    dying = two.begin(eval, DIE)
    assert dying is not None
    with pytest.raises(VQABuilderError, match="A worker process died"):
        dying()
    assert list(two.map(square, range(4))) == [0, 1, 4, 9]


@pytest.mark.parametrize("workers", [0, -1])
def test_workers_are_at_least_one(workers: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        LocalExecutor(workers)


@pytest.mark.parametrize("workers", [None, 2])
def test_a_daemon_works_alone(workers: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)  # type: ignore[attr-defined]
    with LocalExecutor(workers, starting_seconds=0) as executor:
        assert list(executor.map(square, range(4))) == [0, 1, 4, 9]
        assert executor.begin(square, 2) is None


def test_an_interrupt_ends_the_workers_and_no_process_of_the_caller() -> None:
    others = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(60,))
    others.start()
    try:
        with pytest.raises(KeyboardInterrupt), LocalExecutor(2) as executor:
            executor.begin(eval, "__import__('time').sleep(60)")
            started = time.monotonic()
            raise KeyboardInterrupt
        assert time.monotonic() - started < 5
        others.join(0.2)
        assert others.is_alive()
    finally:
        others.kill()


def test_what_was_begun_removes_what_it_has_half_made_when_it_is_interrupted(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), LocalExecutor(2, starting_seconds=0) as executor:
        list(executor.map(square, range(4)))  # an idle worker ends sooner than the others
        executor.begin(exec, IN_A_FOLDER.format(str(tmp_path)))
        wait_for(tmp_path)
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="nothing runs in a process that Windows ends")
def test_what_was_begun_removes_what_it_has_half_made_when_the_parent_is_killed(tmp_path: Path) -> None:
    script = "from vqa_builder.executors import LocalExecutor\nimport sys, time\n"
    script += "LocalExecutor(2).begin(exec, sys.argv[1])\ntime.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", script, IN_A_FOLDER.format(str(tmp_path))]) as parent:
        wait_for(tmp_path)
        parent.kill()
    until = time.monotonic() + 10
    while list(tmp_path.iterdir()) and time.monotonic() < until:
        time.sleep(0.01)
    assert not list(tmp_path.iterdir())


def test_threads_that_start_workers_leave_the_main_module_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    main = sys.modules["__main__"]
    monkeypatch.setattr(main, "__spec__", importlib.util.find_spec("pytest"))
    expected = (main.__spec__, getattr(main, "__file__", None))

    def start(seconds: float) -> None:
        with local._without_main():
            time.sleep(seconds)

    threads = [threading.Thread(target=start, args=(seconds,)) for seconds in (0.1, 0.2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (main.__spec__, getattr(main, "__file__", None)) == expected


def test_the_default_is_every_cpu() -> None:
    assert LocalExecutor().workers == usable_cpus() >= 1
    assert issubclass(LocalExecutor, Executor)
