"""Runs as lines of a file, tables as the mean and spread over seeds, and a README that holds them.

A run is one JSON object on one line: ``row`` (what was run), ``seed``, and whatever tells runs apart
(``language``, ``share`` of the labels, ...) beside what was measured (``accuracy``, ``seconds``, ...). Any
number of processes may append to one file at once, and a process that is killed leaves no half line behind.
"""

from __future__ import annotations

import json
import re
import statistics
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from vqa_builder.errors import SourceError, StorageError
from vqa_builder.store import fingerprint, sync, write_text

Record = dict[str, Any]
NONE = "-"
LOCK_SECONDS = 60.0


@dataclass(frozen=True)
class Summary:
    """The mean over seeds.

    Attributes:
        mean: of the runs' values.
        deviation: their standard deviation (n - 1); None with a single run.
        seeds: of the runs, ascending.
    """

    mean: float
    deviation: float | None
    seeds: tuple[int, ...]

    def text(self, decimals: int = 1, expected: int | None = None) -> str:
        """``72.1 ± 0.4``, and how many runs it is of where that is not the number expected.

        >>> Summary(72.06, 0.44, (0, 1)).text(), Summary(72.06, None, (0,)).text(expected=3)
        ('72.1 ± 0.4', '72.1 (n = 1)')
        """
        shown = f"{self.mean:,.{decimals}f}"
        if self.deviation is not None:
            shown += f" ± {self.deviation:,.{decimals}f}"
        return shown if expected in (None, len(self.seeds)) else f"{shown} (n = {len(self.seeds)})"


