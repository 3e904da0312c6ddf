"""Rows to unique strings, and back.

A segment is a string to be translated, once for all the rows that hold it: a question as it is written, but
for white space at its ends, or an answer with white space collapsed. An answer of several senses is a segment
for each of them; its context is the sense.
"""

from __future__ import annotations

import hashlib
from itertools import repeat
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder import schema
from vqa_builder.batches import PIECE, Batches

VERSION = "4"
DIGEST = 10
"""Bytes of a segment's id."""


def extract(examples: pa.Table | Batches, senses: pa.Table | Batches | None = None) -> pa.Table:
    """The unique questions and answers of the examples.

    Args:
        examples: the source's rows.
        senses: the sense of every answer, and why it is copied, as ``answers.senses.assign`` and
            ``answers.modes.decide`` made them, in the same pieces; None for no senses. What is copied is no
            segment.

    Returns:
        A table of schema ``SEGMENTS``: questions first, then answers, each in the order of their text, then
        context; ``count`` is the number of rows (questions) or annotators' answers (answers) that hold the
        string. A most frequent answer that no annotator gave in this form is a segment of count 0.
    """
    examples = Batches.of(examples)
    meant = repeat(None) if senses is None else Batches.of(senses).read()
    pieces = examples.read(["question", "answers", "multiple_choice_answer"])
    questions, answers = _Counts(), _Counts()
    for rows, sense in zip(pieces, meant, strict=False):
        given = pc.struct_field(pc.list_flatten(rows["answers"]), "answer")
        winning = rows["multiple_choice_answer"]
        questions.add(rows["question"], role="question")
        if sense is None:
            answers.add(given)
            answers.add(winning, times=0)
        else:
            given = _unless(pc.list_flatten(sense["answers_copied"]), given)
            answers.add(given, pc.list_flatten(sense["answers"]))
            answers.add(_unless(sense["winner_copied"], winning), sense["winner"], times=0)
    parts = {"question": questions.table(), "answer": answers.table()}
    return pa.concat_tables(numbered(role, counts) for role, counts in parts.items())


def clean(texts: pa.ChunkedArray | pa.Array, role: str = "answer") -> pa.ChunkedArray | pa.Array:
    """Texts as segments of a role hold them: without white space at the ends.

    In answers white space is collapsed to single spaces. Questions keep theirs: their lines are translated
    one by one, and code and tags come back as they were.
    """
    collapsed = texts if role == "question" else pc.replace_substring_regex(texts, r"[\s\p{Z}]+", " ")
    return pc.replace_substring_regex(collapsed, r"^[\s\p{Z}]+|[\s\p{Z}]+$", "")


def with_line_breaks(texts: pa.ChunkedArray, translations: pa.ChunkedArray) -> pa.ChunkedArray:
    r"""Translations with the line breaks that stand before and behind the texts, which ``clean`` takes off.

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
    digest = hashlib.blake2b("\x00".join((role, context, text)).encode(), digest_size=DIGEST)
    return f"{role[0]}-{digest.hexdigest()}"


class Places:
    """Where segments stand: finds the row of a text's segment by the segment's id.

    Holds 16 bytes a segment, so that rows can be looked up piece by piece.

    Args:
        segments: a table of schema ``SEGMENTS``.

    Example:
        >>> texts = ["Is it sunny?", "Is it red?"]
        >>> segments = pa.table({"segment_id": [segment_id("question", "", text) for text in texts]})
        >>> Places(segments).locate(pa.array(["Is it red?", None]), "question").to_pylist()
        [1, None]
    """

    def __init__(self, segments: pa.Table) -> None:
        ids = pc.utf8_slice_codeunits(segments["segment_id"], 2).to_pylist()
        marks = _marks("".join(ids))
        self._order = np.argsort(marks, kind="stable")
        self._marks = marks[self._order]

    def locate(
        self,
        texts: pa.ChunkedArray | pa.Array,
        role: str,
        contexts: pa.ChunkedArray | pa.Array | None = None,
    ) -> pa.Array:
        """For every text the row of its segment; null for a null text, and where there is no such segment.

        Args:
            texts: questions or answers as the examples hold them.
            role: which of the two.
            contexts: one per text; None if all are "".
        """
        keys = _keys(clean(texts, role), contexts)
        keys = keys.combine_chunks() if isinstance(keys, pa.ChunkedArray) else keys
        unique = keys.dictionary_encode()
        pairs = (key.rpartition("\x00") for key in unique.dictionary.to_pylist())
        wanted = _marks("".join(segment_id(role, context, text)[2:] for text, _, context in pairs))
        if not len(self._marks):
            return pa.nulls(len(keys), pa.int64())
        at = np.minimum(np.searchsorted(self._marks, wanted), len(self._marks) - 1)
        places = pa.array(self._order[at], mask=self._marks[at] != wanted)
        return places.take(unique.indices)


def for_all(segments: pa.Table, table: pa.Table) -> pa.Table:
    """A table of some segments as one of all of them, in their order; nulls where it has none."""
    ids = table["segment_id"]
    return (
        table if ids.equals(segments["segment_id"]) else table.take(pc.index_in(segments["segment_id"], ids))
    )


def _marks(digests: str) -> NDArray[np.uint64]:
    """The first eight bytes of each digest in a row of hexadecimal digests."""
    digest = np.frombuffer(bytes.fromhex(digests), np.uint8).reshape(-1, DIGEST)
    return np.ascontiguousarray(digest[:, :8]).view(">u8").ravel().astype(np.uint64)


def _unless(reasons: pa.ChunkedArray, texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """The texts without a reason to be copied; null for the others."""
    return pc.if_else(pc.is_null(reasons), texts, pa.scalar(None, pa.string()))


def _keys(texts: Any, contexts: Any) -> Any:
    """Texts and contexts as one string each; null for a null text."""
    filled = pa.scalar("") if contexts is None else pc.fill_null(contexts, "")
    return pc.binary_join_element_wise(texts, filled, "\x00")


class _Counts:
    """Columns text, context and count; what was added is united whenever it has doubled."""

    def __init__(self) -> None:
        self._parts: list[pa.Table] = []
        self._united = 0

    def add(
        self,
        texts: pa.ChunkedArray,
        contexts: pa.ChunkedArray | None = None,
        role: str = "answer",
        times: int = 1,
    ) -> None:
        filled = pa.repeat("", len(texts)) if contexts is None else pc.fill_null(contexts, "")
        counts = pa.repeat(pa.scalar(times, pa.int64()), len(texts))
        table = pa.table({"text": clean(texts, role), "context": filled, "count": counts})
        self._parts.append(_summed(table.filter(pc.is_valid(texts))))
        if sum(part.num_rows for part in self._parts) > max(2 * self._united, PIECE):
            self._united = self.table().num_rows

    def table(self) -> pa.Table:
        self._parts = [_summed(pa.concat_tables(self._parts))]
        return self._parts[0]


def _summed(table: pa.Table) -> pa.Table:
    summed = table.group_by(["text", "context"]).aggregate([("count", "sum")])
    return summed.rename_columns(["text", "context", "count"])


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
