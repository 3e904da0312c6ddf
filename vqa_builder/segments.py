"""Rows to unique strings, and back.

A segment is a string to be translated, once for all the rows that hold it: a question as it is written, but
for white space at its ends, or an answer with white space collapsed. An answer of several senses is a segment
for each of them; its context is the sense.
"""

from __future__ import annotations

import hashlib
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder import schema

VERSION = "4"


def extract(examples: pa.Table, senses: pa.Table | None = None) -> pa.Table:
    """The unique questions and answers of the examples.

    Args:
        examples: the source's rows.
        senses: the sense of every answer, and why it is copied, as ``answers.senses.assign`` and
            ``answers.modes.decide`` made them; None for no senses. What is copied is no segment.

    Returns:
        A table of schema ``SEGMENTS``: questions first, then answers, each in the order of their text, then
        context; ``count`` is the number of rows (questions) or annotators' answers (answers) that hold the
        string. A most frequent answer that no annotator gave in this form is a segment of count 0.
    """
    given = pc.struct_field(pc.list_flatten(examples["answers"]), "answer")
    winning = examples["multiple_choice_answer"]
    if senses is None:
        answers, winners = _counts(given), _counts(winning)
    else:
        given = _unless(pc.list_flatten(senses["answers_copied"]), given)
        answers = _counts(given, pc.list_flatten(senses["answers"]))
        winners = _counts(_unless(senses["winner_copied"], winning), senses["winner"])
    unseen = winners.join(answers, ["text", "context"], join_type="left anti")
    unseen = unseen.set_column(2, "count", pa.repeat(pa.scalar(0, pa.int64()), unseen.num_rows))
    parts = {
        "question": _counts(examples["question"], role="question"),
        "answer": pa.concat_tables([answers, unseen]),
    }
    return pa.concat_tables(numbered(role, counts) for role, counts in parts.items())


def clean(texts: pa.ChunkedArray | pa.Array, role: str = "answer") -> pa.ChunkedArray | pa.Array:
    """Texts as segments of a role hold them: without white space at the ends.

    In answers white space is collapsed to single spaces. Questions keep theirs: their lines are translated
    one by one, and code and tags come back as they were.
    """
    collapsed = texts if role == "question" else pc.replace_substring_regex(texts, r"[\s\p{Z}]+", " ")
    return pc.replace_substring_regex(collapsed, r"^[\s\p{Z}]+|[\s\p{Z}]+$", "")


def with_line_breaks(texts: pa.ChunkedArray, translations: pa.ChunkedArray) -> pa.ChunkedArray:
    """Translations with the line breaks that stand before and behind the texts, which ``clean`` takes off.

    >>> texts, said = (pa.chunked_array([[text]]) for text in ("Is it? \n", "そうですか？"))
    >>> with_line_breaks(texts, said).to_pylist()
    ['そうですか？ \n']
    """
    edges = r"^[\s\p{Z}]*[\n\r]|[\n\r][\s\p{Z}]*$"
    if not pc.any(pc.match_substring_regex(texts, edges)).as_py():
        return translations
    before, behind = (
        pc.replace_substring_regex(texts, pattern, r"\1")
        for pattern in (r"(?s)^([\s\p{Z}]*).*$", r"(?s)^.*?([\s\p{Z}]*)$")
    )
    before, behind = (
        pc.if_else(pc.match_substring_regex(white, r"[\n\r]"), white, "") for white in (before, behind)
    )
    return pc.binary_join_element_wise(before, translations, behind, "")


def segment_id(role: str, context: str, text: str) -> str:
    """The id of a segment: a hash of what it is, the same in every build.

    >>> segment_id("question", "", "What color is the cat?")
    'q-6ab7f7511d9b4151be19'
    """
    digest = hashlib.blake2b("\x00".join((role, context, text)).encode(), digest_size=10)
    return f"{role[0]}-{digest.hexdigest()}"


def locate(
    texts: pa.ChunkedArray | pa.Array,
    role: str,
    segments: pa.Table,
    contexts: pa.ChunkedArray | pa.Array | None = None,
) -> pa.Array:
    """For every text the row of its segment in ``segments``; null for a null text.

    Args:
        texts: questions or answers as the examples hold them.
        role: which of the two.
        segments: a table of schema ``SEGMENTS``.
        contexts: one per text; None if all are "".
    """
    of_role = pc.equal(segments["role"], role)
    known = segments.filter(of_role)
    places = pc.indices_nonzero(of_role)
    value_set = _keys(known["text"], known["context"]).combine_chunks()
    found = pc.index_in(_keys(clean(texts, role), contexts), value_set=value_set, skip_nulls=True)
    return places.take(found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found)


def _unless(reasons: pa.ChunkedArray, texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """The texts without a reason to be copied; null for the others."""
    return pc.if_else(pc.is_null(reasons), texts, pa.scalar(None, pa.string()))


def _keys(texts: Any, contexts: Any) -> Any:
    """Texts and contexts as one string each; null for a null text."""
    filled = pa.scalar("") if contexts is None else pc.fill_null(contexts, "")
    return pc.binary_join_element_wise(texts, filled, "\x00")


def _counts(
    texts: pa.ChunkedArray, contexts: pa.ChunkedArray | None = None, role: str = "answer"
) -> pa.Table:
    """Columns text, context and count."""
    filled = pa.repeat("", len(texts)) if contexts is None else pc.fill_null(contexts, "")
    table = pa.table({"text": clean(texts, role), "context": filled}).filter(pc.is_valid(texts))
    counted = table.group_by(["text", "context"]).aggregate([([], "count_all")])
    return counted.rename_columns(["text", "context", "count"])


def numbered(role: str, counts: pa.Table) -> pa.Table:
    """Texts of one role with their ids, in the order of text, then context: a table of schema ``SEGMENTS``.

    Args:
        role: theirs.
        counts: text, context and count of each.
    """
    counts = counts.sort_by([("text", "ascending"), ("context", "ascending")])
    pairs = zip(counts["text"].to_pylist(), counts["context"].to_pylist(), strict=True)
    ids = [segment_id(role, context, text) for text, context in pairs]
    columns = {
        "segment_id": pa.array(ids, pa.string()),
        "role": pa.repeat(role, len(ids)),
        "text": counts["text"],
        "context": counts["context"],
        "count": counts["count"],
    }
    return pa.table(columns).cast(schema.SEGMENTS)
