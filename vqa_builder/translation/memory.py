"""The translation memory: one SQLite file that outlives the build, the crash and the release.

It holds two kinds of entries. **Machine** entries carry the signature of the engine that made them and answer
that engine only. **Human-verified** entries, the overrides, come from people: corrections and imported
memories. They answer before any engine, one per text, role, context and direction, whoever wrote it last.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Self

from vqa_builder.errors import StorageError, shown
from vqa_builder.translation.request import Request, batches
from vqa_builder.translation.sqlite_file import SqliteFile, damaged

VERSION = 2
ROWS_PER_INSERT = 1000
ANY_ROLE = ""
OVERRIDES = ""
WITH_TERMS = "+terms"
"""How a signature ends for strings that hold terms; ``:`` and a digest of these follow."""

# Signatures are long and few; spelled out in every row they would double the file and the time to store.
# ``asserted`` is what version 0.1.0 called human-verified.
_SCHEMA = (
    "CREATE TABLE engines (id INTEGER PRIMARY KEY, signature TEXT NOT NULL UNIQUE)",
    """CREATE TABLE entries (
        key BLOB PRIMARY KEY,
        source TEXT NOT NULL, target TEXT NOT NULL, role TEXT NOT NULL, context TEXT NOT NULL,
        text TEXT NOT NULL, translation TEXT NOT NULL, engine_id INTEGER NOT NULL, asserted INTEGER NOT NULL,
        checksum INTEGER
    ) WITHOUT ROWID""",
    "CREATE INDEX asserted_entries ON entries (source, target) WHERE asserted = 1",
)
_UPGRADES = {1: ("ALTER TABLE entries ADD COLUMN checksum INTEGER",)}  # null: made before there were any
_INSERT = "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO "
_KEEP = _INSERT + "NOTHING"
_REPLACE = _INSERT + "UPDATE SET translation = excluded.translation, engine_id = excluded.engine_id,"
_REPLACE += " checksum = excluded.checksum"
_ENTRIES = "FROM entries LEFT JOIN engines ON engines.id = engine_id"  # none only where a file is damaged
_GENERAL = (
    f"CASE WHEN asserted = 0 AND instr(signature, '{WITH_TERMS}:') > 0"
    f" THEN substr(signature, 1, instr(signature, '{WITH_TERMS}:') + {len(WITH_TERMS) - 1})"
    " ELSE signature END"
)
_COLUMNS = "key, checksum, source, target, text, translation, role, context, signature, asserted"
_OVERRIDES_HERE = "WHERE asserted = 1 AND source = ? AND target = ?"


class Entry(NamedTuple):
    """One remembered translation.

    Attributes:
        source, target: ISO 639 codes.
        text: what was translated.
        translation: into what.
        role: ``question``, ``answer`` or "" for any.
        context: what told two senses of a text apart; "" for any.
        engine: a machine entry's engine signature, a human-verified entry's label (``human``, ``import``).
        human_verified: whether people stand behind it, so that it outranks engines.
    """

    source: str
    target: str
    text: str
    translation: str
    role: str = ANY_ROLE
    context: str = ""
    engine: str = "import"
    human_verified: bool = True


class Added(NamedTuple):
    """How many entries of each kind were taken in."""

    human_verified: int
    machine: int


class Stats(NamedTuple):
    """How much the memory holds of one kind."""

    source: str
    target: str
    role: str
    engine: str
    human_verified: bool
    entries: int
    characters: int
    translated_characters: int


class TranslationMemory:
    """A translation memory in one file, safe to kill at any moment and to share between processes.

    Args:
        path: the SQLite file, made with its folder if missing.
        timeout: how many seconds to wait for another process that writes.

    Raises:
        StorageError: on entering: the file is no translation memory, or of another version, or cannot be
            written. From every method: it is locked, or the disk is full.

    Example::

        >>> from tempfile import TemporaryDirectory
        >>> asked = Request(["cat", "dog"], "en", "ja", role="answer")
        >>> with TemporaryDirectory() as folder, TranslationMemory(Path(folder, "memory.sqlite")) as memory:
        ...     memory.store(asked.take([0]), ["猫"], "mini|1")
        ...     memory.lookup(asked, "mini|1")
        ['猫', None]
    """

    def __init__(self, path: Path, timeout: float = 30.0) -> None:
        self.path = path
        self._timeout = timeout
        self._whole = False

    def __enter__(self) -> Self:
        self._db = SqliteFile(
            self.path, _SCHEMA, VERSION, upgrades=_UPGRADES, entries="entries", timeout=self._timeout
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; what was stored is stored already."""
        self._db.close()

    def lookup(self, request: Request, engine: str | Sequence[str]) -> list[str | None]:
        """What an engine said before.

        Args:
            request: any strings, repeated or not.
            engine: the engine's signature, or one per text.

        Returns:
            One translation or None per text, in the order of the texts.
        """
        keys = _keys(request, engine)
        rows = self._db.select("key, translation, checksum FROM entries", keys)
        found = {key: self._checked(key, translation, checksum) for key, translation, checksum in rows}
        self._check_once_if(len(found) < len(set(keys)))
        return [found.get(key) for key in keys]

    def knows(self, request: Request, engine: str) -> list[bool]:
        """Whether there is an entry of an engine, per text; what it says is not read."""
        keys = _keys(request, engine)
        found = {key for (key,) in self._db.select("key FROM entries", keys)}
        self._check_once_if(len(found) < len(set(keys)))
        return [key in found for key in keys]

    def lookup_overrides(self, request: Request) -> list[tuple[str, str] | None]:
        """What people said: the translation and its label, or None, per text.

        The entry of this role and context is preferred to that of the role alone, and both to entries of no
        role. Costs nothing where the direction has no human-verified entries.
        """
        answers: list[tuple[str, str] | None] = [None] * len(request)
        if not self._has_overrides(request.source, request.target):
            return answers
        missing: Sequence[int] = range(len(request))
        for role in dict.fromkeys((request.role, ANY_ROLE)):
            for contexts in dict.fromkeys((request.contexts is not None, False)):
                asked = replace(request.take(missing), role=role)
                keys = _keys(asked if contexts else replace(asked, contexts=None), OVERRIDES)
                rows = self._db.select(f"key, translation, checksum, signature {_ENTRIES}", keys)
                found = {key: self._labelled(key, *rest) for key, *rest in rows}
                for at, key in zip(missing, keys, strict=True):
                    answers[at] = found.get(key)
                missing = [at for at in missing if answers[at] is None]
        return answers

    def store(self, request: Request, translations: Sequence[str], engine: str | Sequence[str]) -> None:
        """Remember what an engine said, all of it or nothing; on the disk when this returns.

        What the engine said about a text before stays.

        Args:
            request: strings.
            translations: one per text.
            engine: the engine's signature, or one per text.
        """
        keys = _keys(request, engine)
        owners = _owners(engine, request)
        # In key order, so that neighbours in the file are written together.
        rows = sorted(zip(keys, request.pairs, translations, owners, strict=True))
        fixed = (request.source, request.target, request.role)
        with self._db.transaction():
            numbers = {signature: self._engine_id(signature) for signature in sorted(set(owners))}
            self._db.insert(
                _KEEP,
                (
                    (key, *fixed, context, text, said, numbers[owner], 0, _checksum(key, said))
                    for key, (text, context), said, owner in rows
                ),
            )

    def add(self, entries: Iterable[Entry]) -> Added:
        """Take entries in from elsewhere, all of them or, if ``entries`` raises, none; says how many.

        A human-verified entry replaces the one of the same text, role, context and direction. A machine
        entry never replaces one that is there. White space in texts and translations is collapsed,
        as it is in the sources.
        """
        verified = machine = 0
        with self._db.transaction():
            for some in batches(entries, ROWS_PER_INSERT):
                numbers = {label: self._engine_id(label) for label in {entry.engine for entry in some}}
                rows = [_row(entry, numbers[entry.engine]) for entry in some]
                said = [row for row in rows if row[-2]]
                made = [row for row in rows if not row[-2]]
                self._db.insert(_REPLACE, said)
                self._db.insert(_KEEP, made)
                verified += len(said)
                machine += len(made)
        return Added(verified, machine)

    def overrides_fingerprint(self, source: str, target: str) -> str:
        """A hash of all human-verified entries of one direction; "" where there are none."""
        digest = hashlib.blake2b(digest_size=16)
        empty = True
        statement = f"SELECT key, translation, checksum, signature {_ENTRIES} {_OVERRIDES_HERE} ORDER BY key"
        for key, *rest in self._db.execute(statement, (source, target)):
            digest.update(key + b"".join(map(_framed, self._labelled(key, *rest))))
            empty = False
        return "" if empty else digest.hexdigest()

    def entries(
        self,
        *,
        source: str | None = None,
        target: str | None = None,
        role: str | None = None,
        engine: str | None = None,
        human_verified: bool | None = None,
    ) -> Iterator[Entry]:
        """All entries that agree with what is given, one at a time, in an order that only they decide.

        Those that do not are looked at, too: damage may be why they do not.
        """
        asked = {"source": source, "target": target, "role": role, "engine": engine}
        given = {name: value for name, value in asked.items() if value is not None}
        where = "" if human_verified is None else f"WHERE asserted = {human_verified:d}"
        for key, checksum, *row in self._db.execute(f"SELECT {_COLUMNS} {_ENTRIES} {where} ORDER BY key"):
            entry = Entry._make((*row[:-1], bool(row[-1])))
            if not is_whole(key, checksum, entry):
                raise self._damaged(entry.text)
            if all(getattr(entry, name) == value for name, value in given.items()):
                yield entry

    def stats(self) -> list[Stats]:
        """How much there is per direction, role, engine (whatever terms strings hold) and kind, sorted."""
        rows = self._db.execute(
            f"SELECT source, target, role, {_GENERAL}, asserted,"
            " count(*), sum(length(text)), sum(length(translation))"
            f" {_ENTRIES} GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"
        )
        return [Stats._make((*row[:4], bool(row[4]), *row[5:])) for row in rows]

    def _checked(self, key: bytes, translation: str, checksum: int | None) -> str:
        """A translation that is what was stored."""
        if not isinstance(translation, str) or checksum not in (None, _checksum(key, translation)):
            raise self._damaged(translation)
        return translation

    def _labelled(self, key: bytes, translation: str, checksum: int | None, label: str) -> tuple[str, str]:
        """A translation by people and its label."""
        if not isinstance(label, str):
            raise self._damaged(translation)
        return self._checked(key, translation, checksum), label

    def _check_once_if(self, missing: bool) -> None:
        """Where something is not known, and would be asked for again, see to it that nothing was lost.

        A changed key leaves its entry where no look-up finds it. 177,562 entries take 0.2 s.
        """
        if missing and not self._whole:
            for row in self._db.execute("SELECT key, translation, checksum FROM entries"):
                self._checked(*row)
            self._whole = True

    def _damaged(self, entry: object) -> StorageError:
        return damaged(self.path, expected="what was stored", found=f"the entry {shown(repr(entry)[:80])}")

    def _engine_id(self, signature: str) -> int:
        """The number of a signature, given to it if it has none; inside a transaction."""
        number = "SELECT id FROM engines WHERE signature = ?"
        if self._db.first(number, (signature,)) is None:
            self._db.insert("INSERT INTO engines (signature) VALUES (?)", [(signature,)])
        return int((self._db.first(number, (signature,)) or (0,))[0])

    def _has_overrides(self, source: str, target: str) -> bool:
        return self._db.first(f"SELECT 1 FROM entries {_OVERRIDES_HERE}", (source, target)) is not None


