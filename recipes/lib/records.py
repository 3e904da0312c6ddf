"""JSON and JSON lines as the readers of public files need them: what is wrong is named with its place."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vqa_builder.errors import SourceError


def read_json(path: Path) -> Any:
    """The content of a JSON file.

    Raises:
        SourceError: the file cannot be read, or is no JSON.
    """
    with opened(path) as file:
        return _parsed("".join(file), path)


def json_lines(path: Path, *, holding: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """(place, record) line by line, as some files are larger than memory; plain or as ``.gz``.

    Args:
        path: the file.
        holding: lines without this text are passed over unread.

    Raises:
        SourceError: the file cannot be read, or a line is no JSON object.
    """
    with opened(path) as lines:
        for number, line in enumerate(lines, 1):
            if holding not in line:
                continue
            where = f"{path}:{number}"
            record = _parsed(line, where)
            if not isinstance(record, dict):
                raise SourceError(
                    "A line is no record", where=where, expected="a JSON object", found=line[:80]
                )
            yield where, record


def field(record: Any, name: str, where: object) -> Any:
    """A field that a record must have.

    Raises:
        SourceError: it does not; what it has instead is named.
    """
    if isinstance(record, Mapping) and name in record:
        return record[name]
    found = ", ".join(map(str, record)) if isinstance(record, Mapping) else type(record).__name__
    raise SourceError(f"The field {name!r} is missing", where=where, expected=name, found=found or "nothing")


@contextmanager
def opened(path: Path) -> Iterator[Iterator[str]]:
    """The lines of a text file, plain or as ``.gz``.

    Raises:
        SourceError: the file cannot be read.
    """
    open_text = gzip.open if path.suffix == ".gz" else open
    try:
        with open_text(path, "rt", encoding="utf-8", newline="\n") as file:
            yield file
    except OSError as error:
        raise SourceError("The file cannot be read", where=path, found=error) from None


def _parsed(text: str, where: object) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise SourceError("This is no JSON", where=where, found=error) from None
