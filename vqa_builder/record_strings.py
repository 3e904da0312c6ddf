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

from vqa_builder import languages, schema, segments as segmentation
from vqa_builder.answers import short_texts
from vqa_builder.answers.short_texts import QUOTED, Meaning
from vqa_builder.field_paths import FieldPath, Strings, take
from vqa_builder.translation.protected_spans import Piece
from vqa_builder.translation.sentences import cut_sentences, joined

VERSION = "4"
AT_ONCE = 10_000
"""Strings that are Python objects at a time."""
IN_VIEW = 300
"""Characters of the turn before that an engine sees beside a turn."""
PIECE = pa.struct([("text", pa.string()), ("is_kept", pa.bool_())])
_SEPARATOR = "\x00"
_KEY = r"^\s*\(?[A-Z]\)?\.?\s*$"
"""The letter of an option."""


class Places:
    """The strings of records, gathered batch after batch."""

    def __init__(self, meaning: Meaning) -> None:
        self._meaning = meaning
        self._strings: dict[str, int] = {}
        self._columns: dict[str, list[NDArray[Any]]] = {"string": [], "row": [], "path": []}
        self._rows = 0

    def add(self, table: pa.RecordBatch, paths: Sequence[FieldPath]) -> None:
        """The strings of some rows, path after path."""
        strings = [take(table[path.column], path.steps[1:]) for path in paths]
        kinds = [path.kind for path in paths]
        questions, options = (
            _of_rows(strings, kinds, kind, table.num_rows) for kind in ("question", "option")
        )
        joined = pc.binary_join_element_wise(questions, options, " | ")
        view = pc.if_else(pc.equal(options, ""), questions, joined)
        for number, (kind, found) in enumerate(zip(kinds, strings, strict=True)):
            contexts = pa.repeat("", len(found.texts))
            if kind in schema.SHORT:
                contexts = self._meaning.contexts(questions, found.rows, found.texts, view)
            if kind == "turn" and self._meaning.in_view:
                contexts = _said_before(found)
            if kind == "answer":
                chosen = pc.and_(
                    pc.not_equal(options.take(pa.array(found.rows)), ""),
                    pc.match_substring_regex(found.texts, _KEY),
                )
                contexts = pc.if_else(pc.fill_null(chosen, False), f"{QUOTED}key", contexts)
            empty = pc.fill_null(pc.is_in(found.texts, pa.array(schema.NOTHING)), False)
            contexts = pc.if_else(empty, f"{QUOTED}nothing", contexts)
            keyed = pc.binary_join_element_wise(kind, contexts, found.texts, _SEPARATOR)
            encoded = keyed.dictionary_encode()
            keys = encoded.dictionary.to_pylist()
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
        role, context (of answers and options), count (places that hold it), text and ``pieces``.
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
            "context": _contexts(strings).take(owner),
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
    words = short_texts.ready(segments, languages.get(language))
    parts, places = _replaced(_parts(translations, scores, verdicts), *words), segmentation.Places(segments)
    starts = range(0, max(strings.num_rows, 1), AT_ONCE)
    return pa.concat_tables(
        _translated(strings.slice(start, AT_ONCE), places, parts, language, ends) for start in starts
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
    parts = [key.split(_SEPARATOR, 2) for key in keys.to_pylist()]
    pieces = [
        [Piece(text, True)._asdict()]
        if context.startswith(QUOTED)
        else [piece._asdict() for piece in cut_sentences(text, kinds)]
        for _, context, text in parts
    ]
    return pa.table(
        {
            "role": pa.array([role for role, _, _ in parts], pa.string()),
            "context": pa.array([context for _, context, _ in parts], pa.string()),
            "text": pa.array([text for _, _, text in parts], pa.string()),
            "pieces": pa.array(pieces, pa.list_(PIECE)),
        }
    )


def _translated(
    strings: pa.Table,
    places: segmentation.Places,
    parts: pa.Table,
    language: str,
    ends: Mapping[str, str],
) -> pa.Table:
    """Some of the strings; see ``translated``. ``parts`` are as ``_parts`` made them."""
    owner, sentences = _sentences(strings)
    roles, contexts = strings["role"].take(owner).combine_chunks(), _contexts(strings).take(owner)
    mine = parts.take(pa.array(_places_of(roles, sentences, contexts, places)))
    texts = iter(mine["text"].to_pylist())
    rows, owners = strings.num_rows, owner.to_numpy()
    whole = []
    for pieces in strings["pieces"].to_pylist():
        cut_again = [Piece(**piece) for piece in pieces]
        own = [next(texts) for piece in cut_again if not piece.is_kept]
        whole.append(joined(cut_again, own, language))
    keep = np.ones(rows, dtype=bool)
    np.logical_and.at(keep, owners, mine["keep"].to_numpy())
    told = {
        "text": pa.array(whole, pa.string()),
        "keep": pa.array(keep),
        "reasons": _united(mine["reasons"], owners, rows),
        "engines": _united(mine["engines"], owners, rows),
    }
    measures = mine.drop_columns(list(told))
    told |= dict(zip(measures.column_names, worst(measures, owners, rows, ends), strict=True))
    return _replaced(pa.table(told), *short_texts.known(strings, languages.get(language)))


def _parts(translations: pa.Table, scores: pa.Table, verdicts: pa.Table) -> pa.Table:
    """All that is known of the sentences."""
    own = {"text": translations["text"], "keep": verdicts["keep"], "reasons": verdicts["reasons"]}
    own["engines"] = _lists_of(translations["engine"].combine_chunks())
    return pa.table(own | {name: scores[name] for name in scores.column_names[2:]})


def _replaced(made: pa.Table, words: pa.Array, writers: pa.Array) -> pa.Table:
    """The same with other texts where there are any: kept, unscored, under their writers' names."""
    known = pc.is_valid(words)
    own = {
        "text": pc.coalesce(words, made["text"]),
        "keep": pc.or_(known, made["keep"]),
        "reasons": pc.if_else(known, pa.scalar([], pa.list_(pa.string())), made["reasons"]),
        "engines": pc.if_else(known, _lists_of(writers), made["engines"]),
    }
    return pa.table(own | {name: pc.if_else(known, None, made[name]) for name in made.column_names[4:]})


def _lists_of(values: pa.Array) -> pa.ListArray:
    """Each value as a list of itself; null values make empty lists."""
    offsets = np.concatenate([[0], np.cumsum(values.is_valid().to_numpy(zero_copy_only=False))])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values.drop_null())


