"""The result table: every row with every seed, pre-trained once and fine-tuned on all tasks.

    python -m recipes.drawn_world.prepare runs/simple --images 9000 --simple        once, for all recipes
    python -m recipes.rc3.table recipes/rc3/small.yaml                              everything
    python -m recipes.rc3.table recipes/rc3/small.yaml --row "no weak data" --seed 0
    python -m recipes.rc3.table recipes/rc3/small.yaml --readme recipes/rc3/README.md --show

A row is a name and the settings that it changes, under ``rows`` of the YAML, as are the seeds. What a
killed table has finished is not run again. Rows run side by side, one thread each.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from recipes.lib import results
from recipes.lib.command import finish, read_table, table_parser
from recipes.lib.config import merged, validate
from recipes.lib.results import Column
from recipes.lib.side_by_side import side_by_side
from recipes.lib.wordings import wording_columns
from recipes.rc3.config import Config
from vqa_builder.errors import UnknownNameError

TASKS = {
    "vqa": "VQA",
    "two_images": "two images",
    "entailment": "entailment",
    "captions": "captions",
    "wit": "WIT",
}
TABLES = {"zero-shot": ("en", "ja", "hi"), "few-shot": ("ja", "hi")}


def jobs(content: Mapping[str, Any], rows: Sequence[str], seeds: Sequence[int]) -> list[tuple[str, Config]]:
    """The settings of every row with every seed, each in a folder of its own.

    Args:
        content: of the YAML, ``rows`` and ``seeds`` included.
        rows: these alone; all, if none.
        seeds: these alone; those of the YAML, if none.

    Raises:
        UnknownNameError: no such row.
        SpecError: a row's settings are wrong.
    """
    plan = dict(content)
    known, usual = plan.pop("rows"), plan.pop("seeds")
    for row in rows:
        if row not in known:
            raise UnknownNameError("row", row, known)
    out = Path(plan["out"])
    found = []
    for seed in seeds or usual:
        for row in rows or known:
            folder = out / f"{re.sub(r'[^a-z]+', '-', row)}-{seed}"
            own = {"seed": seed, "out": str(folder), "shared": str(out / "shared")}
            found.append((row, validate(Config, merged({**plan, **own}, known[row] or {}), f"rows: {row}")))
    return found


def work(row: str, config: Config, path: Path) -> str:
    """Pre-train and fine-tune one row, in a process of its own; gives a line for people."""
    from recipes.rc3.finetune import finetune
    from recipes.rc3.pretrain import pretrain

    start = time.perf_counter()
    pretrain(config)
    pretrained = time.perf_counter()
    finetune(config, row=row, path=path)
    seconds = time.perf_counter() - pretrained
    return f"{row}, seed {config.seed}: pre-training {pretrained - start:.0f} s, tasks {seconds:.0f} s"


def tables(path: Path, rows: Sequence[str], seeds: int) -> dict[str, str]:
    """Setting -> a Markdown table of scores over the seeds: accuracy, or R@1, in per cent."""
    records = results.read(path)
    found = {}
    for setting, languages in TABLES.items():
        columns = [
            Column(f"{title} {language}", "score", {"task": task, "language": language, "setting": setting})
            for task, title in TASKS.items()
            for language in languages
        ]
        columns += [
            Column(f"VQA {each.title} texts", each.value, {**each.where, "task": "vqa", "setting": setting})
            for each in wording_columns("ja", "hi")
        ]
        found[setting] = results.table(records, list(rows), columns, seeds=seeds)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    return finish(_table, table_parser(__doc__), arguments)


def _table(args: argparse.Namespace) -> None:
    content = read_table(args)
    path = Path(content["out"]) / "results.jsonl"
    if not args.show:
        _run(jobs(content, args.row, args.seed), path, args)
    for name, table in tables(path, list(content["rows"]), len(content["seeds"])).items():
        print(f"\n{name}\n\n{table}")
        if args.readme:
            results.write_into(args.readme, name, table)


def _run(plan: list[tuple[str, Config]], path: Path, args: argparse.Namespace) -> None:
    from recipes.rc3.pretrain import prepare_shared

    first = plan[0][1]
    prepare_shared(first)
    jobs_of_table = [(row, config, path) for row, config in plan]
    side_by_side(work, jobs_of_table, workers=args.workers, threads=first.threads or args.threads)


if __name__ == "__main__":
    raise SystemExit(main())
