"""Records of Parquet, Arrow, CSV and hub tables: whole columns become columns of examples."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.arrays import is_list
from vqa_builder.errors import SourceError
from vqa_builder.sources._answer_texts import Answer, ReadText, holds_something, text_of
from vqa_builder.sources._json_records import explained
from vqa_builder.sources._picture_columns import first_path, has_paths, pictures
from vqa_builder.sources._record_checks import (
    REQUIRED,
    BadRow,
    Fault,
    IdTypes,
    answer_lists,
    examples_batch,
    text_fault,
    without_rows,
)
from vqa_builder.sources._record_formats import ANSWERS, EXACT, Scalar, given_answers, listed
from vqa_builder.sources._table_options import Rows

Faults = dict[int, Fault]
_INTEGER = r"^(?:0|-?[1-9][0-9]{0,18})$"
_WHOLE_FRACTION = r"^(?:0|-?[1-9][0-9]{0,15})\.0$"


@dataclass(frozen=True)
class ArrowRecords:
    """Rows of a table, at most ``BATCH``.

    Attributes:
        label: the table's name for messages.
        table: the columns that are read, and those that seem to hold answers.
        fields: field of ``examples`` or ``choices`` -> column.
        known: the names of all columns of the file.
        numbers: which row of the file each is, counted from 0.
        rows: their split, and what the spec says of them.
        typed_ids: whether ids in text are integers, if those of the source are or all of the first rows.
    """

    label: str
    table: pa.RecordBatch
    fields: Mapping[str, str]
    known: Sequence[str]
    numbers: Sequence[int]
    rows: Rows
    typed_ids: bool = False

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def names(self) -> Mapping[str, str]:
        """The required fields and their columns."""
        return {field: name for field, name in self.fields.items() if field in REQUIRED}

    def columns(self, whole: bool = False) -> dict[str, str | None]:
        """The columns of the table -> what they are read as, None where they are not."""
        read: dict[str, str] = {}
        for field, name in self.fields.items():
            read[name] = f"{read[name]} and {field}" if name in read else field
        return {name: read.get(name) for name in dict.fromkeys([*self.known, *read])}

    def has_value(self, name: str) -> bool:
        """Whether a column that was not read holds something: neither null nor empty."""
        if name not in self.table.schema.names:
            return False
        return any(map(holds_something, self.table[name].to_pylist()))

    def of_split(self, column: str, names: frozenset[str]) -> ArrowRecords:
        """The rows whose column says that they belong to a split."""
        values = _at(self.table, column).cast(pa.string())
        mine = pc.is_in(values, pa.array(sorted(names))).to_numpy(zero_copy_only=False)
        numbers = [self.numbers[row] for row in np.flatnonzero(mine).tolist()]
        return replace(self, table=self.table.filter(pa.array(mine)), numbers=numbers)

    def batches(
        self, id_types: IdTypes, limit: int | None, only: set[Any] | None = None
    ) -> Iterator[tuple[pa.RecordBatch, list[BadRow]]]:
        """The rows, and those whose ids or answers cannot be read; ``only`` is for JSON alone."""
        part = replace(self, table=self.table.slice(0, limit), numbers=self.numbers[:limit])
        faults: Faults = {}
        columns = {
            field: part._read_column(field, name, id_types, faults) for field, name in self.fields.items()
        }
        for field in ("question_id", "image_id"):
            columns.setdefault(field, part._row_ids())
        columns.pop("choices", None)
        rows = examples_batch(part.numbers, columns)
        _check_types(rows, id_types, faults)
        bad = [BadRow(part.numbers[row], part._id(rows, row), fault) for row, fault in faults.items()]
        yield without_rows(rows, faults), bad

    def _row_ids(self) -> pa.StringArray:
        return pa.array([self.rows.number(number) for number in self.numbers], pa.string())

    def _id(self, rows: pa.RecordBatch, row: int) -> Any:
        """The question id of a row that may be broken, if need be as it stands in the table."""
        question_id = rows["question_id"][row].as_py()
        if question_id is None:
            question_id = _at(self.table, self.fields["question_id"])[row].as_py()
        return question_id

    def _read_column(self, field: str, name: str, id_types: IdTypes, faults: Faults) -> pa.Array:
        try:
            return self._read(field, name, id_types, faults)
        except (pa.ArrowException, UnicodeDecodeError) as error:  # names of fields may be no UTF-8
            raise SourceError(
                f"The column {name!r} cannot be read", where=self.label, found=str(error)[:300]
            ) from error

    def _read(self, field: str, name: str, id_types: IdTypes, faults: Faults) -> pa.Array:
        values = _plain(_at(self.table, name))
        if field == "answers":
            return self._answers(values, name, faults)
        if field == "choices":
            return values
        if field == "image":
            return pictures(values, self.label, self.numbers)
        if field == "question":
            return self._texts(values, name, numbers=False)
        if field not in REQUIRED:
            return self._texts(values, name)
        if field == "image_id" and has_paths(values.type):
            return pc.coalesce(first_path(values), self._row_ids())
        ids = self._ids(values, name, faults)
        return _typed(ids, field, id_types, faults) if self.typed_ids else ids

    def _ids(self, values: pa.Array, name: str, faults: Faults) -> pa.Array:
        if pa.types.is_floating(values.type):
            values = values.cast(pa.float64())
            whole = pc.and_(pc.equal(pc.floor(values), values), pc.less_equal(pc.abs(values), EXACT))
            unusable = pc.and_(pc.invert(whole), pc.is_finite(values)).fill_null(False)
            expected, kept = "int | str", whole
        elif pa.types.is_uint64(values.type):
            unusable = pc.greater(values, pa.scalar(2**63 - 1, pa.uint64())).fill_null(False)
            expected, kept = f"int <= {2**63 - 1}", pc.invert(unusable)
        elif pa.types.is_integer(values.type):
            return values.cast(pa.int64())
        else:
            return self._texts(values, name, numbers=False)
        for row in np.flatnonzero(unusable).tolist():
            faults[row] = _wrong(name, expected, values[row])
        return pc.if_else(kept, values, None).cast(pa.int64())

    def _texts(self, values: pa.Array, name: str, numbers: bool = True) -> pa.StringArray:
        """Texts, and numbers as text: 2 and 2.0 as ``2``, true as ``yes``, NaN as null."""
        kind = values.type
        if _is_text(kind) or (numbers and (pa.types.is_integer(kind) or pa.types.is_decimal(kind))):
            return values.cast(pa.string())
        if numbers and pa.types.is_boolean(kind):
            return pc.if_else(values, "yes", "no")
        if numbers and pa.types.is_floating(kind):
            values = values.cast(pa.float64())
            whole = pc.and_(pc.equal(pc.floor(values), values), pc.less_equal(pc.abs(values), EXACT))
            integers = pc.if_else(whole, values, None).cast(pa.int64()).cast(pa.string())
            return pc.if_else(pc.is_nan(values), None, pc.coalesce(integers, values.cast(pa.string())))
        raise self._unreadable(name, kind)

    def _answers(self, values: pa.Array, name: str, faults: Faults) -> pa.ListArray:
        quick = None
        if "choices" not in self.fields:
            if not pa.types.is_nested(values.type):
                return self._answers_in_texts(self._texts(values, name), name, faults)
            quick = _listed_answers(values)
        return self._answers_one_by_one(values, name, faults) if quick is None else quick

    def _answers_in_texts(self, texts: pa.StringArray, name: str, faults: Faults) -> pa.ListArray:
        bracketed = pc.starts_with(pc.utf8_ltrim_whitespace(texts), "[").fill_null(False)
        if self.rows.options.separator is None and not pc.any(bracketed).as_py():
            valid = texts.is_valid().to_numpy(zero_copy_only=False)
            return answer_lists(valid.astype(np.int64), valid, texts.drop_null())
        return self._answers_one_by_one(texts, name, faults)

    def _answers_one_by_one(self, values: pa.Array, name: str, faults: Faults) -> pa.ListArray:
        """Answers of any shape that JSON may have, at a thirtieth of the speed."""
        given = values.to_pylist()
        texts = [each for each in given if isinstance(each, str)]
        lists = len(texts) == len(given) and all(each.lstrip().startswith("[") for each in texts)
        read_text = ReadText(self.rows.options.separator, name, lists)
        choices = self._choices() if "choices" in self.fields else [None] * len(given)
        read: list[list[Answer] | None] = []
        for row, (value, among) in enumerate(zip(given, choices, strict=True)):
            try:
                read.append(given_answers(msgspec.convert(value, ANSWERS), name, among, read_text))
            except msgspec.ValidationError as error:
                read.append(None)
                faults[row] = explained(str(error), value, name)
        return listed(read)

    def _choices(self) -> list[list[str] | None]:
        name = self.fields["choices"]
        values = _plain(_at(self.table, name)).to_pylist()
        texts = ReadText(None, name, all_lists=True)
        try:
            lists = msgspec.convert(
                [[one.answer for one in texts(each)] if isinstance(each, str) else each for each in values],
                list[list[Scalar] | None],
            )
        except msgspec.ValidationError as error:
            raise self._unreadable(name, error) from error
        return [None if each is None else [text_of(one) or "" for one in each] for each in lists]

    def _unreadable(self, name: str, kind: object) -> SourceError:
        return SourceError(
            f"The column {name!r} cannot be read as text or numbers",
            where=self.label,
            expected="strings, integers, or lists or structs of them",
            found=kind,
            remedy="name another column in the spec; ids may be null, which numbers the rows",
        )


def with_class_names(table: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The same with the names of classes for their numbers, where the schema's metadata tells them.

    Args:
        table: some columns.
        schema: with the features that ``datasets`` writes: ``ClassLabel``, alone or in a list.
    """
    for name, names in _class_names(schema).items():
        place = table.schema.get_field_index(name)
        if place >= 0:
            table = table.set_column(place, name, _named(table.column(place), names))
    return table


