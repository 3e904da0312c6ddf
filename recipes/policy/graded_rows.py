"""What each preset keeps of rows that were read and graded: how much of it is wrong, and what it loses.

    python -m recipes.policy.graded_rows

The first rows are those that the balanced preset of 0.1.0 kept with the embedded engine (the demo, and the
first 3,000 questions of the VQA v2 sample), graded right, flawed or wrong by a large language model as a
strict reader. "Wrong" is the share of wrong rows among those kept, "lost" the share of right rows not kept,
both with 95 % Wilson intervals. Beside the presets stand those of 0.1.0, and two trivial baselines that keep
as many rows as ``balanced``: the highest chrF of the round trip, and the lengths nearest to the expected.

The second table is of ``held_out.tsv``: nine draws of up to 2,000 distinct questions of VQA v2 that the
first rows lack, translated by the embedded engine without the phrasebook; those of draws 6 to 9 stand in no
phrasebook. Of each draw some rows that ``balanced`` kept at that time and some that it rejected were graded;
``share`` is what part of the draw their stratum is, so that every row counts for as many as it stands for.
Rules were mended after the draws, so that only the README's figures, taken before that, are blind. The third
table has what single scores are worth on draws 6 to 8.

The last table is of ``answers.tsv``: 60 answers a language that no table of answers knows (40 of VQA v2,
20 of VizWiz, validation, drawn from distinct ones), translated by the embedded engine there and back and
graded with their questions in view. "taken" is what a build takes of them, since the dictionary must not
refute it (``Lexical.refutes``), before and after the preset's rules for answers.
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recipes.policy.common import SHARED, auc, pairs, scores, table
from vqa_builder import languages
from vqa_builder.quality.policy import judge
from vqa_builder.quality.policy_config import policy_for, preset_names
from vqa_builder.quality.rules import Policy
from vqa_builder.quality.scorers.lexical import Lexical
from vqa_builder.spec import DEFAULT_SCORES

_AGREES = {f"agreement_{part}": {"min": 1} for part in ("negation", "number", "colour", "question")}
BEFORE: dict[str, dict[str, Any]] = {
    "balanced, 0.1.0": {"chrf": {"min": 35}, "content": {"min": 0.4}, **_AGREES, "missing": "keep"},
    "strict, 0.1.0": {"chrf": {"min": 50}, "content": {"min": 0.5}, **_AGREES, "missing": "keep"},
}
LANGUAGES, DRAWS = ("ja", "hi"), ("1", "2", "3", "4", "5", "6", "7", "8", "9")
UNSEEN = ("6", "7", "8")
SHOWN = (
    "chrf",
    "length",
    "content",
    "content_bigrams",
    "content_missing",
    "content_added",
    "lexical_missing",
    "lexical_added",
    "cross_entropy",
)
Flags = NDArray[np.bool_]


def graded(language: str) -> list[dict[str, str]]:
    """The graded rows of a language."""
    with (SHARED / "graded_rows/graded.tsv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [row for row in rows if row["language"] == language]


def held_out(language: str, draw: str) -> list[dict[str, str]]:
    """The rows of a draw that the balanced preset of 0.1.0 kept, of a language."""
    with Path(__file__).with_name("held_out.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    kept = ("kept", "rejected")
    return [
        row for row in rows if row["language"] == language and row["draw"] == draw and row["stratum"] in kept
    ]


def weights_of(rows: list[dict[str, str]]) -> NDArray[np.float64]:
    """How much of all each row stands for; 1 where rows are no sample."""
    many = Counter(row.get("stratum") for row in rows)
    return np.array([float(row.get("share", many[None])) / many[row.get("stratum")] for row in rows])


def kept_by(policy: Policy, measured: pa.Table, language: str, role: str = "question") -> Flags:
    """Which rows a policy keeps."""
    count = measured.num_rows
    segments = pa.table({"segment_id": measured["segment_id"], "role": [role] * count})
    texts = pa.table(
        {**{name: measured[name] for name in ("segment_id", "language")}, "text": ["x"] * count}
    ).append_column("engine", pa.array(["mini"] * count))
    return np.asarray(judge(segments, texts, measured, policy, language)["keep"].to_numpy(), dtype=bool)


def share(part: Flags, whole: Flags, weights: NDArray[np.float64]) -> str:
    """A share in percent with its 95 % Wilson interval at the effective number of rows."""
    of = weights[whole]
    if not of.sum():
        return "none"
    count, rate = of.sum() ** 2 / (of**2).sum(), weights[part & whole].sum() / of.sum()
    z = 1.96
    middle = (rate + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * np.sqrt(rate * (1 - rate) / count + z * z / (4 * count * count))
    low, high = max(100 * (middle - half), 0.0), 100 * (middle + half)
    return f"{100 * rate:.1f} % ({low:.1f}-{high:.1f}), {(part & whole).sum()} of {whole.sum()}"


def rows_of(language: str, rows: list[dict[str, str]], name_of_rows: str) -> list[list[str]]:
    """The rows of a table for one language."""
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
    weights = weights_of(rows)
    return [
        [
            language,
            name_of_rows,
            name,
            f"{100 * weights[some].sum() / weights.sum():.0f} %",
            share(grades == "wrong", some, weights),
            share(~some, grades == "right", weights),
        ]
        for name, some in kept.items()
    ]


def areas(language: str) -> list[list[str]]:
    """AUC of single scores, wrong against right rows of unseen questions: of all, and of those kept."""
    rows = [row for draw in UNSEEN for row in held_out(language, draw)]
    columns = ([row[name] for row in rows] for name in ("en", "translation", "back_translation"))
    source, translation, back = columns
    measured = scores(pairs(source, list(translation), list(back)), language, {n: {} for n in DEFAULT_SCORES})
    grades = np.array([row["verdict"] for row in rows])
    kept = kept_by(policy_for(language, "lenient", measured.column_names), measured, language)
    found = []
    for name in SHOWN:
        values = np.asarray(measured[name].to_numpy(), dtype=float)
        values = (
            -np.abs(values)
            if name == "length"
            else values * (1 if name in ("chrf", "content", "content_bigrams") else -1)
        )
        told = [
            auc(-values[some], grades[some] == "wrong")
            for some in (grades != "flawed", kept & (grades != "flawed"))
        ]
        found.append([language, name, *(f"{area:.2f}" for area in told)])
    return found


def answers(language: str) -> list[list[str]]:
    """What a build takes of an engine's answers, and what presets keep of that."""
    with Path(__file__).with_name("answers.tsv").open(encoding="utf-8", newline="") as file:
        read = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        rows = [row for row in read if row["language"] == language]
    source, there, back = ([row[name] for row in rows] for name in ("en", "translation", "back_translation"))
    asked = pairs(source, list(there), list(back))
    asked = asked.set_column(1, "role", pa.repeat("answer", len(rows)))
    measured = scores(asked, language, {name: {} for name in DEFAULT_SCORES})
    lexical = Lexical(languages.get(language))
    taken = ~np.array(lexical.refutes(source, there), bool)
    kept = {"taken": taken}
    for name in preset_names():
        policy = policy_for(language, name, measured.column_names)
        kept[f"taken, {name}"] = taken & kept_by(policy, measured, language, "answer")
    grades, weights = np.array([row["verdict"] for row in rows]), np.ones(len(rows))
    return [
        [
            language,
            "answers",
            name,
            f"{100 * some.mean():.0f} %",
            share(grades == "wrong", some, weights),
            share(~some, grades == "right", weights),
        ]
        for name, some in kept.items()
    ]


def main() -> None:
    """Print the tables."""
    header = ["language", "rows", "policy", "kept", "wrong among kept", "right rows lost"]
    handed = [row for language in LANGUAGES for row in rows_of(language, graded(language), "handed")]
    drawn = [
        row
        for language in LANGUAGES
        for draw in DRAWS
        for row in rows_of(language, held_out(language, draw), f"draw {draw}")
        if row[2] in ("balanced, 0.1.0", *preset_names(), "chrF alone")
    ]
    print(f"{table(header, handed)}\n\n{table(header, drawn)}\n")
    told = [row for language in LANGUAGES for row in areas(language)]
    print(table(["language", "score", "AUC, all", "AUC, kept by lenient"], told) + "\n")
    print(table(header, [row for language in LANGUAGES for row in answers(language)]))


if __name__ == "__main__":
    main()
