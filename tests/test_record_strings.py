"""Strings of records: where they stand, and what an engine sees beside them."""

from __future__ import annotations

import pyarrow as pa
import pytest

from vqa_builder import record_strings
from vqa_builder.answers import senses
from vqa_builder.answers.short_texts import Meaning
from vqa_builder.field_paths import settle

TALKS = [
    {"turns": [{"who": "human", "said": "Is it a bat?\nSay so."}, {"who": "gpt", "said": "Yes."}]},
    {"turns": None},
    {
        "turns": [
            {"who": "human", "said": None},
            {"who": "gpt", "said": "Yes."},
            {"who": "human", "said": "Why?"},
        ]
    },
]


@pytest.mark.parametrize(
    ("in_view", "contexts"),
    [(False, ["", "", ""]), (True, ["", "Is it a bat? | Say so.", "", "Yes."])],
)
def test_a_turn_is_seen_with_the_one_before_it_by_engines_that_heed_contexts(
    in_view: bool, contexts: list[str]
) -> None:
    table = pa.RecordBatch.from_pylist(TALKS)
    paths = settle({"turns[*].said": "turn"}, table.schema, "talks.json")
    places = record_strings.Places(Meaning("auto", senses.known_rules(), in_view))
    places.add(table, paths)
    found = places.table()
    assert found["row"].to_pylist() == [0, 0, 2, 2, 2]
    assert found["string"].is_valid().to_pylist() == [True, True, False, True, True]
    strings = record_strings.cut(found, ["tags"])
    assert record_strings._contexts(strings).to_pylist() == contexts
    segments = record_strings.extract(strings)
    assert set(segments["context"].to_pylist()) == set(contexts)
    assert sorted(segments["count"].to_pylist()) == ([1, 1, 1, 1, 1] if in_view else [1, 1, 1, 2])