def _contexts(strings: pa.Table) -> pa.Array:
    """The context of each string as engines see it."""
    encoded = strings["context"].combine_chunks().dictionary_encode()
    seen = [short_texts.for_engines(context) for context in encoded.dictionary.to_pylist()]
    return pa.array(seen, pa.string()).take(encoded.indices)


def _said_before(turns: Strings) -> pa.Array:
    """The turn before each in its conversation, the beginning, behind a line break; "" for the first."""
    if not turns.places:
        return pa.repeat("", len(turns.texts))
    earlier = pa.concat_arrays([pa.array([""]), pc.fill_null(turns.texts, "")])[: len(turns.texts)]
    told = pc.binary_join_element_wise("", pc.utf8_slice_codeunits(earlier, 0, IN_VIEW), "\n")
    return pc.if_else(pa.array(turns.places[-1] == 0), "", told)


def _of_rows(strings: Sequence[Strings], kinds: Sequence[str], kind: str, rows: int) -> pa.Array:
    """The texts of a kind in each row, joined; "" where there is none."""
    mine = [found for found, own in zip(strings, kinds, strict=True) if own == kind]
    if not mine:
        return pa.repeat("", rows)
    texts = pa.concat_arrays([found.texts for found in mine])
    owners = np.concatenate([found.rows for found in mine])
    order = np.argsort(owners, kind="stable")
    order = order[texts.is_valid().to_numpy(zero_copy_only=False)[order]]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(owners[order], minlength=rows))])
    lists = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), texts.take(pa.array(order)))
    return pc.binary_join(lists, "; ")


def _places_of(
    roles: pa.Array, sentences: pa.Array, contexts: pa.Array, places: segmentation.Places
) -> NDArray[np.int64]:
    """The row of each sentence in the table of all."""
    at = np.zeros(len(sentences), np.int64)
    for role in schema.KINDS:
        mine = pc.equal(roles, role).to_numpy(zero_copy_only=False)
        if mine.any():
            own = [column.filter(pa.array(mine)) for column in (sentences, contexts)]
            at[mine] = places.locate(own[0], role, own[1]).to_numpy()
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


def distinct_lists(owners: NDArray[np.int64], values: pa.Array, rows: int) -> pa.ListArray:
    """The distinct values of each row as a list, in the order in which they came."""
    encoded = values.dictionary_encode()
    pairs = np.stack([owners, encoded.indices.to_numpy()]) if len(values) else np.zeros((2, 0), np.int64)
    _, first = np.unique(pairs, axis=1, return_index=True)
    first = np.sort(first)
    first = first[np.argsort(owners[first], kind="stable")]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(owners[first], minlength=rows))])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values.take(pa.array(first)))
