"""Builds of the tiny data with other translations of two of its questions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.tiny import write_vqa
from vqa_builder import build, load_spec
from vqa_builder.steps.releasing import BuiltRelease

GOOD, BAD = "これは犬ですか？", "これは何ですか？"
MEMORY, MINI = {"type": "memory", "path": "other.jsonl"}, {"type": "mini"}


def spec(folder: Path, **changes: Any) -> Path:
    return write_vqa(folder / "source", **{"languages": ["ja"], **changes})


def built(path: Path, out: Path) -> BuiltRelease:
    (release,) = build(load_spec(path), out, workers=1)
    return release


def rows(release: BuiltRelease) -> dict[int, dict[str, Any]]:
    tables = [pq.read_table(file) for file in sorted(release.folder.glob("[dr]*/*.parquet"))]
    return {row["question_id"]: row for table in tables for row in table.to_pylist()}


def record(out: Path) -> list[dict[str, Any]]:
    """The newest record of all candidates in the store."""
    path = max(
        (out / ".vqa-builder" / "steps").glob("choice-ja-*.arrow"), key=lambda file: file.stat().st_mtime
    )
    with pa.memory_map(str(path)) as file:
        rows: list[dict[str, Any]] = pa.ipc.open_file(file).read_all().to_pylist()
    return rows
