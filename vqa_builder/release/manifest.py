"""manifest.json: what a release holds, what it was made from and how. The same build gives the same bytes.

No time, no host and no path outside the release stands in it; identity is the content hash of each table.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder import named_files
from vqa_builder.batches import Batches
from vqa_builder.errors import ReleaseError
from vqa_builder.pictures import Pictures, picture_columns
from vqa_builder.release import contents as inside, human_verified, packages
from vqa_builder.release.contents import ReleaseContents
from vqa_builder.release.parquet import arrow_bytes
from vqa_builder.schema import content_hashes
from vqa_builder.store import file_hash, fingerprint, write_json
from vqa_builder.strict_json import decode
from vqa_builder.translation.memory import Entry
from vqa_builder.version import __version__

FORMAT = 1
FILE = "manifest.json"
PACKAGE = "vqa-builder"
FREQUENT_VALUES = 10
_FILE_NAME = r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"
_TABLE_KEY = r"^(data/[^/]+|rejected/[^/]+|answers/answer_map)$"


class OtherFormatError(ReleaseError):
    """A manifest of a format that this version does not read."""


_Numbers = dict[str, int]
_Hashes = dict[str, str]


class _Strings(msgspec.Struct):
    rows: int
    strings: int


class _Covered(msgspec.Struct):
    rows: int
    inside: int


class _Entries(msgspec.Struct):
    entries: int
    answers: int


class _Kept(msgspec.Struct):
    source: int
    kept: int


class _Answers(msgspec.Struct):
    labels: int = 0
    coverage: dict[str, dict[str, _Covered]] = {}
    methods: dict[str, _Entries] = {}
    merges: dict[str, _Entries] = {}
    formless: _Numbers = {}
    drift: _Numbers = {}


class _RoundTrip(msgspec.Struct, forbid_unknown_fields=True):
    known: int = 0
    kept: int = 0
    unfitted: int = 0
    judged: int = 0
    rejected: int = 0


class _Duplicates(msgspec.Struct):
    same: int = 0
    near: int = 0
    shared_images: int = 0
    shared_pairs: int = 0


class _Counts(msgspec.Struct):
    source: _Numbers
    kept: _Numbers
    rejected: _Numbers
    bad_records: int
    segments: dict[str, _Strings] = {}
    translations: dict[str, _Numbers] = {}
    people: dict[str, _Strings] = {}
    overruled: _Numbers = {}
    round_trip: _RoundTrip = msgspec.field(default_factory=_RoundTrip)
    engines: _Numbers = {}
    judged: _Numbers = {}
    back_translated: int = 0
    answer_types: dict[str, _Kept] = {}
    reasons: _Numbers = {}
    answer_map: _Numbers = {}
    answer_methods: _Numbers = {}
    answers: _Answers = msgspec.field(default_factory=_Answers)
    duplicates: _Duplicates = msgspec.field(default_factory=_Duplicates)


class _Rule(msgspec.Struct):
    min: Annotated[float, msgspec.Meta(ge=-1e9, le=1e9)] | None = None
    max: Annotated[float, msgspec.Meta(ge=-1e9, le=1e9)] | None = None
    weights: dict[str, float] | None = None


class _Table(msgspec.Struct):
    rows: int
    bytes: int
    content_hash: str
    pictures: list[str] = []


class _File(msgspec.Struct):
    bytes: int
    sha256: str


class _Input(msgspec.Struct):
    path: str
    sha256: str
    bytes: int


class _Source(msgspec.Struct):
    name: str
    licence: str | None = None
    url: str | None = None


class _Engine(msgspec.Struct):
    name: str
    signature: str
    licence: str | None = None


class _Asserted(msgspec.Struct):
    entries: int


class _Read(msgspec.Struct):
    fingerprint: list[str] | None = None


class _Records(msgspec.Struct):
    fields: dict[str, str]
    types: dict[str, str]
    columns: dict[str, _Hashes]


class _Score(msgspec.Struct):
    count: int
    nulls: int
    min: float | None = None
    q25: float | None = None
    median: float | None = None
    q75: float | None = None
    max: float | None = None
    mean: float | None = None
    values: _Numbers | None = None


class _Images(msgspec.Struct):
    licence: str | None = None


class _Release(msgspec.Struct):
    images: _Images | None = None


class _Translate(msgspec.Struct):
    protect: list[str] | None = None


class _Spec(msgspec.Struct):
    translate: _Translate | None = None
    release: _Release | None = None


class _Content(msgspec.Struct):
    """What readers rely on; a manifest holds more."""

    builder: dict[str, str]
    name: Annotated[str, msgspec.Meta(pattern=_FILE_NAME)]
    language: Annotated[str, msgspec.Meta(pattern=_FILE_NAME)]
    key: str
    counts: _Counts
    tables: dict[Annotated[str, msgspec.Meta(pattern=_TABLE_KEY)], _Table]
    files: dict[str, _File]
    spec: _Spec | None = None
    source: _Read | None = None
    sources: list[_Source] | None = None
    inputs: list[_Input] | None = None
    engines: list[_Engine] | None = None
    signatures: dict[str, str | list[str] | dict[str, str]] = {}
    scores: dict[str, _Score] | None = None
    records: _Records | None = None
    asserted: dict[str, _Asserted] | None = None
    policy: dict[str, _Rule | str | float | bool | None] | None = None
    repo: str | None = None
    form: Literal["records"] | None = None
    version: str | None = None
    date: str | None = None
    licence: str | None = None
    licence_url: str | None = None
    authors: list[str] | None = None
    citation: str | None = None


@dataclass(frozen=True)
class Manifest:
    """A manifest as read.

    Attributes:
        content: all of it, as JSON has it.
    """

    content: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The release's name."""
        return str(self.content["name"])

    @property
    def language(self) -> str:
        """ISO 639 code of the target language."""
        return str(self.content["language"])

    @property
    def key(self) -> str:
        """Hash of everything that went into the release."""
        return str(self.content["key"])

    @property
    def counts(self) -> dict[str, Any]:
        """Rows, strings, reasons and methods, counted at every step."""
        return dict(self.content["counts"])

    @property
    def tables(self) -> dict[str, dict[str, Any]]:
        """Table key -> ``rows``, ``bytes`` in memory, ``content_hash``, ``columns`` with a hash each; and
        ``pictures``, the columns whose pictures count in these hashes by their SHA-256."""
        return dict(self.content["tables"])

    @property
    def files(self) -> dict[str, dict[str, Any]]:
        """Path inside the release -> ``bytes`` and ``sha256``, of every file but the manifest."""
        return dict(self.content["files"])

    @property
    def is_untouched(self) -> bool:
        """Whether the manifest still is what the builder wrote."""
        return self.content.get("checksum") == _checksum(self.content)


