"""What every test of a source needs: input files, and what came out of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from vqa_builder import registry
from vqa_builder.errors import SourceError
from vqa_builder.sources.base import BadRecord, Source


class Reading:
    """What came out of a source, and which records it reported."""

    def __init__(self, name: str, *, limit: int | None = None, **options: Any) -> None:
        self.bad: list[BadRecord] = []
        self.batches = list(source(name, **options).read(self.bad.append, limit))
        self.table = pa.Table.from_batches(self.batches) if self.batches else None
        self.rows: list[dict[str, Any]] = self.table.to_pylist() if self.table else []

    def __getitem__(self, column: str) -> list[Any]:
        return [row[column] for row in self.rows]

    @property
    def ids(self) -> list[Any]:
        return self["question_id"]

    @property
    def answers(self) -> list[Any]:
        """The texts of the answers of each row."""
        return [row["answers"] and [each["answer"] for each in row["answers"]] for row in self.rows]


def source(name: str, **options: Any) -> Source:
    """A source by name."""
    plugin = registry.find("sources", name)
    made: Source = plugin(plugin.Options.model_validate(options))
    return made


def write(path: Path, content: Any) -> Path:
    """Bytes as they are, anything else as JSON."""
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def failure(name: str, **options: Any) -> str:
    """The message of the error with which reading ends."""
    with pytest.raises(SourceError) as raised:
        Reading(name, **options)
    return str(raised.value)


def check_bad(read: Reading, file: str, record: int | None, question_id: Any, problem: str) -> None:
    """That one record was reported, and how."""
    (bad,) = read.bad
    assert (Path(bad.file).name, bad.record, bad.id) == (file, record, question_id)
    assert problem in bad.problem
    message = str(bad.error())
    for part in (file, "expected:", "found:", "--on-bad-record skip"):
        assert part in message
