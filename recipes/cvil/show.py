"""The tables of recipes/cvil from what was run: ``python -m recipes.cvil.show recipes/cvil/small.yaml``.

With ``--readme`` they go between the markers of the README; the learning curves into a file with ``--plot``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from recipes.cvil import config as settings
from recipes.lib import results
from recipes.lib.results import Column, Record, Row
from vqa_builder.errors import VQABuilderError

SHARES = {1.0: "100 %", 0.1: "10 %", 0.01: "1 %", 0.0: "none"}
BASE = ["what the annotators allow", "teacher, in English", "translate-test", "zero-shot"]
STUDENTS = ["without distillation", "distilled"]
HELD_OUT = ["teacher, in English", "without distillation", "distilled"]
DATA_SHARE = 1.0
ABLATION_SHARE = 0.1


def tables(records: list[Record], content: dict[str, Any]) -> dict[str, str]:
    """The tables by the name of their markers.

    Args:
        records: of ``results.jsonl``.
        content: of the YAML file: its releases, rows and seeds.
    """
    languages = list(content["data"]["releases"])
    seeds = len(content["seeds"])
    rows = list(content["rows"])
    main = [row for row in rows if row in STUDENTS or row.startswith("distilled, with")]
    data = [row for row in rows if "text" in (content["rows"][row] or {})]
    ablations = [row for row in rows if row not in main and row not in data]
    return {
        "bounds": results.table(
            records,
            BASE,
            [_column(language, 0.0, title=language) for language in languages],
            seeds=seeds if content.get("teacher_seed") is None else 1,
        ),
        "students": results.table(
            records,
            main,
            [_column(language, share) for language in languages for share in SHARES],
            seeds=seeds,
            heading="labels of the language",
        ),
        "held-out": _held_out(records, languages, seeds),
        "gains": _gains(records, languages, seeds),
        "ablations": results.table(
            records,
            [Row(row) for row in ("distilled", *ablations, "without distillation")],
            [_column(language, ABLATION_SHARE) for language in languages],
            seeds=seeds,
        ),
        "data": results.table(
            records,
            ["distilled", *data],
            [
                _column(language, DATA_SHARE, setting=setting, title=f"{language}, {asked}")
                for language in languages
                for setting, asked in (("release", "asked by the release"), ("clean", "asked without noise"))
            ],
            seeds=seeds,
        ),
    }


def _held_out(records: list[Record], languages: list[str], seeds: int) -> str:
    """All questions beside those about pairs of kind and colour that training never shows."""
    columns = [
        Column(f"{language}, {title}", "accuracy", {"language": language, "setting": setting})
        for language in languages
        for setting, title in (("release", "all"), ("held out", "unseen pairs"))
    ]
    rows = [Row(row, {"row": row, "share": 0.0 if "teacher" in row else 1.0}) for row in HELD_OUT]
    return results.table(records, rows, columns, seeds=seeds)


def _column(language: str, share: float, *, setting: str = "release", title: str = "") -> Column:
    where = {"language": language, "share": share, "setting": setting}
    return Column(title or f"{language}, {SHARES[share]}", "accuracy", where)


def _gains(records: list[Record], languages: list[str], seeds: int) -> str:
    """Relative gain of distillation over the same student without it, per cent, seed by seed."""
    lines = ["| labels | " + " | ".join(languages) + " |", "|---|" + "---:|" * len(languages)]
    for share, title in SHARES.items():
        if not share:
            continue
        gains = [
            results.relative_gain(
                records,
                "accuracy",
                "distilled",
                "without distillation",
                language=language,
                share=share,
                setting="release",
            )
            for language in languages
        ]
        cells = [results.NONE if gain is None else f"+{gain.text(expected=seeds)}" for gain in gains]
        lines.append(f"| {title} | " + " | ".join(cell.replace("+-", "-") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def draw(records: list[Record], content: dict[str, Any], path: Path) -> None:
    """Accuracy over the share of labels, a panel per language."""
    from recipes.lib import plots

    rows = [*STUDENTS, "translate-test", "zero-shot"]
    plots.learning_curves(path, records, rows, list(content["data"]["releases"]), setting="release")


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("settings", type=Path)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--readme", type=Path, help="write the tables there, between their markers")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="the learning curves")
    given = parser.parse_args()
    try:
        content = settings.read(given.settings, given.set)
        records = results.read(Path(content["out"]) / "results.jsonl")
        for name, table in tables(records, content).items():
            if given.readme:
                results.write_into(given.readme, name, table)
            else:
                print(f"{name}\n\n{table}")
        if given.plot:
            draw(records, content, given.plot)
    except VQABuilderError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
