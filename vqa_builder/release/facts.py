"""What a manifest and a card say about how a release was made: inputs, signatures and counts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder import languages, schema
from vqa_builder.answers.summary import summary
from vqa_builder.spec import Spec
from vqa_builder.store import file_hash
from vqa_builder.translation.engines.base import Engine

VERSION = "3"


def facts(
    *,
    key: str,
    spec: Spec,
    language: str,
    files: Sequence[Path],
    source: dict[str, Any],
    run: dict[str, Any],
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
    """The part of the manifest that comes from the build; JSON throughout, without times or machine paths.

    Args:
        key: of the release.
        spec: the build's.
        language: the release's.
        files: every input file.
        source: ``type``, ``version`` and ``fingerprint`` of the source, which may read no file at all.
        run: the options of the build that change its result: ``limit`` and ``on_bad_record``.
        signatures: of engines, scorers, language, policy and vocabulary.
        engines: those that were asked.
        policy: as it was applied.
        bad_records: how many were set aside.
        examples, segments, translations, answer_map, rows: what is counted.
    """
    return {
        "key": key,
        "spec": spec.model_dump(mode="json", by_alias=True, exclude_none=True),
        "repo": spec.repo(language),
        "version": spec.release.version,
        "date": spec.release.date.isoformat() if spec.release.date else None,
        "licence": spec.release.licence,
        "citation": spec.release.citation,
        "sources": [source.model_dump(mode="json") for source in spec.release.sources],
        "source": source,
        "run": run,
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
            "answers": summary(rows, answer_map, languages.get(language)),
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
