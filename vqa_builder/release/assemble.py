"""Examples, translations, scores, verdicts and answers, joined into the rows of a release."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder import schema, segments as segmentation
from vqa_builder.answers.soft_scores import soft_scores
from vqa_builder.answers.winners import winners
from vqa_builder.languages.base import Language

VERSION = "2"


def assemble(
    examples: pa.Table,
    segments: pa.Table,
    translations: pa.Table,
    scores: pa.Table,
    verdicts: pa.Table,
    answer_texts: pa.Array,
    vocabulary: pa.Table,
    language: Language,
    senses: pa.Table | None = None,
    alignments: pa.Table | None = None,
    *,
    normalise_answers: bool = False,
) -> pa.Table:
    """All rows, kept and rejected, in the order of the source.

    ``multiple_choice_answer`` is the most frequent answer in the target language. ``labels`` and
    ``soft_scores`` stay those of the English answers, so that they compare with published ones.

    Args:
        examples: the source's rows.
        segments, translations, scores, verdicts, answer_texts: row-aligned tables of all segments.
        vocabulary: labels and English answers.
        language: the target language.
        senses: the sense of every answer; None for no senses.
        alignments: a row-aligned table of all segments; None for no links.
        normalise_answers: look answers up in the vocabulary by their normalised form.

    Returns:
        The columns of ``schema.data_schema``, then ``split``, ``keep`` and ``reasons``.
    """
    question = segmentation.locate(examples["question"], "question", segments)
    winner = segmentation.locate(
        examples["multiple_choice_answer"], "answer", segments, None if senses is None else senses["winner"]
    )
    answers = _translated_answers(examples["answers"].combine_chunks(), segments, answer_texts, senses)
    labels, soft = soft_scores(examples["answers"], vocabulary, normalise=normalise_answers)
    measures = scores.drop_columns(["segment_id", "language"])
    data = {
        "question_id": examples["question_id"],
        "image_id": examples["image_id"],
        "question": translations["text"].take(question),
        "question_en": examples["question"],
        "question_back": translations["back_text"].take(question),
        "question_type": examples["question_type"],
        "answer_type": examples["answer_type"],
        "multiple_choice_answer": winners(answers, answer_texts.take(winner), language),
        "multiple_choice_answer_en": examples["multiple_choice_answer"],
        "answers": answers,
        "labels": labels,
        "soft_scores": soft,
        "alignment": _empty_lists(examples.num_rows, schema.TOKEN_PAIR)
        if alignments is None
        else alignments["alignment"].take(question),
        "scores": measures.take(question).to_struct_array(),
        "engine": translations["engine"].take(question),
    }
    columns = schema.data_schema(
        examples["question_id"].type, examples["image_id"].type, pa.struct(list(measures.schema))
    )
    table = pa.table(data, schema=columns)
    for name in ("split",):
        table = table.append_column(name, examples[name])
    for name in ("keep", "reasons"):
        table = table.append_column(name, verdicts[name].take(question))
    return table


def split_rows(rows: pa.Table) -> tuple[dict[str, pa.Table], dict[str, pa.Table]]:
    """The tables of ``data`` and ``rejected``, by split, from what ``assemble`` returns."""
    data, rejected = {}, {}
    for split in [name for name in schema.SPLITS if name in rows["split"].unique().to_pylist()]:
        of_split = rows.filter(pc.equal(rows["split"], split)).drop_columns(["split"])
        data[split] = of_split.filter(of_split["keep"]).drop_columns(["keep", "reasons"])
        rejected[split] = of_split.filter(pc.invert(of_split["keep"])).drop_columns(["keep"])
    return data, rejected


def _translated_answers(
    answers: pa.ListArray, segments: pa.Table, answer_texts: pa.Array, senses: pa.Table | None
) -> pa.ListArray:
    """The annotators' answers with their translation beside them; null stays null."""
    flat = answers.flatten()
    answer_en = pc.struct_field(flat, "answer")
    meant = None if senses is None else senses["answers"].combine_chunks().flatten()
    place = segmentation.locate(answer_en, "answer", segments, meant)
    fields = {
        "answer": answer_texts.take(place),
        "answer_en": answer_en,
        "answer_confidence": pc.struct_field(flat, "answer_confidence"),
        "answer_id": pc.struct_field(flat, "answer_id"),
    }
    values = pa.StructArray.from_arrays(list(fields.values()), fields=list(schema.TRANSLATED_ANSWER))
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), _lengths(answers)])
    offsets = pc.cumulative_sum(offsets)
    return pa.ListArray.from_arrays(offsets, values, mask=answers.is_null())


def _lengths(lists: pa.ListArray) -> pa.Array:
    return pc.fill_null(pc.list_value_length(lists), 0).cast(pa.int32())


def _empty_lists(length: int, kind: pa.DataType) -> pa.ListArray:
    offsets = pa.array([0] * (length + 1), pa.int32())
    return pa.ListArray.from_arrays(offsets, pa.array([], kind))
