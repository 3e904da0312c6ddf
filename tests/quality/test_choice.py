"""Per string the best candidate, and a record that says why."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pytest

from vqa_builder import schema
from vqa_builder.errors import SpecError, UnknownNameError
from vqa_builder.quality.choice import Tables, check, choose, taken

IDS = ["q-1", "q-2", "q-3", "q-4", "q-5", "q-6"]
SEGMENTS = pa.table(
    {
        "segment_id": IDS,
        "role": ["question"] * 6,
        "text": list("abcdef"),
        "context": [""] * 6,
        "count": [1] * 6,
    },
    schema=schema.SEGMENTS,
)


def candidate(
    engine: str,
    texts: Sequence[str | None],
    scores: list[float | None],
    keep: list[bool],
    ids: list[str] = IDS,
) -> Tables:
    language = ["ja"] * len(ids)
    translations = pa.table(
        {
            "segment_id": ids,
            "language": language,
            "text": texts,
            "back_text": texts,
            "engine": [engine] * len(ids),
            "back_engine": [engine] * len(ids),
            "status": ["ok"] * len(ids),
            "error": pa.nulls(len(ids), pa.string()),
        },
        schema=schema.TRANSLATIONS,
    )
    measured = pa.table(
        {"segment_id": ids, "language": language, "chrf": pa.array(scores, pa.float32()), "length": scores}
    )
    verdicts = pa.table(
        {"segment_id": ids, "language": language, "keep": keep, "reasons": [[]] * len(ids)},
        schema=schema.VERDICTS,
    )
    return translations, measured, verdicts


ONE = candidate(
    "one",
    ["a1", "b1", "c1", None, "e1", "f1"],
    [50.0, 90.0, 40.0, None, None, 60.0],
    [True, False, True, False, True, True],
)
TWO = candidate(
    "two",
    ["a2", "b2", "c2", "d2", "e2", "f2"],
    [70.0, 30.0, 40.0, 1.0, 5.0, 60.0],
    [True, True, True, False, True, False],
)
BEST = ["a2", "b2", "c1", "d2", "e2", "f1"]


def test_kept_before_rejected_then_the_better_score_then_the_earlier() -> None:
    record = choose(SEGMENTS, [ONE, TWO], "chrf")
    assert record.schema == schema.CANDIDATES
    chosen = taken(record, SEGMENTS, [ONE[0], TWO[0]])
    assert chosen["segment_id"].to_pylist() == IDS
    assert chosen["text"].to_pylist() == BEST
    assert chosen["engine"].to_pylist() == ["two", "two", "one", "two", "two", "one"]
    assert taken(record, SEGMENTS, [ONE[1], TWO[1]])["chrf"].to_pylist() == [70, 30, 40, 1, 5, 60]


def test_the_record_holds_both_scores_of_every_string() -> None:
    record = choose(SEGMENTS, [ONE, TWO], "chrf")
    first = [row for row in record.to_pylist() if row["segment_id"] == "q-1"]
    assert [(row["candidate"], row["engine"], row["score"], row["chosen"]) for row in first] == [
        (0, "one", 50.0, False),
        (1, "two", 70.0, True),
    ]
    assert sum(record["chosen"].to_pylist()) == len(IDS)


def test_a_candidate_of_some_strings_only_competes_for_those() -> None:
    some = candidate("two", ["f2", "a2"], [99.0, 99.0], [True, True], ["q-6", "q-1"])
    record = choose(SEGMENTS, [ONE, some], "chrf")
    texts = taken(record, SEGMENTS, [ONE[0], some[0]])["text"].to_pylist()
    assert texts == ["a2", "b1", "c1", None, "e1", "f2"]


def test_a_score_that_is_good_when_near_zero() -> None:
    near = candidate("two", BEST, [-1.0, 3.0, 0.5, 2.0, 1.0, -9.0], [True] * 6)
    far = candidate("one", BEST, [2.0, -2.0, -0.5, 1.0, 1.5, 8.0], [True] * 6)
    chosen = taken(choose(SEGMENTS, [far, near], "length"), SEGMENTS, [far[0], near[0]])
    by_size = ["two", "one", "one", "one", "two", "one"]
    by_value = ["one", "two", "two", "two", "one", "one"]
    from vqa_builder import registry

    good = registry.find("scorers", "length").good
    assert chosen["engine"].to_pylist() == {"zero": by_size, "high": by_value, "low": None}[good]


def test_a_column_to_choose_by_must_be_a_number_that_is_there() -> None:
    columns = {"chrf": pa.float32(), "langid": pa.string()}
    check("chrf", columns)
    with pytest.raises(UnknownNameError, match="chfr"):
        check("chfr", columns)
    with pytest.raises(SpecError, match="cannot decide"):
        check("langid", columns)
