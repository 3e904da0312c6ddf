"""Ctrl-C: the command ends within a second, whatever it is doing, and says what is kept."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from types import FrameType
from typing import NoReturn

EXIT_CODE = 130
MESSAGE = "interrupted; what was finished is kept, and the same command goes on from there"
GRACE_SECONDS = 0.5
"""For closing what is open."""


class Interrupted(BaseException):
    """Raised where the command was; closes what it had opened on its way out."""


def end_soon_on_interrupt() -> None:
    """Have Ctrl-C raise ``Interrupted``, and end the process shortly after if that does not.

    Native code (a model at work) keeps Python's own handlers waiting until it returns. Stores, memories and
    releases are safe against a process that is killed, so the wait may be cut short.
    """
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    signal.signal(signal.SIGINT, _interrupt)
    signal.set_wakeup_fd(ours.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_wait, args=(ours, theirs), daemon=True).start()


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise Interrupted


def _wait(ours: socket.socket, theirs: socket.socket) -> None:
    """Wait for the signal's number; ``ours`` is held open meanwhile."""
    while theirs.recv(1) != bytes([signal.SIGINT]):
        pass
    threading.Event().wait(GRACE_SECONDS)
    end()


def end() -> NoReturn:
    """Say what is kept, and end this process and those that it started.

    At once: Python's own end waits for what a model is at, and stops the thread that would cut that short.
    """
    if "multiprocessing" in sys.modules:  # to import it now takes longer than all else
        import multiprocessing

        for child in multiprocessing.active_children():
            child.kill()
    try:
        print(f"\n{MESSAGE}", file=sys.stderr, flush=True)  # noqa: T201
    finally:  # nobody may read it any more
        os._exit(EXIT_CODE)
