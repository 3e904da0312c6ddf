"""Multiple choice: a question, its options, the key of the right one, and what explains it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import Field

from vqa_builder.field_paths import FieldPath, take
from vqa_builder.schema import NOTHING
from vqa_builder.sources._record_turns import TurnFault
from vqa_builder.sources.records import FIELDS, Kind, Records, RecordsOptions

KEYS = ("answer", "answerKey", "correct_choice_idx")
_OPTIONS: dict[str, Kind] = dict.fromkeys(
    ("choices[*]?", "choices.text[*]?", "options[*]?", "A?", "B?", "C?", "D?", "E?"), "option"
)
_TEXTS: dict[str, Kind] = dict.fromkeys(
    ("hint?", "lecture?", "solution?", "explanation?", "rationale?", "rationales[*]?"), "text"
)
_ANSWERS: dict[str, Kind] = {"answer?": "answer", "direct_answers[*]?": "answer"}
_FIELDS: dict[str, Kind] = {"question": "question", **_OPTIONS, **_ANSWERS, **_TEXTS}


class MultipleChoiceOptions(RecordsOptions):
    """Options of the source ``multiple_choice``."""

    fields: dict[str, Kind] = Field(_FIELDS, min_length=1, description=FIELDS)


class MultipleChoice(Records):
    """ScienceQA, A-OKVQA, AI2D, MMBench, MMMU, ARC: options are lists, columns A to E, or lists in a text.

    Options are translated with the question in view and stay distinct, in their order; the key of the right
    one, a number or a letter, stays as it is. Hints, lectures and rationales are translated, too. The source
    ``a_okvqa`` reads A-OKVQA for a release with labels and soft scores.

    Source: Lu et al., "Learn to Explain: Multimodal Reasoning via Thought Chains for Science Question
    Answering", NeurIPS 2022 (``problems.json``).

    Example::

        source:
          type: multiple_choice
          splits: {train: problems.json}
    """

    name = "multiple_choice"
    summary = "ScienceQA, A-OKVQA, AI2D, MMBench, MMMU: options, keys, rationales"
    Options: ClassVar = MultipleChoiceOptions
    signs = ("question",)
    checked = (*KEYS, "choices")
    needs = ("option",)

    def faults(self, table: pa.RecordBatch) -> dict[int, TurnFault]:
        """Rows with a key that no option has, too."""
        return {**_keys_astray(table, self.paths), **super().faults(table)}


def _keys_astray(table: pa.RecordBatch, paths: Sequence[FieldPath]) -> dict[int, TurnFault]:
    """The rows whose key no option has."""
    found = [take(table[path.column], path.steps[1:]) for path in paths if path.kind == "option"]
    texts, rows = (
        pa.concat_arrays([each.texts for each in found]),
        np.concatenate([each.rows for each in found]),
    )
    blank = pc.or_(pc.is_null(texts), pc.is_in(texts, pa.array(["", *NOTHING])))
    filled = pc.invert(blank).to_numpy(zero_copy_only=False)
    counts = np.bincount(rows[filled], minlength=table.num_rows)
    labels = _labels(table)
    astray: dict[int, TurnFault] = {}
    for name in (name for name in KEYS if name in table.schema.names):
        keys = table[name]
        beyond = _places(keys) >= counts if labels is None else keys.is_valid().to_numpy(zero_copy_only=False)
        for row in np.flatnonzero((counts > 0) & beyond).tolist():
            names = texts.filter(pa.array(filled & (rows == row))) if labels is None else labels[row].values
            if names is None or str(keys[row]) not in names.to_pylist():
                expected, key = f"a key of its {counts[row]} options", repr(keys[row].as_py())
                astray[row] = TurnFault(name, "No option has the key", expected, key)
    return astray


def _labels(table: pa.RecordBatch) -> pa.ListArray | None:
    """The labels of each row's options; None where they have none of their own."""
    kind = table.schema.field("choices").type if "choices" in table.schema.names else pa.null()
    return (
        table["choices"].field("label")
        if pa.types.is_struct(kind) and kind.get_field_index("label") >= 0
        else None
    )


def _places(keys: pa.Array) -> NDArray[np.int64]:
    """The place among the options that each key names, by number or letter; -1 for any other."""
    encoded = keys.dictionary_encode()
    places = [_place(key) for key in encoded.dictionary.to_pylist()]
    found = np.array([*places, -1], np.int64)
    at: NDArray[np.int64] = pc.fill_null(encoded.indices, len(places)).to_numpy(zero_copy_only=False)
    return found[at]


def _place(key: object) -> int:
    """The place that a key names.

    >>> [_place(key) for key in (2, "2", "C", "16", "a snake", None)]
    [2, 2, 2, -1, -1, -1]
    """
    if isinstance(key, int):
        return key
    text = str(key).strip()
    if len(text) != 1:
        return -1
    return int(text) if text.isdecimal() else ord(text) - ord("A") if "A" <= text <= "Z" else -1
