"""What the presets are worth on rows that were read and graded."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from vqa_builder import languages, registry
from vqa_builder.quality.policy import judge
from vqa_builder.quality.policy_config import policy_for
from vqa_builder.spec import DEFAULT_SCORES

ROOT = Path(__file__).parents[2]


def kept(table: pa.Table, language: str, preset: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which pairs the default scores and a preset keep."""
    keys = {"segment_id": table["segment_id"], "language": pa.repeat(language, table.num_rows)}
    columns: dict[str, pa.ChunkedArray] = {}
    for name in DEFAULT_SCORES:
        scored = registry.find("scorers", name)(languages.get(language)).score(table)
        columns |= {column: scored[column] for column in scored.column_names}
    translations = pa.table(
        {**keys, "text": table["translation"], "engine": pa.repeat("mini", table.num_rows)}
    )
    policy = policy_for(language, preset, columns)
    verdicts = judge(table, translations, pa.table({**keys, **columns}), policy, language)
    return np.asarray(verdicts["keep"].to_numpy(), dtype=bool)


@pytest.mark.parametrize("language", ["ja", "hi"])
@pytest.mark.parametrize(("preset", "wrong", "lost"), [("balanced", 0.06, 0.12), ("strict", 0.03, 0.15)])
def test_a_preset_keeps_few_wrong_rows_and_most_right_ones(
    shared: Path, make_pairs: Callable[..., pa.Table], language: str, preset: str, wrong: float, lost: float
) -> None:
    with (shared / "data/graded_rows/graded.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    rows = [row for row in rows if row["language"] == language]
    pairs = make_pairs([(row["en"], row["translation"], row["back_translation"]) for row in rows])
    keep = kept(pairs, language, preset)
    grades = np.array([row["verdict"] for row in rows])
    assert (grades[keep] == "wrong").mean() <= wrong
    assert (~keep[grades == "right"]).mean() <= lost


@pytest.mark.parametrize("language", ["ja", "hi"])
def test_rows_of_other_questions_are_judged_as_well(
    make_pairs: Callable[..., pa.Table], language: str
) -> None:
    with (ROOT / "recipes/policy/held_out.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    rows = [row for row in rows if row["language"] == language and row["stratum"] in ("kept", "rejected")]
    pairs = make_pairs([(row["en"], row["translation"], row["back_translation"]) for row in rows])
    keep = kept(pairs, language, "balanced")
    grades = np.array([row["verdict"] for row in rows])
    assert (grades[keep] == "wrong").mean() <= 0.06
    assert (~keep[grades == "right"]).mean() <= 0.12
