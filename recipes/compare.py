"""One table for all systems, from what their recipes recorded on the same release.

    python -m recipes.compare --readme recipes/README.md      what the files open.yaml of the recipes ran
    python -m recipes.compare --runs runs/mine               other runs, in folders of the same names

Reads ``results.jsonl`` of ``cvil``, ``mla``, ``rc3`` and ``vlm`` in the folder of the runs, and counts the
training questions of its ``releases``. Accuracies are official ones over the validation questions that the
release keeps: of English labels, and for the generative model, which says words of the language, of these.
Systems can be held against each other where all were asked as many questions (a column says how many): then
their settings name the same release. *Seen* are questions whose text stands in the training questions.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pyarrow import parquet

from recipes.lib import results
from recipes.lib.command import finish, parser
from recipes.lib.results import NONE, Record, Summary

LANGUAGES = ("en", "ja", "hi")
RUNS = ("cvil", "mla", "rc3", "vlm")


class System(NamedTuple):
    """A line of the table.

    Attributes:
        title: of the line.
        run: whose results.
        data: what of the target language it was trained on.
        rows: language -> the conditions on its runs.
        learned: which training questions it reads in that language: none, those that the release ``kept``, or
            ``all``.
        trained: the field that counts trained parameters.
    """

    title: str
    run: str
    data: str
    rows: Mapping[str, Mapping[str, Any]]
    learned: str = ""
    trained: str = "parameters"


def _cvil(row: str, share: float) -> dict[str, dict[str, Any]]:
    return {
        language: {"row": row, "share": share, "setting": "release", "language": language}
        for language in ("ja", "hi")
    }


def _rc3(setting: str, languages: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    where = {"row": "weak data, regularised", "task": "vqa", "setting": setting}
    return {language: {**where, "language": language} for language in languages}


def _vlm(row: str, languages: tuple[str, ...] = LANGUAGES) -> dict[str, dict[str, Any]]:
    return {language: {"row": row, "language": language} for language in languages}


SYSTEMS = (
    System(
        "English model (teacher of cViL)",
        "cvil",
        "nothing",
        {"en": _cvil("teacher, in English", 0.0)["ja"], **_cvil("zero-shot", 0.0)},
    ),
    System("translate-test", "cvil", "nothing; translates when asked", _cvil("translate-test", 0.0)),
    System(
        "translate-train: student without distillation",
        "cvil",
        "questions and answers",
        _cvil("without distillation", 1.0),
        "kept",
    ),
    System(
        "English model, fine-tuned",
        "cvil",
        "questions and answers",
        _cvil("the English model, fine-tuned", 1.0),
        "kept",
    ),
    System(
        "distillation of answers, no labels",
        "cvil",
        "questions",
        _cvil("answers instead of states", 0.0),
        "kept",
    ),
    System("cViL, no labels", "cvil", "questions", _cvil("distilled", 0.0), "kept"),
    System("cViL", "cvil", "questions and answers", _cvil("distilled", 1.0), "kept"),
    System(
        "MLA-VQA",
        "mla",
        "questions; parallel sentences",
        {language: {"row": "MLA-VQA", "setting": "release", "language": language} for language in LANGUAGES},
        "kept",
        "trained",
    ),
    System(
        "RC3, regularised, zero-shot",
        "rc3",
        "questions, translated without error; parallel and weakly aligned sentences",
        _rc3("zero-shot", LANGUAGES),
        "all",
    ),
    System(
        "RC3, regularised, few-shot",
        "rc3",
        "the same, and questions and answers about 30 pictures",
        _rc3("few-shot", ("ja", "hi")),
        "all",
    ),
    System("generative, zero-shot", "vlm", "nothing", _vlm("zero-shot"), trained="trained"),
    System(
        "generative, translate-test",
        "vlm",
        "nothing; translates when asked",
        _vlm("translate-test", ("ja", "hi")),
        trained="trained",
    ),
    System("generative, LoRA, en", "vlm", "nothing", _vlm("LoRA, en"), trained="trained"),
    System(
        "generative, LoRA, ja, hi and en",
        "vlm",
        "questions and answers",
        _vlm("LoRA, ja, hi and en"),
        "kept",
        "trained",
    ),
    System(
        "generative, LoRA, ja, hi and en, three passes, rate 0.001",
        "vlm",
        "questions and answers",
        _vlm("LoRA, ja, hi and en, three passes, rate 0.001"),
        "kept",
        "trained",
    ),
)
ASKED = [language for language in LANGUAGES if language != "en"]
HEAD = [
    "system",
    *(title for language in LANGUAGES for title in (language, f"{language}, seen / unseen texts")),
    f"questions asked, {' / '.join(ASKED)}",
    "of the language it learns from",
    f"training questions, {' / '.join(ASKED)}",
    "trained parameters",
    "seconds",
    "questions a second",
    "seeds",
]


def table(runs: Mapping[str, list[Record]], learned: Mapping[str, tuple[int, int]] | None = None) -> str:
    """The Markdown table; what was not run is a dash.

    Args:
        runs: name -> its records.
        learned: language -> how many training questions its release keeps, and has in all.
    """
    numbers = 2 * len(LANGUAGES) + 1
    lines = [f"| {' | '.join(HEAD)} |", f"|---|{'---:|' * numbers}---|{'---:|' * 5}"]
    lines += [_line(system, runs.get(system.run, []), learned or {}) for system in SYSTEMS]
    return "\n".join(lines) + "\n"


def _line(system: System, records: list[Record], learned: Mapping[str, tuple[int, int]]) -> str:
    def found(language: str, field: str) -> Summary | None:
        where = system.rows.get(language)
        return results.summary(records, field, **where) if where else None

    seeds = max(
        (len(each.seeds) for language in LANGUAGES if (each := found(language, "accuracy"))), default=0
    )
    cells = [system.title]
    for language in LANGUAGES:
        every, *parts = (found(language, f"accuracy{group}") for group in ("", "_seen", "_unseen"))
        cells.append(every.text(expected=seeds) if every else NONE)
        cells.append(_joined(each.text() if each else None for each in parts))
    first = next(iter(system.rows))
    trained, seconds = found(first, system.trained), found(first, "seconds")
    speed = _speed(records, system.rows)
    number = ("kept", "all").index(system.learned) if system.learned else None
    return "| " + " | ".join(
        [
            *cells,
            _joined(
                f"{asked.mean:,.0f}" if (asked := found(language, "questions")) else None
                for language in ASKED
            ),
            system.data,
            _joined(
                f"{learned[language][number]:,}" if number is not None and language in learned else None
                for language in ASKED
            ),
            *(f"{each.mean:,.0f}" if each else NONE for each in (trained, seconds)),
            f"{speed:,.0f}" if speed else NONE,
            f"{seeds} |",
        ]
    )


def _joined(cells: Iterable[str | None]) -> str:
    known = [each or NONE for each in cells]
    return NONE if set(known) == {NONE} else " / ".join(known)


def training_questions(releases: Path) -> dict[str, tuple[int, int]]:
    """Language -> training questions that its release (``NAME-LANGUAGE``) keeps, and has in all."""
    found = {}
    for language in ASKED:
        kept, rejected = (
            sum(
                parquet.read_metadata(file).num_rows for file in releases.glob(f"*-{language}/{part}/train-*")
            )
            for part in ("data", "rejected")
        )
        if kept:
            found[language] = kept, kept + rejected
    return found


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
    made.add_argument("--runs", type=Path, default=Path("runs/open"), help="the folder of the runs")
    made.add_argument("--readme", type=Path, help="write the table there, between its markers")
    return finish(_compare, made)


def _compare(args: argparse.Namespace) -> None:
    paths = {name: args.runs / name / "results.jsonl" for name in RUNS}
    made = table(
        {name: results.read(path) for name, path in paths.items() if path.exists()},
        training_questions(args.runs / "releases"),
    )
    if args.readme:
        results.write_into(args.readme, "systems", made)
    else:
        print(made)


if __name__ == "__main__":
    raise SystemExit(main())
