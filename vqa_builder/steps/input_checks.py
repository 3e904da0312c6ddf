"""What validate reads of the inputs: small ones whole, of large ones the first, middle and last rows."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from vqa_builder.errors import SourceError
from vqa_builder.sources import _excerpts
from vqa_builder.sources._input_files import likely_encoding, not_utf8, on_disk
from vqa_builder.sources.base import BadRecord, OnBadRecord, Source
from vqa_builder.sources.records import Records

SMALL = 16 << 20
"""Bytes of inputs, as they lie on the disk, that are read whole; about a quarter of a million questions."""

FIRST = 1_000
"""Questions of each split that are read of larger inputs, and of those that lie elsewhere."""

SPOT = 1 << 16
_TEXT = (".json", ".jsonl", ".ndjson", ".csv", ".tsv")
_BYTES_FOR_A_BUILD = 20
"""Space on the disk that a build takes, in sizes of its inputs, and at least a quarter of a gigabyte."""


def check_inputs(
    source: Source, folder: Path, *, encoding: str | None = None, full: bool = False
) -> list[str]:
    """Read what is told of records, ids and answers before a build is.

    Args:
        source: made from the spec.
        folder: on whose disk the build will work.
        encoding: of the files, where the spec names one.
        full: read everything, whatever it takes.

    Returns:
        What was read, and what deserves a look, in lines.

    Raises:
        SourceError: a file is in another encoding, is damaged, or holds a bad record; the first one.
    """
    files = [on_disk(path) for path in source.files()]
    size = sum(path.stat().st_size for path in files if path.is_file())
    whole = full or (bool(files) and size <= SMALL)
    bad: list[BadRecord] = []
    lines = [_read(source, bad.append, None)] if whole else _read_in_part(source, files, bad, encoding)
    if bad:
        raise _told(bad)
    return lines + _disk(folder, size)


def _read_in_part(
    source: Source, files: Sequence[Path], bad: list[BadRecord], encoding: str | None
) -> list[str]:
    """Read the first, middle and last rows of every file, or where that cannot be, the first alone."""
    with TemporaryDirectory(prefix="vqa-builder-") as folder:
        taken = _excerpts.taken_from(source, Path(folder))
        if taken:
            try:
                line = _read(taken.source, bad.append, _excerpts.ALL)
            except SourceError as error:
                raise taken.explained(error) from None
            bad[:] = map(taken.placed, bad)
            return [
                line,
                "notice: only first, middle and last rows of large files were read; --full reads all",
            ]
    if not encoding:
        for path in files:
            _check_spots(path)
    line = _read(source, bad.append, FIRST)
    return [line, f"notice: only the first {FIRST:,} of each split were read; --full reads all"]


def _read(source: Source, report: OnBadRecord, limit: int | None) -> str:
    """How many rows each split has, as far as they are read."""
    rows: Counter[str] = Counter()
    if isinstance(source, Records):
        for records in source.batches(report, limit):
            rows[records.split] += records.table.num_rows
        return "records read: " + ", ".join(f"{split} {count:,}" for split, count in rows.items())
    answered: Counter[str] = Counter()
    for batch in source.read(report, limit):
        for counts, splits in (
            (rows, batch["split"]),
            (answered, batch["split"].filter(batch["answers"].is_valid())),
        ):
            counts.update({each["values"]: each["counts"] for each in splits.value_counts().to_pylist()})
    told = (f"{split} {count:,} ({answered[split]:,} answered)" for split, count in rows.items())
    return "questions read: " + ", ".join(told)


def _check_spots(path: Path) -> None:
    """The middle and the end of a large plain text file: whether they are UTF-8."""
    if path.suffix.lower() not in _TEXT:
        return
    size = path.stat().st_size
    with path.open("rb") as file:
        for start in (size // 2, max(size - SPOT, 0)):
            file.seek(start)
            data = file.read(SPOT)
            text = data.decode("utf-8", "replace")
            if "\ufffd" in text[4:-4]:
                place = start + len(text[: text.index("\ufffd", 4)].encode())
                raise not_utf8(str(path), f"other bytes near offset {place:,}", likely_encoding(data))


def _told(bad: list[BadRecord]) -> SourceError:
    """The first bad record as an error, and how many there are."""
    error = bad[0].error()
    if len(bad) > 1:
        error.details["found"] = f"{error.details.get('found')}; {len(bad):,} bad records in what was read"
    return error


def _disk(folder: Path, size: int) -> list[str]:
    free, wanted = shutil.disk_usage(folder).free, max(_BYTES_FOR_A_BUILD * size, 1 << 28)
    if free >= wanted:
        return []
    need = f"of which a build may need {wanted / 1e9:.1f} GB"
    return [f"notice: {free / 1e9:.1f} GB are free on the disk of {folder}, {need}"]
