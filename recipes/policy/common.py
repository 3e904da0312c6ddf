"""What the scripts of this folder share: the real data, back-translations that are made once, small
statistics.

Data is read from the folder in ``VQA_BUILDER_SHARED`` (default ``../shared``); back-translations are kept as
Parquet in ``VQA_BUILDER_CACHE`` (default ``.policy-cache``), keyed by the engine and the texts.
"""

from __future__ import annotations

import ast
import gzip
import json
import os
import random
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from vqa_builder import registry
from vqa_builder.executors import LocalExecutor
from vqa_builder.progress import Progress
from vqa_builder.quality import scoring
from vqa_builder.quality.scorers.base import PAIRS
from vqa_builder.store import fingerprint
from vqa_builder.translation.request import Request

SHARED = Path(os.environ.get("VQA_BUILDER_SHARED", Path(__file__).parents[3] / "shared")) / "data"
CACHE = Path(os.environ.get("VQA_BUILDER_CACHE", ".policy-cache"))
CHUNK = 2000
SEED = 3


class Judged(NamedTuple):
    """English segments, their machine translations, and whether people call the translation wrong."""

    source: list[str]
    translation: list[str]
    wrong: NDArray[np.bool_]


def lines(name: str) -> list[str]:
    """The lines of one file of the shared data."""
    return (SHARED / name).read_text(encoding="utf-8").split("\n")[:-1]


def cut(texts: list[str], unit: str, seed: int) -> list[str]:
    """Each text cut to the length of a question: its first 3-12 words, or 6-25 characters."""
    chance = random.Random(seed)
    if unit == "character":
        return [text[: chance.randint(6, 25)] for text in texts]
    return [" ".join(text.split()[: chance.randint(3, 12)]) for text in texts]


def xquad_questions(language: str) -> dict[str, str]:
    """Question id -> question."""
    articles = json.loads((SHARED / f"xquad/xquad.{language}.json").read_text(encoding="utf-8"))["data"]
    paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]]
    return {asked["id"]: asked["question"] for paragraph in paragraphs for asked in paragraph["qas"]}


def vizwiz_questions(language: str) -> list[str]:
    """The 500 VizWiz questions in English, or as NLLB-200 translated them, in one order."""
    read = (SHARED / f"vizwiz_500_multilingual/val_subsample_{language}.json").read_text(encoding="utf-8")
    return [row["question"] for row in sorted(json.loads(read), key=lambda row: row["image"])]


def vqa_questions(count: int, seed: int) -> list[str]:
    """Distinct VQA v2 questions, drawn; all of them in some order if there are no more."""
    with gzip.open(SHARED / "vqa_v2_60k" / "vqa_questions_train.json.gz", "rt", encoding="utf-8") as file:
        read = json.load(file)
    questions = read["questions"] if isinstance(read, dict) else read
    distinct = sorted({row["question"] for row in questions})
    return random.Random(seed).sample(distinct, min(count, len(distinct)))


def swapped(questions: list[str], seed: int) -> list[int]:
    """For each question the place of another that begins with the same two words, or of any other."""
    drawn = random.Random(seed)
    alike: defaultdict[str, list[int]] = defaultdict(list)
    for place, question in enumerate(questions):
        alike[" ".join(question.lower().split()[:2])].append(place)
    found = []
    for place, question in enumerate(questions):
        others = [other for other in alike[" ".join(question.lower().split()[:2])] if other != place]
        found.append(drawn.choice(others) if others else (place + 1) % len(questions))
    return found


def critical_errors() -> Judged:
    """WMT's critical error task, en-ja: 7,658 translations that three people called NOT or ERR."""
    rows = [line.split("\t") for line in lines("qe_enja_critical_errors/enja_majority_train.tsv")]
    return Judged(
        [row[1] for row in rows],
        [row[2].replace(" ", "") for row in rows],
        np.array([row[4] == "ERR" for row in rows]),
    )


