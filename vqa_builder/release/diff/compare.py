"""What changed between two releases: rows, texts, verdicts, labels, scores, engines; and the next version.

Rows meet by split and question_id, answers by label and sense, everything else by its name in the manifest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa

from vqa_builder import schema
from vqa_builder.errors import ReleaseError, UnknownNameError
from vqa_builder.release.contents import type_name
from vqa_builder.release.diff.rows_changed import SHOWN_EXAMPLES, RowGroup, Rows, compare, differs
from vqa_builder.release.manifest import Manifest, load_manifest
from vqa_builder.release.parquet import ANSWER_MAP_KEY, config_of, read_table, table_schema
from vqa_builder.sources.records import ROW_ID

if TYPE_CHECKING:
    import pandas as pd

SHOWN_IDS = 3
Level = Literal["none", "patch", "minor", "major"]
METADATA = (
    "builder",
    "name",
    "language",
    "version",
    "repo",
    "licence",
    "sources",
    "source",
    "inputs",
    "run",
    "spec",
    "signatures",
    "policy",
    "engines",
    "packages",
)
COUNTS = ("source", "kept", "rejected", "reasons", "bad_records")
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True)
class Change:
    """One value that differs; None where a release does not have it."""

    where: str
    old: Any
    new: Any


@dataclass(frozen=True)
class ReleaseDiff:
    """Everything that differs between two releases.

    Attributes:
        old, new: name and key of each.
        level: what a version number should say: ``major`` if users of the old release may break (a column
            went or changed its type, a label got another meaning or went), ``minor`` if rows, texts or scores
            changed or something was added, ``patch`` if only the description did.
        because: the changes that ask for this level.
        version: the version that the new release states; None if it states none.
        proposed: the version it should have, from that of the old one; None if that states none.
        schema: columns that came, went or changed their type.
        metadata: engines, signatures, spec, policy, licence, inputs and packages.
        counts: source, kept and rejected rows by split, and rejected rows by reason.
        rows: groups of rows that differ in the same way.
        vocabulary: English labels: added, removed, moved to another id.
        answers: entries of the answer map whose answer or method changed.
        drift: statistics of the score columns of kept rows.
    """

    old: Mapping[str, str]
    new: Mapping[str, str]
    level: Level
    because: tuple[str, ...]
    version: str | None
    proposed: str | None
    schema: tuple[Change, ...]
    metadata: tuple[Change, ...]
    counts: tuple[Change, ...]
    rows: tuple[RowGroup, ...]
    vocabulary: tuple[Change, ...]
    answers: tuple[Change, ...]
    drift: tuple[Change, ...]

    @property
    def is_empty(self) -> bool:
        """Whether the releases hold the same and say the same."""
        return self.level == "none"

    def to_json(self) -> dict[str, Any]:
        """The machine form: the attributes, with lists of plain dicts."""
        found = dict(vars(self))
        for name in ("schema", "metadata", "counts", "rows", "vocabulary", "answers", "drift"):
            found[name] = [vars(entry) for entry in found[name]]
        return found

    def to_pandas(self, part: str = "rows") -> pd.DataFrame:
        """One of the lists as a DataFrame; of ``rows``, a line for each example of each group.

        Args:
            part: ``rows``, ``schema``, ``metadata``, ``counts``, ``vocabulary``, ``answers`` or ``drift``.

        Raises:
            UnknownNameError: there is no such part.
        """
        import pandas as pd

        parts = ("rows", "schema", "metadata", "counts", "vocabulary", "answers", "drift")
        if part not in parts:
            raise UnknownNameError("part of a comparison", part, parts)
        if part != "rows":
            changes = [vars(change) for change in getattr(self, part)]
            return pd.DataFrame(changes, columns=["where", "old", "new"])
        lines = [
            {"kind": group.kind, "rows": group.rows, **example}
            for group in self.rows
            for example in group.examples
        ]
        return pd.DataFrame(
            lines, columns=["kind", "rows", "split", "question_id", "question_en", "old", "new"]
        )


def diff(old: Path | str, new: Path | str) -> ReleaseDiff:
    """Compare two releases, row by row.

    Args:
        old, new: folders of releases, verified before; their ids may be of different types.

    Raises:
        ReleaseError: a folder is no release, or a table of it cannot be read.

    >>> found = diff("1.0/vqa-ja", "1.1/vqa-ja")
    >>> found.level, found.because
    ('minor', ('1 row: question text',))
    """
    old, new = Path(old), Path(new)
    manifests = load_manifest(old), load_manifest(new)
    if _same_tables(*manifests):
        return described(*manifests)
    try:
        columns = _schema_changes(old, new, *manifests)
        rows = compare(Rows(old, manifests[0]), Rows(new, manifests[1]))
        maps = _answer_map(old, manifests[0]), _answer_map(new, manifests[1])
    except (OSError, pa.ArrowException) as error:
        raise ReleaseError(
            "A table of a release cannot be read, so there is nothing to compare",
            where=f"{old} and {new}",
            found=str(error).splitlines()[0],
            remedy="vqa-builder verify names the damaged file",
        ) from error
    return described(*manifests, columns, tuple(rows), _vocabulary_changes(*maps), _answer_changes(*maps))


@dataclass(frozen=True)
class Difference:
    """The first difference between the tables of two releases.

    Attributes:
        table: ``data/train``.
        column: the first column that differs; None where the table is missing or has other columns.
        detail: what was expected and found.
        rows: how many rows differ in the column, as far as it can be known.
        ids: the first of them.
    """

    table: str
    column: str | None
    detail: str
    rows: int | None = None
    ids: tuple[Any, ...] = ()

    def __str__(self) -> str:
        """One line."""
        where = f"{self.table}, column {self.column}" if self.column else self.table
        return f"{where}: {self.detail}"


def first_difference(old: Manifest, new: Manifest, old_folder: Path, new_folder: Path) -> Difference | None:
    """Compare by content hashes, and look into the files only for what differs.

    Args:
        old: what is expected.
        new: what was found.
        old_folder: its tables need not be there any more; then rows are not named.
        new_folder: where the tables of ``new`` lie.
    """
    return next(_differences(old, new, old_folder, new_folder), None)


def described(
    old: Manifest,
    new: Manifest,
    columns: tuple[Change, ...] = (),
    rows: tuple[RowGroup, ...] = (),
    vocabulary: tuple[Change, ...] = (),
    answers: tuple[Change, ...] = (),
) -> ReleaseDiff:
    """What two manifests alone tell, with what was found in the tables, if anything was looked for there."""
    metadata = _leaf_changes(_selected(old.content, METADATA), _selected(new.content, METADATA))
    counts = _leaf_changes(_selected(old.counts, COUNTS), _selected(new.counts, COUNTS))
    drift = _leaf_changes(old.content.get("scores") or {}, new.content.get("scores") or {})
    level, because = _level(columns, rows, vocabulary, answers, old, new)
    stated = old.content.get("version")
    return ReleaseDiff(
        old={"name": old.name, "key": old.key},
        new={"name": new.name, "key": new.key},
        level=level,
        because=tuple(because),
        version=new.content.get("version"),
        proposed=next_version(stated, level) if stated else None,
        schema=columns,
        metadata=metadata,
        counts=counts,
        rows=rows,
        vocabulary=vocabulary,
        answers=answers,
        drift=drift,
    )


def changed_tables(old: Manifest, new: Manifest) -> list[str]:
    """The tables whose content is another one, with the columns that differ, from the manifests alone."""
    found = []
    for key in dict.fromkeys([*old.tables, *new.tables]):
        was, now = old.tables.get(key), new.tables.get(key)
        if was is None or now is None:
            found.append(f"{key} is {'gone' if now is None else 'new'}")
        elif was["content_hash"] != now["content_hash"]:
            hashes = was.get("columns") or {}, now.get("columns") or {}
            names = [name for name in hashes[1] if hashes[0].get(name) != hashes[1][name]]
            found.append(f"{key}: {', '.join(names) or 'content'}")
    return found


def next_version(version: str, level: Level) -> str:
    """A semantic version, raised.

    >>> next_version("1.4.2", "minor")
    '1.5.0'
    """
    match = _VERSION.match(version)
    if not match:
        return version
    major, minor, patch = map(int, match.groups())
    raised = {
        "major": (major + 1, 0, 0),
        "minor": (major, minor + 1, 0),
        "patch": (major, minor, patch + 1),
        "none": (major, minor, patch),
    }
    return ".".join(map(str, raised[level]))


def _same_tables(old: Manifest, new: Manifest) -> bool:
    hashes = [{key: facts["content_hash"] for key, facts in one.tables.items()} for one in (old, new)]
    return hashes[0] == hashes[1]


def _level(
    columns: tuple[Change, ...],
    rows: tuple[RowGroup, ...],
    vocabulary: tuple[Change, ...],
    answers: tuple[Change, ...],
    old: Manifest,
    new: Manifest,
) -> tuple[Level, list[str]]:
    """How much a version has to rise, and why."""
    broken = [
        f"{change.where}: {change.old} became {change.new or 'nothing'}" for change in columns if change.old
    ]
    broken += [
        f"label {change.where} was {change.old!r} and is {change.new!r}"
        for change in vocabulary[:SHOWN_EXAMPLES]
        if change.old is not None
    ]
    if broken:
        return "major", broken
    changed = [f"{change.where} is new" for change in columns]
    changed += [f"{len(vocabulary):,} new labels"] if vocabulary else []
    changed += [f"{group.rows:,} row{'s' if group.rows > 1 else ''}: {group.kind}" for group in rows]
    changed += [f"{len(answers):,} entries of the answer map"] if answers else []
    if changed:
        return "minor", changed
    if not _same_tables(old, new):
        return "minor", changed_tables(old, new)
    if old.content.get("checksum") != new.content.get("checksum"):
        return "patch", ["the description changed, no table did"]
    return "none", []


def _selected(content: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: content[name] for name in names if content.get(name) is not None}


def _leaf_changes(old: Any, new: Any, where: str = "") -> tuple[Change, ...]:
    """The innermost values of two JSON values that differ, with the path to each."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        names = list(dict.fromkeys([*old, *new]))
        steps = [(name, f"{where}.{name}" if where else name) for name in names]
        return tuple(
            change for name, path in steps for change in _leaf_changes(old.get(name), new.get(name), path)
        )
    return () if old == new else (Change(where, old, new),)


