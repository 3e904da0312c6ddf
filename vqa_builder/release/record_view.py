"""Releases of records as the report, the card and the review read rows: the texts of a row in one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder import schema
from vqa_builder.arrays import one_array
from vqa_builder.batches import Batches
from vqa_builder.field_paths import FieldPath, Strings, settle, take
from vqa_builder.quality.rules import reason_codes
from vqa_builder.release import facts
from vqa_builder.release.parquet import read_table, table_files, table_schema
from vqa_builder.sources.records import ENGLISH, ROW_ID

FORM = "records"
LONGEST = 300
"""Characters of a row's texts that are shown."""
_ROWS = 1_000


def is_records(manifest: Mapping[str, Any]) -> bool:
    """Whether a manifest is of a release in its source's own schema."""
    return manifest.get("form") == FORM


def paths_of(manifest: Mapping[str, Any], found: pa.Schema) -> list[FieldPath]:
    """The paths to what was translated, as the manifest names them."""
    return settle(manifest["records"]["fields"], found, manifest["name"])


def batches(folder: Path, key: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """A table of a release, part after part."""
    return Batches.parquet_files(table_files(folder, key), _ROWS).read(columns)


def view(folder: Path, manifest: Mapping[str, Any], key: str, longest: int | None = LONGEST) -> Batches:
    """A table of a release of records as one of questions: the texts of a row, cut short, as its question.

    Args:
        folder: the release.
        manifest: its manifest.
        key: ``data/train``.
        longest: characters of a row's texts; None for all of them, a line each.
    """
    found = table_schema(folder, key)
    paths = paths_of(manifest, found)
    shown = {ROW_ID, "engine", "scores", "reasons"} | {path.column for path in paths}
    shown |= {path.column + ENGLISH for path in paths}
    names = [name for name in found.names if name in shown]
    rows = Batches.parquet_files(table_files(folder, key), _ROWS)

    def read(columns: Sequence[str] | None) -> Iterator[pa.Table]:
        for part in rows.read(names):
            seen = _as_questions(part, paths, longest)
            yield seen if columns is None else seen.select(list(columns))

    empty = pa.schema([found.field(name) for name in names]).empty_table()
    return Batches(_as_questions(empty, paths, longest).schema, rows.num_rows, read)


def _as_questions(part: pa.Table, paths: Sequence[FieldPath], longest: int | None) -> pa.Table:
    columns = dict.fromkeys(_SHOWN, pa.nulls(part.num_rows, pa.string())) | {
        "question_id": part[ROW_ID],
        "question": _joined(part, paths, "", longest),
        "question_en": _joined(part, paths, ENGLISH, longest),
        "engine": part["engine"],
        "answers": pa.nulls(part.num_rows, pa.list_(schema.TRANSLATED_ANSWER)),
    }
    return pa.table(
        columns | {name: part[name] for name in ("scores", "reasons") if name in part.column_names}
    )


def counted(folder: Path, keys: Iterable[str], policy: Mapping[str, Any]) -> dict[str, Any]:
    """What the manifest counts of the rows: engines, reasons, and how many each rule of the policy judged."""
    engines, reasons, judged = Counter[str](), Counter[str](), Counter[str]()
    for key in keys:
        wanted = [name for name in ("engine", "scores", "reasons") if name in table_schema(folder, key).names]
        for part in batches(folder, key, wanted):
            engines.update(facts.value_counts(part["engine"].drop_null()))
            if "scores" in part.column_names:
                judged.update(facts.judged(part["scores"], policy))
            if "reasons" in wanted:
                codes = reason_codes(pc.list_flatten(part["reasons"]))
                reasons.update(facts.value_counts(codes))
    named = {"engines": engines, "reasons": reasons}
    ordered = {
        name: dict(sorted(found.items(), key=lambda one: (-one[1], one[0]))) for name, found in named.items()
    }
    return {**ordered, "judged": {rule: judged[rule] for rule in policy if rule != "answers"}}


def score_tables(folder: Path, keys: Iterable[str]) -> list[pa.Table]:
    """The scores of the kept rows, and nothing else."""
    wanted = [key for key in keys if key.startswith("data/") and "scores" in table_schema(folder, key).names]
    return [read_table(folder, key, ["scores"]) for key in wanted]


def sample(folder: Path, manifest: Mapping[str, Any], key: str, rows: int) -> list[dict[str, Any]]:
    """The first strings of the first rows of a table, for the card: row, path, English, translation."""
    first = next(batches(folder, key)).slice(0, rows)
    found = []
    for path in paths_of(manifest, first.schema):
        there, english = (take(one_array(first[path.column + end]), path.steps[1:]) for end in ("", ENGLISH))
        for at, row in enumerate(there.rows.tolist()):
            text, own = there.texts[at].as_py(), english.texts[at].as_py()
            if text and own:
                where = path.at([int(place[at]) for place in there.places])
                found.append(
                    (row, {"row_id": first[ROW_ID][row].as_py(), "path": where, "english": own, "text": text})
                )
    ordered = [shown for _, shown in sorted(found, key=lambda pair: pair[0])]
    return [{name: text[:LONGEST] for name, text in shown.items()} for shown in ordered[: 2 * rows]]


_SHOWN = (
    "question_back",
    "question_type",
    "answer_type",
    "multiple_choice_answer",
    "multiple_choice_answer_en",
)


def _joined(part: pa.Table, paths: Sequence[FieldPath], end: str, longest: int | None) -> pa.Array:
    """The strings of each row in one, or the beginning: item by item of a list, of answers each once."""
    columns = list(dict.fromkeys(path.column for path in paths))
    keys, texts = [], []
    for number, path in enumerate(paths):
        found = take(one_array(part[path.column + end]), path.steps[1:])
        rows = found.rows
        place = found.places[0] if found.places else np.zeros_like(rows)
        keys.append(
            np.stack(
                [np.full_like(rows, number), place, np.full_like(rows, columns.index(path.column)), rows]
            )
        )
        own = found.texts if path.kind != "answer" else _once(found)
        texts.append(pc.fill_null(pc.utf8_slice_codeunits(own, 0, longest), ""))
    whole, key = pa.concat_arrays(texts), np.concatenate(keys, axis=1)
    told = np.flatnonzero(pc.not_equal(whole, "").to_numpy(zero_copy_only=False))
    order = told[np.lexsort(key[:, told])]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(key[-1, order], minlength=part.num_rows))])
    lists = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), whole.take(pa.array(order)))
    return pc.utf8_slice_codeunits(pc.binary_join(lists, " ⏎ " if longest else "\n"), 0, longest)


def _once(found: Strings) -> pa.Array:
    """The texts, null where their row has the same before."""
    codes = pc.fill_null(found.texts.dictionary_encode().indices, -1).to_numpy(zero_copy_only=False)
    _, first = np.unique(np.stack([found.rows, codes]), axis=1, return_index=True)
    return pc.if_else(pa.array(np.isin(np.arange(len(codes)), first)), found.texts, None)
