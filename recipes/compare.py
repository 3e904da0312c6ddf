"""One table for all systems, from what their recipes recorded on the same release.

    python -m recipes.compare --readme recipes/README.md
    python -m recipes.compare --runs runs/open               what the files open.yaml of the recipes ran

Reads ``results.jsonl`` of ``cvil``, ``mla``, ``rc3`` and ``vlm`` in the folder of the runs. Accuracies are
official ones over the validation questions that the release keeps: of English labels, and for the generative
model, which says words of the language, of these. Systems can be held against each other where all were asked
as many questions (a column says how many): then their settings name the same release.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from recipes.lib import results
from recipes.lib.command import finish, parser
from recipes.lib.results import NONE, Record

LANGUAGES = ("en", "ja", "hi")
RUNS = ("cvil", "mla", "rc3", "vlm")


class System(NamedTuple):
    """A line of the table.

    Attributes:
        title: of the line.
        run: whose results.
        data: what of the target language it was trained on.
        rows: language -> the conditions on its runs.
        trained: the field that counts trained parameters.
    """

    title: str
    run: str
    data: str
    rows: Mapping[str, Mapping[str, Any]]
    trained: str = "parameters"


def _cvil(row: str, share: float) -> dict[str, dict[str, Any]]:
    return {
        language: {"row": row, "share": share, "setting": "release", "language": language}
        for language in ("ja", "hi")
    }


def _vlm(row: str, languages: tuple[str, ...] = LANGUAGES) -> dict[str, dict[str, Any]]:
    return {language: {"row": row, "language": language} for language in languages}


SYSTEMS = (
    System(
        "English model (teacher of cViL)",
        "cvil",
        "none",
        {"en": _cvil("teacher, in English", 0.0)["ja"], **_cvil("zero-shot", 0.0)},
    ),
    System("translate-test", "cvil", "none; translates when asked", _cvil("translate-test", 0.0)),
    System(
        "translate-train: student without distillation",
        "cvil",
        "questions and answers",
        _cvil("without distillation", 1.0),
    ),
    System(
        "English model, fine-tuned",
        "cvil",
        "questions and answers",
        _cvil("the English model, fine-tuned", 1.0),
    ),
    System(
        "distillation of answers, no labels", "cvil", "questions", _cvil("answers instead of states", 0.0)
    ),
    System("cViL, no labels", "cvil", "questions", _cvil("distilled", 0.0)),
    System("cViL", "cvil", "questions and answers", _cvil("distilled", 1.0)),
    System(
        "MLA-VQA",
        "mla",
        "parallel sentences and questions",
        {language: {"row": "MLA-VQA", "setting": "release", "language": language} for language in LANGUAGES},
        "trained",
    ),
    System(
        "RC3, regularised, zero-shot",
        "rc3",
        "parallel and weakly aligned sentences, error-free translations of all training questions",
        {
            language: {
                "row": "weak data, regularised",
                "task": "vqa",
                "setting": "zero-shot",
                "language": language,
            }
            for language in LANGUAGES
        },
    ),
    System("generative, zero-shot", "vlm", "none", _vlm("zero-shot"), "trained"),
    System(
        "generative, translate-test",
        "vlm",
        "none; translates when asked",
        _vlm("translate-test", ("ja", "hi")),
        "trained",
    ),
    System("generative, LoRA, en", "vlm", "none", _vlm("LoRA, en"), "trained"),
    System(
        "generative, LoRA, ja, hi and en",
        "vlm",
        "questions and answers",
        _vlm("LoRA, ja, hi and en"),
        "trained",
    ),
)
WORDINGS = [(language, group) for language in ("ja", "hi") for group in ("seen", "unseen")]
HEAD = [
    "system",
    *LANGUAGES,
    *(f"{language}, {group} texts" for language, group in WORDINGS),
    "questions asked",
    "of the language it learns from",
    "trained parameters",
    "seconds",
    "questions a second",
    "seeds",
]


def table(runs: Mapping[str, list[Record]]) -> str:
    """The Markdown table; what was not run is a dash.

    Args:
        runs: name -> its records.
    """
    numbers = len(LANGUAGES) + len(WORDINGS) + 1
    lines = [f"| {' | '.join(HEAD)} |", f"|---|{'---:|' * numbers}---|{'---:|' * 4}"]
    for system in SYSTEMS:
        records = runs.get(system.run, [])
        scores = {
            language: results.summary(records, "accuracy", **where) for language, where in system.rows.items()
        }
        first = next(iter(system.rows.values()))
        trained = results.summary(records, system.trained, **first)
        seconds = results.summary(records, "seconds", **first)
        asked = results.summary(records, "questions", **system.rows.get("ja", first))
        found = [scores.get(language) for language in LANGUAGES]
        found += [
            results.summary(records, f"accuracy_{group}", **system.rows[language])
            for language, group in WORDINGS
        ]
        cells = [each.text() if each else NONE for each in found]
        cells.append(f"{asked.mean:,.0f}" if asked else NONE)
        seeds = max((len(score.seeds) for score in scores.values() if score), default=0)
        cells += [
            system.data,
            f"{trained.mean:,.0f}" if trained else NONE,
            f"{seconds.mean:,.0f}" if seconds else NONE,
            f"{speed:,.0f}" if (speed := _speed(records, system.rows)) else NONE,
            str(seeds),
        ]
        lines.append(f"| {system.title} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _speed(records: list[Record], rows: Mapping[str, Mapping[str, Any]]) -> float | None:
    """Questions answered in a second in the target languages, their translation included if they need it."""
    seconds = []
    for language, where in rows.items():
        answered = results.summary(records, "questions_per_second", **where)
        if answered and language != "en":
            translated = results.summary(records, "translations_per_second", **where)
            seconds.append(1 / answered.mean + (1 / translated.mean if translated else 0.0))
    return len(seconds) / sum(seconds) if seconds else None


def main() -> int:
    """The command line."""
    made = parser(__doc__, settings=False)
    made.add_argument("--runs", type=Path, default=Path("runs"), help="the folder of the runs")
    made.add_argument("--readme", type=Path, help="write the table there, between its markers")
    return finish(_compare, made)


def _compare(args: argparse.Namespace) -> None:
    paths = {name: args.runs / name / "results.jsonl" for name in RUNS}
    made = table({name: results.read(path) for name, path in paths.items() if path.exists()})
    if args.readme:
        results.write_into(args.readme, "systems", made)
    else:
        print(made)


if __name__ == "__main__":
    raise SystemExit(main())
