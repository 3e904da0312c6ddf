"""All rows of the table of recipes/cvil: every row x language x seed x share of the labels.

    python -m recipes.cvil.table recipes/cvil/small.yaml                      everything
    python -m recipes.cvil.table recipes/cvil/small.yaml --row "no code-mixing" --seed 0

A row is a name and the settings that it changes, under ``rows`` of the YAML; the seeds and shares stand there
too. What a killed table has finished is not run again. Rows run side by side, one thread each.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from recipes.cvil import config as settings
from recipes.lib.command import finish, read_table, table_parser
from recipes.lib.side_by_side import side_by_side
from vqa_builder.errors import SpecError, UnknownNameError

TEACHER = "teacher"
Job = tuple[dict[str, Any], list[float]]


def jobs(
    content: dict[str, Any], rows: list[str], seeds: list[int], languages: list[str] | None = None
) -> list[Job]:
    """One job per row, language and seed, with the shares of labels that it goes through.

    Teachers come first, then the students that need none, so that no worker waits for a teacher.

    Raises:
        UnknownNameError: no such row.
    """
    plan = dict(content)
    known, shares = plan.pop("rows"), plan.pop("shares", [plan.get("labels", 1.0)])
    plan.pop("seeds", None)
    if not isinstance(shares, list):
        raise SpecError(
            "The shares of labels are no list", where="shares", expected="[1.0, 0.1]", found=shares
        )
    for row in rows:
        if row != TEACHER and row not in known:
            raise UnknownNameError("row", row, [TEACHER, *known])
    every = list(plan["data"]["releases"])
    found: list[Job] = []
    if not rows or TEACHER in rows:
        own = [plan["teacher_seed"]] if plan.get("teacher_seed") is not None else seeds
        found += [({**plan, "row": TEACHER, "language": every[0], "seed": seed}, []) for seed in own]
    for row, changes in known.items():
        if rows and row not in rows:
            continue
        changes = dict(changes or {})
        own = changes.pop("shares", shares)
        for seed in seeds:
            for language in languages or every:
                base = {**plan, "row": row, "language": language, "seed": seed}
                found.append((settings.merged(base, changes), own))
    return sorted(found, key=lambda job: (job[0]["row"] != TEACHER, job[0].get("distillation") is not None))


def work(job: Job) -> str:
    """Do one job, in a process of its own; gives a line for people."""
    from recipes.cvil import baselines, train
    from recipes.cvil.material import Material

    content, shares = job
    start = time.perf_counter()
    config = settings.validate(settings.Config, {**content, "quiet": True}, Path("rows"))
    if config.row == TEACHER:
        baselines.record_teacher(config)
        return f"{config.row}, seed {config.seed}: {time.perf_counter() - start:.0f} s"
    accuracies = []
    needed = config.distillation or config.from_teacher
    teacher = train.train_teacher(config)[0] if needed else None
    for share in shares:
        own = config.model_copy(update={"labels": share})
        material = Material(own)
        student, seconds = train.train_student(own, material, teacher)
        scores = train.record_scores(own, material, student, seconds)
        accuracies.append(f"{share:.0%} {scores[0].overall.value:.1f}")
    done = f"{config.row}, {config.language}, seed {config.seed}: {', '.join(accuracies)}"
    return f"{done}; {time.perf_counter() - start:.0f} s"


def main() -> int:
    """The command line."""
    made = table_parser(__doc__, readme=False)
    made.add_argument("--language", action="append", default=[], help="these languages alone")
    return finish(_table, made)


def _table(args: argparse.Namespace) -> None:
    content = read_table(args)
    tables = ("rows", "seeds", "shares")
    plain = {name: value for name, value in content.items() if name not in tables}
    settings.validate(settings.Config, plain, args.settings)
    plan = jobs(content, args.row, args.seed or content["seeds"], args.language)
    for changed, _ in plan:
        settings.validate(settings.Config, changed, f"{args.settings}: row {changed['row']}")
    side_by_side(work, [(job,) for job in plan], workers=args.workers, threads=args.threads)


if __name__ == "__main__":
    raise SystemExit(main())
