"""Records as columns of examples, checked: what makes one unusable is found over whole columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.schema import ANSWER, examples_schema
from vqa_builder.sources.base import BadRecord, OnBadRecord

BATCH = 10_000
_SLOTS = 1_000_000
_FEW = 64
REQUIRED = ("question_id", "image_id", "question")
_MARKS = "\u00ad\u200b-\u200f\u2060\ufeff"
_BLANK = re.compile(rf"[\s{_MARKS}]*")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ufffe\uffff]")
_BLANK_RE2 = rf"^[\s\p{{Z}}{_MARKS}]*$"
_UNUSABLE_RE2 = rf"{_BLANK_RE2}|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{{9f}}\x{{feff}}\x{{fffe}}\x{{ffff}}]"
_ID_TYPES = {int: ("an integer", pa.int64()), str: ("a string", pa.string())}


class Fault(NamedTuple):
    """What is wrong with a record; the three sentences of a `BadRecord`."""

    problem: str
    expected: str
    found: str


class BadRow(NamedTuple):
    """A record that has no row: which one of the file it is, its question id if known, what is wrong."""

    number: int
    question_id: Any
    fault: Fault


@dataclass
class IdTypes:
    """The types that the ids of the whole source have; those of the first records decide."""

    question_id: type | None = None
    image_id: type | None = None

    def settle(self, question_ids: Iterable[Any], image_ids: Iterable[Any]) -> None:
        """Takes the types that most of these ids have, unless earlier ones have decided."""
        if self.question_id is None and (found := Counter(map(type, question_ids))):
            self.question_id = found.most_common(1)[0][0]
            self.image_id = Counter(map(type, image_ids)).most_common(1)[0][0]

    def fit(self, question_ids: Sequence[Any], image_ids: Sequence[Any]) -> bool:
        """Whether ids, each all of one type, are of these types; they settle them if none did."""
        self.settle(question_ids[:1], image_ids[:1])
        pairs = ((self.question_id, question_ids), (self.image_id, image_ids))
        return all(type(ids[0]) is wanted for wanted, ids in pairs if ids)

    def arrow(self) -> tuple[pa.DataType, pa.DataType]:
        """The Arrow types of question and image ids; int64 while there has been no record."""
        return _ID_TYPES[self.question_id or int][1], _ID_TYPES[self.image_id or int][1]

    def fault(self, name: str, value: Any) -> Fault | None:
        """What is wrong with the type of an id: ``question_id`` or ``image_id``."""
        wanted = getattr(self, name)
        if wanted is None or type(value) is wanted:
            return None
        expected = f"{_ID_TYPES[wanted][0]}, as the first ids of this source are"
        return Fault(f"{name} mixes types", expected, f"{_ID_TYPES[type(value)][0]}, {value!r}")


@dataclass(frozen=True)
class Rules:
    """What a record must satisfy.

    Attributes:
        id_types: the types that ids must have.
        answers: how many answers each question must have; None for one or more.
    """

    id_types: IdTypes
    answers: int | None

    def faults(self, rows: pa.RecordBatch, names: Mapping[str, str]) -> dict[int, Fault]:
        """The first thing that is wrong with each unusable row.

        Args:
            rows: as `examples_batch` makes them.
            names: the columns that must hold a value -> their names in the source.
        """
        found: dict[int, Fault] = {}
        for field, name in names.items():
            for row in np.flatnonzero(rows[field].is_null()).tolist():
                expected = "str" if field == "question" else "int | str"
                fault = Fault(f"The field {name} has the wrong type or value", expected, "null: null")
                found.setdefault(row, fault)
        for field in ("question_id", "image_id", "question"):
            if not pa.types.is_integer(rows[field].type):
                for row, text in _unusable(rows[field]):
                    found.setdefault(row, text_fault(field, text))
        for row, fault in (*self._wrong_counts(rows["answers"]), *_unusable_answers(rows["answers"])):
            found.setdefault(row, fault)
        for row, text in _unusable(rows["multiple_choice_answer"]):
            found.setdefault(row, text_fault("multiple_choice_answer", text))
        return found

    def _wrong_counts(self, answers: pa.ListArray) -> Iterator[tuple[int, Fault]]:
        counts = pc.list_value_length(answers)
        wrong = pc.equal(counts, 0) if self.answers is None else pc.not_equal(counts, self.answers)
        expected = "at least 1" if self.answers is None else f"{self.answers} (answers_per_question)"
        for row in np.flatnonzero(wrong.fill_null(False)).tolist():
            yield row, Fault("The number of answers is wrong", expected, str(counts[row]))


class Records(Protocol):
    """Records of one file, or of a part of it, before they are checked.

    Attributes:
        label: the file's name for messages.
        numbers: which record of the file each is, counted from 0.
        names: the columns that must hold a value -> their names in the file, where a row may lack it.
    """

    @property
    def label(self) -> str: ...
    @property
    def numbers(self) -> Sequence[int]: ...
    @property
    def names(self) -> Mapping[str, str]: ...
    def __len__(self) -> int: ...
    def columns(self, whole: bool = False) -> dict[str, str | None]:
        """The names in the file, or in its first records -> what they are read as, or None."""

    def has_value(self, name: str) -> bool:
        """Whether a record holds something under a name that is not read: neither null nor empty."""

    def batches(
        self, id_types: IdTypes, limit: int | None, only: set[Any] | None
    ) -> Iterator[tuple[pa.RecordBatch, list[BadRow]]]:
        """Rows as `examples_batch` makes them, and the records that have none; arguments as of `check`."""


@dataclass(frozen=True)
class CheckedRecords:
    """The good records of one file.

    Attributes:
        label: the file's name for messages.
        rows: the column ``record`` (its number in the file), then those of ``examples`` without ``split``.
        bad_ids: the question ids of records that were left out.
    """

    label: str
    rows: pa.RecordBatch
    bad_ids: set[Any]

    def bad(self, row: int, fault: Fault) -> BadRecord:
        """The bad record that one of the rows turned out to be; its id joins ``bad_ids``."""
        record, question_id = self.rows["record"][row].as_py(), self.rows["question_id"][row].as_py()
        self.bad_ids.add(question_id)
        return BadRecord(self.label, record, question_id, *fault)

    def without(self, rows: Iterable[int]) -> CheckedRecords:
        """The same without some of the rows."""
        return CheckedRecords(self.label, without_rows(self.rows, rows), self.bad_ids)


def check(
    records: Records,
    rules: Rules,
    report: OnBadRecord,
    *,
    limit: int | None = None,
    only: set[Any] | None = None,
) -> CheckedRecords:
    """Reads and checks the records of one file, or of a part of it.

    Args:
        records: the file's records.
        rules: what each record must satisfy; the first good records settle the types of the ids.
        report: told of every bad record, which is then left out.
        limit: the first so many records only.
        only: the records with these question ids only; others are not even checked.
    """
    bad_ids: set[Any] = set()
    batches = []
    for rows, bad in records.batches(rules.id_types, limit, only):
        faults = rules.faults(rows, records.names)
        for row, fault in faults.items():
            bad.append(BadRow(rows["record"][row].as_py(), rows["question_id"][row].as_py(), fault))
        for number, question_id, fault in sorted(bad, key=itemgetter(0)):
            bad_ids.add(question_id)
            report(BadRecord(records.label, number, question_id, *fault))
        batches.append(without_rows(rows, faults))
    batches = [batch for batch in batches if batch.num_rows]
    rows = pa.concat_batches(batches) if batches else _empty(rules.id_types)
    return CheckedRecords(records.label, rows, bad_ids)


def examples_batch(numbers: Sequence[int], columns: Mapping[str, pa.Array]) -> pa.RecordBatch:
    """Columns of ``examples`` without ``split`` as one batch, behind the numbers of the records.

    Args:
        numbers: which record of the file each row is, counted from 0.
        columns: ids, questions and what there is of the others; without ``multiple_choice_answer``, or where
            it is null, the most frequent answer counts.
    """
    image = columns["image"].type if "image" in columns else None
    schema = examples_schema(columns["question_id"].type, columns["image_id"].type, image)
    schema = schema.remove(schema.get_field_index("split"))
    arrays = [
        columns[field.name] if field.name in columns else pa.nulls(len(numbers), field.type)
        for field in schema
    ]
    arrays[-1] = _given_answers(arrays[-1])
    most = most_frequent(arrays[-1])
    chosen = columns.get("multiple_choice_answer")
    if chosen is not None:
        withheld = pc.and_(arrays[-1].is_null(), _matches(chosen, _BLANK_RE2))
        chosen = pc.if_else(withheld, None, chosen)
    arrays[schema.get_field_index("multiple_choice_answer")] = (
        most if chosen is None else pc.coalesce(chosen, most)
    )
    schema = schema.insert(0, pa.field("record", pa.int32()))
    return pa.record_batch([pa.array(numbers, pa.int32()), *arrays], schema=schema)


def answer_lists(
    lengths: npt.NDArray[np.int64],
    valid: npt.NDArray[np.bool_],
    texts: pa.Array,
    confidences: pa.Array | None = None,
    ids: pa.Array | None = None,
) -> pa.ListArray:
    """Answers as a column; those without an id are numbered from 1 by their place.

    Args:
        lengths: how many answers each row has, 0 where it is null.
        valid: which rows have answers at all.
        texts, confidences, ids: of all answers, one row's after the other's; None where there are none.
    """
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    places = pa.array(np.arange(len(texts), dtype=np.int32) - np.repeat(offsets[:-1], lengths) + 1)
    if confidences is None:
        confidences = pa.nulls(len(texts), pa.string())
    values = [texts, confidences, places if ids is None else pc.coalesce(ids, places)]
    return pa.ListArray.from_arrays(
        pa.array(offsets), pa.StructArray.from_arrays(values, fields=list(ANSWER)), mask=pa.array(~valid)
    )


def most_frequent(answers: pa.ListArray) -> pa.StringArray:
    """For each row the answer that most annotators gave, of equals the first; null without answers.

    >>> most_frequent(pa.array([[{"answer": each} for each in ("cat", "dog", "dog", "cat")]])).to_pylist()
    ['cat']
    """
    texts = pc.struct_field(pc.list_flatten(answers), "answer")
    codes = texts.dictionary_encode("encode").indices.to_numpy()
    lengths = pc.list_value_length(answers).fill_null(0).to_numpy()
    starts = np.cumsum(lengths) - lengths
    winners: npt.NDArray[np.int64] = np.full(len(answers), -1)
    for length in np.unique(lengths[lengths > 0]).tolist():
        rows = np.flatnonzero(lengths == length)
        if length > _FEW:
            winners[rows] = [start + _mode(codes[start : start + length]) for start in starts[rows].tolist()]
            continue
        for some in np.array_split(rows, 1 + len(rows) * length // _SLOTS):
            places = starts[some][:, None] + np.arange(length)
            given = codes[places]
            counts = sum((given == given[:, [place]]).astype(np.uint16) for place in range(length))
            winners[some] = places[np.arange(len(some)), np.argmax(counts, axis=1)]
    return texts.take(pa.array(winners, mask=winners < 0))


def _mode(codes: npt.NDArray[np.int32]) -> int:
    """The first place of the most frequent code, of equals the one that comes first."""
    _, first, counts = np.unique(codes, return_index=True, return_counts=True)
    return int(first[counts == counts.max()].min())


def _given_answers(answers: pa.ListArray) -> pa.ListArray:
    """Answers that hold a text; lists that are empty, or of blanks alone, are withheld answers: null."""
    texts = pc.struct_field(pc.list_flatten(answers), "answer")
    given = pc.invert(_matches(texts, _BLANK_RE2).fill_null(True)).to_numpy(zero_copy_only=False)
    lengths = pc.list_value_length(answers).to_numpy(zero_copy_only=False)
    if given.all() and not (lengths == 0).any():
        return answers
    held = np.zeros(len(answers), bool)
    held[pc.list_parent_indices(answers).to_numpy()[given]] = True
    return pc.if_else(pa.array(held), answers, pa.scalar(None, answers.type))


def _matches(texts: pa.Array, pattern: str) -> pa.BooleanArray:
    """Which texts match; each that stands many times is looked at once."""
    encoded = texts.dictionary_encode()
    return pc.match_substring_regex(encoded.dictionary, pattern).take(encoded.indices)


def without_rows(rows: pa.RecordBatch, unwanted: Iterable[int]) -> pa.RecordBatch:
    """The same without some of its rows."""
    unwanted = list(unwanted)
    if not unwanted:
        return rows
    keep = np.ones(rows.num_rows, bool)
    keep[unwanted] = False
    return rows.filter(pa.array(keep))


def _empty(id_types: IdTypes) -> pa.RecordBatch:
    question_id, image_id = id_types.arrow()
    answers = pa.nulls(0, pa.list_(ANSWER))
    ids = {"question_id": pa.nulls(0, question_id), "image_id": pa.nulls(0, image_id)}
    return examples_batch([], ids | {"answers": answers})


def _unusable_answers(answers: pa.ListArray) -> Iterator[tuple[int, Fault]]:
    texts = pc.struct_field(pc.list_flatten(answers), "answer")
    bad = dict(_unusable(texts)) | dict.fromkeys(np.flatnonzero(texts.is_null()).tolist())
    if bad:
        rows = pc.list_parent_indices(answers).to_numpy()
        for slot, text in sorted(bad.items()):
            name = f"answers[{slot - int(np.searchsorted(rows, rows[slot]))}]"
            yield int(rows[slot]), text_fault(name, text)


def _unusable(texts: pa.Array) -> Iterator[tuple[int, str]]:
    """Places and texts that are blank or hold a character that no text should."""
    for place in np.flatnonzero(_matches(texts, _UNUSABLE_RE2).fill_null(False)).tolist():
        yield place, texts[place].as_py()


def text_fault(name: str, text: str | None) -> Fault:
    """What is wrong with a text that is blank or holds a character that no text should."""
    if not text:
        problem = "is null" if text is None else "is empty"
    elif _BLANK.fullmatch(text):
        problem = "is only white space" if text.isspace() else "holds no visible character"
    else:
        found = _FORBIDDEN.search(text)
        code = 0 if found is None else ord(found[0])
        kind = (
            "control character" if code < 0xA0 else "byte order mark" if code == 0xFEFF else "non-character"
        )
        place = "" if found is None else f"U+{code:04X} at position {found.start()}"
        problem = f"holds the {kind} {place}"
    return Fault(f"{name} {problem}", "text that is not blank, without control characters", repr(text)[:200])
