"""Step outputs on disk, keyed by what went into them; files whole or not at all; one build per folder.

A step's key is the hash of its name, its parameters and its inputs' keys, so the keys of a whole build are
known before any table is read. A step's table is computed when it is first asked for, written once with a
checksum beside it, and read back ever after: as a memory map, or piece by piece where it holds the rows of
the data. One whose bytes have changed is computed anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, Self, TypeAlias

import pyarrow as pa
from filelock import FileLock, Timeout

from vqa_builder.batches import Batches
from vqa_builder.errors import StorageError
from vqa_builder.escaping import terminal

KEPT_PER_STEP = 12
Made: TypeAlias = pa.Table | Iterable[pa.Table]
"""What a step makes: a table, or its pieces, at least one; metadata of a piece's schema are its notes."""


class Stored:
    """The output of one step: its key at once, its table when asked for.

    Args:
        name: the step's name, with its language where it has one (``score-chrf-ja``).
        key: hash of the step's name, parameters and inputs.
        store: where the table lies or will lie.
        make: makes the table from those of the inputs.
        inputs: the steps that this one reads.
        by_row: whether the table has a row for each row of the data, and steps that read it get ``rows``.
    """

    def __init__(
        self,
        name: str,
        key: str,
        store: Store,
        make: Callable[..., Made],
        inputs: tuple[Stored, ...],
        by_row: bool = False,
    ) -> None:
        self.name, self.key = name, key
        self._store, self._make, self._inputs, self._by_row = store, make, inputs, by_row

    @cached_property
    def table(self) -> pa.Table:
        """The step's table as a memory map, computed and stored if nobody did so before."""
        return pa.ipc.open_file(pa.memory_map(str(self._path))).read_all()

    @cached_property
    def rows(self) -> Batches:
        """The same, piece by piece."""
        return Batches.arrow_file(self._path)

    @cached_property
    def notes(self) -> dict[bytes, bytes]:
        """The metadata of the table and of its last piece."""
        file = pa.ipc.open_file(pa.memory_map(str(self._path)))
        _, last = file.get_batch_with_custom_metadata(file.num_record_batches - 1)
        return {**(file.schema.metadata or {}), **dict(last or {})}

    def compute(self) -> Made:
        """Run the step, whatever the store holds."""
        return self._make(*(one.rows if one._by_row else one.table for one in self._inputs))

    @cached_property
    def _path(self) -> Path:
        return self._store.load_or_compute(self)


class Store:
    """A folder of step outputs, locked for one build at a time.

    Args:
        root: the folder, made if missing.
        say: told of a table that was found damaged.

    Raises:
        StorageError: another process builds here.

    Example:
        >>> with Store(Path("out/.vqa-builder")) as store:
        ...     numbers = store.step("numbers", lambda: pa.table({"n": [1, 2, 3]}), version="1")
        ...     first = store.step("first", lambda table: table.slice(0, 1), numbers)
        ...     first.table["n"].to_pylist()  # computed now, read from the disk the next time
        [1]
    """

    def __init__(self, root: Path, say: Callable[[str], None] = lambda line: None) -> None:
        self.root, self._say = root, say
        self.under_way: list[str] = []
        self._lock = FileLock(root / "lock")

    def __enter__(self) -> Self:
        self.root.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise StorageError(
                "Another build is running in this folder",
                where=self.root,
                remedy="wait for it to end, or build into another folder with --out",
            ) from None
        for leftover in self.root.rglob(".*.partial"):
            remove(leftover)
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def step(self, name: str, make: Callable[..., Made], *inputs: Stored, **parameters: object) -> Stored:
        """Declare a step whose table fits into memory.

        Args:
            name: the step's name; the same name and key mean the same table.
            make: makes the table from the tables of the inputs, in their order, or their ``rows`` where they
                were declared by ``row_step``; runs at most once per key.
            *inputs: the steps that this one reads.
            **parameters: everything else that the table depends on, as JSON can say it.
        """
        key = fingerprint({"step": name, "inputs": [step.key for step in inputs], "parameters": parameters})
        return Stored(name, key, self, make, inputs)

    def row_step(self, name: str, make: Callable[..., Made], *inputs: Stored, **parameters: object) -> Stored:
        """Declare a step whose table has a row for each row of the data; arguments as of ``step``."""
        key = self.step(name, make, *inputs, **parameters).key
        return Stored(name, key, self, make, inputs, by_row=True)

    def path(self, step: Stored) -> Path:
        """Where a step's table lies once it is computed."""
        return self.root / "steps" / f"{step.name}-{step.key[:24]}.arrow"

    def load_or_compute(self, step: Stored) -> Path:
        """The file of a step's table, which is whole."""
        path = self.path(step)
        if path.exists():
            try:
                check_table(path)
            except StorageError as damage:
                self._say(f"{damage.problem}, and is computed anew: {path}")
                remove(path)
                remove(_checksum_file(path))
            else:
                os.utime(path)
                return path
        self.under_way.append(step.name)
        try:
            write_table(path, step.compute())
        finally:
            self.under_way.pop()
        return path

    def tables(self, name: str) -> list[Path]:
        """The files of a step's tables that are there."""
        return sorted((self.root / "steps").glob(f"{name}-*.arrow"))

    def prune(self) -> None:
        """Drop all but the most recently used tables of each step."""
        tables: dict[str, list[Path]] = {}
        for path in (self.root / "steps").glob("*.arrow"):
            tables.setdefault(path.name.rsplit("-", 1)[0], []).append(path)
        for paths in tables.values():
            for path in sorted(paths, key=lambda path: path.stat().st_mtime)[:-KEPT_PER_STEP]:
                path.unlink(missing_ok=True)
                _checksum_file(path).unlink(missing_ok=True)


