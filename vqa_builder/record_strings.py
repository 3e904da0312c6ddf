"""The strings of records: where they stand, in which sentences they are translated, and how they come back.

What ``segments`` is for questions and answers: a string is kept once, however many records hold it, and so is
each of its sentences. The places of all strings, in the order of the records, need a few bytes each.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder import schema, segments as segmentation
from vqa_builder.field_paths import FieldPath, take
from vqa_builder.translation.protected_spans import Piece
from vqa_builder.translation.sentences import cut_sentences, joined

VERSION = "1"
AT_ONCE = 10_000
"""Strings that are Python objects at a time."""
PIECE = pa.struct([("text", pa.string()), ("is_kept", pa.bool_())])
_SEPARATOR = "\x00"


class Places:
    """The strings of records, gathered batch after batch."""

    def __init__(self) -> None:
        self._strings: dict[str, int] = {}
        self._columns: dict[str, list[NDArray[Any]]] = {"string": [], "row": [], "path": []}
        self._rows = 0

    def add(self, table: pa.RecordBatch, paths: Sequence[FieldPath]) -> None:
        """The strings of some rows, path after path."""
        for number, path in enumerate(paths):
            found = take(table[path.column], path.steps[1:])
            encoded = found.texts.dictionary_encode()
            keys = (f"{path.kind}{_SEPARATOR}{text}" for text in encoded.dictionary.to_pylist())
            known = np.array(
                [self._strings.setdefault(key, len(self._strings)) for key in keys] + [-1], np.int32
            )
            self._columns["string"].append(known[pc.fill_null(encoded.indices, len(known) - 1).to_numpy()])
            self._columns["row"].append((found.rows + self._rows).astype(np.int32))
            self._columns["path"].append(np.full(len(found.rows), number, np.int16))
        self._rows += table.num_rows

    def table(self) -> pa.Table:
        """A row for every place: ``string`` (kind and text, null as in the source), ``row``, ``path``."""
        whole = {
            name: np.concatenate([*parts, np.array([], np.int32)]) for name, parts in self._columns.items()
        }
        strings = pa.array(whole["string"].astype(np.int32), mask=whole["string"] < 0)
        distinct = pa.array(list(self._strings), pa.string())
        return pa.table(
            {
                "string": pa.DictionaryArray.from_arrays(strings, distinct),
                "row": pa.array(whole["row"].astype(np.int32)),
                "path": pa.array(whole["path"].astype(np.int16)),
            }
        )


def cut(places: pa.Table, kinds: Sequence[str]) -> pa.Table:
    """The distinct strings in the order of their first place, each in sentences and what stands between.

    Args:
        places: as ``Places.table`` has them.
        kinds: of spans that engines must not touch.

    Returns:
        role, text, count (places that hold it) and ``pieces``.
    """
    strings, indices = _distinct(places), string_numbers(places)
    counts = np.bincount(indices[indices >= 0], minlength=len(strings)).astype(np.int64)
    parts = [_cut(strings.slice(start, AT_ONCE), kinds) for start in range(0, len(strings), AT_ONCE)]
    table = pa.concat_tables(parts) if parts else _cut(strings, kinds)
    return table.add_column(2, "count", pa.array(counts))


def extract(strings: pa.Table) -> pa.Table:
    """The distinct sentences of the strings: a table of schema ``SEGMENTS``, one kind after the other."""
    owner, sentences = _sentences(strings)
    table = pa.table(
        {
            "role": strings["role"].take(owner),
            "text": sentences,
            "context": pa.repeat("", len(sentences)),
            "count": strings["count"].take(owner),
        }
    )
    parts = []
    for role in schema.KINDS:
        mine = table.filter(pc.equal(table["role"], role)).drop_columns(["role"])
        mine = mine.set_column(0, "text", segmentation.clean(mine["text"], role))
        counted = mine.group_by(["text", "context"]).aggregate([("count", "sum")])
        parts.append(segmentation.numbered(role, counted.rename_columns(["text", "context", "count"])))
    return pa.concat_tables(parts)


def translated(
    strings: pa.Table,
    segments: pa.Table,
    translations: pa.Table,
    scores: pa.Table,
    verdicts: pa.Table,
    language: str,
    ends: Mapping[str, str],
) -> pa.Table:
    """The strings in a language, put together from their sentences, with the verdict on all of these.

    Args:
        strings: as ``cut`` made them.
        segments, translations, scores, verdicts: row-aligned tables of all sentences.
        language: ISO 639 code.
        ends: score column -> the end at which it is good.

    Returns:
        Row-aligned with the strings: text (null where a sentence failed), keep, reasons, engines (all that
        translated a part), then the scores; a string without a sentence is kept as it is.
    """
    tables = segments, translations, scores.drop_columns(["segment_id", "language"]), verdicts
    starts = range(0, max(strings.num_rows, 1), AT_ONCE)
    return pa.concat_tables(
        _translated(strings.slice(start, AT_ONCE), *tables, language, ends) for start in starts
    )


def worst(scores: pa.Table, owners: NDArray[np.int64], rows: int, ends: Mapping[str, str]) -> list[pa.Array]:
    """The worst score of each row's parts, column by column; of words the first.

    Args:
        scores: of all parts.
        owners: the row of each part.
        rows: how many rows there are.
        ends: score column -> the end at which it is good: ``high``, ``low`` or ``zero``.
    """
    found = []
    for name in scores.column_names:
        column = scores[name].combine_chunks()
        valid = column.is_valid().to_numpy(zero_copy_only=False)
        badness = np.zeros(len(column))
        if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
            values = column.to_numpy(zero_copy_only=False).astype(np.float64)
            badness = {"low": values, "zero": np.abs(values)}.get(ends.get(name, "high"), -values)
        parts = np.flatnonzero(valid)
        order = parts[np.lexsort((-parts, badness[parts], owners[parts]))]
        last = np.flatnonzero(np.diff(owners[order], append=-1)) if len(order) else order
        chosen = np.full(rows, -1)
        chosen[owners[order[last]]] = order[last]
        found.append(column.take(pa.array(chosen, mask=chosen < 0)))
    return found


def metadata(of: pa.Table, **stated: Any) -> pa.Table:
    """The same table with values beside it, as JSON."""
    return of.replace_schema_metadata({name: json.dumps(value) for name, value in stated.items()})


def stated(table: pa.Table, name: str) -> Any:
    """What ``metadata`` put beside a table."""
    return json.loads(table.schema.metadata[name.encode()])


def _cut(keys: pa.Array, kinds: Sequence[str]) -> pa.Table:
    pairs = [key.split(_SEPARATOR, 1) for key in keys.to_pylist()]
    pieces = [[piece._asdict() for piece in cut_sentences(text, kinds)] for _, text in pairs]
    return pa.table(
        {
            "role": pa.array([role for role, _ in pairs], pa.string()),
            "text": pa.array([text for _, text in pairs], pa.string()),
            "pieces": pa.array(pieces, pa.list_(PIECE)),
        }
    )


def _translated(
    strings: pa.Table,
    segments: pa.Table,
    translations: pa.Table,
    scores: pa.Table,
    verdicts: pa.Table,
    language: str,
    ends: Mapping[str, str],
) -> pa.Table:
    """Some of the strings; see ``translated``."""
    owner, sentences = _sentences(strings)
    at = pa.array(_places_of(strings["role"].take(owner).combine_chunks(), sentences, segments))
    texts = iter(translations["text"].take(at).to_pylist())
    rows, owners = strings.num_rows, owner.to_numpy()
    whole = []
    for pieces in strings["pieces"].to_pylist():
        cut_again = [Piece(**piece) for piece in pieces]
        own = [next(texts) for piece in cut_again if not piece.is_kept]
        whole.append(joined(cut_again, own, language))
    keep = np.ones(rows, dtype=bool)
    np.logical_and.at(keep, owners, verdicts["keep"].take(at).to_numpy())
    told = {
        "text": pa.array(whole, pa.string()),
        "keep": pa.array(keep),
        "reasons": _united(verdicts["reasons"].take(at), owners, rows),
        "engines": _engines(translations["engine"].take(at), owners, rows),
    }
    measures = dict(zip(scores.column_names, worst(scores.take(at), owners, rows, ends), strict=True))
    return pa.table(told | measures)


def _places_of(roles: pa.Array, sentences: pa.Array, segments: pa.Table) -> NDArray[np.int64]:
    """The row of each sentence in the table of all."""
    at = np.zeros(len(sentences), np.int64)
    for role in schema.KINDS:
        mine = pc.equal(roles, role).to_numpy(zero_copy_only=False)
        if mine.any():
            at[mine] = segmentation.locate(sentences.filter(pa.array(mine)), role, segments).to_numpy()
    return at


def _distinct(places: pa.Table) -> pa.Array:
    column = places["string"].combine_chunks()
    column = column.chunk(0) if isinstance(column, pa.ChunkedArray) else column
    return column.dictionary


def string_numbers(places: pa.Table) -> NDArray[np.int32]:
    """For every place the row of its string in what ``cut`` makes; -1 where the source has null."""
    column = places["string"].combine_chunks()
    column = column.chunk(0) if isinstance(column, pa.ChunkedArray) else column
    found: NDArray[np.int32] = pc.fill_null(column.indices, -1).to_numpy(zero_copy_only=False)
    return found


def _sentences(strings: pa.Table) -> tuple[pa.Array, pa.Array]:
    """The string of each sentence, and the sentence, in order."""
    pieces = strings["pieces"].combine_chunks()
    flat = pc.list_flatten(pieces)
    wanted = pc.invert(pc.struct_field(flat, "is_kept"))
    return pc.list_parent_indices(pieces).filter(wanted), pc.struct_field(flat, "text").filter(wanted)


def _united(reasons: pa.ChunkedArray, owners: NDArray[np.int64], rows: int) -> pa.ListArray:
    """The reasons against the parts of each row, each once."""
    lists = reasons.combine_chunks()
    own = owners[pc.list_parent_indices(lists).to_numpy()]
    return distinct_lists(own, pc.list_flatten(lists), rows)


def _engines(engines: pa.ChunkedArray, owners: NDArray[np.int64], rows: int) -> pa.ListArray:
    """All that translated a part of each row."""
    valid = engines.is_valid().to_numpy()
    return distinct_lists(owners[valid], engines.drop_null().combine_chunks(), rows)


def distinct_lists(owners: NDArray[np.int64], values: pa.Array, rows: int) -> pa.ListArray:
    """The distinct values of each row as a list, in the order in which they came."""
    encoded = values.dictionary_encode()
    pairs = np.stack([owners, encoded.indices.to_numpy()]) if len(values) else np.zeros((2, 0), np.int64)
    _, first = np.unique(pairs, axis=1, return_index=True)
    first = np.sort(first)
    first = first[np.argsort(owners[first], kind="stable")]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(owners[first], minlength=rows))])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values.take(pa.array(first)))
