"""What can be wrong with the texts of one record: who speaks first, and tags that are not closed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder.field_paths import ITEMS, FieldPath, is_text, take
from vqa_builder.text_lists import read_lists

SPEAKERS = ("from", "role", "speaker")
ASSISTANTS = ("gpt", "assistant", "model", "chatgpt", "bard", "bing", "bot")
_TAG = re.compile(r"<(/?)([A-Za-z]\w*)>")


class TurnFault(NamedTuple):
    """What is wrong with a record: where, and what."""

    path: str
    problem: str
    expected: str
    found: str


def turn_faults(table: pa.RecordBatch, paths: Sequence[FieldPath]) -> dict[int, TurnFault]:
    """The rows that cannot be used, with the first fault of each.

    Args:
        table: some rows.
        paths: to what is translated.
    """
    faults: dict[int, TurnFault] = {}
    for path in paths:
        column, steps = table[path.column], path.steps[1:]
        if path.kind == "turn" and steps[-2:-1] == (ITEMS,):
            faults = {**_assistant_first(column, path), **faults}
        if ITEMS in steps:
            faults = {**_no_lists(column, path), **faults}
        faults = {**_open_tags(column, path), **faults}
    return faults


def _assistant_first(column: pa.Array, path: FieldPath) -> dict[int, TurnFault]:
    """Conversations whose first turn is the assistant's."""
    turn = column.type
    for step in path.steps[1:-1]:
        turn = turn.value_type if step == ITEMS else turn.field(step).type
    speaker = (
        next((field.name for field in turn if field.name in SPEAKERS), None)
        if pa.types.is_struct(turn)
        else None
    )
    if speaker is None or not pa.types.is_string(turn.field(speaker).type):
        return {}
    said = take(column, (*path.steps[1:-1], speaker))
    wrong = pc.is_in(pc.utf8_lower(said.texts), pa.array(ASSISTANTS)).to_numpy(zero_copy_only=False)
    first = np.flatnonzero(wrong & (said.places[-1] == 0))
    where = path._replace(steps=(*path.steps[:-1], speaker))
    return {
        int(said.rows[at]): TurnFault(
            where.at([int(place[at]) for place in said.places]),
            "The conversation starts with the assistant",
            "a turn of the user, or of the system",
            repr(said.texts[at].as_py()),
        )
        for at in first[::-1].tolist()
    }


def _open_tags(column: pa.Array, path: FieldPath) -> dict[int, TurnFault]:
    """Texts with a tag that is closed and not opened there, or opened more often than closed."""
    said = take(column, path.steps[1:])
    faults = {}
    for at in pc.indices_nonzero(pc.fill_null(pc.match_substring(said.texts, "</"), False)).to_pylist()[::-1]:
        counts = Counter((name, bool(mark)) for mark, name in _TAG.findall(said.texts[at].as_py()))
        uneven = [name for name, closes in counts if closes and counts[name, False] != counts[name, True]]
        if uneven:
            opened, closed = counts[uneven[0], False], counts[uneven[0], True]
            faults[int(said.rows[at])] = TurnFault(
                path.at([int(place[at]) for place in said.places]),
                "A tag is not balanced",
                f"as many <{uneven[0]}> as </{uneven[0]}>",
                f"{opened} and {closed}",
            )
    return faults


def _no_lists(column: pa.Array, path: FieldPath) -> dict[int, TurnFault]:
    """Texts that are to be read as lists and are none."""
    before = path.steps[1 : path.steps.index(ITEMS)]
    for step in before:
        column = column.flatten()[column.type.get_field_index(step)]
    if not is_text(column.type):
        return {}
    wrong = pc.and_(pc.is_null(read_lists(column)), pc.match_substring_regex(column, r"\S"))
    expected = "a list of texts, as JSON or as Python prints one"
    return {
        row: TurnFault(
            ".".join(path.steps[: len(before) + 1]),
            "The text is no list",
            expected,
            repr(column[row].as_py()),
        )
        for row in pc.indices_nonzero(pc.fill_null(wrong, False)).to_pylist()
    }
