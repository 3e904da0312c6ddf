"""Exceptions that nobody foresaw: one line for the user, the trace in a file, without secrets."""

from __future__ import annotations

import os
import platform
import re
import tempfile
import traceback
from pathlib import Path

from vqa_builder.errors import shown
from vqa_builder.redaction import redact
from vqa_builder.version import __version__

EXIT_CODE = 3

_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH", re.IGNORECASE)
_LIKE_A_KEY = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[\w.+=~-]{16,}")


def report(error: BaseException, folder: Path) -> str:
    """Write the trace of an error into a folder, and say so in one line.

    Args:
        error: what was raised.
        folder: the work folder; the system's folder for temporary files serves where it cannot be written.

    Returns:
        What failed, where the trace is, and how to report it.
    """
    path = _written(trace(error), folder)
    what = scrubbed(" ".join(f"{type(error).__name__}: {shown(error)}".split()))[:300]
    where = f"the full trace is in {path}" if path else "the trace could not be written (--debug shows it)"
    return f"unexpected failure: {what}; {where}; please report it to the maintainers together with that file"


def trace(error: BaseException) -> str:
    """The traceback of an error, under a line with versions, without secrets."""
    versions = f"vqa-builder {__version__}, Python {platform.python_version()}, {platform.platform()}"
    return scrubbed(f"{versions}\n\n{''.join(traceback.format_exception(error))}")


def scrubbed(text: str) -> str:
    """The text without the values of secret environment variables, bearer tokens and passwords of URLs.

    >>> scrubbed("GET https://me:hunter2@example.org: Authorization: Bearer abc.def")
    'GET https://***@example.org: Authorization: ***'
    """
    values = {
        value
        for name, value in os.environ.items()
        if len(value) >= 6 and (_SECRET_NAME.search(name) or _LIKE_A_KEY.fullmatch(value))
    }
    return redact(text, values)


def work_folder(arguments: list[str]) -> Path:
    """The work folder of a command: in the folder that ``--out`` names, else in the current one.

    >>> work_folder(["build", "build.yaml", "--out=releases"]).as_posix()
    'releases/.vqa-builder'
    """
    out = Path()
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if argument == "--out":
            out = Path(following)
        elif argument.startswith("--out="):
            out = Path(argument.removeprefix("--out="))
    return out / ".vqa-builder"


def _written(content: str, folder: Path) -> Path | None:
    for place in (folder, Path(tempfile.gettempdir())):
        path = place / f"crash-{os.getpid()}.txt"
        try:
            place.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8", errors="backslashreplace")
        except OSError:
            continue
        return path
    return None