def write_table(path: Path, made: Made) -> None:
    """Write a table, or its pieces, as an Arrow file, whole or not at all, and its checksum beside it."""
    pieces = iter([made] if isinstance(made, pa.Table) else made)
    first = next(pieces)
    with atomic_file(path, synced=False) as partial:
        with pa.ipc.new_file(partial, first.schema) as writer:
            for piece in chain([first], pieces):
                for batch in piece.to_batches() or [pa.RecordBatch.from_pylist([], piece.schema)]:
                    writer.write_batch(batch, custom_metadata=piece.schema.metadata)
        with atomic_file(_checksum_file(path), synced=False) as checksum:
            checksum.write_text(file_hash(partial), encoding="utf-8")


def read_table(path: Path) -> pa.Table:
    """A table that ``write_table`` wrote, as a memory map; raises as ``check_table`` does."""
    check_table(path)
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()


def check_table(path: Path) -> None:
    """Compare the bytes of a table that ``write_table`` wrote with its checksum.

    Raises:
        StorageError: they are not those that were written; a folder stands there.
    """
    try:
        expected = _checksum_file(path).read_text(encoding="utf-8", errors="replace")
        found = file_hash(path)
    except FileNotFoundError:
        expected, found = "a checksum beside the file", "none"
    except OSError as error:
        expected, found = "a file", error.strerror or str(error)
    if found != expected:
        raise StorageError(
            "A stored table is damaged",
            where=path,
            expected=expected,
            found=found,
            remedy="remove it: it is made anew",
        )


def _checksum_file(path: Path) -> Path:
    return path.with_suffix(".sha256")


def fingerprint(value: object) -> str:
    """SHA-256 of a JSON value, independent of the order of its keys."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_hash(files: Iterable[Path]) -> str:
    """Twelve hex digits that stand for the names and bytes of files."""
    together = "".join(f"{file.name}:{file_hash(file)};" for file in files)
    return hashlib.sha256(together.encode()).hexdigest()[:12]


@contextmanager
def atomic_file(path: Path, *, synced: bool = True) -> Iterator[Path]:
    """A temporary path beside ``path`` that takes its place if the block ends well, and vanishes if not.

    Args:
        path: the file.
        synced: wait until it is on the disk; not needed where a checksum tells what a power cut left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        yield partial
        if synced:
            sync(partial)
        partial.replace(path)
        if synced:
            sync(path.parent)
    except BaseException as error:
        if isinstance(error, OSError) and error.filename is None:  # a full disk names none
            error.filename = str(path)
        remove(partial)
        raise


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """A temporary folder that takes the place of ``path`` if the block ends well, and vanishes if not.

    An older folder at ``path`` is moved aside first and deleted last.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    replaced = path.with_name(f".{path.name}.{os.getpid()}.replaced")
    try:
        partial.mkdir()
        yield partial
        for file in partial.rglob("*"):
            sync(file)
        if path.exists():
            path.replace(replaced)
        partial.replace(path)
        sync(path.parent)
    except BaseException as error:
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)
        remove(partial)
        if replaced.exists() and not path.exists():
            replaced.replace(path)
        raise
    remove(replaced)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file, whole or not at all."""
    with atomic_file(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file for people and diffs: indented, keys in the order given, UTF-8 as it is."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def json_lines(records: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    r"""Records as lines of JSONL: what a terminal would obey, or a reader take for a line end, is escaped.

    >>> print(*json_lines([{"id": "猫\x9b2J"}]), end="")
    {"id": "猫\u009b2J"}
    """
    return (terminal(json.dumps(record, ensure_ascii=False)) + "\n" for record in records)


def remove(path: Path) -> None:
    """Delete a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Ask the operating system to put a file or folder on the disk now."""
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
