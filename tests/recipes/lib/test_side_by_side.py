from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from recipes.lib.side_by_side import side_by_side
from vqa_builder.errors import SpecError

T = TypeVar("T")


def work(folder: Path, number: int) -> str:
    import torch

    if number == 9:
        raise SpecError("Nine is too many", expected="0 to 8")
    (folder / str(number)).write_text(str(os.getpid()))
    return f"job {number} with {torch.get_num_threads()} thread"


def test_every_job_runs_once_in_another_process_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    side_by_side(work, [(tmp_path, number) for number in range(4)], workers=2)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["1/4", "2/4", "3/4", "4/4"]
    assert sorted(line.split("  ")[1] for line in lines[:4]) == [f"job {n} with 1 thread" for n in range(4)]
    assert lines[4].endswith("s in all")
    assert str(os.getpid()) not in {(tmp_path / str(number)).read_text() for number in range(4)}


def test_an_error_reaches_the_command_whole(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as error:
        side_by_side(work, [(tmp_path, 0), (tmp_path, 9)], workers=1)
    assert "expected: 0 to 8" in str(error.value)


def wait(folder: Path) -> str:
    (folder / "worker").write_text(str(os.getpid()))
    time.sleep(600)
    return "never"


def test_a_worker_does_not_outlive_a_killed_table(tmp_path: Path) -> None:
    module = "tests.recipes.lib.test_side_by_side"
    script = f"""
from pathlib import Path
from {module} import side_by_side, wait
if __name__ == "__main__":
    side_by_side(wait, [(Path({str(tmp_path)!r}),)], workers=1)
"""
    (tmp_path / "table.py").write_text(script)
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    table = subprocess.Popen([sys.executable, str(tmp_path / "table.py")], env=here)
    try:
        worker = _eventually(lambda: int((tmp_path / "worker").read_text()))
    finally:
        os.kill(table.pid, signal.SIGKILL)
        table.wait()
    _eventually(lambda: _is_gone(worker))


@pytest.mark.parametrize("starting", [True, False])
def test_ctrl_c_ends_a_table_and_its_workers_with_one_line(starting: bool, tmp_path: Path) -> None:
    module = "tests.recipes.lib.test_side_by_side"
    script = f"""
from pathlib import Path
from {module} import side_by_side, wait
from vqa_builder import interrupts
if __name__ == "__main__":
    interrupts.end_soon_on_interrupt()
    print("ready", flush=True)
    try:
        side_by_side(wait, [(Path({str(tmp_path)!r}),)] * 3, workers=2)
    except interrupts.Interrupted:
        interrupts.end()
"""
    (tmp_path / "table.py").write_text(script)
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    command = [sys.executable, str(tmp_path / "table.py")]
    with subprocess.Popen(
        command, env=here, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as table:
        assert table.stdout and table.stdout.readline() == "ready\n"
        if starting:
            time.sleep(0.5)
        else:
            worker = _eventually(lambda: int((tmp_path / "worker").read_text()))
        os.killpg(table.pid, signal.SIGINT)  # as a terminal does
        _, said = table.communicate(timeout=20)
        assert table.returncode == 130
    assert said.strip() == "interrupted; what was finished is kept, and the same command goes on from there"
    if not starting:
        _eventually(lambda: _is_gone(worker))


def _eventually(found: Callable[[], T], seconds: float = 60) -> T:
    end = time.monotonic() + seconds
    while True:
        try:
            if value := found():
                return value
        except (OSError, ValueError):
            pass
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def _is_gone(process: int) -> bool:
    """Gone, or a zombie that nobody has buried."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    stat = Path(f"/proc/{process}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"