def load_manifest(folder: Path) -> Manifest:
    """The manifest of a release.

    Raises:
        OtherFormatError: another version of vqa-builder wrote it.
        ReleaseError: the folder is no release, or its manifest cannot be read.

    >>> load_manifest(Path("out/vqa-ja")).tables["data/train"]["rows"]
    3
    """
    path = folder / FILE
    if not path.is_file():
        remedy = "give the folder that a build wrote, such as out/vqa-ja"
        raise ReleaseError("The folder is no release", where=folder, expected=FILE, remedy=remedy)
    return parse_manifest(named_files.read_bytes(path, "manifest", ReleaseError), path)


def load_questions(folder: Path) -> Manifest:
    """The manifest of a release of questions; raises as ``load_manifest``, and for a release of records."""
    found = load_manifest(folder)
    if found.content.get("form") is not None:
        raise ReleaseError(
            "The release holds records, not questions",
            where=folder,
            expected="a release with the columns question and answers",
            found=f"the form {found.content['form']!r}",
            remedy="name the columns under source.questions, and take the release NAME-questions-LANGUAGE",
        )
    return found


def parse_manifest(text: bytes, where: Path | str) -> Manifest:
    """A manifest from its bytes; raises as ``load_manifest`` does."""
    try:
        content = decode(text)
    except msgspec.DecodeError as error:
        raise ReleaseError("The manifest cannot be read", where=where, found=error) from None
    return Manifest(_checked(content, where))


def describe(contents: ReleaseContents) -> dict[str, Any]:
    """The manifest of contents about to be written; ``files`` is still empty."""
    counts = {
        **contents.facts["counts"],
        **inside.row_counts(contents),
        "reasons": inside.reason_counts(contents),
        "answer_map": inside.method_counts(contents),
    }
    return described(
        contents.name,
        contents.language,
        {**contents.facts, "counts": counts},
        scores=score_summaries(list(contents.data.values())),
        tables={key: _table(table, contents.pictures) for key, table in contents.tables.items()},
        human=contents.human_verified,
    )


def described(
    name: str,
    language: str,
    facts: Mapping[str, Any],
    *,
    scores: Mapping[str, Any],
    tables: Mapping[str, Any],
    human: Sequence[Entry],
) -> dict[str, Any]:
    """The same from its parts: what ``facts.facts`` says, and what is known of the tables."""
    return {
        "format": FORMAT,
        "builder": {"name": PACKAGE, "version": __version__},
        "name": name,
        "language": language,
        **facts,
        "scores": scores,
        "tables": tables,
        "files": {},
        "packages": facts.get("packages") or packages.record(),
        "python": packages.python(),
        "asserted": human_verified.record(human),
    }