def _checksum(key: bytes, translation: str) -> int:
    return zlib.crc32(translation.encode(), zlib.crc32(key))


def is_whole(key: bytes, checksum: int | None, entry: Entry) -> bool:
    """Whether an entry is what was stored, as far as its key and its checksum can tell."""
    if not all(isinstance(text, str) for text in entry[:-1]):
        return False
    owner = OVERRIDES if entry.human_verified else entry.engine
    (expected,) = _keys(Request([entry.text], entry.source, entry.target, entry.role, [entry.context]), owner)
    return key == expected and checksum in (None, _checksum(key, entry.translation))


def _keys(request: Request, engine: str | Sequence[str]) -> list[bytes]:
    """One key of 16 bytes per text; every field but the last is framed by its length."""
    owners = _owners(engine, request)
    fixed = b"".join(map(_framed, (request.role, request.source, request.target)))
    starts = {owner: hashlib.blake2b(fixed + _framed(owner), digest_size=16) for owner in set(owners)}
    keys = []
    for owner, (text, context) in zip(owners, request.pairs, strict=True):
        digest = starts[owner].copy()
        digest.update(_framed(context) + text.encode())
        keys.append(digest.digest())
    return keys


def _owners(engine: str | Sequence[str], request: Request) -> Sequence[str]:
    """A signature for every text."""
    return [engine] * len(request) if isinstance(engine, str) else engine


def _framed(field: str) -> bytes:
    data = field.encode()
    return len(data).to_bytes(4, "big") + data


def _row(entry: Entry, engine_id: int) -> tuple[bytes | str | int, ...]:
    text, translation = " ".join(entry.text.split()), " ".join(entry.translation.split())
    verified = entry.human_verified or not entry.engine
    owner = OVERRIDES if verified else entry.engine
    (key,) = _keys(Request([text], entry.source, entry.target, entry.role, [entry.context]), owner)
    fields = (entry.source, entry.target, entry.role, entry.context, text, translation, engine_id)
    return (key, *fields, int(verified), _checksum(key, translation))
