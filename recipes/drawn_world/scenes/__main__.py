"""``python -m recipes.drawn_world.scenes OUT --images 2000 --seed 0`` writes a world into a folder.

With ``--count`` nothing is drawn: it says how many questions such a world has, and how many distinct ones.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from recipes.drawn_world.scenes.write import QUESTIONS, count, write
from vqa_builder.errors import VQABuilderError


def main(arguments: list[str] | None = None) -> int:
    """Write a world; 0 when it is done, 2 when the arguments are wrong."""
    parser = argparse.ArgumentParser(prog="python -m recipes.drawn_world.scenes", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="where to write; replaced if it is there")
    parser.add_argument("--count", action="store_true", help="draw nothing; count the questions")
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1, help="processes; the files do not depend on them")
    parser.add_argument("--questions", type=int, default=QUESTIONS, help="of a picture")
    parser.add_argument("--simple", action="store_true", help="ask the simple forms of questions alone")
    parser.add_argument(
        "--open", action="store_true", help="many wordings; some, and nouns, in validation alone"
    )
    args = parser.parse_args(arguments)
    if args.count == bool(args.folder):
        parser.error("give a folder to write into, or --count")
    start = time.monotonic()
    asked: dict[str, Any] = {
        "images": args.images,
        "seed": args.seed,
        "questions": args.questions,
        "simple": args.simple,
        "open_world": args.open,
    }
    if args.count:
        print(*(f"{number:>9,}  {what}" for what, number in count(**asked).items()), sep="\n")
        return 0
    try:
        write(args.folder, workers=args.workers, **asked)
    except VQABuilderError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    seconds = time.monotonic() - start
    print(f"{args.images} scenes in {args.folder}, {seconds:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
