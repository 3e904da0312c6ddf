"""Scores by pair, kept in files: what the parts of a build leave for the build as a whole.

A scorer's number depends on its pair alone, so a pair that was scored elsewhere need not be scored again.
There is a file per scorer, language and signature; it holds a hash of each pair and the scorer's columns.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder import segments as segmentation
from vqa_builder.errors import StorageError
from vqa_builder.quality.scorers.base import PAIRS
from vqa_builder.schema import SHORT
from vqa_builder.store import read_table, write_table
from vqa_builder.translation.protected_spans import without_spans

VERSION = "2"  # raised by whoever changes what scorers are shown of a pair
PAIR = "pair"
_TEXTS = ("source", "translation", "back_translation")
_FIELDS = ("role", *_TEXTS)


def path_of(folder: Path, scorer: str, language: str, signature: str) -> Path:
    """Where a scorer's numbers are kept."""
    digest = hashlib.sha256(signature.encode()).hexdigest()[:16]
    return folder / f"{scorer}-{language}-{digest}.arrow"


def pairs_of(segments: pa.Table, translations: pa.Table) -> pa.Table:
    """Segments and their translations, row by row, as scorers want them: schema ``PAIRS``.

    Protected spans that came through are left out: they are no language, and right as they stand. Every text
    is one line.
    """
    columns = {
        "segment_id": segments["segment_id"],
        "role": judged_as(segments["role"]),
        "source": segments["text"],
        "translation": translations["text"],
        "back_translation": translations["back_text"],
    }
    pairs = pa.table({**columns, **{name: segmentation.clean(columns[name]) for name in _TEXTS}}).cast(PAIRS)
    chosen = pc.indices_nonzero(pc.match_substring_regex(pairs["source"], r"[^\p{L}\p{M} ,;!?'.-]|\.\p{L}"))
    some = pairs.take(chosen).to_pylist()
    mask = pc.is_in(pa.array(range(pairs.num_rows), pa.int64()), value_set=chosen.cast(pa.int64()))
    bare = [without_spans(*(row[name] for name in _TEXTS)) for row in some]
    for number, name in enumerate(_TEXTS):
        texts = pa.array([texts[number] for texts in bare], pa.string())
        replaced = pc.replace_with_mask(pairs[name].combine_chunks(), mask, texts)
        pairs = pairs.set_column(pairs.schema.get_field_index(name), name, replaced)
    return pairs


def judged_as(roles: pa.ChunkedArray) -> pa.ChunkedArray:
    """``answer`` for options, ``question`` for turns and sentences of a text: what scorers know.

    >>> judged_as(pa.chunked_array([["turn", "option"]])).to_pylist()
    ['question', 'answer']
    """
    return pc.if_else(pc.is_in(roles, pa.array(SHORT)), "answer", "question")


def keep(path: Path, scored: Iterable[tuple[pa.Table, pa.Table]]) -> None:
    """Write a file.

    Args:
        path: see ``path_of``.
        scored: pairs of schema ``PAIRS`` and the scorer's columns for them, row by row.
    """
    parts = [scores.add_column(0, PAIR, _keys(pairs)) for pairs, scores in scored]
    _write(path, pa.concat_tables(parts))


def merge(files: Iterable[Path], folder: Path) -> None:
    """Take files of the same names together into those of a folder; what stands there stays."""
    for file in files:
        found = folder / file.name
        tables = [read_table(path) for path in (found, file) if path.exists()]
        _write(found, pa.concat_tables(tables))


def score_rest(path: Path, pairs: pa.Table, language: str, score: Callable[[pa.Table], pa.Table]) -> pa.Table:
    """Scores of all pairs, asking ``score`` for those only that the file does not hold.

    Args:
        path: see ``path_of``; need not exist.
        pairs: schema ``PAIRS``.
        language: ISO 639 code.
        score: scores of some pairs, as ``scoring.score`` returns them.
    """
    try:
        kept = read_table(path)
    except (FileNotFoundError, StorageError):  # none yet, or a damaged one
        return score(pairs)
    places = pc.index_in(_keys(pairs), value_set=kept[PAIR].combine_chunks())
    missing = pc.is_null(places)
    rest = score(pairs.filter(missing))
    columns = {"segment_id": pairs["segment_id"], "language": pa.repeat(language, pairs.num_rows)}
    for name in rest.column_names[2:]:
        known = kept[name].combine_chunks().take(places)
        columns[name] = pc.replace_with_mask(known, missing, rest[name].combine_chunks())
    return pa.table(columns)


def _keys(pairs: pa.Table) -> pa.Array:
    """16 bytes per pair; every field is framed by its length, a missing one by -1."""
    hashes = []
    for fields in zip(*(pairs[name].to_pylist() for name in _FIELDS), strict=True):
        digest = hashlib.blake2b(digest_size=16)
        for field in fields:
            data = b"" if field is None else field.encode()
            digest.update((-1 if field is None else len(data)).to_bytes(4, "big", signed=True) + data)
        hashes.append(digest.digest())
    return pa.array(hashes, pa.binary(16))


def _write(path: Path, table: pa.Table) -> None:
    """One row per pair, the first one."""
    _, first = np.unique(table[PAIR].to_numpy(zero_copy_only=False), return_index=True)
    table = table.take(np.sort(first))
    write_table(path, table)
