"""All rows of the table of recipes/mla: every row x seed.

    python -m recipes.mla.table recipes/mla/small.yaml --readme recipes/mla/README.md
    python -m recipes.mla.table recipes/mla/small.yaml --row "transfer, exposure" --seed 0
    python -m recipes.mla.table recipes/mla/small.yaml --readme recipes/mla/README.md --show

A row is a name and the settings that it changes, under ``rows`` of the YAML; the seeds stand there too. What
a killed table has finished is not run again. Rows run side by side, one thread each.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from recipes.lib import results
from recipes.lib.config import check_rows
from recipes.lib.results import Column
from recipes.lib.side_by_side import side_by_side
from recipes.mla import config as settings
from vqa_builder.errors import VQABuilderError

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
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("settings", type=Path)
    parser.add_argument("--row", action="append", default=[], help="this row alone; may be given again")
    parser.add_argument("--seed", action="append", type=int, default=[], help="these seeds alone")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1, help="per worker")
    parser.add_argument("--readme", type=Path, help="write the table there, between its markers")
    parser.add_argument("--show", action="store_true", help="run nothing, show what there is")
    args = parser.parse_args()
    try:
        content = settings.read(args.settings, args.set)
        check_rows(content, args.row, args.set, args.settings)
        rows, seeds = args.row or list(content["rows"]), args.seed or content["seeds"]
        # The first row of every seed comes first: it makes the frozen model that all others of the seed need.
        plan = [settings.of_row(content, row, seed) for row in rows[:1] for seed in seeds]
        plan += [settings.of_row(content, row, seed) for seed in seeds for row in rows[1:]]
        if not args.show:
            side_by_side(work, [(each,) for each in plan], workers=args.workers, threads=args.threads)
        table = markdown(Path(content["out"]) / "results.jsonl", list(content["rows"]), len(content["seeds"]))
        print(table)
        if args.readme:
            results.write_into(args.readme, "mla", table)
    except VQABuilderError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
