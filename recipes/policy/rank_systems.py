"""Do our reference-free scores rank translation systems as BLEU and COMET, which see references, do?

    python -m recipes.policy.rank_systems

FLORES-101 dev (997 sentences) through the systems of mozilla/firefox-translations-models, with their
published BLEU and COMET; six systems per direction. Kendall's tau-b of the systems' mean scores.
Back-translations come from the embedded engine, which was trained on short questions and hardly understands
news. "surface" is the share of sentences that the balanced preset keeps without the rules that need a
back-translation; "all" is the mean of the ranks by every score in the table. With six systems one swapped
pair costs 0.13, and chance gives |tau| >= 0.73 in 6 of 100 cases.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from recipes.policy.common import SHARED, kendall, lines, pairs, scores, table, translate
from vqa_builder.quality.policy_config import policy_for
from vqa_builder.quality.what_if import what_if

SCORERS = (
    "script",
    "length",
    "repetition",
    "loops",
    "spans",
    "artefacts",
    "langid",
    "numerals",
    "chrf",
    "chrfpp",
    "bleu",
    "content",
    "agreement",
)
FROM_ENGLISH_ONLY = ("length", "spans", "numerals", "bleu", "content", "agreement")
FROM_BACK_TRANSLATION = ("chrf", "content", "agreement")
LOW_IS_GOOD = ("repetition", "loops", "spans", "artefacts")


def means(direction: str, system: str) -> dict[str, float]:
    """Score -> the system's mean, high for good."""
    source, target = direction.split("-")
    given = lines(f"mt_outputs_flores/{direction}/flores-dev.{source}")
    made = lines(f"mt_outputs_flores/{direction}/flores-dev.{system}.{target}")
    back = translate(made, target, source)
    names = [name for name in SCORERS if source == "en" or name not in FROM_ENGLISH_ONLY]
    measured = scores(pairs(given, list(made), back), target, {name: {} for name in names})
    found = {name: np.array(measured[name].to_pylist(), dtype=float) for name in names}
    named = [name for name in names if name not in FROM_BACK_TRANSLATION]
    surface = what_if(
        measured.select(["segment_id"]).append_column("role", pa.array(["question"] * len(given))),
        measured,
        {"surface": policy_for(target, "balanced", named)},
    )
    if "length" in found:
        found["length"] = -np.abs(found["length"])
    kept = {"surface": surface["kept"][0].as_py() / len(given)}
    return kept | {
        name: (-1 if name in LOW_IS_GOOD else 1) * float(np.nanmean(one)) for name, one in found.items()
    }


def report(direction: str) -> list[list[str]]:
    """Rows of the table: one score each."""
    folder = SHARED / "mt_outputs_flores" / direction
    systems = sorted(path.name.split(".")[1] for path in folder.glob("*.bleu"))
    by_score = [means(direction, system) for system in systems]
    target = direction.split("-")[1]
    golds = {
        gold: [float((folder / f"flores-dev.{system}.{target}.{gold}").read_text()) for system in systems]
        for gold in ("bleu", "comet")
    }
    columns = {name: [one[name] for one in by_score] for name in by_score[0]}
    ranks = [np.argsort(np.argsort(values)) for values in columns.values()]
    columns["all"] = list(np.mean(ranks, axis=0))
    rows = [
        [direction, name, *(f"{kendall(values, gold):.2f}" for gold in golds.values())]
        for name, values in columns.items()
    ]
    return [[direction, "(BLEU and COMET)", *[f"{kendall(golds['bleu'], golds['comet']):.2f}"] * 2], *rows]


def main() -> None:
    """Print the table."""
    rows = [row for direction in ("en-ja", "en-hi", "ja-en", "hi-en") for row in report(direction)]
    print(table(["direction", "score", "tau with BLEU", "tau with COMET"], rows))


if __name__ == "__main__":
    main()
