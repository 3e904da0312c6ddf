"""Saving what is whole of a damaged translation memory."""

from __future__ import annotations

import shutil
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from vqa_builder.errors import StorageError
from vqa_builder.translation.memory import Entry, TranslationMemory, is_whole
from vqa_builder.translation.sqlite_file import check_files

_PAGE = 4096


class Repaired(NamedTuple):
    """What a repair brought.

    Attributes:
        kept: entries that are whole.
        damaged: entries that can be read and are not what was stored.
        unreadable: parts of the file that SQLite cannot read; nobody knows how many entries they held.
        before: the file as it was.
    """

    kept: int
    damaged: int
    unreadable: int
    before: Path


def repair(path: Path) -> Repaired:
    """Make a new memory of the entries of a damaged one that are whole, in its place.

    Raises:
        StorageError: there is no such file, or nothing in it can be read.
    """
    if not path.is_file():
        raise StorageError("There is no such memory", where=path)
    check_files(path)
    fresh, copy, before = (path.with_name(f"{path.name}.{end}") for end in ("repaired", "partial", "damaged"))
    _remove(fresh)
    with TranslationMemory(fresh) as new:
        kept, damaged, unreadable = _saved(path, new)
        if not kept:
            try:
                _copy_with_first_page(path, copy)
                kept, damaged, unreadable = _saved(copy, new)
            finally:
                _remove(copy)
    if not kept:
        fresh.unlink()
        raise StorageError("Nothing in the memory can be read", where=path, remedy="restore it from a copy")
    before.unlink(missing_ok=True)
    try:
        before.hardlink_to(path)  # so that there is a memory at every moment
    except OSError:
        shutil.copyfile(path, before)
    _remove(path, but_itself=True)
    fresh.replace(path)
    return Repaired(kept, damaged, unreadable, before)


def _remove(memory: Path, *, but_itself: bool = False) -> None:
    """Remove a memory with what SQLite keeps beside it, which it would take for a part of the next one."""
    for suffix in ("-wal", "-shm") if but_itself else ("", "-wal", "-shm"):
        memory.with_name(memory.name + suffix).unlink(missing_ok=True)


def _saved(path: Path, new: TranslationMemory) -> tuple[int, int, int]:
    """Add the whole entries of a file to a memory; how many are whole, damaged, and unreadable parts."""
    kept = damaged = 0
    unreadable: list[bytes] = []
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as old:
        for rows in _readable_rows(old, unreadable):
            whole = [entry for row in rows if (entry := _whole_entry(*row))]
            kept += sum(new.add(whole))
            damaged += len(rows) - len(whole)
    return kept, damaged, len(unreadable)


def _copy_with_first_page(path: Path, copy: Path) -> None:
    """Copy a file whose header or schema is lost, or that was cut short, so that SQLite reads the rest.

    The first page is that of an empty memory, with the number of pages, none of them free, and without a log
    (https://www.sqlite.org/fileformat2.html#the_database_header).
    """
    _remove(copy)
    with TranslationMemory(copy):
        pass
    first = bytearray(copy.read_bytes()[:_PAGE])
    pages = -(-path.stat().st_size // _PAGE)
    first[18:20], first[28:40] = b"\1\1", struct.pack(">III", pages, 0, 0)
    shutil.copyfile(path, copy)
    with copy.open("r+b") as file:
        file.write(first)
        file.truncate(pages * _PAGE)


def _readable_rows(old: sqlite3.Connection, unreadable: list[bytes]) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a damaged file by the beginning of their keys; beginnings that fail are noted."""
    old.text_factory = bytes
    try:
        tables = {row[0] for row in old.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        if not {b"entries", b"engines"} <= tables:  # a view of that name may compute for ever
            return
        columns = {row[1].decode() for row in old.execute("PRAGMA table_info(entries)")}
        checksum = "checksum" if "checksum" in columns else "NULL"
        signatures = {
            number: bytes(name).decode() for number, name in old.execute("SELECT id, signature FROM engines")
        }
    except (sqlite3.Error, UnicodeDecodeError):
        return
    statement = (
        f"SELECT key, {checksum}, source, target, text, translation, role, context, engine_id, asserted"
        " FROM entries WHERE key >= ? AND key < ?"
    )
    waiting = [bytes([number]) for number in range(256)]
    while waiting:
        start = waiting.pop()
        try:
            rows = old.execute(statement, (start, _following(start))).fetchall()
        except sqlite3.Error:
            if len(start) < 2:
                waiting += [start + bytes([number]) for number in range(256)]
            else:
                unreadable.append(start)
            continue
        yield [(*row[:-2], signatures.get(row[-2], "").encode(), row[-1]) for row in rows]


def _whole_entry(key: Any, checksum: Any, *fields: Any) -> Entry | None:
    """The entry of a row of bytes; None where it is not what was stored."""
    *texts, verified = fields
    try:
        entry = Entry._make((*(text.decode() for text in texts), bool(verified)))
        return entry if is_whole(key, checksum, entry) else None
    except (UnicodeDecodeError, TypeError, AttributeError):
        return None


def _following(start: bytes) -> bytes:
    """The least key that does not begin so any more."""
    number = int.from_bytes(start, "big") + 1
    return number.to_bytes(len(start), "big") if number < 256 ** len(start) else b"\xff" * 17
