"""Rows to unique strings, and back.

A segment is a string to be translated: a question or an answer, with white space collapsed, once for all the
rows that hold it.
"""

from __future__ import annotations

import hashlib

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder import schema

VERSION = "1"


def extract(examples: pa.Table) -> pa.Table:
    """The unique questions and answers of the examples.

    Returns:
        A table of schema ``SEGMENTS``: questions first, then answers, each in the order of their text;
        ``count`` is the number of rows (questions) or annotators' answers (answers) that hold the string. A
        most frequent answer that no annotator gave in this form is a segment of count 0.
    """
    answers = _counts(pc.struct_field(pc.list_flatten(examples["answers"]), "answer"))
    winners = _counts(examples["multiple_choice_answer"])
    unseen = winners.filter(pc.invert(pc.is_in(winners["text"], answers["text"].combine_chunks())))
    unseen = unseen.set_column(1, "count", pa.repeat(pa.scalar(0, pa.int64()), unseen.num_rows))
    parts = {"question": _counts(examples["question"]), "answer": pa.concat_tables([answers, unseen])}
    return pa.concat_tables(_segments(role, counts) for role, counts in parts.items())


def clean(texts: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """Texts as segments hold them: white space collapsed to single spaces, none at the ends."""
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(texts, r"[\s\p{Z}]+", " "))


def segment_id(role: str, context: str, text: str) -> str:
    """The id of a segment: a hash of what it is, the same in every build.

    >>> segment_id("question", "", "What color is the cat?")
    'q-6ab7f7511d9b4151be19'
    """
    digest = hashlib.blake2b("\x00".join((role, context, text)).encode(), digest_size=10)
    return f"{role[0]}-{digest.hexdigest()}"


def locate(texts: pa.ChunkedArray | pa.Array, role: str, segments: pa.Table) -> pa.Array:
    """For every text the row of its segment in ``segments``; null for a null text.

    Args:
        texts: questions or answers as the examples hold them.
        role: which of the two.
        segments: a table of schema ``SEGMENTS``.
    """
    of_role = pc.equal(segments["role"], role)
    known = segments["text"].filter(of_role).combine_chunks()
    places = pc.indices_nonzero(of_role)
    found = pc.index_in(clean(texts), value_set=known, skip_nulls=True)
    return places.take(found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found)


def _counts(texts: pa.ChunkedArray) -> pa.Table:
    """Columns text and count."""
    counted = pc.value_counts(pc.drop_null(clean(texts)))
    return pa.table({"text": counted.field("values"), "count": counted.field("counts")})


def _segments(role: str, counts: pa.Table) -> pa.Table:
    counts = counts.sort_by("text")
    ids = [segment_id(role, "", text) for text in counts["text"].to_pylist()]
    columns = {
        "segment_id": pa.array(ids, pa.string()),
        "role": pa.repeat(role, len(ids)),
        "text": counts["text"],
        "context": pa.repeat("", len(ids)),
        "count": counts["count"],
    }
    return pa.table(columns).cast(schema.SEGMENTS)
