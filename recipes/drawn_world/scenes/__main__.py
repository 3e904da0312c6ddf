"""``python -m recipes.drawn_world.scenes OUT --images 2000 --seed 0`` writes a world into a folder."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from recipes.drawn_world.scenes.write import QUESTIONS, write
from vqa_builder.errors import VQABuilderError


def main(arguments: list[str] | None = None) -> int:
    """Write a world; 0 when it is done, 2 when the arguments are wrong."""
    parser = argparse.ArgumentParser(prog="python -m recipes.drawn_world.scenes", description=__doc__)
    parser.add_argument("folder", type=Path, help="where to write; replaced if it is there")
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1, help="processes; the files do not depend on them")
    parser.add_argument("--questions", type=int, default=QUESTIONS, help="of a picture")
    parser.add_argument("--simple", action="store_true", help="ask the simple forms of questions alone")
    parser.add_argument(
        "--open", action="store_true", help="many wordings; some, and nouns, in validation alone"
    )
    args = parser.parse_args(arguments)
    start = time.monotonic()
    try:
        write(
            args.folder,
            images=args.images,
            seed=args.seed,
            workers=args.workers,
            questions=args.questions,
            simple=args.simple,
            open_world=args.open,
        )
    except VQABuilderError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    seconds = time.monotonic() - start
    print(f"{args.images} scenes in {args.folder}, {seconds:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
