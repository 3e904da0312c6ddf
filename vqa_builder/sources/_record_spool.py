"""Checked records on disk: what joins them stays in memory, their rows are read again in pieces."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder.sources._record_checks import BATCH, CheckedRecords

KEYS = ("record", "question_id", "image_id")


class Spool:
    """The records of one file, in a temporary folder until the spool is closed.

    Args:
        parts: the file's records, at least one part of them.

    Attributes:
        keys: the same records with the columns ``KEYS``, ``answers`` (null where a record has none, else
            true) and ``place``, by which ``rows`` finds them.
    """

    def __init__(self, parts: Iterable[CheckedRecords]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="vqa-builder-")
        self._path = Path(self._folder.name) / "records.arrow"
        self._batch = lru_cache(maxsize=4)(self._read)
        keys, bad_ids, starts, label = [], set[Any](), [0], ""
        writer = None
        for part in parts:
            label, rows = part.label, part.rows
            bad_ids |= part.bad_ids
            keys.append(_keys(rows, starts[-1]))
            writer = writer or pa.ipc.new_file(str(self._path), rows.schema)
            for start in range(0, rows.num_rows, BATCH):
                batch = rows.slice(start, BATCH)
                writer.write_batch(batch)
                starts.append(starts[-1] + batch.num_rows)
        assert writer is not None
        writer.close()
        self._starts = np.array(starts)
        filled = [part for part in keys if part.num_rows] or keys[:1]
        self.keys = CheckedRecords(label, pa.concat_batches(filled), bad_ids)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def rows(self, keys: pa.RecordBatch) -> pa.RecordBatch:
        """The records that some keys are those of; quick where their order is that of the file."""
        places: NDArray[np.int64] = keys["place"].to_numpy()
        of_batch = np.searchsorted(self._starts, places, "right") - 1
        found, order = [], []
        for number in np.unique(of_batch).tolist():
            here = np.flatnonzero(of_batch == number)
            found.append(self._batch(number).take(pa.array(places[here] - self._starts[number])))
            order.append(here)
        whole = pa.concat_batches(found)
        back = np.argsort(np.concatenate(order), kind="stable")
        return whole if (back == np.arange(len(back))).all() else whole.take(pa.array(back))

    def _read(self, number: int) -> pa.RecordBatch:
        with pa.OSFile(str(self._path)) as file:
            return pa.ipc.open_file(file).get_batch(number)


def joined(
    questions: Spool, annotations: Spool, pairs: tuple[CheckedRecords, CheckedRecords]
) -> Iterator[tuple[CheckedRecords, CheckedRecords]]:
    """Questions and their annotations in pieces, from the keys of both, row by row the same questions."""
    for start in range(0, pairs[0].rows.num_rows, BATCH):
        first, second = (
            CheckedRecords(keys.label, spool.rows(keys.rows.slice(start, BATCH)), keys.bad_ids)
            for spool, keys in zip((questions, annotations), pairs, strict=True)
        )
        yield first, second


def _keys(rows: pa.RecordBatch, start: int) -> pa.RecordBatch:
    answered = pc.if_else(rows["answers"].is_valid(), True, pa.scalar(None, pa.bool_()))
    places = pa.array(np.arange(start, start + rows.num_rows))
    columns = [*(rows[name] for name in KEYS), answered, places]
    return pa.record_batch(columns, [*KEYS, "answers", "place"])
