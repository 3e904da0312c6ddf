"""Questions and annotations brought together by question id, and the ids that do not fit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.schema import examples_schema
from vqa_builder.sources._records import Fault
from vqa_builder.sources._tables import BATCH, Loaded
from vqa_builder.sources.base import OnBadRecord


def unique(loaded: Loaded, earlier: list[Loaded], report: OnBadRecord) -> Loaded:
    """The records whose question id has not come before, in this file or in those of earlier splits."""
    ids = loaded.rows["question_id"]
    first = _places(ids, ids)
    drop = {int(row): (loaded, int(first[row])) for row in np.flatnonzero(first != np.arange(len(ids)))}
    for other in earlier:
        place = _places(ids, other.rows["question_id"])
        drop = {int(row): (other, int(place[row])) for row in np.flatnonzero(place >= 0)} | drop
    for row, (other, there) in sorted(drop.items()):
        found = f"the same id in {other.label}, record {other.rows['record'][there].as_py()}"
        report(
            loaded.bad(row, Fault("The question_id is not unique", "an id that no other record has", found))
        )
    return loaded.without(list(drop))


def with_answers_or_none_at_all(loaded: Loaded, report: OnBadRecord) -> Loaded:
    """Where a file has answers, the records that have them; where it has none (test data), all."""
    missing = np.flatnonzero(loaded.rows["answers"].is_null())
    if len(missing) == len(loaded.rows):
        return loaded
    found = f"none, though {len(loaded.rows) - len(missing):,} records of this file have them"
    for row in missing:
        report(loaded.bad(int(row), Fault("The field answers is missing", "answers", found)))
    return loaded.without(missing.tolist())


def match(questions: Loaded, annotations: Loaded, report: OnBadRecord) -> tuple[Loaded, Loaded]:
    """Questions and their annotations row by row; whatever has no partner is reported and left out.

    A partner that was reported as a bad record itself is not missed a second time.
    """
    place = _places(questions.rows["question_id"], annotations.rows["question_id"])
    _report_unanswered(questions, annotations, np.flatnonzero(place < 0), report)
    questions = questions.without(np.flatnonzero(place < 0).tolist())
    back = _places(annotations.rows["question_id"], questions.rows["question_id"])
    _report_unasked(questions, annotations, np.flatnonzero(back < 0), report)
    annotations = Loaded(
        annotations.label, annotations.rows.take(pa.array(place[place >= 0])), annotations.bad_ids
    )
    same = pc.equal(questions.rows["image_id"], annotations.rows["image_id"])
    differing = np.flatnonzero(pc.invert(same)).tolist()
    for row in differing:
        here, there = (loaded.rows["image_id"][row].as_py() for loaded in (annotations, questions))
        expected = f"{there!r}, as in {questions.label}, record {questions.rows['record'][row].as_py()}"
        fault = Fault("The image_id is not that of the question", expected, repr(here))
        report(annotations.bad(row, fault))
    return questions.without(differing), annotations.without(differing)


def examples(questions: Loaded, annotations: Loaded, split: str) -> Iterator[pa.RecordBatch]:
    """Batches of ``schema.examples_schema``: questions from the one, all about answers from the other."""
    ids = (questions.rows["question_id"].type, questions.rows["image_id"].type)
    schema = examples_schema(*ids)
    columns = {name: annotations.rows[name] for name in schema.names if name != "split"}
    columns |= {name: questions.rows[name] for name in ("question_id", "image_id", "question")}
    columns["split"] = pa.repeat(pa.scalar(split), questions.rows.num_rows)
    rows = pa.record_batch([columns[name] for name in schema.names], schema=schema)
    for start in range(0, rows.num_rows, BATCH):
        yield rows.slice(start, BATCH)


def _report_unanswered(
    questions: Loaded, annotations: Loaded, rows: npt.NDArray[np.int64], report: OnBadRecord
) -> None:
    expected = f"an annotation in {annotations.label}"
    found = f"none; {len(rows):,} of {questions.rows.num_rows:,} questions have none"
    for row in rows.tolist():
        if questions.rows["question_id"][row].as_py() not in annotations.bad_ids:
            report(questions.bad(row, Fault("The question has no annotation", expected, found)))


def _report_unasked(
    questions: Loaded, annotations: Loaded, rows: npt.NDArray[np.int64], report: OnBadRecord
) -> None:
    expected = f"a question in {questions.label}"
    found = f"none; {len(rows):,} of {annotations.rows.num_rows:,} annotations have none"
    for row in rows.tolist():
        if annotations.rows["question_id"][row].as_py() not in questions.bad_ids:
            report(annotations.bad(row, Fault("The annotation has no question", expected, found)))


def _places(values: pa.Array, among: pa.Array) -> npt.NDArray[np.int64]:
    """Where each value first stands in the other array; -1 where it does not."""
    if not len(values) or not len(among):
        return np.full(len(values), -1)
    places: npt.NDArray[np.int64] = pc.index_in(values, among).fill_null(-1).to_numpy()
    return places
