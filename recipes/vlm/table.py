"""All rows of the table of recipes/vlm: every row x seed.

    python -m recipes.vlm.table recipes/vlm/small.yaml --readme recipes/vlm/README.md
    python -m recipes.vlm.table recipes/vlm/small.yaml --row "LoRA, ja" --seed 0

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
from recipes.lib.config import check_rows, of_row, read, validate
from recipes.lib.results import Column
from recipes.lib.side_by_side import side_by_side
from recipes.vlm.config import Config
from vqa_builder.errors import VQABuilderError

COLUMNS = [
    *(Column(language, "accuracy", {"language": language}) for language in ("en", "ja", "hi")),
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
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("settings", type=Path)
    parser.add_argument("--row", action="append", default=[], help="this row alone; may be given again")
    parser.add_argument("--seed", action="append", type=int, default=[], help="these seeds alone")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--readme", type=Path, help="write the table there, between its markers")
    parser.add_argument("--show", action="store_true", help="run nothing, show what there is")
    args = parser.parse_args()
    try:
        content = read(args.settings, args.set)
        check_rows(content, args.row, args.set, args.settings)
        rows, seeds = args.row or list(content["rows"]), args.seed or content["seeds"]
        # The first row of every seed comes first: it makes the English model that its others need.
        plan = [of_row(content, row, seed) for row in rows[:1] for seed in seeds]
        rest = [of_row(content, row, seed) for seed in seeds for row in rows[1:]]
        if not args.show:
            side_by_side(work, [(each,) for each in plan], workers=args.workers)
            side_by_side(work, [(each,) for each in rest], workers=args.workers)
        runs = results.read(Path(content["out"]) / "results.jsonl")
        table = results.table(
            runs, list(content["rows"]), COLUMNS, heading="row", seeds=len(content["seeds"])
        )
        print(table)
        if args.readme:
            results.write_into(args.readme, "vlm", table)
    except VQABuilderError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
