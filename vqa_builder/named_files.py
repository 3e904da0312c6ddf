"""Small files that a command, a spec or a release names: read whole, or refused in one way."""

from __future__ import annotations

import io
from pathlib import Path

from vqa_builder.errors import SourceError, SpecError, VQABuilderError

MOST_BYTES = 256 << 20


def refuse_endless(path: Path, error: type[VQABuilderError] = SourceError) -> None:
    """Refuse a pipe or a device, which may never end and cannot be read twice; raises ``error``."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise error(
            "An input file cannot be read",
            where=path,
            expected="a regular file, which can be read more than once",
            found="a pipe or a device, which may never end",
            remedy="write what comes from it to a file, and name that",
        )


def read_bytes(
    path: Path,
    what: str,
    error: type[VQABuilderError] = SpecError,
    *,
    expected: str = "a file",
    remedy: str | None = None,
    most: int = MOST_BYTES,
) -> bytes:
    """The bytes of a file.

    Args:
        path: the file.
        what: it is, in messages: ``glossary``.
        error: what is raised where it cannot be read: it is not there, no regular file, or has more than
            ``most`` bytes.
        expected: what it should have been.
        remedy: what to do about it.
        most: bytes that are read at most.
    """
    refuse_endless(path, error)
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except FileNotFoundError:
        raise error(f"There is no such {what}", where=path, expected=expected, remedy=remedy) from None
    except (OSError, ValueError) as problem:  # a name with a zero byte is a ValueError
        found = getattr(problem, "strerror", None) or problem
        raise _unreadable(path, what, error, expected, found, remedy) from None
    if len(data) > most:
        raise _unreadable(path, what, error, f"at most {most:,} bytes", "more", remedy)
    return data


def read_text(
    path: Path,
    what: str,
    error: type[VQABuilderError] = SpecError,
    *,
    expected: str = "a UTF-8 file",
    remedy: str | None = None,
) -> str:
    """The text of a UTF-8 file, each line ended by a line feed; a byte order mark is left out.

    Arguments and errors as of ``read_bytes``.
    """
    data = read_bytes(path, what, error, expected=expected, remedy=remedy)
    try:
        return io.TextIOWrapper(io.BytesIO(data), "utf-8-sig").read()
    except UnicodeDecodeError as problem:
        raise _unreadable(path, what, error, expected, problem, remedy) from None


def read_tsv(path: Path, what: str, error: type[VQABuilderError] = SpecError) -> list[list[str]]:
    """The cells of each line of a UTF-8 file, with tabs between them; errors as of ``read_bytes``."""
    return [line.split("\t") for line in read_text(path, what, error).split("\n")]


def _unreadable(
    path: Path,
    what: str,
    error: type[VQABuilderError],
    expected: str,
    found: object,
    remedy: str | None,
) -> VQABuilderError:
    return error(f"The {what} cannot be read", where=path, expected=expected, found=found, remedy=remedy)