def list_files(folder: Path) -> dict[str, dict[str, Any]]:
    """Path -> ``bytes`` and ``sha256`` of every file in a release but its manifest, sorted by path."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if not path.is_dir()}
    found.pop(FILE, None)
    return {name: file_facts(found[name]) for name in sorted(found)}


def file_facts(path: Path) -> dict[str, Any]:
    """Size and checksum of one file, as they stand in a manifest; a pipe, which may not end, has neither."""
    if not path.is_file():
        return {"bytes": "a broken link, a pipe or a device"}
    return {"bytes": path.stat().st_size, "sha256": file_hash(path)}


def save(folder: Path, content: Mapping[str, Any]) -> None:
    """Complete a manifest with the folder's files and its own checksum, and write it.

    Whoever changes a file of a release afterwards calls this again.
    """
    content = {**content, "files": list_files(folder)}
    write_json(folder / FILE, {**content, "checksum": _checksum(content)})


def score_summaries(tables: Sequence[pa.Table | Batches]) -> dict[str, dict[str, Any]]:
    """Score column -> its distribution over all tables' rows.

    Numbers give count, nulls, min, q25, median, q75, max and mean; strings give count, nulls and their most
    frequent values.
    """
    parts = [Batches.of(table) for table in tables if "scores" in table.schema.names and table.num_rows]
    if not parts:
        return {}
    found: dict[str, _Seen] = {}
    for scores in (piece["scores"].chunk(0) for rows in parts for piece in rows.read(["scores"])):
        for field in scores.type:
            found.setdefault(field.name, _Seen()).add(pc.struct_field(scores, field.name))
    return {name: seen.summary() for name, seen in found.items()}


def _checked(content: Any, path: Path | str) -> Mapping[str, Any]:
    if not isinstance(content, dict) or "format" not in content:
        raise ReleaseError("This manifest.json is not one of ours", where=path, expected='"format"')
    if content["format"] != FORMAT:
        raise OtherFormatError(
            "The manifest has a format that this version does not read",
            where=path,
            expected=f"format {FORMAT}",
            found=f"format {content['format']}, written by {content.get('builder')}",
            remedy="install the version of vqa-builder that wrote it",
        )
    try:
        read = msgspec.convert(content, _Content)
        if read.form and read.records is None:
            raise msgspec.ValidationError("Object missing required field `records`")
        if not any(key.startswith("data/") for key in read.tables):
            raise msgspec.ValidationError("Expected a table of kept rows - at `$.tables`")
    except msgspec.ValidationError as error:
        raise ReleaseError("The manifest is damaged", where=path, found=error) from None
    return content


def _checksum(content: Mapping[str, Any]) -> str:
    return fingerprint({name: value for name, value in content.items() if name != "checksum"})


def _table(table: Batches, pictures: Pictures | None) -> dict[str, Any]:
    """Facts of a table; its content hash takes each picture by its SHA-256."""
    whole, columns = content_hashes(table)
    summed = picture_columns(table.schema) if pictures else []
    return {
        "rows": table.num_rows,
        "bytes": arrow_bytes(table, pictures if summed else None),
        "content_hash": whole,
        "columns": columns,
        **({"pictures": summed} if summed else {}),
    }


class _Seen:
    """The values of a score, piece by piece: numbers as they are, words counted."""

    def __init__(self) -> None:
        self._rows, self._numbers, self._words = 0, list[NDArray[Any]](), Counter[str]()
        self._is_number = False

    def add(self, values: pa.Array) -> None:
        """The next ones."""
        self._rows += len(values)
        self._is_number = pa.types.is_floating(values.type) or pa.types.is_integer(values.type)
        values = values.drop_null()
        if self._is_number:
            self._numbers.append(np.array(values.filter(pc.is_finite(values))))
        else:
            self._words.update(inside.tally([values.cast(pa.string())]))

    def summary(self) -> dict[str, Any]:
        """Their distribution."""
        if not self._is_number:
            frequent = sorted(self._words.items(), key=lambda pair: (-pair[1], pair[0]))[:FREQUENT_VALUES]
            count = self._words.total()
            return {"count": count, "nulls": self._rows - count, "values": dict(frequent)}
        values = pa.array(np.concatenate(self._numbers).astype(np.float64))
        if not len(values):
            return {"count": 0, "nulls": self._rows}
        points = pc.quantile(values, q=[0, 0.25, 0.5, 0.75, 1]).to_pylist()
        names = ("min", "q25", "median", "q75", "max")
        numbers = {**dict(zip(names, points, strict=True)), "mean": pc.mean(values).as_py()}
        rounded = {name: _significant(number) for name, number in numbers.items()}
        return {"count": len(values), "nulls": self._rows - len(values), **rounded}


def _significant(number: float, digits: int = 6) -> float:
    """A float32 measure, without the digits that float32 does not have."""
    return 0.0 if number == 0 else round(number, digits - 1 - math.floor(math.log10(abs(number))))
