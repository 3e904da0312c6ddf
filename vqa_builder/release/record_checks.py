"""What must hold in a release of records: the source is all there, and only what was named is translated.

Tables are read part after part. The columns of the source are put together again from kept and rejected rows,
in the order of the source, and their hashes are those that were taken as the source was read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder.answers import short_texts
from vqa_builder.answers.options import colliding_rows, lost_quotations, option_words, quoted_options
from vqa_builder.arrays import is_blank, one_array
from vqa_builder.field_paths import FieldPath, put, take
from vqa_builder.release import record_view, recount
from vqa_builder.release.checks import CONTROL, SHOWN_IDS, Reference
from vqa_builder.release.contents import type_name
from vqa_builder.release.manifest import Manifest
from vqa_builder.release.parquet import config_of, table_schema
from vqa_builder.schema import StreamedHash
from vqa_builder.sources.records import ENGLISH, ROW_ID
from vqa_builder.translation.protect import KEPT

PROVED = {
    "schema": "the columns of the source in its order and types, and what is added",
    "content": "every table has the recorded rows and content hash",
    "source": "every column of the source as it was, the English of what is translated too, hash by column",
    "layout": "what is not named within a translated column is as in the English one",
    "text": "every text of a kept row is translated, without control characters",
    "spans": "every protected span of a kept row's texts stands in its translation",
    "options": "options of a kept row read apart, and what is an option, or quotes one, has its translation",
    "reasons": "every rejected row says why, with the path",
    "ids": "unique, as many as counted",
}
_Faults = dict[str, list[str]]


def record_faults(folder: Path, found: Manifest) -> _Faults:
    """Check -> what is wrong; every check of ``PROVED`` stands there."""
    faults: _Faults = {name: [] for name in PROVED}
    known = Reference.read(folder, found)
    ids = 0
    for key, recorded in found.tables.items():
        faults["schema"] += _schema_faults(folder, key, found.content)
        seen = StreamedHash()
        for part in record_view.batches(folder, key):
            seen.add(part)
            ids += len(part[ROW_ID].unique())
            paths = record_view.paths_of(found.content, part.schema)
            for name, check in _CHECKS.items():
                told = check(key, part, paths, known)
                faults[name] += told if len(faults[name]) < 2 * SHOWN_IDS else []
        faults["content"] += _content_faults(key, seen, recorded)
    faults["source"] += _source_faults(folder, found)
    expected = sum(sum(found.counts[step].values()) for step in ("kept", "rejected"))
    faults["ids"] += [f"expected {expected:,} ids, found {ids:,}"] if ids != expected else []
    return faults


def _schema_faults(folder: Path, key: str, content: Mapping[str, Any]) -> list[str]:
    """Columns of the source that are not there, or of another type; translated ones without their English."""
    found = table_schema(folder, key)
    kinds = {own.name: type_name(own.type) for own in found}
    faults = []
    for name, kind in content["records"]["types"].items():
        if kinds.get(name) != kind:
            faults.append(f"{key}: expected {name}: {kind}, found {kinds.get(name, 'no such column')}")
    for path in record_view.paths_of(content, found):
        if kinds.get(path.column + ENGLISH) != kinds[path.column]:
            faults.append(f"{key}: {path.column + ENGLISH} is not of the type of {path.column}")
    return faults


def _content_faults(key: str, seen: StreamedHash, recorded: Mapping[str, Any]) -> list[str]:
    whole, columns = seen.hashes()
    if (seen.rows, whole) == (recorded["rows"], recorded["content_hash"]):
        return []
    changed = [name for name, one in recorded["columns"].items() if columns.get(name) != one]
    expected = f"expected {recorded['rows']:,} rows as recorded, found {seen.rows:,}"
    return [f"{key}: {expected}, others in {', '.join(changed)}"]


def _source_faults(folder: Path, found: Manifest) -> list[str]:
    """Columns of the source that kept and rejected rows together do not give."""
    faults = []
    for split, recorded in found.content["records"]["columns"].items():
        seen = StreamedHash()
        for rows in _merged(
            [_numbered(folder, key, found) for key in found.tables if key.endswith(f"/{split}")]
        ):
            seen.add(rows)
        columns = seen.hashes()[1]
        faults += [
            f"{split}: {name} is not that of the source"
            for name, one in recorded.items()
            if columns.get(name) != one
        ]
    return faults


def _numbered(folder: Path, key: str, found: Manifest) -> Iterator[pa.Table]:
    """The columns of the source, with the number of each row in front."""
    schema = table_schema(folder, key)
    english = {path.column for path in record_view.paths_of(found.content, schema)}
    names = list(found.content["records"]["types"])
    own = [name + ENGLISH if name in english else name for name in names]
    for part in record_view.batches(folder, key, [*own, ROW_ID]):
        number = pc.replace_substring_regex(part[ROW_ID], r"^.*-", "").cast(pa.int64())
        yield part.select(own).rename_columns(names).add_column(0, "", number)


def _merged(tables: Sequence[Iterator[pa.Table]]) -> Iterator[pa.Table]:
    """Tables that are each in the order of their numbers, as one that is."""
    waiting = [next(table, None) for table in tables]
    while there := [part for part in waiting if part is not None]:
        last = min(part[""][-1].as_py() for part in there)
        ready = []
        for at, part in enumerate(waiting):
            if part is None:
                continue
            cut = int(np.searchsorted(part[""].to_numpy(), last, "right"))
            ready.append(part.slice(0, cut))
            waiting[at] = part.slice(cut) if cut < part.num_rows else next(tables[at], None)
        rows = pa.concat_tables(ready)
        yield rows.take(pc.sort_indices(rows[""])).drop_columns([""])


def _layout_faults(key: str, part: pa.Table, paths: Sequence[FieldPath], known: Reference) -> list[str]:
    """Rows whose translated column differs from the English one in more than its texts."""
    faults = []
    for name in dict.fromkeys(path.column for path in paths):
        own, english = (part[column].combine_chunks() for column in (name, name + ENGLISH))
        steps = [path.steps[1:] for path in paths if path.column == name]
        try:
            same = _blanked(own, steps).equals(_blanked(english, steps))
        except (pa.ArrowException, ValueError):
            same = False
        if not same:
            faults.append(
                f"{key}: {name} has another layout than {name + ENGLISH}, in rows from {part[ROW_ID][0]}"
            )
    return faults


def _blanked(column: pa.Array, steps: Sequence[tuple[str, ...]]) -> pa.Array:
    """A column without the texts that paths lead to."""
    for each in steps:
        column = put(column, each, pa.repeat("", len(take(column, each).texts)))
    return column


def _text_faults(key: str, part: pa.Table, paths: Sequence[FieldPath], known: Reference) -> list[str]:
    faults = []
    try:
        part.validate(full=True)
    except pa.ArrowInvalid as error:
        return [f"{key}: {error}"]
    for path in paths:
        own, english = _pair(part, path)
        control = pc.and_(
            pc.match_substring_regex(own.texts, CONTROL),
            pc.invert(pc.match_substring_regex(english.texts, CONTROL)),
        )
        faults += _told(key, part, path, own, control, "a control character")
        if config_of(key) == "default":
            blank = pc.and_(is_blank(own.texts), pc.invert(is_blank(english.texts)))
            faults += _told(key, part, path, own, blank, "no text where the English has one")
    return faults


def _span_faults(key: str, part: pa.Table, paths: Sequence[FieldPath], known: Reference) -> list[str]:
    """Texts of kept rows, none of them by people, that lack a protected span of the English."""
    if config_of(key) != "default" or not known.protected:
        return []
    machines = (*known.engines, *short_texts.WRITERS, KEPT)
    by_machine = {
        name: all(each.startswith(machines) for each in (name or "").split(" + ") if each)
        for name in part["engine"].unique().to_pylist()
    }
    trusted = np.array([by_machine[name] for name in part["engine"].to_pylist()])
    faults = []
    for path in paths:
        own, english = _pair(part, path)
        pairs = pa.table({"question": own.texts, "question_en": pc.fill_null(english.texts, "")})
        lost = recount.spans_lost(pairs, known.protected) & trusted[own.rows]
        faults += _told(key, part, path, own, pa.array(lost), "a protected span of the English is lost")
    return faults


def _option_faults(key: str, part: pa.Table, paths: Sequence[FieldPath], known: Reference) -> list[str]:
    """Kept rows with options that read alike, or with an answer that is an option and reads otherwise."""
    option, answer = (_texts_of(part, paths, kind) for kind in ("option", "answer"))
    if config_of(key) != "default" or not len(option.rows):
        return []
    colliding = colliding_rows(option.rows, option.english, option.texts, known.language)
    at, of = quoted_options(answer.rows, answer.english, option.rows, option.english)
    own, quoted = answer.texts.take(pa.array(at)), option.texts.take(pa.array(of))
    astray = pc.fill_null(pc.not_equal(own, quoted), False).to_numpy(zero_copy_only=False)
    problems = {
        "two options read alike": colliding,
        "an answer is no longer the option that it was": np.unique(answer.rows[at[astray]]),
        "a text no longer quotes the option that it quoted": _misquoting(
            _texts_of(part, paths, "text"), option
        ),
    }
    return [
        f"{key}: {part[ROW_ID][int(row)]}: {problem}"
        for problem, rows in problems.items()
        for row in rows[:SHOWN_IDS]
    ]


def _misquoting(said: _Texts, option: _Texts) -> NDArray[np.int64]:
    """The rows with a text that quotes an option in English alone; what stayed English quotes as it did."""
    found = []
    quoting = pc.match_substring_regex(said.english, "[\"“‘']")
    changed = pc.not_equal(said.texts, said.english)
    own = pc.if_else(pc.equal(option.texts, option.english), None, option.texts)
    for at in pc.indices_nonzero(pc.and_(quoting, changed)).to_pylist():
        start, end = np.searchsorted(option.rows, [said.rows[at], said.rows[at] + 1]).tolist()
        words = option_words(option.english[start:end].to_pylist(), own[start:end].to_pylist())
        if lost_quotations(said.english[at].as_py(), said.texts[at].as_py(), words):
            found.append(said.rows[at])
    return np.unique(np.array(found, np.int64))


class _Texts(NamedTuple):
    """The texts of one kind in some rows that hold one, row after row."""

    rows: NDArray[np.int64]
    english: pa.Array
    texts: pa.Array


def _texts_of(part: pa.Table, paths: Sequence[FieldPath], kind: str) -> _Texts:
    pairs = [_pair(part, path) for path in paths if path.kind == kind]
    rows = np.concatenate([np.array([], np.int64), *(own.rows for own, _ in pairs)])
    order = np.argsort(rows, kind="stable")
    own, english = (
        pa.concat_arrays([pa.array([], pa.string()), *(pair[at].texts for pair in pairs)]).take(
            pa.array(order)
        )
        for at in (0, 1)
    )
    there = pc.and_(own.is_valid(), english.is_valid())
    return _Texts(rows[order][there.to_numpy(zero_copy_only=False)], english.filter(there), own.filter(there))


def _reason_faults(key: str, part: pa.Table, paths: Sequence[FieldPath], known: Reference) -> list[str]:
    if config_of(key) != "rejected":
        return []
    unsaid = pc.equal(pc.fill_null(pc.list_value_length(part["reasons"]), 0), 0)
    rows = part[ROW_ID].filter(unsaid).to_pylist()
    return [f"{key}: {row}: rejected without a reason" for row in rows[:SHOWN_IDS]]


_CHECKS: dict[str, Callable[[str, pa.Table, Sequence[FieldPath], Reference], list[str]]] = {
    "layout": _layout_faults,
    "text": _text_faults,
    "spans": _span_faults,
    "options": _option_faults,
    "reasons": _reason_faults,
}


def _pair(part: pa.Table, path: FieldPath) -> tuple[Any, Any]:
    """The texts of a path, translated and in English."""
    own, english = (take(one_array(part[path.column + end]), path.steps[1:]) for end in ("", ENGLISH))
    return own, english


def _told(key: str, part: pa.Table, path: FieldPath, own: Any, mask: pa.Array, problem: str) -> list[str]:
    found = np.flatnonzero(pc.fill_null(mask, False).to_numpy(zero_copy_only=False))[:SHOWN_IDS]
    where = [(part[ROW_ID][int(own.rows[at])], [int(place[at]) for place in own.places]) for at in found]
    return [f"{key}: {row}, {path.at(places)}: {problem}" for row, places in where]
