"""Prove that a folder is the release that its manifest describes, and that users can load it.

Every check says what it proved, or what was expected, what was found and where. A damaged release gives
failed checks, never an exception.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from vqa_builder.batches import Batches
from vqa_builder.errors import ReleaseError
from vqa_builder.release import certificate, manifest
from vqa_builder.release.checks import (
    TABLE_CHECKS,
    TABLE_WARNINGS,
    Fault,
    Reference,
    rows_of,
    shared_images,
    told,
)
from vqa_builder.release.contents import check_counts, schema_fault
from vqa_builder.release.manifest import Manifest
from vqa_builder.release.opening import no_such_release
from vqa_builder.release.parquet import FOLDERS, config_of, open_table
from vqa_builder.release.record_checks import PROVED, record_faults
from vqa_builder.release.record_view import is_records
from vqa_builder.release.reload import reload_faults
from vqa_builder.schema import content_hashes

SHOWN_FAULTS = 5


@dataclass(frozen=True)
class Check:
    """One thing that was checked.

    Attributes:
        name: ``files``, ``schema``, ``content``, ...
        ok: whether it holds.
        detail: what was proved, or the first faults.
        warning: it holds, but ``detail`` says what users should know.
    """

    name: str
    ok: bool
    detail: str
    warning: bool = False

    @property
    def mark(self) -> str:
        """``ok``, ``warn`` or ``FAIL``."""
        return "FAIL" if not self.ok else "warn" if self.warning else "ok"


@dataclass(frozen=True)
class VerifyReport:
    """The outcome of ``verify``.

    Attributes:
        folder: the release.
        checks: in the order in which they ran.
    """

    folder: Path
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether every check holds."""
        return all(check.ok for check in self.checks)

    def to_json(self) -> dict[str, Any]:
        """The machine form: ``{"folder", "ok", "checks": [{"name", "ok", "detail", "warning"}]}``."""
        return {
            "folder": str(self.folder),
            "ok": self.ok,
            "checks": [vars(check) for check in self.checks],
        }