def _schema_changes(old: Path, new: Path, was: Manifest, now: Manifest) -> tuple[Change, ...]:
    return _leaf_changes(_columns(old, was), _columns(new, now))


def _columns(folder: Path, found: Manifest) -> dict[str, str]:
    """Config and column -> type; the fields of ``scores`` count as columns."""
    columns: dict[str, str] = {}
    for key in found.tables:
        for field in table_schema(folder, key):
            fields = list(field.type) if pa.types.is_struct(field.type) else [None]
            for inner in fields:
                name = f"{field.name}.{inner.name}" if inner else field.name
                columns[f"{config_of(key)}: {name}"] = type_name(inner.type if inner else field.type)
    return columns


def _answer_map(folder: Path, found: Manifest) -> pa.Table:
    if ANSWER_MAP_KEY not in found.tables:
        return schema.ANSWER_MAP.empty_table()
    return read_table(folder, ANSWER_MAP_KEY)


def _vocabulary_changes(old: pa.Table, new: pa.Table) -> tuple[Change, ...]:
    """Labels whose English answer is another one, or that came or went."""
    return _leaf_changes(_labels(old), _labels(new))


def _labels(answers: pa.Table) -> dict[str, str]:
    pairs = zip(answers["label"].to_pylist(), answers["answer_en"].to_pylist(), strict=True)
    return {str(label): answer for label, answer in pairs}


