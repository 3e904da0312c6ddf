"""Records brought together: files in order, ids that come twice, annotations and their questions."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.schema import examples_schema
from vqa_builder.sources._record_checks import BATCH, CheckedRecords, Fault
from vqa_builder.sources.base import OnBadRecord, set_aside

_RESTARTED = set_aside(
    "where ids start anew in every split, say prefix_ids: [question_id] in the spec (with image_id, if those"
    " of images do, too), or columns: {question_id: null} for a table"
)


class SeenIds:
    """The question ids that a source has met, and where.

    A 64-bit mark per id, in sorted runs that double in length, tells quickly that an id is new; only ids
    that may have come before are compared with those kept. 1 M integers take about 20 MB.
    """

    def __init__(self) -> None:
        self._kept: list[CheckedRecords] = []
        self._runs: list[npt.NDArray[np.int64]] = []

    def add(self, checked: CheckedRecords) -> None:
        """Remembers the ids of some records."""
        if not checked.rows.num_rows:
            return
        self._kept.append(
            CheckedRecords(checked.label, checked.rows.select(["record", "question_id"]), set())
        )
        run = np.sort(_marks(checked.rows["question_id"]))
        while self._runs and len(self._runs[-1]) <= 2 * len(run):
            run = np.sort(np.concatenate([self._runs.pop(), run]), kind="stable")
        self._runs.append(run)

    def find(self, ids: pa.Array) -> dict[int, tuple[CheckedRecords, int]]:
        """Which of these ids have come before: row -> where, and in which row there."""
        marks = _marks(ids)
        known = np.zeros(len(ids), bool)
        for run in self._runs:
            known |= run[np.minimum(np.searchsorted(run, marks), len(run) - 1)] == marks
        rows = np.flatnonzero(known)
        found: dict[int, tuple[CheckedRecords, int]] = {}
        for other in self._kept if len(rows) else ():
            place = _first_places(ids.take(pa.array(rows)), other.rows["question_id"])
            found = {int(rows[at]): (other, int(place[at])) for at in np.flatnonzero(place >= 0)} | found
        return found


def unique(checked: CheckedRecords, seen: SeenIds, report: OnBadRecord) -> CheckedRecords:
    """The records whose question id has not come before, here or among those seen; they join these."""
    ids = checked.rows["question_id"]
    first = _first_places(ids, ids)
    drop = {int(row): (checked, int(first[row])) for row in np.flatnonzero(first != np.arange(len(ids)))}
    for row, (other, there) in sorted((seen.find(ids) | drop).items()):
        found = f"the same id in {other.label}, record {other.rows['record'][there].as_py()}"
        bad = checked.bad(
            row, Fault("The question_id is not unique", "an id that no other record has", found)
        )
        report(bad if other.label == checked.label else bad._replace(remedy=_RESTARTED))
        drop[row] = (other, there)
    checked = checked.without(list(drop))
    seen.add(checked)
    return checked


def with_answers_or_none_at_all(
    checked: CheckedRecords, report: OnBadRecord, answered: bool | None = None
) -> CheckedRecords:
    """Where a file has answers, the records that have them; where it has none (test data), all.

    Args:
        checked: the file's records, or some of them.
        report: told of the others.
        answered: whether the file has answers, as its first records show; None to see it from these.
    """
    missing = checked.rows["answers"].is_null().to_numpy(zero_copy_only=False)
    if missing.all() if answered is None else not answered:
        missing = ~missing
        fault = Fault(
            "The field answers is not expected", "none, as in the first records of this file", "some"
        )
    else:
        found = "none, though other records of this file have them"
        fault = Fault("The field answers is missing", "answers", found)
    rows = np.flatnonzero(missing).tolist()
    for row in rows:
        report(checked.bad(row, fault))
    return checked.without(rows)


def match(
    questions: CheckedRecords, annotations: CheckedRecords, report: OnBadRecord
) -> tuple[CheckedRecords, CheckedRecords]:
    """Questions and their annotations row by row; whatever has no partner is reported and left out.

    A partner that was reported as a bad record itself is not missed a second time.
    """
    place = _first_places(questions.rows["question_id"], annotations.rows["question_id"])
    _report_unanswered(questions, annotations, np.flatnonzero(place < 0), report)
    questions = questions.without(np.flatnonzero(place < 0).tolist())
    back = _first_places(annotations.rows["question_id"], questions.rows["question_id"])
    _report_unasked(questions, annotations, np.flatnonzero(back < 0), report)
    annotations = CheckedRecords(
        annotations.label, annotations.rows.take(pa.array(place[place >= 0])), annotations.bad_ids
    )
    same = pc.equal(questions.rows["image_id"], annotations.rows["image_id"])
    differing = np.flatnonzero(pc.invert(same)).tolist()
    for row in differing:
        here, there = (checked.rows["image_id"][row].as_py() for checked in (annotations, questions))
        expected = f"{there!r}, as in {questions.label}, record {questions.rows['record'][row].as_py()}"
        fault = Fault("The image_id is not that of the question", expected, repr(here))
        report(annotations.bad(row, fault))
    return questions.without(differing), annotations.without(differing)


def examples(
    questions: CheckedRecords, annotations: CheckedRecords, split: str, prefix_ids: Collection[str] = ()
) -> Iterator[pa.RecordBatch]:
    """Batches of ``schema.examples_schema``: questions from the one, all about answers from the other.

    Args:
        questions, annotations: row by row the same questions.
        split: of all of them.
        prefix_ids: the columns of ids that get the split's name in front: ``train-17``.
    """
    columns = {name: annotations.rows[name] for name in annotations.rows.schema.names[1:]}
    columns |= {name: questions.rows[name] for name in ("question_id", "image_id", "question")}
    for name in prefix_ids:
        columns[name] = pc.binary_join_element_wise(split, columns[name].cast(pa.string()), "-")
    columns["split"] = pa.repeat(pa.scalar(split), questions.rows.num_rows)
    image = columns["image"].type if "image" in columns else None
    schema = examples_schema(columns["question_id"].type, columns["image_id"].type, image)
    rows = pa.record_batch([columns[name] for name in schema.names], schema=schema)
    for start in range(0, rows.num_rows, BATCH):
        yield rows.slice(start, BATCH)


def _report_unanswered(
    questions: CheckedRecords, annotations: CheckedRecords, rows: npt.NDArray[np.int64], report: OnBadRecord
) -> None:
    expected = f"an annotation in {annotations.label}"
    found = f"none; {len(rows):,} of {questions.rows.num_rows:,} questions have none"
    for row in rows.tolist():
        if questions.rows["question_id"][row].as_py() not in annotations.bad_ids:
            report(questions.bad(row, Fault("The question has no annotation", expected, found)))


def _report_unasked(
    questions: CheckedRecords, annotations: CheckedRecords, rows: npt.NDArray[np.int64], report: OnBadRecord
) -> None:
    expected = f"a question in {questions.label}"
    found = f"none; {len(rows):,} of {annotations.rows.num_rows:,} annotations have none"
    for row in rows.tolist():
        if annotations.rows["question_id"][row].as_py() not in questions.bad_ids:
            report(annotations.bad(row, Fault("The annotation has no question", expected, found)))


def _marks(ids: pa.Array) -> npt.NDArray[np.int64]:
    """A number for each id: itself, or the hash of a string."""
    if pa.types.is_int64(ids.type):
        numbers: npt.NDArray[np.int64] = ids.to_numpy()
        return numbers
    return np.fromiter(map(hash, ids.to_pylist()), np.int64, len(ids))


def _first_places(values: pa.Array, among: pa.Array) -> npt.NDArray[np.int64]:
    """Where each value first stands in the other array; -1 where it does not."""
    if not len(values) or not len(among):
        return np.full(len(values), -1)
    places: npt.NDArray[np.int64] = pc.index_in(values, among).fill_null(-1).to_numpy()
    return places
