"""The commands of ``vqa-builder memory``: import, export, merge and stats."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vqa_builder.commands.options import Json, print_json, say
from vqa_builder.errors import StorageError

if TYPE_CHECKING:
    from vqa_builder.translation.memory import Added

MemoryPath = Annotated[Path, typer.Option("--memory", help="The memory's file.")]
DEFAULT_MEMORY = Path(".vqa-builder/memory.sqlite")


def import_(
    file: Annotated[Path, typer.Argument(help=".tmx, .jsonl or .parquet; the first two may end in .gz.")],
    memory: MemoryPath = DEFAULT_MEMORY,
    label: Annotated[
        str | None, typer.Option(help="Who made the translations; stands in the engine column.")
    ] = None,
) -> None:
    """Take translations into the memory; those that no engine signed win over engines from then on."""
    from vqa_builder.translation import interchange
    from vqa_builder.translation.memory import TranslationMemory

    with TranslationMemory(memory) as store:
        added = store.add(interchange.read_entries(file, label))
    say(f"{memory}: {_told(added)}")


def export(
    file: Annotated[Path, typer.Argument(help=".tmx, .jsonl or .parquet; the first two may end in .gz.")],
    memory: MemoryPath = DEFAULT_MEMORY,
    language: Annotated[str | None, typer.Option("--language", "-l", help="Only into this language.")] = None,
) -> None:
    """Write the memory to a file that other tools, or another machine, can read."""
    from vqa_builder.translation import interchange
    from vqa_builder.translation.memory import TranslationMemory

    _must_exist(memory)
    with TranslationMemory(memory) as store:
        count = interchange.write_entries(file, store.entries(target=language))
    say(f"{file}: {count:,} entries")


def merge(
    others: Annotated[list[Path], typer.Argument(metavar="OTHER", help="Files of other memories.")],
    memory: MemoryPath = DEFAULT_MEMORY,
) -> None:
    """Take all that other memories hold into this one; what their people said wins over what ours did."""
    from vqa_builder.translation.memory import TranslationMemory

    for other in others:
        _must_exist(other)
        with TranslationMemory(memory) as store, TranslationMemory(other) as taken:
            added = store.add(taken.entries())
        say(f"{other}: {_told(added)}")


def repair(memory: MemoryPath = DEFAULT_MEMORY) -> None:
    """Make a new memory of what is whole in a damaged one; the damaged file stays beside it."""
    from vqa_builder.translation.memory_repair import repair

    done = repair(memory)
    say(f"{memory}: {done.kept:,} entries kept, {done.damaged:,} left out as damaged")
    if done.unreadable:
        say(f"  {done.unreadable:,} parts of the file could not be read; what they held is lost")
    say(f"  the file as it was: {done.before}")


def stats(memory: MemoryPath = DEFAULT_MEMORY, as_json: Json = False) -> None:
    """Count the memory's entries by direction, role and engine."""
    from vqa_builder.translation.memory import TranslationMemory

    _must_exist(memory)
    with TranslationMemory(memory) as store:
        rows = [row._asdict() for row in store.stats()]
    if as_json:
        print_json(rows)
        return
    if not rows:
        say(f"{memory}: no entries yet")
    for row in rows:
        kind = "human-verified" if row["human_verified"] else "machine"
        say(f"{row['source']}-{row['target']}  {row['role'] or 'any role':<9} {kind:<9}", end="")
        say(f"{row['entries']:>10,} entries {row['characters']:>12,} characters  {row['engine']}")


def _told(added: Added) -> str:
    return f"{added.human_verified:,} human-verified and {added.machine:,} machine translations taken in"


def _must_exist(memory: Path) -> None:
    if not memory.exists():
        raise StorageError(
            "There is no translation memory here",
            where=memory,
            remedy="name its file with --memory: OUT/.vqa-builder/memory.sqlite, or the spec's memory",
        )
