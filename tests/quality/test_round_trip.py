"""Where the round trip judges: short texts, and a back-translator that brings right texts back."""

from typing import Any

import pyarrow as pa
import pytest

from vqa_builder.quality.policy import judge, round_trip_of
from vqa_builder.quality.policy_config import policy_for
from vqa_builder.quality.round_trip import Measured, fitted

LONG = "Can you tell me which of the three bottles on the upper shelf of this cabinet holds the oil?"
REVISED = "phrasebook|v1"


def verdicts(rows: list[tuple[str, str, str, float]], configured: Any = "balanced") -> pa.Table:
    """Verdicts on rows of role, English text, engine and chrF."""
    roles, texts, engines, chrf = zip(*rows, strict=True)
    names = [f"s{place}" for place in range(len(rows))]
    keys = {"segment_id": names, "language": ["ja"] * len(rows)}
    segments = pa.table({"segment_id": names, "role": roles, "text": texts})
    made = {"text": ["猫"] * len(rows), "back_text": ["x"] * len(rows), "engine": engines}
    scores = pa.table({**keys, "chrf": pa.array(chrf, pa.float32())})
    policy = policy_for("ja", configured, ["chrf"])
    return judge(segments, pa.table({**keys, **made}), scores, policy, "ja", ["mini", REVISED], [REVISED])


@pytest.mark.parametrize(
    ("role", "text", "kept"),
    [
        ("question", "What is this?", False),
        ("question", LONG, True),
        ("turn", "It is a cat.", True),
        ("turn", "Is it a cat?", False),
        ("text", "It is a cat.", True),
        ("answer", "a cat", False),
        ("option", "a cat", False),
    ],
)
def test_no_rule_of_the_round_trip_judges_what_no_preset_was_fitted_for(
    role: str, text: str, kept: bool
) -> None:
    rows = [(role, text, "mini", 10.0)]
    assert verdicts(rows)["keep"].to_pylist() == [kept]
    assert round_trip_of(verdicts(rows)).unfitted == int(kept)
    assert verdicts(rows, {"preset": "balanced", "round_trip": "always"})["keep"].to_pylist() == [False]
    assert verdicts(rows, {"round_trip": "never"})["keep"].to_pylist() == [True]
    assert verdicts(rows, {"chrf": {"min": 30}})["keep"].to_pylist() == [False]


@pytest.mark.parametrize(("good", "kept"), [(24, True), (25, False)])
def test_a_back_translator_that_loses_right_texts_does_not_judge(good: int, kept: bool) -> None:
    known = [("question", "What is this?", REVISED, 90.0 if place < good else 5.0) for place in range(50)]
    found = verdicts([*known, ("question", "Is it red?", "mini", 10.0)])
    assert found["keep"].to_pylist() == [True] * 50 + [kept]
    assert round_trip_of(found) == Measured(50, good, 0, *((0, 0) if kept else (1, 1)))
    (told,) = round_trip_of(found).told()
    assert f"keeps {2 * good} % of 50 translations" in told
    assert ("no rule of the round trip was applied" in told) == kept


def test_few_known_texts_tell_nothing() -> None:
    found = verdicts([("question", "What is this?", REVISED, 5.0), ("question", "Is it red?", "mini", 10.0)])
    assert found["keep"].to_pylist() == [True, False]
    assert not [*round_trip_of(found).told()]


def test_seventeen_words_are_long() -> None:
    texts = [" ".join(["word"] * count) for count in (16, 17)]
    assert fitted(pa.table({"role": ["question"] * 2, "text": texts})).tolist() == [True, False]


def test_a_reader_hears_of_a_round_trip_that_rejects_nearly_all() -> None:
    rows = [("question", "What is this?", "mini", 90.0 if place < 10 else 5.0) for place in range(60)]
    (told,) = round_trip_of(verdicts(rows)).told()
    assert "rejects 83 % of 60 translations" in told and "round_trip: never" in told
