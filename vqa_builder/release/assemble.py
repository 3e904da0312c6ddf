"""Examples, translations, scores, verdicts and answers, joined into the rows of a release."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder import schema
from vqa_builder.answers import rows as answer_rows
from vqa_builder.answers.soft_scores import SoftScores
from vqa_builder.batches import Batches
from vqa_builder.languages.base import Language
from vqa_builder.segments import Places, with_line_breaks

VERSION = "4"


def assemble(
    examples: pa.Table | Batches,
    senses: pa.Table | Batches,
    segments: pa.Table,
    translations: pa.Table,
    scores: pa.Table,
    verdicts: pa.Table,
    answers: pa.Table,
    vocabulary: pa.Table,
    language: Language,
    alignments: pa.Table | None = None,
) -> Iterator[pa.Table]:
    """All rows, kept and rejected, in the order of the source and in its pieces.

    ``multiple_choice_answer`` is the most frequent answer in the target language. ``labels`` and
    ``soft_scores`` stay those of the English answers, so that they compare with published ones.

    Args:
        examples: the source's rows.
        senses: of their answers, in the same pieces, as ``senses.assign`` made them.
        segments, translations, scores, verdicts: row-aligned tables of all segments.
        answers: what every answer segment reads, row-aligned, as ``alignment.answer_texts`` made it.
        vocabulary: labels and English answers.
        language: the target language.
        alignments: a row-aligned table of all segments; None for no links.

    Yields:
        The columns of ``schema.data_schema``, then ``split``, ``keep`` and ``reasons``.
    """
    places, labels = Places(segments), SoftScores(vocabulary)
    measures = scores.drop_columns(["segment_id", "language"])
    of_segment = translations.select(["language", "text", "back_text", "engine"])
    for name in ("keep", "reasons"):
        of_segment = of_segment.append_column(name, verdicts[name])
    of_segment = of_segment.append_column("scores", measures.to_struct_array())
    if alignments is not None:
        of_segment = of_segment.append_column("alignment", alignments["alignment"])
    of_segment, answers = of_segment.combine_chunks(), answers.combine_chunks()
    for rows, meant in zip(Batches.of(examples).read(), Batches.of(senses).read(), strict=True):
        of_rows = of_segment.take(places.locate(rows["question"], "question"))
        translated = answer_rows.translated_answers(rows, meant, places, answers, language)
        yield _joined(rows, of_rows, translated, labels)


def split_rows(rows: pa.Table | Batches) -> tuple[dict[str, Batches], dict[str, Batches]]:
    """The tables of ``data`` and ``rejected``, by split, from what ``assemble`` gives."""
    rows = Batches.of(rows)
    counts: Counter[tuple[str, bool]] = Counter()
    for piece in rows.read(["split", "keep"]):
        counts.update(zip(piece["split"].to_pylist(), piece["keep"].to_pylist(), strict=True))
    splits = [split for split in schema.SPLITS if counts[split, True] + counts[split, False]]

    def chosen(split: str, keep: bool) -> Batches:
        def change(piece: pa.Table) -> pa.Table:
            mask = pc.and_(pc.equal(piece["split"], split), pc.equal(piece["keep"], keep))
            return piece.filter(mask).drop_columns(["split", "keep"] + (["reasons"] if keep else []))

        return rows.changed(change, counts[split, keep])

    return {split: chosen(split, True) for split in splits}, {split: chosen(split, False) for split in splits}


def _joined(examples: pa.Table, segments: pa.Table, answers: pa.Table, labels: SoftScores) -> pa.Table:
    """Row-aligned tables as rows of a release."""
    label, soft = labels.of(examples["answers"])
    data = {
        "question_id": examples["question_id"],
        "image_id": examples["image_id"],
        "language": segments["language"],
        "question": with_line_breaks(examples["question"], segments["text"]),
        "question_en": examples["question"],
        "question_back": segments["back_text"],
        "question_type": examples["question_type"],
        "answer_type": examples["answer_type"],
        "multiple_choice_answer": answers["winner"],
        "multiple_choice_answer_en": examples["multiple_choice_answer"],
        "multiple_choice_answer_method": answers["winner_method"],
        "answers": answers["answers"],
        "labels": label,
        "soft_scores": soft,
        "alignment": segments["alignment"]
        if "alignment" in segments.column_names
        else _empty_lists(examples.num_rows, schema.TOKEN_PAIR),
        "scores": segments["scores"],
        "engine": segments["engine"],
    }
    ids = (examples["question_id"].type, examples["image_id"].type)
    table = pa.table(data, schema=schema.data_schema(*ids, segments["scores"].type))
    if "image" in examples.column_names:
        pictures = examples["image"]
        table = table.add_column(2, "images" if pa.types.is_list(pictures.type) else "image", pictures)
    table = table.append_column("split", examples["split"])
    for name in ("keep", "reasons"):
        table = table.append_column(name, segments[name])
    return table


def _empty_lists(length: int, kind: pa.DataType) -> pa.ListArray:
    offsets = pa.array([0] * (length + 1), pa.int32())
    return pa.ListArray.from_arrays(offsets, pa.array([], kind))
