"""The answers of every row in the target language, each with the method that it came about by."""

from __future__ import annotations

from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder import schema, segments as segmentation
from vqa_builder.answers import modes
from vqa_builder.answers.alignment import COPIED, TABLE
from vqa_builder.answers.senses import default_sense
from vqa_builder.answers.winners import winners
from vqa_builder.arrays import one_array
from vqa_builder.languages.base import Language
from vqa_builder.segments import Places

VERSION = "2"
_MAY_BE_KNOWN = modes.IF_UNKNOWN | {modes.BRAND}


def translated_answers(
    examples: pa.Table, senses: pa.Table, places: Places, answers: pa.Table, language: Language
) -> pa.Table:
    """What annotators answered, and the most frequent of it.

    Args:
        examples: the source's rows.
        senses: the sense of every answer and why it is copied (``senses.assign``, ``modes.decide``).
        places: of all segments.
        answers: their texts and methods, as ``alignment.answer_texts`` made them.
        language: the target language.

    Returns:
        A table of ``examples``' length: ``winner`` and ``winner_method``, and ``answers``, a list of
        ``schema.TRANSLATED_ANSWER``; null where the source has no answers.
    """
    lists = examples["answers"].combine_chunks()
    given = lists.flatten()
    english = pc.struct_field(given, "answer")
    columns = (
        (english, examples["multiple_choice_answer"]),
        (one_array(senses["answers"]).flatten(), senses["winner"]),
        (one_array(senses["answers_copied"]).flatten(), senses["winner_copied"]),
    )
    said, meant, reasons = (pa.concat_arrays([of_people, one_array(won)]) for of_people, won in columns)
    texts, methods = _said(said, meant, reasons, places, answers, language)
    fields = {
        "answer": texts[: len(given)],
        "answer_en": english,
        "method": methods[: len(given)],
        "answer_confidence": pc.struct_field(given, "answer_confidence"),
        "answer_id": pc.struct_field(given, "answer_id"),
    }
    values = pa.StructArray.from_arrays(list(fields.values()), fields=list(schema.TRANSLATED_ANSWER))
    lengths = pc.fill_null(pc.list_value_length(lists), 0).cast(pa.int32())
    offsets = pc.cumulative_sum(pa.concat_arrays([pa.array([0], pa.int32()), lengths]))
    translated = pa.ListArray.from_arrays(offsets, values, mask=lists.is_null())
    winner, winner_method = winners(translated, texts[len(given) :], methods[len(given) :], language)
    return pa.table({"winner": winner, "winner_method": winner_method, "answers": translated})


def quotations(texts: pa.Array, reasons: pa.Array, language: Language) -> tuple[pa.Array, pa.Array]:
    """Copied answers and their methods: "copied:" and the reason; null where there is no reason.

    A brand that every language writes alike stands in that form ("apple" is Apple), and what a table knows is
    translated for the reasons of ``modes.IF_UNKNOWN``.
    """
    pairs = pc.binary_join_element_wise(reasons, texts, "\x00").dictionary_encode()
    split = (pair.split("\x00", 1) for pair in pairs.dictionary.to_pylist())
    found = [_quotation(text, reason, language) for reason, text in split]
    columns = (pa.array([one[place] for one in found], pa.string()) for place in (0, 1))
    text, method = (column.take(pairs.indices) for column in columns)
    return text, method


@lru_cache(maxsize=1 << 17)
def _quotation(text: str, reason: str, language: Language) -> tuple[str, str]:
    known = language.answer(text, "brand") or language.answer(text) if reason in _MAY_BE_KNOWN else None
    if reason == modes.BRAND and known and known.method != "name":
        known = None
    if reason in modes.IF_UNKNOWN and not known:
        known = language.answer(text, default_sense(text))
    return (known.text, TABLE) if known else (text, f"{COPIED}:{reason}")


def _said(
    english: pa.Array,
    senses: pa.Array,
    reasons: pa.Array,
    places: Places,
    answers: pa.Table,
    language: Language,
) -> tuple[pa.Array, pa.Array]:
    """Texts and methods: those of the segments, and of the quotations, which are none."""
    verbatim = segmentation.clean(english)
    unquoted = pc.if_else(pc.is_null(reasons), english, pa.scalar(None, pa.string()))
    place = places.locate(unquoted, "answer", senses)
    quoted = quotations(verbatim, reasons, language)
    text, method = (
        pc.coalesce(answers[name].combine_chunks().take(place), other)
        for name, other in zip(("text", "method"), quoted, strict=True)
    )
    return text, method
