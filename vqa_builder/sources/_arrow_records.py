"""Records of Parquet, Arrow, CSV and hub tables: whole columns become columns of examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.errors import SourceError
from vqa_builder.sources._json_records import REQUIRED, Answer, parse_answers
from vqa_builder.sources._record_checks import (
    BadRow,
    Fault,
    IdTypes,
    answer_lists,
    examples_batch,
    text_fault,
)

Faults = dict[int, Fault]
_INTEGER = r"^(?:0|-?[1-9][0-9]{0,18})$"


@dataclass(frozen=True)
class ArrowRecords:
    """Rows of a table, at most ``BATCH``.

    Attributes:
        label: the table's name for messages.
        table: the columns that are read.
        columns: field -> column.
        numbers: which row of the file each is, counted from 0.
        row_ids: question ids made from the rows' numbers, where there is no column of them.
        separator: between answers in a text; None for one answer or a JSON list.
        typed_ids: whether ids in text are integers, if those of the source are or all of the first rows.
    """

    label: str
    table: pa.RecordBatch
    columns: Mapping[str, str]
    numbers: Sequence[int]
    row_ids: Sequence[str] | None = None
    separator: str | None = None
    typed_ids: bool = False

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def names(self) -> Mapping[str, str]:
        """The required fields and their columns."""
        return {field: name for field, name in self.columns.items() if field in REQUIRED}

    def batches(
        self, id_types: IdTypes, limit: int | None, only: set[Any] | None = None
    ) -> Iterator[tuple[pa.RecordBatch, list[BadRow]]]:
        """The rows, and those whose ids or answers cannot be read; ``only`` is for JSON alone."""
        table = self.table.slice(0, limit)
        columns: dict[str, pa.Array] = {}
        faults: Faults = {}
        for field, name in self.columns.items():
            values = _plain(table[name])
            if field in ("question_id", "image_id"):
                columns[field] = self._ids(values, name, faults)
                if self.typed_ids:
                    columns[field] = _typed(columns[field], field, id_types, faults)
            elif field == "answers":
                columns[field] = self._answers(values, name, faults)
            else:
                columns[field] = self._texts(values, name)
        if self.row_ids is not None:
            columns["question_id"] = pa.array(self.row_ids[: table.num_rows], pa.string())
        rows = examples_batch(self.numbers[: table.num_rows], columns)
        self._settle(id_types, rows, faults)
        bad = [BadRow(self.numbers[row], self._id(rows, row), fault) for row, fault in faults.items()]
        yield _without(rows, faults), bad

    def _id(self, rows: pa.RecordBatch, row: int) -> Any:
        """The question id of a row that may be broken, if need be as it stands in the table."""
        question_id = rows["question_id"][row].as_py()
        if question_id is None:
            question_id = self.table[self.columns["question_id"]][row].as_py()
        return question_id

    def _settle(self, id_types: IdTypes, rows: pa.RecordBatch, faults: Faults) -> None:
        """Rows whose ids are of another type than those of the source have a fault."""
        ids = [rows[name] for name in ("question_id", "image_id")]
        id_types.settle(*(values.drop_null()[:1].to_pylist() for values in ids))
        for name, values, wanted in zip(("question_id", "image_id"), ids, id_types.arrow(), strict=True):
            if values.type != wanted:
                for row in np.flatnonzero(values.is_valid()).tolist():
                    if fault := id_types.fault(name, values[row].as_py()):
                        faults[row] = fault

    def _ids(self, values: pa.Array, name: str, faults: Faults) -> pa.Array:
        if pa.types.is_integer(values.type):
            if pa.types.is_uint64(values.type):
                beyond = pc.greater(values, pa.scalar(2**63 - 1, pa.uint64())).fill_null(False)
                for row in np.flatnonzero(beyond).tolist():
                    faults[row] = _wrong(name, f"int <= {2**63 - 1}", values[row])
                values = pc.if_else(beyond, None, values)
            return values.cast(pa.int64())
        return self._texts(values, name)

    def _texts(self, values: pa.Array, name: str) -> pa.StringArray:
        if not _is_text(values.type):
            raise self._unreadable(name, values.type)
        return values.cast(pa.string())

    def _answers(self, values: pa.Array, name: str, faults: Faults) -> pa.ListArray:
        if _is_text(values.type):
            return self._answers_in_texts(values.cast(pa.string()), name, faults)
        if pa.types.is_struct(values.type):
            return self._answers_by_field(values, name, faults)
        if not _is_list(values.type):
            raise self._unreadable(name, values.type)
        lengths, valid, flat = _list_parts(values)
        if not pa.types.is_struct(flat.type):
            return answer_lists(lengths, valid, self._texts(flat, name))
        parts = dict(zip(flat.type.names, flat.flatten(), strict=True))
        return self._lists(lengths, valid, parts, name, faults)

    def _answers_by_field(self, values: pa.StructArray, name: str, faults: Faults) -> pa.ListArray:
        """Answers as a table of their own, as some writers turn a list of structs inside out."""
        fields = dict(zip(values.type.names, values.flatten(), strict=True))
        known = {each: column for each, column in fields.items() if each in Answer.__struct_fields__}
        if not all(_is_list(column.type) for column in known.values()):
            raise self._unreadable(name, values.type)
        parts = {each: _list_parts(column) for each, column in known.items()}
        if "answer" not in parts:
            raise self._unreadable(name, values.type)
        lengths, valid, _ = parts["answer"]
        for each, (others, there, flat) in parts.items():
            for row in np.flatnonzero(there & (others != lengths)).tolist():
                faults[row] = _wrong(name, "lists of one length", values[row])
            if len(flat) != lengths.sum():  # null, or of another length: as if it were not there
                parts[each] = (others, there, pa.nulls(int(lengths.sum()), pa.null()))
        flats = {each: flat for each, (_, _, flat) in parts.items()}
        return self._lists(lengths, valid, flats, name, faults)

    def _lists(
        self, lengths: Any, valid: Any, parts: Mapping[str, pa.Array], name: str, faults: Faults
    ) -> pa.ListArray:
        if "answer" not in parts:
            raise self._unreadable(name, f"structs with the fields {', '.join(parts)}")
        texts = self._texts(_plain(parts["answer"]), f"{name}.answer")
        confidences, ids = parts.get("answer_confidence"), parts.get("answer_id")
        if confidences is not None:
            confidences = self._texts(_plain(confidences), f"{name}.answer_confidence")
        if ids is not None:
            ids = self._positions(ids, lengths, name, faults)
        return answer_lists(lengths, valid, texts, confidences, ids)

    def _positions(self, ids: pa.Array, lengths: Any, name: str, faults: Faults) -> pa.Array:
        if not pa.types.is_integer(ids.type) and not pa.types.is_null(ids.type):
            raise self._unreadable(f"{name}.answer_id", ids.type)
        short = pc.cast(ids, pa.int32(), safe=False)
        rows = np.repeat(np.arange(len(lengths)), lengths)
        for slot in np.flatnonzero(
            pc.not_equal(short.cast(ids.type, safe=False), ids).fill_null(False)
        ).tolist():
            faults[int(rows[slot])] = _wrong(f"{name}.answer_id", f"int <= {2**31 - 1}", ids[slot])
        return short

    def _answers_in_texts(self, texts: pa.StringArray, name: str, faults: Faults) -> pa.ListArray:
        valid = texts.is_valid().to_numpy(zero_copy_only=False)
        if self.separator is not None:
            lengths, _, flat = _list_parts(pc.split_pattern(texts, self.separator))
            return answer_lists(lengths, valid, pc.utf8_trim_whitespace(flat))
        lists = pc.starts_with(pc.utf8_ltrim_whitespace(texts), "[").fill_null(False)
        if not pc.any(lists).as_py():
            return answer_lists(valid.astype(np.int64), valid, texts.drop_null())
        parsed: list[list[Answer]] = []
        for row, text in enumerate(texts.to_pylist()):
            try:
                parsed.append([] if text is None else parse_answers(text, None, name))
            except msgspec.ValidationError:
                parsed.append([])
                faults[row] = _wrong(name, "a list of answers as JSON", texts[row])
        flat = [answer for answers in parsed for answer in answers]
        return answer_lists(
            np.array([len(answers) for answers in parsed], np.int64),
            valid,
            pa.array([answer.answer for answer in flat], pa.string()),
            pa.array([answer.answer_confidence for answer in flat], pa.string()),
            pa.array([answer.answer_id for answer in flat], pa.int32()),
        )

    def _unreadable(self, name: str, kind: object) -> SourceError:
        return SourceError(
            f"The column {name!r} cannot be read as text or numbers",
            where=self.label,
            expected="strings, integers, or lists or structs of them",
            found=kind,
            remedy="name another column in the spec",
        )


def _plain(values: pa.Array) -> pa.Array:
    """The same without dictionary encoding."""
    return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values


def _is_text(kind: pa.DataType) -> bool:
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)
    return any(test(kind) for test in tests)


def _is_list(kind: pa.DataType) -> bool:
    tests = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    return any(test(kind) for test in tests)


def _list_parts(lists: pa.Array) -> tuple[Any, Any, pa.Array]:
    """Lengths of lists (0 where null), which are not null, and their values one after the other."""
    valid = lists.is_valid().to_numpy(zero_copy_only=False)
    lengths = pc.list_value_length(lists).fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    return np.where(valid, lengths, 0), valid, _plain(pc.list_flatten(lists))


def _without(rows: pa.RecordBatch, faults: Faults) -> pa.RecordBatch:
    if not faults:
        return rows
    keep = np.ones(rows.num_rows, bool)
    keep[list(faults)] = False
    return rows.filter(pa.array(keep))


def _typed(texts: pa.StringArray, field: str, id_types: IdTypes, faults: Faults) -> pa.Array:
    """Ids in text as integers, unless those of the source are texts, or one of the first rows is."""
    settled = getattr(id_types, field)
    integers = _integers(texts)
    others = pc.and_(integers.is_null(), pc.not_equal(texts, ""))
    if settled is str or (settled is None and pc.any(others).as_py()):
        return texts
    for row in np.flatnonzero(integers.is_null()).tolist():
        text = texts[row].as_py()
        fault = id_types.fault(field, text) if text else None
        faults[row] = fault or text_fault(field, text)
    return integers


def _integers(texts: pa.StringArray) -> pa.Int64Array:
    """Texts as integers; null for those that are none in this form: ``007``, ``1.0``, beyond 64 bits."""
    whole = pc.if_else(pc.match_substring_regex(texts, _INTEGER), texts, None)
    try:
        return whole.cast(pa.int64())
    except pa.ArrowInvalid:
        numbers = (None if text is None else int(text) for text in whole.to_pylist())
        return pa.array(
            [each if each is not None and -(2**63) <= each < 2**63 else None for each in numbers], pa.int64()
        )


def _wrong(name: str, expected: str, value: pa.Scalar) -> Fault:
    found = repr(value.as_py())
    return Fault(f"The field {name} has the wrong type or value", expected, found[:160])
