"""A model's answers, from files in the official result format, and in the order of the references."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder import languages
from vqa_builder.errors import SourceError
from vqa_builder.metrics.references import References, some
from vqa_builder.sources._answer_texts import text_of
from vqa_builder.sources._input_files import read_text
from vqa_builder.strict_json import decode, decode_lines, refuse_repeated_names

Missing = Literal["error", "wrong"]
Unknown = Literal["error", "ignore"]

_SHAPES = (
    '[{"question_id": ..., "answer": "..."}, ...], the same as JSONL (LLaVA writes "text", GQA "prediction"),'
    ' {"QUESTION_ID": "ANSWER", ...}, or CSV with the columns question_id and answer'
)
_FOREIGN_AT_MOST = 0.5

Value = str | int | float | bool


class _Prediction(msgspec.Struct, gc=False):
    """One record, under the names that VQA v2, GQA, VizWiz (``image``) and LLaVA (``text``) use."""

    question_id: int | str | msgspec.UnsetType = msgspec.UNSET
    questionId: int | str | msgspec.UnsetType = msgspec.UNSET
    id: int | str | msgspec.UnsetType = msgspec.UNSET
    image: int | str | msgspec.UnsetType = msgspec.UNSET
    answer: Value | msgspec.UnsetType = msgspec.UNSET
    text: Value | msgspec.UnsetType = msgspec.UNSET
    prediction: Value | msgspec.UnsetType = msgspec.UNSET

    @property
    def key(self) -> int | str | msgspec.UnsetType:
        """The question's id; VizWiz's own files have the name of the image instead."""
        names = (self.question_id, self.questionId, self.id, self.image)
        return next((name for name in names if name is not msgspec.UNSET), msgspec.UNSET)

    @property
    def said(self) -> Value | msgspec.UnsetType:
        """The answer."""
        answers = (self.answer, self.text, self.prediction)
        return next((answer for answer in answers if answer is not msgspec.UNSET), msgspec.UNSET)


@dataclass(frozen=True)
class Predictions:
    """What a model answered.

    Attributes:
        question_ids: as text, whatever they are in the file.
        answers: one for each id.
        label: the file, for messages.
    """

    question_ids: pa.Array
    answers: pa.Array
    label: str


def load_predictions(source: Any) -> Predictions:
    """Predictions from any form.

    Args:
        source: a file in the official result format (a JSON list of ``{question_id, answer}``), as JSONL, as
            an object ``{question_id: answer}``, or as CSV or TSV with a header; plain, gzip or zip. Or a
            mapping ``{question_id: answer}``, or a list of records. Numbers are answers, too.

    Raises:
        SourceError: the file has another shape; names the record.

    >>> load_predictions({42: "yes", 43: 2}).answers.to_pylist()
    ['yes', '2']
    """
    if isinstance(source, Predictions):
        return source
    label = str(source) if isinstance(source, (str, Path)) else "the predictions given"
    try:
        if isinstance(source, (str, Path)):
            pairs = _read(Path(source))
        elif isinstance(source, Mapping):
            pairs = list(msgspec.convert(source, dict[int | str, Value]).items())
        else:
            pairs = _pairs(msgspec.convert(list(source), list[_Prediction]))
    except msgspec.MsgspecError as error:
        raise _unknown_shape(label, error) from None
    ids = pa.array([str(key) for key, _ in pairs], pa.string())
    return Predictions(ids, pa.array([text_of(answer) for _, answer in pairs], pa.string()), label)


def in_order(
    predictions: Predictions,
    references: References,
    missing: Missing = "error",
    unknown: Unknown = "error",
) -> pa.Array:
    """One answer for each question of the references, in their order.

    Args:
        missing: what becomes of questions without a prediction: an error, or null, which is never right.
        unknown: what becomes of predictions for other questions: an error, or nothing.

    Raises:
        SourceError: ids are repeated, unknown or missing; with counts and the first of them.
    """
    given, wanted = predictions.question_ids, references.question_ids
    counts = pc.value_counts(given)
    repeated = counts.filter(pc.greater(counts.field("counts"), 1)).field("values")
    if len(repeated):
        raise _wrong_ids(predictions, references, "repeat question ids", repeated, "keep one answer for each")
    place = pc.index_in(wanted, value_set=given)
    absent = wanted.filter(pc.is_null(place))
    others = given.filter(pc.invert(pc.is_in(given, value_set=wanted)))
    if len(others) and (unknown == "error" or len(absent) == len(wanted)):
        remedy = "choose the right split, or leave them aside with --unknown ignore"
        raise _wrong_ids(predictions, references, "answer questions that the references lack", others, remedy)
    if len(absent) and missing == "error":
        remedy = "answer every question, or count them as wrong with --missing wrong"
        raise _wrong_ids(predictions, references, "leave questions without an answer", absent, remedy)
    return predictions.answers.take(place)


def refuse_other_language(predicted: pa.Array, predictions: Predictions, language: str) -> None:
    """Refuse predictions that are mostly neither in the language's script nor in Latin letters.

    Raises:
        SourceError: wrong script; with counts and the first of them.
    """
    spelled = pc.match_substring_regex(predicted, r"\p{L}")
    readable = pc.match_substring_regex(predicted, rf"{languages.get(language).letters}|\p{{Latin}}")
    foreign = predicted.filter(pc.and_(pc.fill_null(spelled, False), pc.invert(pc.fill_null(readable, True))))
    letters = pc.sum(spelled).as_py() or 0
    if letters and len(foreign) / letters > _FOREIGN_AT_MOST:
        name = languages.get(language).english_name
        raise SourceError(
            f"The predictions are not in {name}",
            where=predictions.label,
            expected=f"answers in {name}, or English labels",
            found=f"{len(foreign):,} of {letters:,} answers in another script, {some(foreign)}",
            remedy="choose the language of the predictions with --language",
        )


def _read(path: Path) -> list[tuple[int | str, Value]]:
    content = read_text(path)
    start = content.data.lstrip()[:1]
    if start == b"[":
        records = decode(content.data, list[_Prediction])
        refuse_repeated_names(content.data)
        return _pairs(records)
    if start != b"{":
        return _read_csv(content.data.decode(), content.label)
    if (answers := _object(content.data)) is not None:
        refuse_repeated_names(content.data)
        return list(answers.items())
    records = decode_lines(content.data, _Prediction)
    for line in content.data.splitlines():
        refuse_repeated_names(line.strip() or b"0")
    return _pairs(records)


def _object(data: bytes) -> dict[str, Value] | None:
    """``{question_id: answer}``; None for JSON lines, of which a single one is an object, too."""
    try:
        answers = decode(data, dict[str, Value])
    except msgspec.MsgspecError:
        return None
    fields = {*_Prediction.__struct_fields__}
    return None if answers.keys() & fields else answers


def _pairs(records: list[_Prediction]) -> list[tuple[int | str, Value]]:
    """The ids and answers of records.

    Raises:
        msgspec.ValidationError: a record lacks one of them.
    """
    found: list[tuple[int | str, Value]] = []
    for number, record in enumerate(records):
        key, said = record.key, record.said
        if isinstance(key, msgspec.UnsetType) or isinstance(said, msgspec.UnsetType):
            missing = "question_id" if isinstance(key, msgspec.UnsetType) else "answer"
            raise msgspec.ValidationError(f"Record {number} has no `{missing}`")
        found.append((key, said))
    return found


def _read_csv(text: str, label: str) -> list[tuple[int | str, Value]]:
    header = text.splitlines()[0]
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=header.count))
    names = rows.fieldnames or []
    if not {"question_id", "answer"} <= {*names}:
        raise _unknown_shape(label, f"the header {header[:80]!r}")
    try:
        records = [(row["question_id"], row["answer"]) for row in rows]
    except csv.Error as error:
        raise _unknown_shape(label, f"line {rows.line_num}: {error}") from None
    short = next((number for number, pair in enumerate(records, 1) if None in pair), None)
    if short is not None:
        raise _unknown_shape(label, f"row {short} has too few fields")
    return cast(list[tuple[int | str, Value]], records)


def _unknown_shape(label: str, found: object) -> SourceError:
    return SourceError("These are no predictions", where=label, expected=_SHAPES, found=found)


def _wrong_ids(
    predictions: Predictions, references: References, what: str, ids: pa.Array, remedy: str
) -> SourceError:
    return SourceError(
        f"The predictions {what}",
        where=f"{predictions.label}, against {references.label}",
        expected=f"one answer for each of {len(references.question_ids):,} questions",
        found=f"{len(predictions.question_ids):,} answers; {len(ids):,} such ids, {some(ids)}",
        remedy=remedy,
    )
