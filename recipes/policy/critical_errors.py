"""AUC of each score, and of their combination, against people's critical errors (WMT, en-ja).

    python -m recipes.policy.critical_errors

7,658 machine translations of comments and encyclopaedia text, in which three people each looked for a
critical error; ERR is their majority. Back-translations come from the embedded engine, which is small and
trained on short questions, so that these numbers are a lower bound. With the extra ``similarity`` that
scorer is measured, too, and the combination has it. The combination is a logistic
regression over all scores, five-fold cross-validated; the interval is a bootstrap over rows.
"""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from recipes.policy.common import auc, critical_errors, logistic, pairs, scores, table, translate, votes

SCORERS = (
    "script",
    "langid",
    "copy",
    "length",
    "repetition",
    "loops",
    "spans",
    "artefacts",
    "numerals",
    "chrf",
    "chrfpp",
    "bleu",
    "content",
    "agreement",
    *(["similarity"] if find_spec("sentence_transformers") else []),
)
GOOD = {"copy": -1, "repetition": -1, "loops": -1, "spans": -1, "artefacts": -1}
FOLDS, DRAWS, SEED = 5, 200, 11


def features() -> tuple[list[str], NDArray[np.float64]]:
    """Names and values of the scores, high for good; ``length`` as its distance from 0."""
    task = critical_errors()
    back = translate(task.translation, "ja", "en")
    measured = scores(pairs(task.source, list(task.translation), back), "ja", {name: {} for name in SCORERS})
    names = [name for name in measured.column_names[2:] if name != "langid_label"]
    columns = [np.array(measured[name].to_pylist(), dtype=float) * GOOD.get(name, 1) for name in names]
    columns = [-np.abs(one) if name == "length" else one for name, one in zip(names, columns, strict=True)]
    return names, np.column_stack([np.where(np.isnan(one), np.nanmedian(one), one) for one in columns])


def cross_validated(values: NDArray[np.float64], wrong: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The regression's log-odds of an error in each row, from the folds that the row is not in."""
    fold = np.random.default_rng(SEED).permutation(len(wrong)) % FOLDS
    found = np.zeros(len(wrong))
    for held_out in range(FOLDS):
        train = fold != held_out
        mean, spread = values[train].mean(axis=0), values[train].std(axis=0) + 1e-9
        scaled = np.clip((values - mean) / spread, -4, 4)
        weights = logistic(scaled[train], wrong[train], ridge=10.0)
        found[~train] = scaled[~train] @ weights[:-1] + weights[-1]
    return found


def interval(values: NDArray[np.float64], wrong: NDArray[np.bool_]) -> str:
    """AUC and its 95 % bootstrap interval."""
    chance = np.random.default_rng(SEED)
    draws = [chance.integers(0, len(wrong), len(wrong)) for _ in range(DRAWS)]
    low, high = np.quantile([auc(values[draw], wrong[draw]) for draw in draws], [0.025, 0.975])
    return f"{auc(values, wrong):.3f} ({low:.3f}-{high:.3f})"


def main() -> None:
    """Print the table."""
    names, values = features()
    wrong, found = critical_errors().wrong, votes()
    clear = (found == 0) | (found == 3)
    columns = {name: -values[:, place] for place, name in enumerate(names)}
    columns["all, logistic"] = cross_validated(values, wrong)
    rows = [
        [name, interval(column, wrong), f"{auc(column[clear], found[clear] == 3):.3f}"]
        for name, column in columns.items()
    ]
    rows.sort(key=lambda row: row[1], reverse=True)
    print(
        f"{len(wrong):,} rows, {wrong.sum():,} ERR; unanimous {clear.sum():,}, {(found == 3).sum():,} ERR\n"
    )
    print(table(["score", "AUC, majority", "AUC, unanimous"], rows))


if __name__ == "__main__":
    main()
