"""What a manifest and a card say about how a release was made: inputs, signatures and counts."""

from __future__ import annotations

import functools
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder import languages, schema
from vqa_builder.answers.winners import Summary
from vqa_builder.batches import Batches
from vqa_builder.quality.round_trip import Measured
from vqa_builder.quality.rules import COMBINE, reason_codes
from vqa_builder.sources.base import Source
from vqa_builder.spec import Spec
from vqa_builder.store import file_hash
from vqa_builder.translation.engines.base import Engine

VERSION = "9"


def facts(
    *,
    key: str,
    spec: Spec,
    language: str,
    files: Sequence[Path],
    hashes: Mapping[Path, str],
    engines: Sequence[Engine],
    counts: dict[str, Any],
    **stated: Any,
) -> dict[str, Any]:
    """The part of the manifest that comes from the build; JSON throughout, without times or machine paths.

    Args:
        key: of the release.
        spec: the build's.
        language: the release's.
        files: every input file.
        hashes: SHA-256 of those that were hashed already.
        engines: those that were asked.
        counts: as ``counted`` makes them.
        **stated: what stands in the manifest as it is: ``source`` (``type``, ``version`` and ``fingerprint``,
            as a source may read no file at all), ``run`` (the options of the build that change its result),
            ``signatures``, ``policy`` as it was applied, and ``packages``.
    """
    release = spec.release
    return {
        "key": key,
        "spec": _recorded(spec),
        "repo": spec.repo(language),
        "version": release.version,
        "date": release.date.isoformat() if release.date else None,
        "licence": release.licence,
        "licence_url": release.licence_url,
        "authors": list(release.authors),
        "citation": release.citation,
        "sources": [source.model_dump(mode="json") for source in release.sources],
        "inputs": [
            {
                "path": path.name,
                "bytes": path.stat().st_size,
                "sha256": hashes.get(path) or file_hash(path),
            }
            for path in files
        ],
        "engines": [
            {"name": engine.name, "signature": engine.signature, "licence": engine.licence}
            for engine in dict.fromkeys(engines)
        ],
        **stated,
        "counts": counts,
    }


def portable_text(spec: Spec) -> str:
    """The spec's text as it travels, and as it counts: see ``_short_paths``."""
    text = spec.text
    for path, short in _short_paths(spec).items():
        text = text.replace(path, short)
    return text


def _recorded(spec: Spec) -> dict[str, Any]:
    """The resolved spec; inputs and texts that travel with the release by their names alone."""
    short = _short_paths(spec)
    content = _replaced(spec.model_dump(mode="json", by_alias=True, exclude_none=True), short)
    for key in {"changelog", "card"} & content["release"].keys():
        content["release"][key] = Path(content["release"][key]).name
    return content  # type: ignore[no-any-return]


def _short_paths(spec: Spec) -> dict[str, str]:
    """The absolute paths of inputs by their names, or, where two have the same, from the folder of all.

    So the same data in two places give the same release, and no release tells where its maker keeps files.
    """
    other = (spec.answers.vocabulary.from_, spec.translate.glossary, spec.answers.glossary)
    texts = [*_texts(spec.source.options), *(str(each) for each in other if each)]
    found = {text: Path(text.partition("!")[0]) for text in sorted(texts, key=len, reverse=True)}
    found = {text: path for text, path in found.items() if path.is_absolute() and path.parent.is_dir()}
    paths = set(found.values())
    common = os.path.commonpath([path.parent for path in paths]) if paths else ""
    are_told_apart = len({path.name for path in paths}) == len(paths)
    return {
        text: (path.name if are_told_apart else path.relative_to(common).as_posix()) + text[len(str(path)) :]
        for text, path in found.items()
    }


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)


def _replaced(value: Any, others: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _replaced(item, others) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, others) for item in value]
    return others.get(value, value) if isinstance(value, str) else value


def counted(
    *,
    segments: pa.Table,
    asked: pa.Table,
    translations: pa.Table,
    answer_map: pa.Table,
    rows: pa.Table | Batches,
    language: str,
    policy: Mapping[str, Any],
    people: pa.BooleanArray,
    overruled: dict[str, int],
    round_trip: Measured,
    repeats: dict[str, int],
    bad_records: int,
) -> dict[str, Any]:
    """The numbers of every step, for the manifest and the card.

    Args:
        segments: all strings.
        asked, translations: those that were translated, and what became of them, row-aligned.
        answer_map, rows: what else is counted.
        language: the release's.
        policy: as it was applied.
        people: which translations are human-verified.
        overruled: reason -> strings of theirs that it would have rejected.
        round_trip: what was found out about it.
        repeats: how many rows repeat others.
        bad_records: how many were set aside.
    """
    of_rows = _RowCounts(answer_map, policy, language)
    for piece in Batches.of(rows).read():
        of_rows.add(piece)
    return {
        "source": of_rows.of("split"),
        "bad_records": bad_records,
        **string_counts(segments, asked, translations, people, schema.ROLES),
        "overruled": overruled,
        "round_trip": round_trip._asdict(),
        "engines": of_rows.of("engine"),
        "judged": of_rows.judged,
        "back_translated": of_rows.back_translated,
        "answer_types": of_rows.answer_types(),
        "reasons": of_rows.of("reasons"),
        "answer_map": value_counts(answer_map["method"]),
        "answer_methods": of_rows.of("methods"),
        "answers": of_rows.summary.of(answer_map),
        "duplicates": repeats,
    }


