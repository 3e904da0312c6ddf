"""What SQLite says, in words that help."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from vqa_builder.errors import StorageError

_NO_DATABASE = (
    "This file is no translation memory, or a damaged one",
    "name another file; the SQLite command `.recover` saves what can be read of a damaged one",
)
_LOCKED = (
    "The translation memory is locked by another program",
    "wait until it has ended, or close the program that keeps the file open",
)
_NOT_OPEN = ("The translation memory cannot be opened for writing", "check the path and its permissions")
_PROBLEMS = {
    sqlite3.SQLITE_FULL: (
        "The disk is full, the translation memory cannot grow",
        "free some space and run the same command again",
    ),
    sqlite3.SQLITE_NOTADB: _NO_DATABASE,
    sqlite3.SQLITE_CORRUPT: _NO_DATABASE,
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_CANTOPEN: _NOT_OPEN,
    sqlite3.SQLITE_READONLY: _NOT_OPEN,
    sqlite3.SQLITE_PERM: _NOT_OPEN,
    sqlite3.SQLITE_PROTOCOL: (
        "The translation memory cannot be locked",
        "put it on a local disk: network file systems cannot share a write-ahead log",
    ),
}


def storage_error(error: sqlite3.Error, path: Path, kept: str | None = None) -> StorageError:
    """The error for people.

    Args:
        error: what SQLite raised.
        path: the memory's file.
        kept: what is safe all the same, if that is worth saying.
    """
    problem, remedy = _PROBLEMS.get(_code(error), ("The translation memory cannot be used", None))
    advice = "; ".join(filter(None, (remedy, kept)))
    return StorageError(problem, where=path, found=error, remedy=advice or None)


def is_full(error: sqlite3.Error) -> bool:
    """Whether there was no room left."""
    return _code(error) == sqlite3.SQLITE_FULL


def _code(error: sqlite3.Error) -> int:
    # Extended codes carry the primary one in their lowest byte.
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
