"""``vqa-builder`` called in the process of the test, which costs no start of another one."""

from __future__ import annotations

import io
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from vqa_builder import cli, interrupts


def run(*arguments: str | Path, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Exit code and output of a command, in a folder."""
    command = ["vqa-builder", *map(str, arguments)]
    with (
        pytest.MonkeyPatch.context() as patch,
        redirect_stdout(io.StringIO()) as out,
        redirect_stderr(io.StringIO()) as told,
        pytest.raises(SystemExit) as ended,
    ):
        patch.setattr(sys, "argv", command)
        patch.setattr(interrupts, "end_soon_on_interrupt", lambda: None)  # Ctrl-C ends the tests
        if folder:
            patch.chdir(folder)
        cli.main()
    return subprocess.CompletedProcess(
        command, int(str(ended.value.code or 0)), out.getvalue(), told.getvalue()
    )