def verify(folder: Path | str, *, tables: bool = True, reload: bool = True) -> VerifyReport:
    """Check a release against its manifest and against itself.

    Args:
        folder: the release.
        tables: look into the tables, not only at the manifest and the checksum of every file.
        reload: load every config through ``datasets`` too, which takes most of the time.

    Raises:
        ReleaseError: there is no such folder, or it has a manifest of another format.

    >>> report = verify("out/vqa-ja")
    >>> report.ok, [check.detail for check in report.checks if not check.ok]
    (True, [])
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise no_such_release(str(folder), asks_hub=False)
    found = _manifest_check(folder)
    if isinstance(found, Check):
        return VerifyReport(folder, (found,))
    same: set[str] = set()
    configs = dict.fromkeys(config_of(key) for key in found.tables)
    proved = f"load_dataset gives the same content, also streaming: {', '.join(configs)}"
    reloaded = [_check("reload", proved, lambda: reload_faults(folder, found, same))] if reload else []
    seal = [] if found.is_untouched else ["checksum: the manifest was changed after the build wrote it"]
    checks = [
        _check("manifest", f"format {manifest.FORMAT}, written by {_builder(found)}", lambda: seal),
        _check("files", _files_proved(found), lambda: _file_faults(folder, found)),
        *(_tables_checked(folder, found, same) if tables else []),
    ]
    if certificate.FILE in found.files or found.content.get("certificate"):
        proved = "the bound follows from the judgements, of these rows; card and manifest state it"
        checks.append(_check("certificate", proved, lambda: certificate.certificate_faults(folder, found)))
    return VerifyReport(folder, (*checks, *reloaded))


def _check(name: str, proved: str, find_faults: Callable[[], list[str]]) -> Check:
    try:
        faults = find_faults()
    except Exception as error:  # whatever a damaged file makes a library do is a finding
        faults = [f"could not be checked: {type(error).__name__}: {error}"]
    more = [f"and {len(faults) - SHOWN_FAULTS:,} more"] if len(faults) > SHOWN_FAULTS else []
    return Check(name, not faults, "; ".join([*faults[:SHOWN_FAULTS], *more]) or proved)


def _warning(name: str, proved: str, find: Callable[[], list[str]]) -> Check:
    """A check whose findings do not make a release wrong; users should know of them."""
    check = _check(name, proved, find)
    return check if check.ok else Check(name, True, check.detail, warning=True)


def _manifest_check(folder: Path) -> Manifest | Check:
    try:
        return manifest.load_manifest(folder)
    except manifest.OtherFormatError:
        raise
    except ReleaseError as error:
        found = "; ".join([error.problem, *(f"{name}: {text}" for name, text in error.details.items())])
        return Check("manifest", False, found)


def _builder(found: Manifest) -> str:
    builder = found.content["builder"]
    return f"{builder.get('name')} {builder.get('version')}"


def _files_proved(found: Manifest) -> str:
    size = sum(facts["bytes"] for facts in found.files.values())
    return f"{len(found.files)} files, {size:,} bytes, every SHA-256 as recorded, nothing else in the folder"


def _file_faults(folder: Path, found: Manifest) -> list[str]:
    present = manifest.list_files(folder)
    listed, there = set(found.files), set(present)
    faults = [f"{name}: listed in the manifest, not in the folder" for name in sorted(listed - there)]
    faults += [f"{name}: in the folder, not listed in the manifest" for name in sorted(there - listed)]
    for name in sorted(listed & there):
        for fact, expected in found.files[name].items():
            if present[name].get(fact) != expected:
                faults.append(f"{name}: {fact} expected {expected}, found {present[name].get(fact)}")
                break
    return faults


def _tables_checked(folder: Path, found: Manifest, same: set[str]) -> list[Check]:
    return _check_records(folder, found) if is_records(found.content) else _check_tables(folder, found, same)


def _check_records(folder: Path, found: Manifest) -> list[Check]:
    try:
        faults = record_faults(folder, found)
    except Exception as error:  # whatever a damaged file makes a library do is a finding
        return [Check("readable", False, f"could not be checked: {type(error).__name__}: {error}")]
    checks = [_check(name, PROVED[name], partial(faults.__getitem__, name)) for name in faults]
    return [*checks, _check("counts", _adds_up(found), lambda: _count_faults(found))]


def _check_tables(folder: Path, found: Manifest, same: set[str]) -> list[Check]:
    """Read each table piece by piece, and run every check that needs its rows; only ids outlive a piece.

    Those of ``same`` are known to have the recorded content.
    """
    faults: dict[str, list[str]] = {name: [] for name in ("readable", "schema", "content", *TABLE_CHECKS)}
    warnings: dict[str, list[str]] = {name: [] for name in TABLE_WARNINGS}
    ids: dict[str, list[pa.Array]] = {}
    images: dict[str, list[pa.Array]] = {}
    known = Reference.read(folder, found)
    for key, recorded in found.tables.items():
        try:
            rows = open_table(folder, key, pixels=not recorded.get("pictures"))
            faults["content"] += [] if key in same else _content_faults(key, rows, recorded)
            if fault := schema_fault(config_of(key), rows.schema):
                faults["schema"].append(f"{key}: expected {fault[0]}, found {fault[1]}")
                continue
            checked: dict[str, list[Fault]] = {name: [] for name in (*TABLE_CHECKS, *TABLE_WARNINGS)}
            for piece in rows.read():
                for name, check in (*TABLE_CHECKS.items(), *TABLE_WARNINGS.items()):
                    checked[name] += check(key, piece, known)
                if config_of(key) != "answers":
                    images.setdefault(key.split("/")[1], []).append(piece["image_id"].unique())
                    ids.setdefault(key, []).append(piece["question_id"].chunk(0))
        except Exception as error:  # damaged Parquet raises more than Arrow's own errors
            faults["readable"].append(f"{key}: {str(error).splitlines()[0]}")
            continue
        for name, found_faults in checked.items():
            (faults if name in faults else warnings)[name] += told(key, found_faults, rows.num_rows)
    proved = _proved(found)
    checks = [_check(name, proved[name], partial(faults.__getitem__, name)) for name in faults]
    return [
        *checks,
        _check("counts", proved["counts"], lambda: _count_faults(found)),
        _check("ids", proved["ids"], lambda: _id_faults(ids, found)),
        *(_warning(name, proved[name], partial(warnings.__getitem__, name)) for name in warnings),
        _warning("leak", proved["leak"], lambda: shared_images(images)),
    ]


def _proved(found: Manifest) -> dict[str, str]:
    return {
        "readable": f"{len(found.tables)} tables",
        "schema": "every column as declared",
        "content": "every table has the recorded rows and content hash",
        "answers": "labels stand in the answer map, each has its score; no answers, no labels",
        "soft_scores": "labels and soft scores follow from the English answers",
        "labels": "looked up anew, every answer in the vocabulary has its label, and no score is too low",
        "methods": "every answer is a translation, or the source's own text where its method says so",
        "spans": _spans_proved(found),
        "leftovers": "no answer by an engine is the English less some signs",
        "script": f"every kept question has letters of {found.language}, and no broken character",
        "leak": "no image stands in two splits",
        "text": "questions are there, valid UTF-8, without control characters",
        "alignment": "every link joins words that the English question and its translation have",
        "reasons": "every rejected row says why",
        "counts": _adds_up(found),
        "ids": "unique in all tables, as many as counted",
    }


def _adds_up(found: Manifest) -> str:
    rows = {name: sum(found.counts[name].values()) for name in ("source", "kept", "rejected")}
    return f"{rows['source']:,} source rows = {rows['kept']:,} kept + {rows['rejected']:,} rejected"


def _spans_proved(found: Manifest) -> str:
    kinds = ((found.content.get("spec") or {}).get("translate") or {}).get("protect") or ()
    if not kinds:
        return "the spec protects no spans"
    return f"every protected span of a kept question stands in its translation ({', '.join(kinds)})"


def _content_faults(key: str, table: Batches, recorded: dict[str, Any]) -> list[str]:
    if table.num_rows != recorded["rows"]:
        return [f"{key}: expected {recorded['rows']:,} rows, found {table.num_rows:,}"]
    found, columns = content_hashes(table)
    expected = recorded["content_hash"]
    if found == expected:
        return []
    listed = recorded.get("columns") or {}
    changed = [name for name in listed if columns.get(name) != listed[name]]
    where = f", in {', '.join(changed)}" if changed else ""
    return [f"{key}: expected content hash {expected}, found {found}{where}"]


def _count_faults(found: Manifest) -> list[str]:
    faults = []
    try:
        check_counts(found.name, found.counts)
    except ReleaseError as error:
        expected, counted = error.details["expected"], error.details["found"]
        faults.append(f"{error.problem}: expected {expected}, found {counted}")
    for step, config in (("kept", "default"), ("rejected", "rejected")):
        for split, counted_rows in found.counts[step].items():
            rows = found.tables.get(f"{FOLDERS[config]}/{split}", {}).get("rows", 0)
            if rows != counted_rows:
                faults.append(f"{split}: {counted_rows:,} {step} in the counts, {rows:,} rows in the table")
    return faults


def _id_faults(parts: dict[str, list[pa.Array]], found: Manifest) -> list[str]:
    ids = {key: pa.chunked_array(arrays) for key, arrays in parts.items()}
    columns = list(ids.values())
    if len({str(column.type) for column in columns}) > 1:
        return [f"{key}: question_id is {column.type}" for key, column in ids.items()]
    if not columns:
        return ["no table with ids could be read"]
    every = pa.chunked_array([chunk for column in columns for chunk in column.chunks])
    nulls = {key: column.null_count for key, column in ids.items() if column.null_count}
    faults = [f"{key}: rows without an id: {rows:,}" for key, rows in nulls.items()]
    faults += _twice(ids, every)
    expected = sum(sum(found.counts[step].values()) for step in ("kept", "rejected"))
    if len(every) != expected:
        faults.append(f"expected {expected:,} ids, found {len(every):,}")
    return faults


def _twice(ids: dict[str, pa.ChunkedArray], every: pa.ChunkedArray) -> list[str]:
    """Ids that stand more than once, and in which tables."""
    import pyarrow.compute as pc

    counts = every.drop_null().value_counts()
    double = counts.filter(pc.greater(counts.field("counts"), 1)).field("values")
    if not len(double):
        return []
    where = {key: rows_of(pc.is_in(column, double), column)[:SHOWN_FAULTS] for key, column in ids.items()}
    return [f"{key}: id {value!r} is not unique" for key, values in where.items() for value in values]
