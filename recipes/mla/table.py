"""All rows of the table of recipes/mla: every row x seed.

    python -m recipes.mla.table recipes/mla/small.yaml --readme recipes/mla/README.md
    python -m recipes.mla.table recipes/mla/small.yaml --row "transfer, exposure" --seed 0
    python -m recipes.mla.table recipes/mla/small.yaml --readme recipes/mla/README.md --show

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
from recipes.lib.results import Column
from recipes.lib.side_by_side import side_by_side
from recipes.mla import config as settings

COLUMNS = [
    Column("en AR", "average_recall", {"language": "en"}),
    Column("ja AR", "average_recall", {"language": "ja"}),
    Column("hi AR", "average_recall", {"language": "hi"}),
    Column("ja / en, %", "of_english", {"language": "ja"}),
    Column("hi / en, %", "of_english", {"language": "hi"}),
    Column("English to the bit", "to_the_bit", {"language": "en"}, decimals=0),
    Column("trained, %", "trained_share", {"language": "en"}),
    Column("pairs seen", "pairs", {"language": "en"}, decimals=0),
    Column("seconds", "seconds", {"language": "en"}, decimals=0),
]


def work(content: dict[str, Any]) -> str:
    """Do one row for one seed, in a process of its own; gives a line for people."""
    from recipes.mla import train

    start = time.perf_counter()
    config = settings.validate(settings.Config, {**content, "quiet": True}, Path("rows"))
    *_, lines = train.run(config)
    found = ", ".join(f"{line['language']} {line['average_recall']:.1f}" for line in lines)
    return f"{config.row}, seed {config.seed}: {found}; {time.perf_counter() - start:.0f} s"


def markdown(path: Path, rows: list[str], seeds: int | None = None) -> str:
    """The table of all runs in a file of results; cells of another number of seeds say theirs."""
    runs = [each for each in results.read(path) if "average_recall" in each]
    return results.table(runs, rows, COLUMNS, heading="row", seeds=seeds)


def main() -> int:
    """The command line."""
    return finish(_table, table_parser(__doc__))


def _table(args: argparse.Namespace) -> None:
    content = read_table(args)
    if not args.show:
        first, rest = row_by_seed(content, args)
        for each in first + rest:
            settings.validate(settings.Config, each, args.settings)
        side_by_side(work, [(each,) for each in first + rest], workers=args.workers, threads=args.threads)
    table = markdown(Path(content["out"]) / "results.jsonl", list(content["rows"]), len(content["seeds"]))
    print(table)
    if args.readme:
        results.write_into(args.readme, "mla", table)


if __name__ == "__main__":
    raise SystemExit(main())
