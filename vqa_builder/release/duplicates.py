"""Rows of a release that ask the same again: on one image, and across splits."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.quality.scorers._content_words import content_words
from vqa_builder.quality.scorers._english import bare_words, stated
from vqa_builder.quality.text import folded

COLUMNS = ("split", "image_id", "reasons", "question_en", "multiple_choice_answer_en")


def duplicate_counts(rows: pa.Table) -> dict[str, int]:
    """How many kept rows repeat others, by their English questions.

    ``same`` counts rows beyond the first that ask on one image, in one split, word for word the same (case,
    marks and contractions apart); ``near`` those that ask the same thing in other words: the same kind of
    question and the same content words, whatever their order, inflection and synonyms. ``shared_images``
    counts images that stand in several splits, ``shared_pairs`` rows whose question and most frequent answer
    stand in another split, too.

    Args:
        rows: ``COLUMNS`` of them, as ``assemble.assemble`` makes them.

    >>> counts = duplicate_counts(pa.table({
    ...     "split": ["train"] * 3, "image_id": [1, 1, 1], "reasons": [[], [], []],
    ...     "question_en": ["What color is the cat?", "what colour is the cat", "The cat is what color?"],
    ...     "multiple_choice_answer_en": ["black"] * 3}))
    >>> counts["same"], counts["near"], counts["shared_pairs"]
    (0, 2, 0)
    """
    kept = rows.filter(pc.equal(pc.list_value_length(rows["reasons"]), 0))
    questions = kept["question_en"].combine_chunks().dictionary_encode()
    asked = kept.select(["split", "image_id"])
    for name, forms in zip(("same", "near"), _forms(questions.dictionary), strict=True):
        asked = asked.append_column(name, forms.take(questions.indices))
    pairs = asked.append_column("answer", kept["multiple_choice_answer_en"])
    images = asked.group_by(["image_id"]).aggregate([("split", "count_distinct")])
    answered = pairs.filter(pc.is_valid(pairs["answer"])).group_by(["same", "answer"])
    splits = answered.aggregate([("split", "count_distinct"), ("split", "count")])
    same, near = (_again(asked, form) for form in ("same", "near"))
    return {
        "same": same,
        "near": near - same,
        "shared_images": int(pc.sum(pc.greater(images["split_count_distinct"], 1)).as_py() or 0),
        "shared_pairs": pc.sum(
            splits.filter(pc.greater(splits["split_count_distinct"], 1))["split_count"]
        ).as_py()
        or 0,
    }


def _again(asked: pa.Table, form: str) -> int:
    return int(asked.num_rows - asked.group_by(["split", "image_id", form]).aggregate([]).num_rows)


def _forms(texts: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Each text in bare words, and as its kind of question, negation and content words in one order."""
    plain = folded(texts)
    words, said = content_words(plain), stated(plain)
    order = np.lexsort((words.meaning, words.row))
    ends = np.concatenate([[0], np.cumsum(np.bincount(words.row, minlength=len(texts)))]).astype(np.int32)
    lemmas = pa.array(words.lemmas, pa.string()).take(pa.array(words.meaning[order]))
    joined = pc.binary_join(pa.ListArray.from_arrays(pa.array(ends), lemmas), " ")
    kinds = pa.array(said.asks * 2 + said.negated).cast(pa.string())
    return pc.utf8_trim_whitespace(bare_words(plain)), pc.binary_join_element_wise(kinds, joined, " ")
