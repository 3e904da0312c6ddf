"""Step outputs on disk, keyed by what went into them; files whole or not at all; one build per folder.

A step's key is the hash of its name, its parameters and its inputs' keys, so the keys of a whole build are
known before any table is read. A step's table is computed when it is first asked for, written once with a
checksum beside it, and read back as a memory map ever after; one whose bytes have changed is computed anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
from filelock import FileLock, Timeout

from vqa_builder.errors import StorageError

KEPT_PER_STEP = 12


class Stored:
    """The output of one step: its key at once, its table when asked for.

    Args:
        name: the step's name, with its language where it has one (``score-chrf-ja``).
        key: hash of the step's name, parameters and inputs.
        store: where the table lies or will lie.
        make: makes the table from those of the inputs.
        inputs: the steps that this one reads.
    """

    def __init__(
        self, name: str, key: str, store: Store, make: Callable[..., pa.Table], inputs: tuple[Stored, ...]
    ) -> None:
        self.name, self.key = name, key
        self._store, self._make, self._inputs = store, make, inputs

    @cached_property
    def table(self) -> pa.Table:
        """The step's table, computed and stored if nobody did so before."""
        return self._store.load_or_compute(self)

    def compute(self) -> pa.Table:
        """Run the step, whatever the store holds."""
        return self._make(*(one.table for one in self._inputs))


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

    def step(self, name: str, make: Callable[..., pa.Table], *inputs: Stored, **parameters: object) -> Stored:
        """Declare a step.

        Args:
            name: the step's name; the same name and key mean the same table.
            make: makes the table from the tables of the inputs, in their order; runs at most once per key.
            *inputs: the steps that this one reads.
            **parameters: everything else that the table depends on, as JSON can say it.
        """
        key = fingerprint({"step": name, "inputs": [step.key for step in inputs], "parameters": parameters})
        return Stored(name, key, self, make, inputs)

    def path(self, step: Stored) -> Path:
        """Where a step's table lies once it is computed."""
        return self.root / "steps" / f"{step.name}-{step.key[:24]}.arrow"

    def load_or_compute(self, step: Stored) -> pa.Table:
        """A step's table, from the store where it is there, whole."""
        path = self.path(step)
        if path.exists():
            try:
                table = read_table(path)
            except StorageError as damage:
                self._say(f"{damage.problem}, and is computed anew: {path}")
            else:
                os.utime(path)
                return table
        write_table(path, step.compute())
        return _mapped(path)

    def prune(self) -> None:
        """Drop all but the most recently used tables of each step."""
        tables: dict[str, list[Path]] = {}
        for path in (self.root / "steps").glob("*.arrow"):
            tables.setdefault(path.name.rsplit("-", 1)[0], []).append(path)
        for paths in tables.values():
            for path in sorted(paths, key=lambda path: path.stat().st_mtime)[:-KEPT_PER_STEP]:
                path.unlink(missing_ok=True)
                _checksum_file(path).unlink(missing_ok=True)


def write_table(path: Path, table: pa.Table) -> None:
    """Write a table as an Arrow file, whole or not at all, and its checksum beside it."""
    with atomic_file(path) as partial:
        with pa.ipc.new_file(partial, table.schema) as writer:
            writer.write_table(table)
        write_text(_checksum_file(path), file_hash(partial))


def read_table(path: Path) -> pa.Table:
    """A table that ``write_table`` wrote, as a memory map.

    Raises:
        StorageError: its bytes are not those that were written.
    """
    try:
        expected = _checksum_file(path).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        expected = "a checksum beside the file"
    found = file_hash(path)
    if found != expected:
        raise StorageError(
            "A stored table is damaged",
            where=path,
            expected=expected,
            found=found,
            remedy="remove it: it is made anew",
        )
    return _mapped(path)


def _mapped(path: Path) -> pa.Table:
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()


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


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path`` that takes its place if the block ends well, and vanishes if not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        yield partial
        sync(partial)
        partial.replace(path)
        sync(path.parent)
    except BaseException:
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
    except BaseException:
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
