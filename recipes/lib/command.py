"""The command lines of the recipes: the arguments that they share, and errors as people read them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from recipes.lib.config import check_rows, of_row, read
from vqa_builder.errors import SpecError, VQABuilderError


def parser(description: str | None, *, settings: bool = True, **own: Any) -> argparse.ArgumentParser:
    """A command line whose help is a module's docstring.

    Args:
        description: the docstring.
        settings: it takes a YAML file and ``--set``.
        **own: for ``ArgumentParser``.
    """
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter, **own
    )
    if settings:
        made.add_argument("settings", type=Path, help="a YAML file such as small.yaml of the recipe")
        made.add_argument(
            "--set", action="append", default=[], metavar="NAME=VALUE", help="replace a setting"
        )
    return made


def run_parser(description: str | None) -> argparse.ArgumentParser:
    """The command line of one run of a table."""
    made = parser(description)
    made.add_argument("--row", help="of the table; the first if not given")
    made.add_argument("--seed", type=whole(0))
    return made


def table_parser(description: str | None, *, readme: bool = True) -> argparse.ArgumentParser:
    """The command line of a table of rows and seeds."""
    made = parser(description)
    made.add_argument("--row", action="append", default=[], help="this row alone; may be given again")
    made.add_argument("--seed", action="append", type=whole(0), default=[], help="this seed alone; likewise")
    made.add_argument("--workers", type=whole(1), default=2, help="rows side by side")
    made.add_argument("--threads", type=whole(1), default=1, help="per worker")
    if readme:
        made.add_argument("--readme", type=Path, help="write the table there, between its markers")
        made.add_argument("--show", action="store_true", help="run nothing, show what there is")
    return made


def read_table(args: argparse.Namespace) -> dict[str, Any]:
    """The YAML of a table, whose rows that keep their own values are named on stderr.

    Raises:
        SpecError: it cannot be read, or lacks rows, seeds or a folder.
    """
    content = read(args.settings, args.set)
    check_rows(content, args.row, args.set, args.settings)
    seeds = content.setdefault("seeds", [content.get("seed", 0)])
    good = isinstance(seeds, list) and seeds and all(type(each) is int and each >= 0 for each in seeds)
    for name, right, expected in (
        ("seeds", good, "numbers from 0 on, as [0, 1, 2]"),
        ("out", isinstance(content.get("out"), str), "the folder of all runs"),
    ):
        if not right:
            found = content.get(name, "none")
            where = f"{args.settings}: {name}"
            raise SpecError("The settings are no table's", where=where, expected=expected, found=found)
    return content


def row_by_seed(content: dict[str, Any], args: argparse.Namespace) -> tuple[list[Any], list[Any]]:
    """The settings of the first row for every seed, which makes what its others need, and of all others."""
    rows, seeds = args.row or list(content["rows"]), args.seed or content["seeds"]
    first = [of_row(content, row, seed) for row in rows[:1] for seed in seeds]
    return first, [of_row(content, row, seed) for seed in seeds for row in rows[1:]]


def whole(least: int) -> Callable[[str], int]:
    """The type of an argument that is a whole number, and not below the least.

    >>> whole(1)("3")
    3
    """

    def read_number(text: str) -> int:
        if not text.lstrip("-").isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"expected a whole number from {least} on, found {text!r}")
        return int(text)

    return read_number


def finish(
    work: Callable[[argparse.Namespace], None],
    made: argparse.ArgumentParser,
    arguments: Sequence[str] | None = None,
) -> int:
    """Parse and work; an error of the input is told on stderr, and its exit code is returned."""
    args = made.parse_args(arguments)
    try:
        work(args)
    except VQABuilderError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0
