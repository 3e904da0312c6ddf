"""Memories in and out: TMX 1.4b, JSON lines and Parquet, read and written in bounded memory.

The suffix of a file says which: ``.tmx``, ``.jsonl`` (both also with ``.gz``) or ``.parquet``. An entry is a
machine entry only if it says ``asserted: false`` and names its engine; every other one is human-verified. Its
label is the engine it names if it says ``asserted: true``, else the label that the reader was given, else
``import`` or ``import:<engine>``.
"""

from __future__ import annotations

import errno
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NoReturn

import msgspec
import pyarrow as pa

from vqa_builder.batches import rows_at_once
from vqa_builder.errors import SourceError, StorageError, VQABuilderError
from vqa_builder.named_files import refuse_endless
from vqa_builder.store import atomic_file
from vqa_builder.strict_json import refuse_repeated_names
from vqa_builder.translation import tmx
from vqa_builder.translation.memory import ANY_ROLE, Entry
from vqa_builder.translation.request import batches
from vqa_builder.unpacking import Allowance, unpacked, written_out

SUFFIXES = (".tmx", ".tmx.gz", ".jsonl", ".jsonl.gz", ".parquet")
ENTRIES = pa.schema(
    [
        ("source", pa.string()),
        ("target", pa.string()),
        ("role", pa.string()),
        ("context", pa.string()),
        ("text", pa.string()),
        ("translation", pa.string()),
        ("engine", pa.string()),
        ("asserted", pa.bool_()),
    ],
)
REQUIRED = ("source", "target", "text", "translation")
NAMES = [f'"{name}"'.encode() for name in ENTRIES.names]
ROWS_PER_GROUP = 10_000


class Record(msgspec.Struct, kw_only=True):
    """An entry as a file has it, under the names of ``ENTRIES``; ``asserted`` says human-verified."""

    source: str
    target: str
    role: str | None = None
    context: str | None = None
    text: str
    translation: str
    engine: str | None = None
    asserted: bool | None = None

    def entry(self, label: str | None = None) -> Entry:
        """The entry it stands for; ``label`` as in ``read_entries``.

        Raises:
            ValueError: a field that must not be empty is, or is no valid Unicode.
        """
        "".join(filter(None, (self.source, self.target, self.text, self.translation))).encode()
        for name in REQUIRED:
            if not getattr(self, name).strip():
                raise ValueError(f"an empty {name!r}")
        engine, asserted = self.engine or "", self.asserted
        if not engine:
            engine, asserted = label or "import", True
        elif asserted is None:
            engine, asserted = label or f"import:{engine}", True
        return Entry(
            source=_iso(self.source),
            target=_iso(self.target),
            text=self.text,
            translation=self.translation,
            role=self.role or ANY_ROLE,
            context=self.context or "",
            engine=engine,
            human_verified=asserted,
        )


def read_entries(path: Path, label: str | None = None) -> Iterator[Entry]:
    """The entries of a file, one at a time, in its order.

    A unit of a TMX file in which only one language has text says nothing and is passed over; one with several
    target languages gives an entry for each.

    Args:
        path: a file whose name ends in one of ``SUFFIXES``.
        label: who made the translations, for entries that do not say so themselves.

    Raises:
        SourceError: the file is missing, damaged or of another kind, or a record is wrong; says which line,
            unit or row.
    """
    readers: dict[str, Callable[[Path], Iterator[tuple[str, Record]]]] = {
        ".tmx": _read_tmx,
        ".jsonl": _read_json_lines,
        ".parquet": _read_parquet,
    }
    read = readers[suffix_of(path).removesuffix(".gz")]
    with _readable(path):
        refuse_endless(path)
        for place, record in read(path):
            try:
                yield record.entry(label)
            except ValueError as error:
                _wrong(path, place, "source, target, text and translation with something in them", error)


def write_entries(path: Path, entries: Iterable[Entry]) -> int:
    """Write entries into a file, whole or not at all, and say how many there were.

    Example::

        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder, "en-ja.tmx.gz")
        ...     written = write_entries(path, [Entry("en", "ja", "cat", "猫")])
        ...     [entry.translation for entry in read_entries(path)]
        ['猫']

    Raises:
        SourceError: the suffix is unknown.
        StorageError: the file cannot be written.
    """
    suffix = suffix_of(path)
    writers = {".tmx": tmx.write, ".jsonl": _write_json_lines}
    try:
        with atomic_file(path) as partial:
            if suffix == ".parquet":
                return _write_parquet(partial, entries)
            with partial.open("wb") as raw, _packed(raw, suffix) as file:
                return writers[suffix.removesuffix(".gz")](file, entries)
    except OSError as error:
        full = error.errno == errno.ENOSPC
        raise StorageError(
            "The disk is full, the file was not written" if full else "The file cannot be written",
            where=path,
            found=error,
        ) from error