def _answer_changes(old: pa.Table, new: pa.Table) -> tuple[Change, ...]:
    """Entries of the answer map with another answer or method, by the English answer and its sense."""
    return _leaf_changes(_entries(old), _entries(new))


def _entries(answers: pa.Table) -> dict[str, str]:
    columns = (answers[name].to_pylist() for name in ("answer_en", "sense", "answer", "method"))
    return {
        f"{answer_en} ({sense})" if sense else answer_en: f"{answer} [{method}]"
        for answer_en, sense, answer, method in zip(*columns, strict=True)
    }


def _differences(old: Manifest, new: Manifest, old_folder: Path, new_folder: Path) -> Iterator[Difference]:
    for key in dict.fromkeys([*old.tables, *new.tables]):
        if key not in old.tables or key not in new.tables:
            yield Difference(key, None, "not expected" if key in new.tables else "expected, and not there")
            continue
        expected, found = old.tables[key], new.tables[key]
        if expected["content_hash"] == found["content_hash"]:
            continue
        if expected["rows"] != found["rows"]:
            yield Difference(key, None, f"expected {expected['rows']:,} rows, found {found['rows']:,}")
            continue
        was, now = expected.get("columns") or {}, found.get("columns") or {}
        if [*was] != [*now]:
            detail = f"expected the columns {', '.join(was)}, found {', '.join(now)}"
            yield Difference(key, None, detail if was else "another content hash")
            continue
        column = next(name for name in was if was[name] != now[name])
        yield _rows(key, column, old_folder, new_folder)


def _rows(key: str, column: str, old_folder: Path, new_folder: Path) -> Difference:
    """Name the rows, if both tables can be read."""
    try:
        known = table_schema(new_folder, key).names
        identity = "label" if key.startswith("answers/") else ROW_ID if ROW_ID in known else "question_id"
        wanted = dict.fromkeys([identity, column])
        tables = [read_table(folder, key, [*wanted]) for folder in (old_folder, new_folder)]
        old, new = (table[column].combine_chunks() for table in tables)
        places = np.flatnonzero(differs(old, new))
    except (ReleaseError, OSError, pa.ArrowException, LookupError, ValueError):
        return Difference(key, column, "another content hash; the original rows are not there to compare")
    ids = tuple(tables[1][identity].take(pa.array(places[:SHOWN_IDS])).to_pylist())
    named = ", ".join(map(repr, ids))
    detail = f"{len(places):,} of {len(new):,} rows, first {identity} {named}"
    return Difference(key, column, detail, len(places), ids)
