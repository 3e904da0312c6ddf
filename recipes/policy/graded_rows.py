"""What each preset keeps of rows that were read and graded: how much of it is wrong, and what it loses.

    python recipes/policy/graded_rows.py

The rows are those that the balanced preset of 0.1.0 kept with the embedded engine (the demo, and the first
3,000 questions of the VQA v2 sample), graded right, flawed or wrong by a large language model as a strict
reader. "Wrong" is the share of wrong rows among those kept, "lost" the share of right rows not kept, both
with 95 % Wilson intervals. Beside the presets stand those of 0.1.0, and two trivial baselines that keep as
many rows as ``balanced``: the highest chrF of the round trip, and the lengths nearest to the expected ones.
"""

from __future__ import annotations

import csv
from typing import Any

import numpy as np
import pyarrow as pa
from common import SHARED, pairs, scores, table
from numpy.typing import NDArray

from vqa_builder.quality.policy import judge
from vqa_builder.quality.policy_config import policy_for, preset_names
from vqa_builder.quality.rules import Policy
from vqa_builder.spec import DEFAULT_SCORES

_AGREES = {f"agreement_{part}": {"min": 1} for part in ("negation", "number", "colour", "question")}
BEFORE: dict[str, dict[str, Any]] = {
    "balanced, 0.1.0": {"chrf": {"min": 35}, "content": {"min": 0.4}, **_AGREES, "missing": "keep"},
    "strict, 0.1.0": {"chrf": {"min": 50}, "content": {"min": 0.5}, **_AGREES, "missing": "keep"},
}
Flags = NDArray[np.bool_]


def graded(language: str) -> list[dict[str, str]]:
    """The graded rows of a language."""
    with (SHARED / "graded_rows/graded.tsv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [row for row in rows if row["language"] == language]


def kept_by(policy: Policy, measured: pa.Table, language: str) -> Flags:
    """Which rows a policy keeps."""
    count = measured.num_rows
    segments = pa.table({"segment_id": measured["segment_id"], "role": ["question"] * count})
    texts = pa.table(
        {**{name: measured[name] for name in ("segment_id", "language")}, "text": ["x"] * count}
    ).append_column("engine", pa.array(["mini"] * count))
    return np.asarray(judge(segments, texts, measured, policy, language)["keep"].to_numpy(), dtype=bool)


def share(part: Flags, whole: Flags) -> str:
    """A share in percent with its 95 % Wilson interval, and both counts."""
    count, hits = int(whole.sum()), int((part & whole).sum())
    if not count:
        return "none"
    z, rate = 1.96, hits / count
    middle = (rate + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * np.sqrt(rate * (1 - rate) / count + z * z / (4 * count * count))
    low, high = max(100 * (middle - half), 0.0), 100 * (middle + half)
    return f"{100 * rate:.1f} % ({low:.1f}-{high:.1f}), {hits} of {count}"


def rows_of(language: str) -> list[list[str]]:
    """The rows of the table for one language."""
    rows = graded(language)
    columns = ([row[name] for row in rows] for name in ("en", "translation", "back_translation"))
    source, translation, back = columns
    measured = scores(pairs(source, list(translation), list(back)), language, {n: {} for n in DEFAULT_SCORES})
    grades = np.array([row["verdict"] for row in rows])
    kept = {name: kept_by(Policy.model_validate(rules), measured, language) for name, rules in BEFORE.items()}
    presets = {
        name: kept_by(policy_for(language, name, measured.column_names), measured, language)
        for name in preset_names()
    }
    kept |= presets
    many = int(presets["balanced"].sum())
    distance = {
        "chrF alone": measured["chrf"].to_numpy(),
        "length alone": -np.abs(measured["length"].to_numpy()),
    }
    for name, values in distance.items():
        kept[name] = np.isin(np.arange(len(rows)), np.argsort(-values, kind="stable")[:many])
    return [
        [
            language,
            name,
            str(int(some.sum())),
            share(grades == "wrong", some),
            share(~some, grades == "right"),
        ]
        for name, some in kept.items()
    ]


def main() -> None:
    """Print the table."""
    rows = [row for language in ("ja", "hi") for row in rows_of(language)]
    print(table(["language", "policy", "kept", "wrong among kept", "right rows lost"], rows))


if __name__ == "__main__":
    main()
