"""The first, middle and last rows of large input files, as small files of the same form.

What is read of them is what a build would read, row by row, so that mistakes far into a file show, too.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa

from vqa_builder.errors import SourceError
from vqa_builder.sources._input_files import on_disk, opened
from vqa_builder.sources._json_stream import Irregular, parts
from vqa_builder.sources._table_formats import format_of
from vqa_builder.sources.base import BadRecord, Source
from vqa_builder.sources.records import Records, resolved
from vqa_builder.sources.table import Table
from vqa_builder.sources.vqa_json import VQAJSON

FIRST, LATER = 1_000, 300
"""Rows of the beginning, and of the middle and of the end."""
SPOT = 1 << 18
LARGE = 1 << 20
ALL = 1 << 40
"""A limit above all rows of an excerpt: with one, answers to questions that are not read are no fault."""
MOST_FILES = 100
_WIDEST_GROUP = 1 << 29
_COMPRESSED = 8
"""How much smaller a compressed JSON file is, about."""
_UNREADABLE = (b"PK", b"\x1f\x8b", b"\xff\xfe", b"\xfe\xff")
_Counts = tuple[int, int, int]


class Excerpts(NamedTuple):
    """A source that reads small files, and what these stand for.

    Attributes:
        source: reads them.
        files: path of a small file -> the large file, and its rows of the beginning, the middle and the end.
    """

    source: Source
    files: dict[str, tuple[Path, _Counts]]

    def placed(self, bad: BadRecord) -> BadRecord:
        """A bad record where it stands in its own file; without a number where that is not known."""
        if bad.file not in self.files or bad.record is None:
            return bad
        path, (first, middle, _) = self.files[bad.file]
        if bad.record < first:
            return bad._replace(file=str(path))
        end = "middle" if bad.record < first + middle else "end"
        return bad._replace(file=f"{path}, near its {end}", record=None)

    def explained(self, error: SourceError) -> SourceError:
        """An error about a small file as one about the large one."""
        for small, (path, _) in self.files.items():
            error.details = {name: text.replace(small, str(path)) for name, text in error.details.items()}
        return error


class _NoExcerpt(Exception):
    """The reader of whole files says what is wrong."""


def taken_from(source: Source, folder: Path) -> Excerpts | None:
    """Excerpts of the large files of a source; None where one of them allows none.

    Args:
        source: made from the spec.
        folder: an empty one, for the small files.
    """
    options: Any = getattr(source, "options", None)
    if not isinstance(source, Table | Records | VQAJSON) or not options.splits:
        return None
    files: dict[str, tuple[Path, _Counts]] = {}

    def small(path: Path, kind: str) -> Path:
        if on_disk(path).stat().st_size < LARGE:
            return path
        made = folder / f"{len(files)}.{kind}"
        files[str(made)] = (path, _TAKERS[kind](path, made, options))
        return made

    splits: dict[str, Any] = {}
    try:
        for split, value in options.splits.items():
            if isinstance(source, VQAJSON):
                splits[split] = value.model_copy(update={"questions": small(value.questions, "json")})
            else:
                found = [each for path in value for each in resolved(path)]
                splits[split] = tuple(small(path, format_of(path, options.format)) for path in found)
    except (_NoExcerpt, KeyError, OSError, UnicodeError, csv.Error, pa.ArrowException, SourceError):
        return None
    if not 0 < len(files) <= MOST_FILES:
        return None
    made = type(source)(options.model_copy(update={"splits": splits}))
    made.pictures = source.pictures
    return Excerpts(made, files)


def _spots(path: Path) -> list[list[bytes]]:
    """Whole lines of the beginning, the middle and the end."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.peek(2)[:2] in _UNREADABLE:
            raise _NoExcerpt
        spots = []
        for start in (0, size // 2, size - SPOT):
            file.seek(start)
            lines = file.read(SPOT).split(b"\n")
            cut = slice(1 if start else 0, None if start + SPOT >= size else -1)
            spots.append([line + b"\n" for line in lines[cut] if line.strip()])
    return spots


def _jsonl(path: Path, made: Path, options: Any) -> _Counts:
    first, middle, last = _spots(path)
    return _written(made, first[:FIRST], middle[:LATER], last[-LATER:])


def _csv(path: Path, made: Path, options: Any) -> _Counts:
    first, middle, last = _spots(path)
    stated = first[:1] if first[0].removeprefix(b"\xef\xbb\xbf").startswith(b"sep=") else []
    usual = stated[0].strip()[-1:].decode() if stated else "\t" if made.suffix == ".tsv" else ","
    layout = {
        "delimiter": options.delimiter or usual,
        "quotechar": options.quote,
        "quoting": csv.QUOTE_NONE if options.quote is None else csv.QUOTE_MINIMAL,
        "escapechar": options.escape,
    }
    head, *rows = _rows(first[len(stated) :], layout, FIRST + 2)[:-1]  # the last one may be cut
    if head.fields < 2:
        raise _NoExcerpt
    later = [[row.data for row in _in_step(lines, layout, head.fields)] for lines in (middle, last)]
    first_rows = [row.data for row in rows]
    return _written(made, first_rows, later[0][:-1][:LATER], later[1][-LATER:], head=[*stated, head.data])


def _written(made: Path, *parts: Sequence[bytes], head: Sequence[bytes] = ()) -> _Counts:
    made.write_bytes(b"".join([*head, *(row for rows in parts for row in rows)]))
    first, middle, last = map(len, parts)
    return first, middle, last


class _Row(NamedTuple):
    fields: int
    data: bytes


def _rows(lines: Sequence[bytes], layout: dict[str, Any], most: int | None = None) -> list[_Row]:
    """The first rows of CSV, each of which may have several lines."""
    reader = csv.reader((line.decode("latin-1") for line in lines), **layout)
    rows, start = [], 0
    for row in islice(reader, most):
        rows.append(_Row(len(row), b"".join(lines[start : reader.line_num])))
        start = reader.line_num
    return rows


def _in_step(lines: Sequence[bytes], layout: dict[str, Any], width: int) -> list[_Row]:
    """Rows from where three of them have the header's number of fields, so that no field is cut; or none."""
    for start in range(min(len(lines), 100)):
        try:
            if [row.fields for row in _rows(lines[start:], {**layout, "strict": True}, 3)] == [width] * 3:
                return _rows(lines[start:], layout)
        except csv.Error:
            continue
    return []


def _parquet(path: Path, made: Path, options: Any) -> _Counts:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        places = (0, file.num_row_groups // 2, file.num_row_groups - 1)
        if any(file.metadata.row_group(at).total_byte_size > _WIDEST_GROUP for at in places):
            raise _NoExcerpt
        first, middle, last = (file.read_row_group(at) for at in places)
    taken = (
        first.slice(0, FIRST),
        middle.slice(0 if places[1] else max(middle.num_rows // 2, FIRST), LATER),
        last.slice(max(last.num_rows - LATER, 0 if places[2] else FIRST + LATER)),
    )
    pq.write_table(pa.concat_tables(taken), made)
    return taken[0].num_rows, taken[1].num_rows, taken[2].num_rows


def _json(path: Path, made: Path, options: Any) -> _Counts:
    """Of every list at the top level the first rows, the piece around its middle and the last piece."""
    half = on_disk(path).stat().st_size / 2 * (1 if path.suffix == ".json" else _COMPRESSED)
    pieces: dict[str | None, list[bytes]] = {}
    done = 0
    try:
        with opened(path, (".json",), getattr(options, "encoding", None)) as (_, stream):
            for name, piece in parts(stream):
                first, middle, _ = pieces.get(name, (b"", b"", b""))
                if piece is not None:
                    middle = piece if first and done < half else middle
                    pieces[name] = [first or piece, middle, piece if first else b""]
                    done += len(piece)
        lists = {
            name: [_records(first), _records(middle if middle is not last else b""), _records(last)]
            for name, (first, middle, last) in pieces.items()
        }
    except (Irregular, msgspec.DecodeError) as error:
        raise _NoExcerpt from error
    if not lists:
        raise _NoExcerpt
    joined = {name: _joined(kept) for name, kept in lists.items()}
    named = b",".join(json.dumps(name).encode() + b":" + text for name, text in joined.items())
    made.write_bytes(joined.get(None) or b"{" + named + b"}")
    first_rows, middle_rows, last_rows = map(len, lists.get("questions") or next(iter(lists.values())))
    return first_rows, middle_rows, last_rows


def _joined(kept: Sequence[Sequence[bytes]]) -> bytes:
    return b"[" + b",".join(one for each in kept for one in each) + b"]"


def _records(piece: bytes) -> list[bytes]:
    return [bytes(each) for each in msgspec.json.decode(b"[" + piece + b"]", type=list[msgspec.Raw])]


_TAKERS: dict[str, Callable[[Path, Path, Any], _Counts]] = {
    "jsonl": _jsonl,
    "csv": _csv,
    "tsv": _csv,
    "parquet": _parquet,
    "json": _json,
}