def votes() -> NDArray[np.int64]:
    """How many of the three people found a critical error in each row of ``critical_errors``."""
    rows = [line.split("\t") for line in lines("qe_enja_critical_errors/enja_majority_train.tsv")]
    return np.array([sum(ast.literal_eval(row[3])) for row in rows])


def translate(texts: list[str], source: str, target: str) -> list[str | None]:
    """Texts through the embedded engine, None where it fails; made once and kept."""
    engine_class = registry.find("engines", "mini")
    engine = engine_class(engine_class.Options())
    found: list[str | None] = []
    for start in range(0, len(texts), CHUNK):
        chunk = texts[start : start + CHUNK]
        key = fingerprint({"engine": engine.signature, "direction": f"{source}-{target}", "texts": chunk})
        path = CACHE / f"{source}-{target}-{key[:16]}.parquet"
        if not path.exists():
            results = engine.translate(Request(chunk, source, target))
            made = [text if isinstance(text, str) else None for text in results]
            CACHE.mkdir(parents=True, exist_ok=True)
            pq.write_table(pa.table({"text": pa.array(made, pa.string())}), path)
        found += pq.read_table(path)["text"].to_pylist()
    return found


def pairs(source: list[str], translation: list[str | None], back: list[str | None]) -> pa.Table:
    """Questions as schema ``PAIRS``."""
    columns = {
        "segment_id": [str(place) for place in range(len(source))],
        "role": ["question"] * len(source),
        "source": source,
        "translation": translation,
        "back_translation": back,
    }
    return pa.table(columns, PAIRS)


def scores(table: pa.Table, language: str, scorers: dict[str, dict[str, Any]]) -> pa.Table:
    """One table with the columns of all scorers (name -> options)."""
    whole: pa.Table | None = None
    for name, options in scorers.items():
        scored = scoring.score(table, name, options, language, LocalExecutor(1), Progress())
        if whole is None:
            whole = scored
            continue
        for column in scored.column_names[2:]:
            whole = whole.append_column(column, scored[column])
    assert whole is not None
    return whole


def auc(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """The chance that a positive scores above a negative; ties count half, NaN ranks in the middle."""
    filled = np.where(np.isnan(scores), np.nanmedian(scores), scores)
    _, inverse, counts = np.unique(filled, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    wins = ranks[positive].sum() - positive.sum() * (positive.sum() + 1) / 2
    return float(wins / (positive.sum() * (~positive).sum()))


def kendall(one: list[float], other: list[float]) -> float:
    """Kendall's tau-b of two rankings."""
    left, right = (np.sign(np.subtract.outer(values, values)) for values in (np.array(one), np.array(other)))
    pairs_told_apart = (left**2).sum() * (right**2).sum()
    return float((left * right).sum() / np.sqrt(pairs_told_apart)) if pairs_told_apart else float("nan")


def logistic(
    features: NDArray[np.float64],
    positive: NDArray[np.bool_],
    ridge: float = 1.0,
    weights: NDArray[np.float64] | None = None,
    offset: NDArray[np.float64] | float = 0.0,
) -> NDArray[np.float64]:
    """Weights (the intercept last) of a logistic regression, by Newton's method; the intercept is not shrunk.

    ``offset`` is a part of each row's log-odds that is given and not fitted.
    """
    design = np.column_stack([features, np.ones(len(features))])
    penalty = np.diag([ridge] * features.shape[1] + [1e-9])
    share = np.ones(len(features)) if weights is None else weights
    found = np.zeros(design.shape[1])
    for _ in range(60):
        chance = 1 / (1 + np.exp(-np.clip(design @ found + offset, -35, 35)))
        gradient = design.T @ (share * (chance - positive)) + penalty @ found
        curvature = (design * (share * chance * (1 - chance))[:, None]).T @ design + penalty
        step = np.linalg.solve(curvature, gradient)
        found -= step
        if np.abs(step).max() < 1e-8:
            break
    return found


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