@dataclass(frozen=True)
class Row:
    """A line of a table: its title, and which runs it is of (None for those whose ``row`` is the title)."""

    title: str
    where: Mapping[str, Any] | None = None

    @property
    def conditions(self) -> Mapping[str, Any]:
        """Field -> the value that a run must have."""
        return {"row": self.title} if self.where is None else self.where


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        title: its heading.
        value: the field that is shown.
        where: field -> the value that a run must have, beside those of the row.
        decimals: of mean and deviation.
    """

    title: str
    value: str
    where: Mapping[str, Any] = field(default_factory=dict)
    decimals: int = 1


def append(path: Path, record: Mapping[str, Any]) -> None:
    """Add one run to a file, which is made if missing; on the disk when this returns.

    Args:
        path: a JSONL file.
        record: needs ``row`` and ``seed``; numbers, texts, lists and objects.

    Raises:
        SourceError: the record lacks a field or holds what JSON cannot say, such as NaN.
        StorageError: another process holds the file for a minute, or it cannot be written.

    >>> append(Path("results.jsonl"), {"row": "student", "language": "ja", "seed": 0, "accuracy": 71.4})
    >>> Path("results.jsonl").read_text()
    '{"row": "student", "language": "ja", "seed": 0, "accuracy": 71.4}\\n'
    """
    line = _encoded(record, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with _locked(path.with_name(f".{path.name}.lock"), path), path.open("a+b") as file:
            _end_last_line(file, path)
            file.write(line)
        sync(path)
    except OSError as error:
        raise StorageError("The results cannot be written", where=path, found=error) from None


def read(path: Path) -> list[Record]:
    """The runs of a file, in order; one that was run again counts once, with its last values.

    Two lines are the same run if all their texts, seeds and shares agree (see ``identity``). What a killed
    process left of a line is passed over.

    Raises:
        SourceError: there is no such file, or a line of it is no run.
    """
    if not path.is_file():
        raise SourceError(
            "There are no results yet", where=path, expected="a JSONL file", remedy="run the recipe first"
        )
    found: dict[str, Record] = {}
    *lines, rest = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, 1):
        record = _decoded(line, f"{path}:{number}")
        found[identity(record)] = record
    if rest and (last := _json(rest)) is not None:
        found[identity(last)] = last
    return list(found.values())


IDENTITY = ("row", "language", "seed", "share", "split", "setting", "task", "release")


def identity(record: Mapping[str, Any]) -> str:
    """What tells one run from another: the fields of ``IDENTITY`` that it has.

    >>> identity({"seed": 0, "row": "student", "accuracy": 71.4})
    '{"row": "student", "seed": 0}'
    """
    return json.dumps({name: record[name] for name in IDENTITY if name in record}, ensure_ascii=False)


def summary(records: Iterable[Mapping[str, Any]], value: str, **where: Any) -> Summary | None:
    """Mean and spread of a field over the runs that match; None where no run has it.

    Args:
        records: as ``read`` gives them.
        value: the field.
        **where: field -> the value that a run must have.

    Raises:
        SourceError: two of the runs have the same seed, so that the condition leaves something open.

    >>> runs = [{"row": "a", "seed": seed, "accuracy": 70 + seed} for seed in range(3)]
    >>> summary(runs, "accuracy", row="a")
    Summary(mean=71, deviation=1.0, seeds=(0, 1, 2))
    """
    return _summary(_by_seed(records, value, where))


def relative_gain(
    records: Iterable[Mapping[str, Any]], value: str, better: str, base: str, **where: Any
) -> Summary | None:
    """By how many per cent one row is above another, seed by seed, over the seeds that both have.

    Args:
        records, value, **where: as for ``summary``.
        better, base: the two rows.

    >>> runs = [{"row": "a", "seed": 0, "accuracy": 55}, {"row": "b", "seed": 0, "accuracy": 50}]
    >>> relative_gain(runs, "accuracy", "a", "b").mean
    10.0
    """
    records = list(records)
    one, two = (_by_seed(records, value, {"row": row, **where}) for row in (better, base))
    return _summary({seed: 100 * (one[seed] - two[seed]) / two[seed] for seed in one if two.get(seed)})


def table(
    records: Iterable[Mapping[str, Any]],
    rows: Sequence[str | Row],
    columns: Sequence[str | Column],
    *,
    seeds: int | None = None,
    heading: str = "",
) -> str:
    """A Markdown table of means and standard deviations over seeds.

    Args:
        records: as ``read`` gives them.
        rows: the runs of each line: the value of ``row``, or a ``Row``.
        columns: the field of each column, or a ``Column``.
        seeds: how many runs a cell should have; cells with another number say theirs. None for the most that
            any cell has.
        heading: of the first column.

    Raises:
        SourceError: a cell has two runs of one seed.

    >>> runs = [{"row": "student", "language": "ja", "seed": seed, "score": 70 + seed} for seed in range(3)]
    >>> print(table(runs, ["student", "zero-shot"], [Column("ja", "score", {"language": "ja"})]))
    |  | ja |
    |---|---:|
    | student | 71.0 ± 1.0 |
    | zero-shot | - |
    <BLANKLINE>
    """
    records = list(records)
    lines = [Row(each) if isinstance(each, str) else each for each in rows]
    headed = [Column(each, each) if isinstance(each, str) else each for each in columns]
    cells = [
        [_summary(_by_seed(records, column.value, {**row.conditions, **column.where})) for column in headed]
        for row in lines
    ]
    most = max((len(cell.seeds) for line in cells for cell in line if cell), default=0)
    shown = [
        [
            cell.text(column.decimals, seeds or most) if cell else NONE
            for cell, column in zip(line, headed, strict=True)
        ]
        for line in cells
    ]
    head = [_line([heading, *(column.title for column in headed)]), f"|---|{'---:|' * len(headed)}"]
    body = [_line([row.title, *line]) for row, line in zip(lines, shown, strict=True)]
    return "\n".join([*head, *body]) + "\n"


def write_into(readme: Path, name: str, markdown: str) -> bool:
    """Put Markdown between the markers ``<!-- results: NAME -->`` and ``<!-- /results: NAME -->`` of a page.

    The page is replaced whole or not at all, and stays as it is where it says the same already.

    Returns:
        Whether the page changed.

    Raises:
        StorageError: there is no such page, or it does not have the two markers once each, in this order.
    """
    if not readme.is_file():
        raise StorageError("There is no page to write into", where=readme, expected=_markers(name))
    lock = Path(tempfile.gettempdir()) / f"vqa-builder-{fingerprint(readme.resolve())[:16]}.lock"
    with _locked(lock, readme):
        text = readme.read_text(encoding="utf-8")
        start, end = (
            [*re.finditer(rf"<!-- *{mark}results: *{re.escape(name)} *-->", text)] for mark in ("", "/")
        )
        if len(start) != 1 or len(end) != 1 or start[0].end() > end[0].start():
            raise StorageError(
                f"The page has no place for the results {name!r}",
                where=readme,
                expected=_markers(name),
                found=f"{len(start)} opening and {len(end)} closing markers",
            )
        new = f"{text[: start[0].end()]}\n\n{markdown.strip()}\n\n{text[end[0].start() :]}"
        if new != text:
            write_text(readme, new)
    return new != text


def _markers(name: str) -> str:
    return f"<!-- results: {name} --> and, below it, <!-- /results: {name} -->"


def _by_seed(records: Iterable[Mapping[str, Any]], value: str, where: Mapping[str, Any]) -> dict[int, float]:
    found: dict[int, float] = {}
    for record in records:
        if value not in record or any(record.get(name) != wanted for name, wanted in where.items()):
            continue
        if record["seed"] in found:
            raise SourceError(
                "Several runs of one seed match, and only one can be meant",
                where=f"seed {record['seed']}, {value}",
                expected="conditions that tell them apart",
                found=", ".join(f"{name} = {wanted}" for name, wanted in where.items()) or "no conditions",
                remedy=f"give more of {', '.join(IDENTITY)}",
            )
        found[record["seed"]] = record[value]
    return found


def _summary(by_seed: Mapping[int, float]) -> Summary | None:
    if not by_seed:
        return None
    values = [by_seed[seed] for seed in sorted(by_seed)]
    deviation = statistics.stdev(values) if len(values) > 1 else None
    return Summary(statistics.mean(values), deviation, tuple(sorted(by_seed)))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _encoded(record: Mapping[str, Any], path: Path) -> bytes:
    if not isinstance(record.get("row"), str) or type(record.get("seed")) is not int:
        raise SourceError(
            "This is no run", where=path, expected='"row" (text) and "seed" (integer)', found=dict(record)
        )
    try:
        return json.dumps(record, ensure_ascii=False, allow_nan=False).encode() + b"\n"
    except (TypeError, ValueError) as error:
        raise SourceError(
            "A run holds what JSON cannot say",
            where=f"{path}, {identity(record)}",
            expected="finite numbers, texts, lists and objects",
            found=error,
        ) from None


def _decoded(line: bytes, where: str) -> Record:
    record = _json(line)
    if record is None:
        raise SourceError(
            "A line of the results is no run",
            where=where,
            expected='one JSON object with "row" and "seed"',
            found=line[:80].decode(errors="replace"),
            remedy="remove the line; the run can be repeated",
        )
    return record


def _json(line: bytes) -> Record | None:
    """A run, or None for anything else."""
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and {"row", "seed"} <= record.keys() else None


def _end_last_line(file: Any, path: Path) -> None:
    """Drop what a killed process left of a line; end a whole one that lacks its line break."""
    data = path.read_bytes()
    if not data or data.endswith(b"\n"):
        return
    rest = data[data.rfind(b"\n") + 1 :]
    if _json(rest) is None:
        file.truncate(len(data) - len(rest))
    else:
        file.write(b"\n")


@contextmanager
def _locked(lock: Path, path: Path) -> Iterator[None]:
    """Hold a file by a lock file, which stays: one that could vanish would not exclude anybody."""
    try:
        with FileLock(lock, timeout=LOCK_SECONDS):
            yield
    except Timeout:
        raise StorageError(
            "Another process holds the file", where=path, expected=f"{LOCK_SECONDS:.0f} s at most"
        ) from None
