"""What several commands share: their options, as annotated types, and how they print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from vqa_builder.escaping import terminal

SpecPath = Annotated[Path, typer.Argument(metavar="BUILD.YAML", help="The spec.", show_default=False)]
Out = Annotated[
    Path, typer.Option("--out", help="Folder for the releases; work files go to its .vqa-builder.")
]
Languages = Annotated[
    list[str] | None,
    typer.Option("--language", "-l", help="Only this language of the spec; may be repeated."),
]
Limit = Annotated[
    int | None, typer.Option("--limit", min=1, help="Only the first N questions of each split.")
]
BadRecords = Annotated[
    str,
    typer.Option(
        "--on-bad-record",
        metavar="error|skip",
        help="Stop at a bad record, or set bad records aside in bad_records.jsonl.",
    ),
]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, help="Processes for scoring and finishing; one per core.")
]
ExecutorName = Annotated[
    str,
    typer.Option(
        "--executor",
        metavar="local|ray",
        help="Translate and score here, or on Ray: on this machine, or the cluster of RAY_ADDRESS.",
    ),
]
Allow = Annotated[
    list[str] | None,
    typer.Option(
        "--allow",
        metavar="command|code|address|key|download|file",
        help="What a spec that came with a release may decide; may be repeated.",
    ),
]
Images = Annotated[
    Path | None,
    typer.Option("--images", help="The folder of pictures that rows name by their file; no other is read."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def say(*lines: object, end: str = "\n") -> None:
    """Print lines to stdout; what data or a spec put into them cannot move the cursor, colour or hide."""
    print(*map(terminal, lines), sep="\n", end=end)


def print_json(value: object) -> None:
    """Print a value of JSON types to stdout, indented, with Japanese and Hindi left readable."""
    say(json.dumps(value, ensure_ascii=False, indent=2))
