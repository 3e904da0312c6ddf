"""Rows of a release that ask the same again: on one image, and across splits."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder.arrays import one_array
from vqa_builder.batches import Batches
from vqa_builder.quality.scorers._content_words import content_words
from vqa_builder.quality.scorers._english import bare_words, stated
from vqa_builder.quality.text import folded

_KINDS = ("same", "near", "pair")
COLUMNS = ("question_id", "split", "image_id", "reasons", "question_en", "multiple_choice_answer_en")


class Repeats(NamedTuple):
    """Kept rows that repeat others, by their English questions.

    Attributes:
        counts: ``same``: rows beyond the first that ask on one image, in one split, word for word the same
            (case, marks and contractions apart); ``near``: those that ask the same thing in other words: the
            same kind of question and the same content words, whatever their order, inflection and synonyms;
            ``shared_images``: images that stand in several splits; ``shared_pairs``: rows whose question and
            most frequent answer stand in another split, too.
        rows: split and question_id of each row that repeats an earlier one, ``repeats`` (``same``, ``near``,
            or ``pair`` for a pair of an earlier split), and that row's ``of_split`` and ``of_question_id``.
    """

    counts: dict[str, int]
    rows: pa.Table


def repeats(rows: pa.Table | Batches) -> Repeats:
    """Which kept rows repeat others; of each row numbers are held, and its ids and question for a while.

    Args:
        rows: with ``COLUMNS``, as ``assemble.assemble`` makes them.

    >>> found = repeats(pa.table({
    ...     "question_id": [7, 8, 9], "split": ["train"] * 3, "image_id": [1, 1, 1], "reasons": [[], [], []],
    ...     "question_en": ["What color is the cat?", "what colour is the cat", "The cat is what color?"],
    ...     "multiple_choice_answer_en": ["black"] * 3}))
    >>> found.counts["same"], found.counts["near"], found.counts["shared_pairs"]
    (0, 2, 0)
    >>> found.rows["repeats"].to_pylist(), found.rows["of_question_id"].to_pylist()
    (['near', 'near'], [7, 7])
    """
    rows = Batches.of(rows)
    pieces = [_kept(piece) for piece in rows.read(COLUMNS)] or [_kept(rows.schema.empty_table())]
    kept = pa.concat_tables(pieces).unify_dictionaries()
    del pieces
    questions = one_array(kept["question_en"]).dictionary_encode()
    kept = kept.drop_columns(["question_en"])
    same, near = (_codes(forms)[questions.indices.to_numpy()] for forms in _forms(questions.dictionary))
    split, answer = _codes(kept["split"]), _codes(kept["multiple_choice_answer_en"])
    image = _codes(kept["image_id"])
    here = np.arange(kept.num_rows)
    again = {name: _first(split, image, form) for name, form in (("same", same), ("near", near))}
    pair = _first(same, answer)
    shared = (split[pair] != split) & (answer >= 0)
    kinds = np.select([again["same"] != here, again["near"] != here, shared], [0, 1, 2], -1)
    places = pa.array(np.flatnonzero(kinds >= 0))
    chosen = kinds[kinds >= 0]
    firsts = np.choose(chosen, [first[kinds >= 0] for first in (again["same"], again["near"], pair)])
    ids = kept.select(["split", "question_id"])
    ids = ids.set_column(0, "split", ids["split"].cast(pa.string()))
    of, told = ids.take(pa.array(firsts)), ids.take(places)
    told = told.append_column("repeats", pa.array(_KINDS).take(pa.array(chosen)))
    for name in of.column_names:
        told = told.append_column(f"of_{name}", of[name])
    counts = [int((first != here).sum()) for first in again.values()]
    in_several = np.isin(pair, pair[shared]) & (answer >= 0)
    several = _first(image)[split != split[_first(image)]]
    return Repeats(
        {
            "same": counts[0],
            "near": counts[1] - counts[0],
            "shared_images": len(np.unique(several)),
            "shared_pairs": int(in_several.sum()),
        },
        told,
    )


def _kept(rows: pa.Table) -> pa.Table:
    """The kept ones, what is often repeated as numbers."""
    kept = rows.select(COLUMNS).filter(pc.equal(pc.list_value_length(rows["reasons"]), 0))
    for name in ("split", "multiple_choice_answer_en"):
        place = kept.schema.get_field_index(name)
        kept = kept.set_column(place, name, kept[name].dictionary_encode())
    return kept.drop_columns(["reasons"])


def _codes(column: pa.ChunkedArray | pa.Array) -> NDArray[np.int32]:
    """A number for each distinct value; -1 for null."""
    indices = one_array(column).dictionary_encode().indices
    return np.asarray(pc.fill_null(indices, -1).to_numpy(zero_copy_only=False), np.int32)


def _first(*columns: NDArray[np.int32]) -> NDArray[np.int64]:
    """For each row the first row that has the same in all columns."""
    key = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        _, key = np.unique(key * (int(column.max(initial=0)) + 2) + column, return_inverse=True)
    _, firsts, groups = np.unique(key, return_index=True, return_inverse=True)
    return np.asarray(firsts[groups], np.int64)


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