def _class_names(schema: pa.Schema) -> dict[str, list[str]]:
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return {
            name: names
            for name, feature in features.items()
            if (names := feature.get("names") or (feature.get("feature") or {}).get("names"))
        }
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
        return {}


def _named(values: pa.Array, names: list[str]) -> pa.Array:
    """Names for numbers; those that have none, such as the -1 of ``datasets``, are null."""
    if is_list(values.type):
        lengths, valid, flat = _list_parts(values)
        offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32))
        return pa.ListArray.from_arrays(offsets, _named(flat, names), mask=pa.array(~valid))
    if not pa.types.is_integer(values.type):
        return values
    there = pc.and_(pc.greater_equal(values, 0), pc.less(values, len(names)))
    return pa.array([str(each) for each in names]).take(pc.if_else(there, values, None))


def column_names(schema: pa.Schema) -> list[str]:
    """The names of the columns, and of the fields within structs as ``outer.inner``."""
    found = []
    for field in schema:
        found.append(field.name)
        if pa.types.is_struct(field.type):
            found += [f"{field.name}.{inner.name}" for inner in field.type]
    return found


def top_name(name: str, schema: pa.Schema) -> str:
    """The column that a name, which may be ``outer.inner``, stands in."""
    return name if name in schema.names else name.partition(".")[0]


