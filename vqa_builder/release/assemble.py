"""Examples, translations, scores, verdicts and answers, joined into the rows of a release."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder import schema, segments as segmentation
from vqa_builder.answers.soft_scores import soft_scores

VERSION = "4"


def assemble(
    examples: pa.Table,
    segments: pa.Table,
    translations: pa.Table,
    scores: pa.Table,
    verdicts: pa.Table,
    answers: pa.Table,
    vocabulary: pa.Table,
    alignments: pa.Table | None = None,
) -> pa.Table:
    """All rows, kept and rejected, in the order of the source.

    ``multiple_choice_answer`` is the most frequent answer in the target language. ``labels`` and
    ``soft_scores`` stay those of the English answers, so that they compare with published ones.

    Args:
        examples: the source's rows.
        segments, translations, scores, verdicts: row-aligned tables of all segments.
        answers: the translated answers of the rows, as ``answers.rows.translated_answers`` made them.
        vocabulary: labels and English answers.
        alignments: a row-aligned table of all segments; None for no links.

    Returns:
        The columns of ``schema.data_schema``, then ``split``, ``keep`` and ``reasons``.
    """
    question = segmentation.locate(examples["question"], "question", segments)
    labels, soft = soft_scores(examples["answers"], vocabulary)
    measures = scores.drop_columns(["segment_id", "language"])
    data = {
        "question_id": examples["question_id"],
        "image_id": examples["image_id"],
        "language": translations["language"].take(question),
        "question": segmentation.with_line_breaks(examples["question"], translations["text"].take(question)),
        "question_en": examples["question"],
        "question_back": translations["back_text"].take(question),
        "question_type": examples["question_type"],
        "answer_type": examples["answer_type"],
        "multiple_choice_answer": answers["winner"],
        "multiple_choice_answer_en": examples["multiple_choice_answer"],
        "multiple_choice_answer_method": answers["winner_method"],
        "answers": answers["answers"],
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
    if "image" in examples.column_names:
        pictures = examples["image"]
        name = "images" if pa.types.is_list(pictures.type) else "image"
        table = table.add_column(2, name, pictures)
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


def _empty_lists(length: int, kind: pa.DataType) -> pa.ListArray:
    offsets = pa.array([0] * (length + 1), pa.int32())
    return pa.ListArray.from_arrays(offsets, pa.array([], kind))
