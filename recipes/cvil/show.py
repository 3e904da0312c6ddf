"""The tables of recipes/cvil from what was run: ``python -m recipes.cvil.show recipes/cvil/small.yaml``.

With ``--readme`` they go between the markers of the README, with ``--table`` one of them alone, with
``--plots`` the plots go into a folder: learning curves, accuracy by kind of answer, and how labels whose
translations merged are confused.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from recipes.cvil import config as settings
from recipes.cvil.train import prediction_file
from recipes.lib import results
from recipes.lib.command import finish, parser
from recipes.lib.evaluate import score
from recipes.lib.results import Column, Record, Row
from vqa_builder.errors import UnknownNameError
from vqa_builder.metrics.references import load_references

SHARES = {1.0: "100 %", 0.1: "10 %", 0.01: "1 %", 0.0: "none"}
BASE = ["what the annotators allow", "teacher, in English", "translate-test", "zero-shot"]
STUDENTS = ["without distillation", "distilled"]
OTHER_STUDENTS = ("distilled, with", "the English model", "without distillation,", "answers instead")
BY_TYPE = {"translate-test": 0.0, "zero-shot": 0.0, "without distillation": 1.0, "distilled": 1.0}
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
    main = [row for row in rows if row in STUDENTS or row.startswith(OTHER_STUDENTS)]
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
        "held-out": _held_out(records, languages, seeds, content),
        "gains": _gains(records, languages, seeds),
        "ablations": results.table(
            records,
            [Row(row) for row in ("distilled", *ablations, *main[1:])],
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


def _held_out(records: list[Record], languages: list[str], seeds: int, content: dict[str, Any]) -> str:
    """All questions, those about pairs that training never shows, and those of seen and of unseen texts."""
    columns = [
        Column(f"{language}, {title}", field, {"language": language, "setting": "release"})
        for language in languages
        for field, title in (
            ("accuracy", "all"),
            ("accuracy_held out", "unseen pairs"),
            ("accuracy_seen", "seen texts"),
            ("accuracy_unseen", "unseen texts"),
        )
    ]
    rows = [Row(row, {"row": row, "share": 0.0}) for row in BASE[1:3]]
    for row, changes in content["rows"].items():
        own = (changes or {}).get("shares", content["shares"])
        if "text" not in (changes or {}):
            rows += [Row(row, {"row": row, "share": 1.0})] if 1.0 in own else []
            rows += [Row(f"{row}, no labels", {"row": row, "share": 0.0})] if 0.0 in own else []
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


def draw(records: list[Record], content: dict[str, Any], folder: Path) -> None:
    """The plots as SVG files; those of answers are of the first seed, with the labels of all questions."""
    from recipes.lib import plots

    languages = content["data"]["releases"]
    rows = [*STUDENTS, "translate-test", "zero-shot"]
    plots.learning_curves(folder / "learning_curves.svg", records, rows, list(languages), setting="release")
    for language, release in languages.items():
        files = {row: _first_predictions(content, release, language, row, BY_TYPE[row]) for row in BY_TYPE}
        found = {row: path for row, path in files.items() if path.exists()}
        if not found:
            continue
        references = load_references(release, "en", "validation")
        scores = {row: score(path, references, None, language=language) for row, path in found.items()}
        plots.answer_type_bars(folder / f"answer_types_{language}.svg", scores)
        if files["distilled"].exists():
            merged = plots.merged_confusion(files["distilled"], Path(release), "validation")
            plots.confusion_plot(folder / f"merged_answers_{language}.svg", merged)


def _first_predictions(content: dict[str, Any], release: str, language: str, row: str, share: float) -> Path:
    teacher = content.get("teacher_seed") if row in BASE else None
    seed = content["seeds"][0] if teacher is None else teacher
    fields = {"row": row, "language": language, "share": share, "seed": seed}
    return prediction_file(Path(content["out"]), release, fields)


def main() -> int:
    """The command line."""
    made = parser(__doc__)
    made.add_argument("--readme", type=Path, help="write the tables there, between their markers")
    made.add_argument(
        "--table", metavar="NAME=MARKERS", help="one table, and the markers that it goes between"
    )
    made.add_argument("--plots", type=Path, metavar="FOLDER", help="draw the plots there")
    return finish(_show, made)


def _show(args: argparse.Namespace) -> None:
    content = settings.read(args.settings, args.set)
    records = results.read(Path(content["out"]) / "results.jsonl")
    found = tables(records, content)
    if args.table:
        name, _, markers = args.table.partition("=")
        if name not in found:
            raise UnknownNameError("table", name, found, where="--table")
        found = {markers or name: found[name]}
    for name, table in found.items():
        if args.readme:
            results.write_into(args.readme, name, table)
        else:
            print(f"{name}\n\n{table}")
    if args.plots:
        draw(records, content, args.plots)


if __name__ == "__main__":
    raise SystemExit(main())
