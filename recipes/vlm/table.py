"""All rows of the table of recipes/vlm: every row x seed.

    python -m recipes.vlm.table recipes/vlm/small.yaml --readme recipes/vlm/README.md
    python -m recipes.vlm.table recipes/vlm/small.yaml --row "LoRA, ja" --seed 0

A row is a name and the settings that it changes, under ``rows`` of the YAML; the seeds stand there too. What
a killed table has finished is not run again. Rows run side by side, one thread each.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from recipes.lib import results
from recipes.lib.command import finish, read_table, row_by_seed, table_parser
from recipes.lib.config import validate
from recipes.lib.results import Column
from recipes.lib.side_by_side import side_by_side
from recipes.lib.wordings import wording_columns
from recipes.vlm.config import Config

COLUMNS = [
    *(Column(language, "accuracy", {"language": language}) for language in ("en", "ja", "hi")),
    *wording_columns("en", "ja", "hi"),
    Column("trained parameters", "trained", {"language": "ja"}, decimals=0),
    Column("seconds", "seconds", {"language": "ja"}, decimals=0),
]


def work(content: dict[str, Any]) -> str:
    """Do one row for one seed, in a process of its own; gives a line for people."""
    from recipes.vlm import train

    start = time.perf_counter()
    config = validate(Config, {**content, "quiet": True}, Path("rows"))
    found = ", ".join(f"{line['language']} {line['accuracy']:.1f}" for line in train.run(config))
    return f"{config.row}, seed {config.seed}: {found}; {time.perf_counter() - start:.0f} s"


def main() -> int:
    """The command line."""
    return finish(_table, table_parser(__doc__))


def _table(args: argparse.Namespace) -> None:
    content = read_table(args)
    for plan in () if args.show else row_by_seed(content, args):
        side_by_side(work, [(each,) for each in plan], workers=args.workers, threads=args.threads)
    runs = results.read(Path(content["out"]) / "results.jsonl")
    table = results.table(runs, list(content["rows"]), COLUMNS, heading="row", seeds=len(content["seeds"]))
    print(table)
    if args.readme:
        results.write_into(args.readme, "vlm", table)


if __name__ == "__main__":
    raise SystemExit(main())
