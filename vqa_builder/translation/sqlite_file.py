"""An SQLite file that many processes share, that survives their end, and whose faults are put into words."""

from __future__ import annotations

import re
import shutil
import sqlite3
import stat
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any

from vqa_builder.errors import StorageError, shown
from vqa_builder.named_files import refuse_endless
from vqa_builder.translation.request import batches

KEYS_PER_SELECT = 1000
CACHE_KIB = 65_536

_REPAIR = "`vqa-builder memory repair --memory {path}` saves what is whole of a damaged one"
_NO_DATABASE = (
    "This file is no translation memory, or a damaged one",
    f"name another file; {_REPAIR}",
)
_LOCKED = (
    "The translation memory is locked by another program",
    "wait until it has ended, or close the program that keeps the file open",
)
_JOURNAL = bytes.fromhex("d9d505f920a163d7")
SHARED_MEMORY = 32 << 10
"""Bytes of the least file that SQLite keeps beside one with a write-ahead log."""
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


class SqliteFile:
    """One open file with a schema.

    Args:
        path: the file, made with its folder if missing.
        schema: statements that make it.
        version: of the schema.
        upgrades: an older version -> statements that make the next one of it.
        entries: the table that holds what a full disk leaves.
        timeout: how many seconds to wait for another process that writes.

    Raises:
        StorageError: the file is another program's, or of another version, or cannot be written. From every
            method: it is locked or damaged, or the disk is full.
    """

    def __init__(
        self,
        path: Path,
        schema: Sequence[str],
        version: int,
        *,
        upgrades: Mapping[int, Sequence[str]],
        entries: str,
        timeout: float,
    ) -> None:
        self.path, self._schema, self._version, self._upgrades = path, schema, version, upgrades
        self._entries, self._timeout = entries, timeout
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError("The memory cannot be made", where=path, found=error) from None
        check_files(path)
        with self._explained():
            self._connection = sqlite3.connect(path, timeout=timeout, isolation_level=None)
            try:
                self._prepare()
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        """Close the file; what was stored is stored already."""
        self._connection.close()

    def execute(self, statement: str, values: Any = ()) -> Iterator[tuple[Any, ...]]:
        """The rows of a statement, one at a time; it runs before the first one is asked for."""
        with self._explained():
            rows = self._connection.execute(statement, values)
        return self._read(rows)

    def first(self, statement: str, values: Any = ()) -> tuple[Any, ...] | None:
        """The first row of a statement."""
        return next(self.execute(statement, values), None)

    def insert(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each of many rows, inside a transaction."""
        self._connection.executemany(statement, rows)

    def select(self, columns_and_table: str, keys: Sequence[bytes]) -> Iterator[tuple[Any, ...]]:
        """The rows that have one of these keys, in any order."""
        # In key order the look-ups walk through the file instead of jumping about in it.
        for some in batches(sorted(set(keys)), KEYS_PER_SELECT):
            marks = ",".join("?" * len(some))
            yield from self.execute(f"SELECT {columns_and_table} WHERE key IN ({marks})", some)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of what happens inside, on the disk at the end, or nothing of it."""
        with self._explained():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                # SQLite has rolled back by itself after some errors; what failed first is what counts.
                with suppress(sqlite3.Error):
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                raise

    def _read(self, rows: sqlite3.Cursor) -> Iterator[tuple[Any, ...]]:
        with self._explained():
            # Unlike a cursor, a chain is not closed when its reader stops halfway, maybe after its file.
            yield from chain(rows)

    def _prepare(self) -> None:
        self._check_version()
        self._write_ahead()
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        with self.transaction():
            while (found := self._found_version()) in (0, *self._upgrades):
                statements, made = self._upgrades.get(found, self._schema), (found or self._version - 1) + 1
                for statement in (*statements, f"PRAGMA user_version = {made}"):
                    self._connection.execute(statement)
        self._check_version()
        self._check_schema()
        self._check_pages()

    def _write_ahead(self) -> None:
        """Switch to WAL. SQLite does not wait for others with this as it does with everything else."""
        until = time.monotonic() + self._timeout
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > until:
                    raise
                time.sleep(0.01)

    def _check_version(self) -> None:
        version = self._found_version()
        if version in (self._version, *self._upgrades) or not (version or self._count("sqlite_schema")):
            return
        raise StorageError(
            "This file is no translation memory that this version of vqa_builder reads",
            where=self.path,
            expected=f"version {self._version}",
            found=f"version {version}" if version else "another program's database",
            remedy="name another file, or export the memory with the version that wrote it",
        )

    def _check_schema(self) -> None:
        """Refuse whatever would run when the file is read or written: triggers, views, computed columns."""
        expected = {_letters(statement) for statement in self._schema}
        for kind, name, statement in self._connection.execute("SELECT type, name, sql FROM sqlite_schema"):
            if not str(name).startswith("sqlite_") and _letters(str(statement)) not in expected:
                raise StorageError(
                    "This file is not a translation memory alone",
                    where=self.path,
                    expected="tables and indexes as this version makes them",
                    found=f"a {kind} {name!r}, which others have put there or changed",
                    remedy=f"name another file; {_REPAIR}".format(path=self.path),
                )

    def _check_pages(self) -> None:
        """Refuse a file some of whose rows can no longer be reached: a look-up would take them for missing.

        About a second for a gigabyte (177,562 entries in 28 MB: 0.04 s).
        """
        (found,) = next(self.execute("PRAGMA integrity_check(1)"))
        if found != "ok":
            raise damaged(
                self.path,
                expected="pages that hold all that was stored",
                found=shown(" ".join(found.split())),
            )

    def _found_version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def _count(self, table: str) -> int:
        return int(self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """What SQLite says, in words that help."""
        try:
            yield
        except (sqlite3.Error, UnicodeDecodeError) as error:  # the latter where SQLite quotes the file
            # Extended codes carry the primary one in their lowest byte.
            code = int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
            if code == sqlite3.SQLITE_IOERR and not _has_room(self.path.parent):
                code = sqlite3.SQLITE_FULL  # SQLite says so only of the file itself, not of those beside it
            problem, remedy = _PROBLEMS.get(code, ("The translation memory cannot be used", _REPAIR))
            advice = [remedy.format(path=self.path)]
            if code == sqlite3.SQLITE_FULL:
                with suppress(sqlite3.Error):
                    advice.append(f"the {self._count(self._entries):,} entries stored before are kept")
            raise StorageError(problem, where=self.path, found=error, remedy="; ".join(advice)) from error


def damaged(path: Path, *, expected: str, found: str) -> StorageError:
    """The error for a memory that does not hold what was stored."""
    remedy = _REPAIR.format(path=path)
    return StorageError(
        "The translation memory is damaged", where=path, expected=expected, found=found, remedy=remedy
    )


def check_files(path: Path) -> None:
    """Refuse what SQLite would follow out of a memory that somebody else made: it writes through links to
    its log, and deletes the file that a journal names as that of a transaction over several databases.

    Raises:
        StorageError: for these, and for pipes and devices, on which SQLite waits for ever.
    """
    refuse_endless(path, StorageError)
    for beside in (path.with_name(path.name + suffix) for suffix in ("-wal", "-shm", "-journal")):
        try:
            if not stat.S_ISREG(beside.lstat().st_mode):
                found = "a link, a folder, a pipe or a device"
            elif beside.name.endswith("-journal") and _names_another_file(beside):
                found = "a journal that names another file, which SQLite would delete"
            else:
                continue
        except FileNotFoundError:
            continue
        raise StorageError(
            "A file beside the translation memory is none of ours",
            where=beside,
            found=found,
            remedy="remove it, and trust the memory no more than whoever gave it to you",
        )


def _names_another_file(journal: Path) -> bool:
    """https://www.sqlite.org/fileformat2.html#the_rollback_journal: such a one ends as journals begin."""
    with journal.open("rb") as file:
        file.seek(max(journal.stat().st_size - len(_JOURNAL), 0))
        return file.read() == _JOURNAL


def _has_room(folder: Path) -> bool:
    """Whether the files that SQLite keeps beside its own would still fit."""
    with suppress(OSError):
        return shutil.disk_usage(folder).free >= SHARED_MEMORY
    return True


def _letters(statement: str) -> str:
    """A statement of a schema without what ALTER TABLE leaves otherwise: white space and commas."""
    return re.sub(r"[\s,]", "", statement)
