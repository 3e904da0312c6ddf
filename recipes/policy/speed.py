"""Pairs per second of every scorer, of bare fasttext, and of a what-if table.

    python -m recipes.policy.speed

15,000 distinct VQA v2 questions through the embedded engine there and back, in one process; CPU seconds of
the best of five rounds, so that a busy machine counts as little as can be. The what-if table is over 600,000
scored segments and three presets, wall seconds.
"""

from __future__ import annotations

import functools
import gc
import time
from collections.abc import Callable

import numpy as np
import pyarrow as pa

from recipes.policy.common import SEED, pairs, table, translate, vqa_questions
from vqa_builder import languages, registry
from vqa_builder.quality.policy_config import policy_for, preset_names
from vqa_builder.quality.scorers._identifiers import _loaded, installed_model
from vqa_builder.quality.scoring import BATCH
from vqa_builder.quality.what_if import what_if
from vqa_builder.spec import DEFAULT_SCORES

QUESTIONS, SEGMENTS, ROUNDS = 15_000, 600_000, 5


def material(language: str) -> pa.Table:
    """Distinct pairs."""
    questions = vqa_questions(QUESTIONS, SEED)
    there = translate(questions, "en", language)
    back = translate([text or "" for text in there], language, "en")
    return pairs(questions, there, back)


def rates(language: str) -> list[list[str]]:
    """One row per scorer, then those of the default but langid together, which are the lexical ones."""
    made = material(language)
    rates = {name: scored_per_second([name], language, made) for name in (*DEFAULT_SCORES, "chrfpp", "bleu")}
    predict = _loaded(installed_model()).f.predict
    lines = [f"{text}\n" for text in made["translation"].to_pylist()]
    rates["(bare fasttext)"] = best(len(lines), lambda: [predict(line, 1, 0.0, "strict") for line in lines])
    lexical = [name for name in DEFAULT_SCORES if name != "langid"]
    rates["(default scorers but langid)"] = scored_per_second(lexical, language, made)
    return [[language, name, f"{rate:,.0f}"] for name, rate in rates.items()]


def scored_per_second(names: list[str], language: str, made: pa.Table) -> float:
    """Pairs that scorers, one after the other, measure in a CPU second, in batches as a build has them."""
    scorers = [registry.find("scorers", name)(languages.get(language)) for name in names]
    batches = [made.slice(start, BATCH) for start in range(0, made.num_rows, BATCH)]
    return best(made.num_rows, lambda: [scorer.score(batch) for scorer in scorers for batch in batches])


def best(pieces: int, work: Callable[[], object]) -> float:
    """Pieces per CPU second in the best of some rounds: others on the machine slow the rest of them down."""
    took = []
    for _ in range(ROUNDS):
        forget()
        started = time.process_time()
        work()
        took.append(time.process_time() - started)
    return pieces / min(took)


def forget() -> None:
    """Empty every cache with a bound: it holds texts and words, and no build has seen its texts before."""
    for one in gc.get_objects():
        if isinstance(one, functools._lru_cache_wrapper) and one.cache_parameters()["maxsize"]:
            one.cache_clear()


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
    policies = {name: policy_for("ja", name, columns) for name in preset_names()}
    took = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        what_if(segments, measured, policies)
        took.append(time.perf_counter() - started)
    return min(took)


def main() -> None:
    """Print both."""
    rows = [row for language in ("ja", "hi") for row in rates(language)]
    print(table(["language", "scorer", "pairs per CPU second"], rows))
    print(f"\nwhat_if over {SEGMENTS:,} segments, {len(preset_names())} policies: {what_if_seconds():.2f} s")


if __name__ == "__main__":
    main()