class _RowCounts:
    """What is counted row by row, added up over pieces."""

    def __init__(self, answer_map: pa.Table, policy: Mapping[str, Any], language: str) -> None:
        self.summary = Summary(answer_map, languages.get(language))
        self.judged = dict.fromkeys((name for name in policy if name != "answers"), 0)
        self.back_translated = 0
        self._policy = policy
        self._counts: dict[str, Counter[Any]] = {}

    def add(self, rows: pa.Table) -> None:
        reasons = reason_codes(pc.list_flatten(rows["reasons"]))
        methods = pc.struct_field(pc.list_flatten(rows.filter(rows["keep"])["answers"]), "method")
        columns = {"split": rows["split"], "engine": rows["engine"], "reasons": reasons, "methods": methods}
        for name, values in columns.items():
            self._counts.setdefault(name, Counter()).update(value_counts(values.drop_null()))
        types = rows.select(["answer_type", "keep"]).group_by(["answer_type", "keep"])
        pairs = types.aggregate([([], "count_all")]).to_pylist()
        self._counts.setdefault("types", Counter()).update(
            {(row["answer_type"], row["keep"]): row["count_all"] for row in pairs}
        )
        for name, number in judged(rows["scores"], self._policy).items():
            self.judged[name] += number
        self.back_translated += rows.num_rows - rows["question_back"].null_count
        self.summary.add(rows)

    def of(self, name: str) -> dict[str, int]:
        """Value -> how often, by falling count, then by value."""
        return dict(sorted(self._counts.get(name, Counter()).items(), key=lambda pair: (-pair[1], pair[0])))

    def answer_types(self) -> dict[str, dict[str, int]]:
        """Type -> rows of the source with it, and of these the kept ones; rows without one do not count."""
        pairs = self._counts.get("types", Counter())
        names = sorted({name for name, _ in pairs if name is not None})
        return {
            name: {"source": pairs[name, True] + pairs[name, False], "kept": pairs[name, True]}
            for name in names
        }


def string_counts(
    segments: pa.Table,
    asked: pa.Table,
    translations: pa.Table,
    people: pa.BooleanArray,
    roles: Sequence[str],
) -> dict[str, Any]:
    """What became of the strings of every role; those that tables know count as ``known``."""
    return {
        "segments": {role: _segment_counts(segments, role) for role in roles},
        "translations": {role: _status_counts(segments, asked, translations, role) for role in roles},
        "people": {role: _segment_counts(asked.filter(people), role) for role in roles},
    }


def input_files(spec: Spec, source: Source, language: str) -> list[Path]:
    """Every file that the rows of a release come from: the source's, the vocabulary, glossaries."""
    glossaries = [spec.translate.glossary, spec.answers.glossary]
    named = [
        spec.answers.vocabulary.from_,
        *(path and path.replace("{language}", language) for path in glossaries),
    ]
    return [*source.files(), *(spec.folder / path for path in dict.fromkeys(named) if path)]


def value_counts(values: pa.ChunkedArray) -> dict[str, int]:
    """Value -> how often, by falling count, then by value."""
    counted = pc.value_counts(values).to_pylist()
    return {
        entry["values"]: entry["counts"]
        for entry in sorted(counted, key=lambda entry: (-entry["counts"], entry["values"]))
    }


def _segment_counts(segments: pa.Table, role: str) -> dict[str, int]:
    counts = segments["count"].filter(pc.equal(segments["role"], role))
    return {"rows": pc.sum(counts).as_py() or 0, "strings": len(counts)}


def judged(scores: pa.ChunkedArray, policy: Mapping[str, Any]) -> dict[str, int]:
    """Rule for questions -> rows that have every score it looks at, so that it could judge them."""
    columns = {field.name for field in scores.type}
    found = {}
    for name, rule in policy.items():
        needed = set(rule["weights"]) if name == COMBINE else {name}
        if name != "answers":
            measured = [pc.is_valid(pc.struct_field(scores, column)) for column in needed & columns]
            there = functools.reduce(pc.and_, measured) if needed <= columns else pa.chunked_array([[False]])
            found[name] = pc.sum(there).as_py() or 0
    return found


def _status_counts(segments: pa.Table, asked: pa.Table, translations: pa.Table, role: str) -> dict[str, int]:
    states = translations["status"].filter(pc.equal(asked["role"], role))
    known = _segment_counts(segments, role)["strings"] - len(states)
    return {"ok": 0, "failed": 0, **value_counts(states), **({"known": known} if known else {})}
