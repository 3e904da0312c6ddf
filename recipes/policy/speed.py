"""Pairs per second of every scorer, of bare fasttext, and of a what-if table.

    python recipes/policy/speed.py

15,000 distinct VQA v2 questions through the embedded engine there and back, in one process; CPU seconds, so
that a busy machine does not count. The what-if table is over 600,000 scored segments and
three presets, wall seconds.
"""

from __future__ import annotations

import time

import numpy as np
import pyarrow as pa
from common import pairs, table, translate
from fit_presets import SEED, vqa_questions

from vqa_builder import languages, registry
from vqa_builder.quality import presets
from vqa_builder.quality.policy import policy_for, what_if
from vqa_builder.quality.scorers._identifiers import _loaded, installed_model
from vqa_builder.spec import DEFAULT_SCORES

QUESTIONS, SEGMENTS = 15_000, 600_000


def material(language: str) -> pa.Table:
    """Distinct pairs."""
    questions = vqa_questions(QUESTIONS, SEED)
    there = translate(questions, "en", language)
    back = translate([text or "" for text in there], language, "en")
    return pairs(questions, there, back)


def rates(language: str) -> list[list[str]]:
    """One row per scorer."""
    made = material(language)
    found, spent = [], 0.0
    for name in (*DEFAULT_SCORES, "chrfpp", "bleu"):
        scorer = registry.find("scorers", name)(languages.get(language))
        scorer.score(made.slice(0, 200))
        started = time.process_time()
        for start in range(0, made.num_rows, 10_000):
            scorer.score(made.slice(start, 10_000))
        took = time.process_time() - started
        spent += took if name in DEFAULT_SCORES and name != "langid" else 0.0
        found.append([language, name, f"{made.num_rows / took:,.0f}"])
    predict = _loaded(installed_model()).f.predict
    lines = [f"{text}\n" for text in made["translation"].to_pylist()]
    started = time.process_time()
    for line in lines:
        predict(line, 1, 0.0, "strict")
    found.append([language, "(bare fasttext)", f"{len(lines) / (time.process_time() - started):,.0f}"])
    return [*found, [language, "(default scorers but langid)", f"{made.num_rows / spent:,.0f}"]]


def what_if_seconds() -> float:
    """Seconds for three presets."""
    chance = np.random.default_rng(SEED)
    names = pa.array([str(number) for number in range(SEGMENTS)])
    segments = pa.table({"segment_id": names, "role": pa.array(["question", "answer"] * (SEGMENTS // 2))})
    columns = {}
    for name in DEFAULT_SCORES:
        for column, kind in registry.find("scorers", name).columns.items():
            if pa.types.is_floating(kind):
                columns[column] = pa.array(chance.random(SEGMENTS) * (100 if column == "chrf" else 1), kind)
    measured = pa.table({"segment_id": names, **columns}).take(pa.array(chance.permutation(SEGMENTS)))
    policies = {name: policy_for("ja", name, columns) for name in presets.names()}
    started = time.perf_counter()
    what_if(segments, measured, policies)
    return time.perf_counter() - started


def main() -> None:
    """Print both."""
    rows = [row for language in ("ja", "hi") for row in rates(language)]
    print(table(["language", "scorer", "pairs per CPU second"], rows))
    print(f"\nwhat_if over {SEGMENTS:,} segments, {len(presets.names())} policies: {what_if_seconds():.2f} s")


if __name__ == "__main__":
    main()