def _at(table: pa.RecordBatch, name: str) -> pa.Array:
    """A column, or a field within one."""
    if name in table.schema.names:
        return table[name]
    outer, _, inner = name.partition(".")
    return pc.struct_field(table[outer], inner)


def _listed_answers(values: pa.Array) -> pa.ListArray | None:
    """Lists of texts, or of structs with an answer, as a column; None where they hold something else."""
    if not is_list(values.type):
        return None
    lengths, valid, flat = _list_parts(values)
    if _is_text(flat.type):
        return answer_lists(lengths, valid, flat.cast(pa.string()))
    if not pa.types.is_struct(flat.type):
        return None
    parts = dict(zip(flat.type.names, map(_plain, flat.flatten()), strict=True))
    texts, confidences, ids = (parts.get(name) for name in Answer._fields)
    if texts is None or not all(_is_text(each.type) for each in (texts, confidences) if each is not None):
        return None
    try:
        ids = None if ids is None else ids.cast(pa.int32())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    confidences = None if confidences is None else confidences.cast(pa.string())
    return answer_lists(lengths, valid, texts.cast(pa.string()), confidences, ids)


def _check_types(rows: pa.RecordBatch, id_types: IdTypes, faults: Faults) -> None:
    """Rows whose ids are of another type than those of the source have a fault."""
    ids = [rows[name] for name in ("question_id", "image_id")]
    id_types.settle(*(values.drop_null()[:1].to_pylist() for values in ids))
    for name, values, wanted in zip(("question_id", "image_id"), ids, id_types.arrow(), strict=True):
        if values.type != wanted:
            for row in np.flatnonzero(values.is_valid()).tolist():
                if fault := id_types.fault(name, values[row].as_py()):
                    faults.setdefault(row, fault)


def _plain(values: pa.Array) -> pa.Array:
    """The same without dictionary encoding."""
    return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values


def _is_text(kind: pa.DataType) -> bool:
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)
    return any(test(kind) for test in tests)


def _list_parts(lists: pa.Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_], pa.Array]:
    """Lengths of lists (0 where null), which are not null, and their values one after the other."""
    valid = lists.is_valid().to_numpy(zero_copy_only=False)
    lengths = pc.list_value_length(lists).fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    return np.where(valid, lengths, 0), valid, _plain(pc.list_flatten(lists))


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
    """Texts as integers; null for those that are none in this form: ``007``, beyond 64 bits.

    Where all have a ``.0`` at the end, as pandas writes a column of integers with a gap, it goes.
    """
    fractions = pc.match_substring_regex(texts, _WHOLE_FRACTION)
    if pc.all(pc.or_(fractions, pc.equal(texts, ""))).as_py() and pc.any(fractions).as_py():
        texts = pc.replace_substring_regex(texts, r"\.0$", "")
    whole = pc.if_else(pc.match_substring_regex(texts, _INTEGER), texts, None)
    try:
        return whole.cast(pa.int64())
    except pa.ArrowInvalid:
        numbers = [None if text is None else int(text) for text in whole.to_pylist()]
        return pa.array(
            [each if each is not None and -(2**63) <= each < 2**63 else None for each in numbers], pa.int64()
        )


def _wrong(name: str, expected: str, value: pa.Scalar) -> Fault:
    found = repr(value.as_py())
    return Fault(f"The field {name} has the wrong type or value", expected, found[:160])
