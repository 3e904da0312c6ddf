"""Ctrl-C ends a command within a second, whatever it is doing, and says what is kept."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vqa_builder import interrupts

PROGRAM = """
import hashlib, sys, time
from vqa_builder import cli, pipeline

def work(*_, **__):
    print("at work", flush=True)
    WORK

pipeline.build = work
sys.argv = ["vqa-builder", "build", sys.argv[1]]
cli.main()
"""
WORK = {
    "Python": "while True: pass",
    "waiting": "time.sleep(60)",
    "native code": "hashlib.pbkdf2_hmac('sha256', b'a', b'b', 10**9)",
    "closing": "\n    try: time.sleep(60)\n    finally: hashlib.pbkdf2_hmac('sha256', b'a', b'b', 10**9)",
    "a thread that Python's end would wait for": "\n    import threading\n"
    "    native = threading.Thread(target=hashlib.pbkdf2_hmac, args=('sha256', b'a', b'b', 10**9))\n"
    "    native.start(); native.join()",
    "processes": "\n    from vqa_builder.executors import LocalExecutor\n"
    "    with LocalExecutor(2, starting_seconds=0) as executor:\n"
    "        list(executor.map(time.sleep, [0, 60, 60, 60]))",
}


def test_the_wait_for_a_closing_command_is_within_the_promised_second() -> None:
    assert interrupts.GRACE_SECONDS < 1


@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
def test_one_line_within_a_second(work: str, tiny: Path) -> None:
    command = [sys.executable, "-c", PROGRAM.replace("WORK", work), str(tiny)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stderr
        assert process.stdout.readline() == "at work\n"
        time.sleep(2 if "Executor" in work else 0.2)
        pressed = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
        assert process.returncode == 130
        assert time.monotonic() - pressed < 10  # the second that is promised, on a machine that is busy
    assert said.strip() == "interrupted; what was finished is kept, and the same command goes on from there"


@pytest.mark.parametrize("work", [WORK["waiting"], WORK["native code"]])
def test_it_ends_where_nobody_reads_the_line(work: str, tiny: Path) -> None:
    command = [sys.executable, "-c", PROGRAM.replace("WORK", work), str(tiny)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stderr
        assert process.stdout.readline() == "at work\n"
        process.stderr.close()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 130
