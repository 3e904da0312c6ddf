"""What a manifest and a card say about how a release was made: inputs, signatures and counts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder import schema
from vqa_builder.spec import Spec
from vqa_builder.store import file_hash
from vqa_builder.translation.engines.base import Engine

VERSION = "1"


def facts(
    *,
    key: str,
    spec: Spec,
    language: str,
    files: Sequence[Path],
    signatures: dict[str, Any],
    engines: Sequence[Engine],
    policy: dict[str, Any],
    bad_records: int,
    examples: pa.Table,
    segments: pa.Table,
    translations: pa.Table,
    answer_map: pa.Table,
    rows: pa.Table,
) -> dict[str, Any]:
    """The part of the manifest that comes from the build; JSON throughout, without times or machine paths."""
    return {
        "key": key,
        "spec": spec.model_dump(mode="json", by_alias=True, exclude_none=True),
        "repo": spec.repo(language),
        "licence": spec.release.licence,
        "sources": [source.model_dump(mode="json") for source in spec.release.sources],
        "inputs": [
            {"path": path.name, "bytes": path.stat().st_size, "sha256": file_hash(path)} for path in files
        ],
        "signatures": signatures,
        "policy": policy,
        "engines": [
            {"name": engine.name, "signature": engine.signature, "licence": engine.licence}
            for engine in dict.fromkeys(engines)
        ],
        "counts": {
            "source": _counts(examples["split"]),
            "bad_records": bad_records,
            "segments": {role: _segment_counts(segments, role) for role in schema.ROLES},
            "translations": {role: _status_counts(segments, translations, role) for role in schema.ROLES},
            "reasons": _counts(pc.list_flatten(rows["reasons"])),
            "answer_map": _counts(answer_map["method"]),
        },
    }


def _counts(values: pa.ChunkedArray) -> dict[str, int]:
    """Value -> how often, by falling count, then by value."""
    counted = pc.value_counts(values).to_pylist()
    return {
        entry["values"]: entry["counts"]
        for entry in sorted(counted, key=lambda entry: (-entry["counts"], entry["values"]))
    }


def _segment_counts(segments: pa.Table, role: str) -> dict[str, int]:
    counts = segments["count"].filter(pc.equal(segments["role"], role))
    return {"rows": pc.sum(counts).as_py() or 0, "strings": len(counts)}


def _status_counts(segments: pa.Table, translations: pa.Table, role: str) -> dict[str, int]:
    return {
        "ok": 0,
        "failed": 0,
        **_counts(translations["status"].filter(pc.equal(segments["role"], role))),
    }