def suffix_of(path: Path) -> str:
    """Which of ``SUFFIXES`` a file has.

    Raises:
        SourceError: none of them.
    """
    for suffix in SUFFIXES:
        if path.name.lower().endswith(suffix):
            return suffix
    raise SourceError(
        "This is no kind of translation memory that can be read or written",
        where=path,
        expected=f"a name ending in {', '.join(SUFFIXES)}",
        found=path.suffix or "no suffix",
    )


def _read_json_lines(path: Path) -> Iterator[tuple[str, Record]]:
    decode = msgspec.json.Decoder(Record).decode
    with _opened(path) as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                record = decode(line)
                if b"\\u00" in line or any(line.count(name) > 1 for name in NAMES):
                    refuse_repeated_names(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                _wrong(
                    path, f"line {number}", "one JSON object with source, target, text, translation", error
                )
            yield f"line {number}", record


def _write_json_lines(file: IO[bytes], entries: Iterable[Entry]) -> int:
    encode = msgspec.json.Encoder().encode
    written = 0
    for entry in entries:
        file.write(encode(_fields(entry)) + b"\n")
        written += 1
    return written


def _read_tmx(path: Path) -> Iterator[tuple[str, Record]]:
    with _opened(path) as file:
        try:
            for number, unit in enumerate(tmx.read(file), 1):
                for fields in unit:
                    yield f"translation unit {number}", Record(**fields)
        except tmx.Malformed as error:
            _wrong(path, error.place, "TMX 1.4", error)


def _read_parquet(path: Path) -> Iterator[tuple[str, Record]]:
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        there = [name for name in ENTRIES.names if name in file.schema_arrow.names]
        if lacking := [name for name in REQUIRED if name not in there]:
            _wrong(path, None, f"the columns {', '.join(REQUIRED)}", f"no {', '.join(lacking)}")
        row, allowance = 0, Allowance(path.stat().st_size, path)
        for batch in file.iter_batches(rows_at_once(file, path, there, ROWS_PER_GROUP), columns=there):
            allowance.take(written_out(batch))
            for fields in batch.to_pylist():
                row += 1
                try:
                    record = msgspec.convert(fields, Record)
                except msgspec.ValidationError as error:
                    _wrong(path, f"row {row}", "strings, and a boolean for asserted", error)
                yield f"row {row}", record


def _write_parquet(path: Path, entries: Iterable[Entry]) -> int:
    from pyarrow import parquet

    written = 0
    with parquet.ParquetWriter(path, ENTRIES, compression="zstd") as writer:
        for some in batches(entries, ROWS_PER_GROUP):
            writer.write_table(pa.Table.from_pylist([_fields(entry) for entry in some], schema=ENTRIES))
            written += len(some)
    return written


def _fields(entry: Entry) -> dict[str, object]:
    """An entry under the names of ``ENTRIES``."""
    fields: dict[str, object] = {name: getattr(entry, name) for name in ENTRIES.names if name != "asserted"}
    return {**fields, "asserted": entry.human_verified}


def _iso(code: str) -> str:
    """The language of a code with region or script: ``ja-JP`` is ``ja``."""
    return re.split("[-_]", code.strip().lower())[0]


def _opened(path: Path) -> IO[bytes]:
    if not path.name.lower().endswith(".gz"):
        return path.open("rb")
    return unpacked(gzip.open(path, "rb"), path.stat().st_size, path)


@contextmanager
def _packed(raw: IO[bytes], suffix: str) -> Iterator[IO[bytes]]:
    """The file to write into; a packed one carries no time and no name: equal content is equal bytes."""
    if not suffix.endswith(".gz"):
        yield raw
        return
    packed = gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0)
    with packed, io.BufferedWriter(packed, 1 << 16) as file:
        yield file


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """What goes wrong while a file is read, as a ``SourceError``."""
    try:
        yield
    except VQABuilderError:
        raise
    except FileNotFoundError:
        raise SourceError("There is no such file", where=path) from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise SourceError("The file is no gzip file, or cut off", where=path, found=error) from error
    except (OSError, ValueError, OverflowError, RecursionError, pa.ArrowException) as error:
        raise SourceError("The file cannot be read", where=path, found=error) from error


def _wrong(path: Path, place: str | None, expected: str, found: object) -> NoReturn:
    raise SourceError(
        "A record of this translation memory cannot be used" if place else "This is no translation memory",
        where=f"{path}, {place}" if place else path,
        expected=expected,
        found=found,
    )
