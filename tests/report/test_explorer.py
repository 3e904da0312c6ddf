"""The explorer counts every row exactly, whatever its sliders say, and always shows the rows near a bound."""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from vqa_builder.report import explorer
from vqa_builder.report.measures import Measure, measures

ROWS = 20_000
CHRF, COPY = 35.0, 0.0


@pytest.fixture(scope="module")
def scored() -> tuple[pa.Table, list[Measure]]:
    """Random scores, some missing, and the verdicts of a policy; a tenth fails for what no slider moves."""
    chance = np.random.default_rng(5)
    chrf = (chance.random(ROWS) * 100).astype(np.float32)
    chrf[::97] = np.nan
    copy = (chance.random(ROWS) < 0.1).astype(np.float32)
    failed = chance.random(ROWS) < 0.1
    reasons = [
        [
            *(["chrf<35"] if chrf[row] < np.float32(CHRF) else []),
            *(["copy"] if copy[row] > COPY else []),
            *(["untranslated"] if failed[row] else []),
        ]
        for row in range(ROWS)
    ]
    texts = [f"question {row}" for row in range(ROWS)]
    answers = ["multiple_choice_answer", "multiple_choice_answer_en"]
    columns = ["question_id", "question_en", "question", "question_back", *answers]
    kinds = pa.array(["yes/no", "other"] * (ROWS // 2))
    table = pa.table(
        {
            **dict.fromkeys(columns, texts),
            "split": ["train", "test"] * (ROWS // 2),
            "answer_type": kinds,
            "engine": pa.array(["mini|1", None] * (ROWS // 2)),
            "keep": [not reason for reason in reasons],
            "reasons": pa.array(reasons, pa.list_(pa.string())),
        }
    )
    return table, [Measure("chrf", chrf, CHRF, None), Measure("copy", copy, None, COPY)]


@pytest.fixture(scope="module")
def data(scored: tuple[pa.Table, list[Measure]]) -> dict[str, Any]:
    return explorer.data(*scored, sample=6000)


def decoded(text: str, kind: str) -> np.ndarray[Any, Any]:
    return np.frombuffer(base64.b64decode(text), kind)


@pytest.mark.parametrize("low", [None, 0.0, 35.0, 36.0, 50.0, 99.0])
@pytest.mark.parametrize("high", [None, 0.0])
def test_every_stop_counts_every_row(
    scored: tuple[pa.Table, list[Measure]], data: dict[str, Any], low: float | None, high: float | None
) -> None:
    _, (chrf, copy) = scored
    joint = data["joint"]
    codes = [decoded(column, "u1") for column in joint["codes"]]
    kept = decoded(joint["fixed"], "u1") == 0
    expected = np.array(["untranslated" not in row for row in scored[0]["reasons"].to_pylist()])
    if low is not None:
        edge = 2 * data["measures"][0]["cuts"].index(low) + 1
        kept &= (codes[0] == explorer.NO_SCORE) | (codes[0] >= edge)
        expected &= ~(chrf.values < np.float32(low))
    if high is not None:
        edge = 2 * data["measures"][1]["cuts"].index(high) + 1
        kept &= (codes[1] == explorer.NO_SCORE) | (codes[1] <= edge)
        expected &= ~(copy.values > np.float32(high))
    counts = decoded(joint["counts"], "<u4")
    assert counts.sum() == ROWS
    assert counts[kept].sum() == expected.sum()


def test_the_release_itself_is_one_of_the_stops(
    scored: tuple[pa.Table, list[Measure]], data: dict[str, Any]
) -> None:
    assert data["joint"]["loose"] == 0
    assert CHRF in data["measures"][0]["cuts"] and COPY in data["measures"][1]["cuts"]


def test_the_sample_holds_both_verdicts_and_the_rows_at_each_bound(
    scored: tuple[pa.Table, list[Measure]], data: dict[str, Any]
) -> None:
    table, (chrf, _) = scored
    shown = {int(text.split()[1]) for text in data["rows"]["en"]}
    assert 3000 < len(shown) < 7500
    keep = np.array(table["keep"].to_pylist())
    assert min(keep[sorted(shown)].sum(), (~keep[sorted(shown)]).sum()) > 1000
    order = np.argsort(np.abs(chrf.values.astype(float) - CHRF))
    assert shown >= set(order[: explorer.NEAREST].tolist())


def test_pictures_stand_once_each_beside_their_rows(scored: tuple[pa.Table, list[Measure]]) -> None:
    def shown(rows: Sequence[int], side: int, most: int, /) -> dict[int, str]:
        return {row: f"data:{row % 2}" for row in rows[:most]}

    found = explorer.data(*scored, sample=6000, pictures=shown)
    assert sorted(found["pictures"]) == ["data:0", "data:1"]
    assert sum(place is not None for place in found["picture"]) == explorer.MOST_PICTURES
    assert found["rows"]["engine"]["words"] == ["mini|1"]


def test_scores_that_no_rule_looks_at_move_with_no_slider() -> None:
    scores = pa.StructArray.from_arrays(
        [pa.array([10.0, 10.0], pa.float32()), pa.array([0.0, 0.0], pa.float32())], ["chrf", "copy"]
    )
    rows = pa.table({"scores": scores, "engine": ["phrasebook|sha:1", "mini|1"]})
    chrf, copy = measures(rows, {"chrf": {"min": 30}, "copy": "reject"})
    assert np.isnan(chrf.values).tolist() == [True, False]
    assert copy.values.tolist() == [0.0, 0.0]


def test_the_same_rows_give_the_same_sample(
    scored: tuple[pa.Table, list[Measure]], data: dict[str, Any]
) -> None:
    assert explorer.data(*scored, sample=6000) == data


@pytest.mark.parametrize(
    ("values", "limits", "expected"),
    [
        ([0, 0, 1], [0.5], [0.0, 0.5, 1.0]),
        ([1, 1, 1], [], [1.0]),
        ([float("nan")], [], []),
        ([float("nan")], [0.3], [0.3]),
    ],
)
def test_cuts(values: list[float], limits: list[float], expected: list[float]) -> None:
    assert explorer.cuts(np.array(values, np.float32), limits) == expected
