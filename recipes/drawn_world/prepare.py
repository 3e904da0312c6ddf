"""Everything that the small setting of the recipes learns from, in one folder and by one command.

    python -m recipes.drawn_world.prepare runs/scenes

It draws the scenes world (``world/``), extracts its features (``features/``), has vqa_builder translate its
questions into releases with all the noise of translation (``releases/``), and builds the same releases once
more from the world's own, noise-free translations (``clean/``), taken into a translation memory as the work
of people. What is there already is not made again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from recipes.drawn_world.scenes.write import write as write_world
from recipes.lib.command import finish, parser
from vqa_builder import build, load_spec
from vqa_builder.store import write_text
from vqa_builder.translation.memory import Entry, TranslationMemory

AUTHOR = "the grammar of the scenes"


def prepare(
    folder: Path,
    *,
    images: int = 2000,
    seed: int = 0,
    simple: bool = False,
    open_world: bool = False,
    workers: int = 2,
) -> None:
    """Make what is missing of a world, its features, its releases and its clean releases.

    Args:
        folder: for all of them.
        images: of the world.
        seed: of the world and of the features.
        simple: ask the simple forms of questions alone, which small models can learn.
        open_world: ask in many wordings, and keep wordings, nouns and pairs for validation.
        workers: processes that draw; the result does not depend on them.

    Raises:
        VQABuilderError: something in the folder stands in the way.
    """
    world = folder / "world"
    if not (world / "build.yaml").exists():
        with said("pictures, questions and answers"):
            write_world(
                world, images=images, seed=seed, workers=workers, simple=simple, open_world=open_world
            )
    if not (folder / "features" / "features.json").exists():
        from recipes.drawn_world.features import extract_scenes

        with said("features"):
            extract_scenes(world, folder / "features", seed=seed)
    with said("releases, translated"):
        build(load_spec(world / "build.yaml"), folder / "releases")
    with said("releases without translation noise"):
        build(load_spec(write_clean_spec(world)), folder / "clean")


def write_clean_spec(world: Path) -> Path:
    """A spec beside the world's own: it translates by a memory of the grammar's texts, and keeps all."""
    spec: dict[str, Any] = yaml.safe_load((world / "build.yaml").read_text(encoding="utf-8"))
    memory = world / "clean.sqlite"
    with TranslationMemory(memory) as store:
        store.add(clean_entries(world, spec["languages"]))
    spec |= {"name": "scenes-clean", "memory": memory.name, "policy": {"rules": {"script": {"min": 0.0}}}}
    path = world / "clean.yaml"
    write_text(path, yaml.safe_dump(spec, sort_keys=False, allow_unicode=True))
    return path


def clean_entries(world: Path, languages: list[str]) -> Iterator[Entry]:
    """The grammar's translation of every question, as human-verified entries of a memory."""
    with (world / "clean_questions.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            question = json.loads(line)
            for language in languages:
                yield Entry("en", language, question["en"], question[language], "question", engine=AUTHOR)


@contextmanager
def said(what: str) -> Iterator[None]:
    """Say on stderr what was made, and how long it took."""
    start = time.monotonic()
    yield
    print(f"{what}: {time.monotonic() - start:.0f} s", file=sys.stderr)


def main() -> int:
    """The command line."""
    made = parser(__doc__, settings=False)
    made.add_argument("folder", type=Path)
    made.add_argument("--images", type=int, default=2000)
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--simple", action="store_true", help="ask the simple forms of questions alone")
    made.add_argument(
        "--open", action="store_true", help="many wordings; some, and nouns, in validation alone"
    )

    def work(args: argparse.Namespace) -> None:
        prepare(args.folder, images=args.images, seed=args.seed, simple=args.simple, open_world=args.open)

    return finish(work, made)


if __name__ == "__main__":
    raise SystemExit(main())
