from __future__ import annotations

import os
from pathlib import Path

import pytest

from recipes.lib.side_by_side import side_by_side
from vqa_builder.errors import SpecError


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
