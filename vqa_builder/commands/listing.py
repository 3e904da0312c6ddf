"""What there is: list, convert-model for the engine ctranslate2, and doctor for the machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vqa_builder.commands.options import Json, Out, print_json, say


def list_plugins(
    kind: Annotated[str, typer.Argument(metavar="languages|sources|engines|scorers|aligners")],
    as_json: Json = False,
) -> None:
    """List what can be named in a spec."""
    from vqa_builder import catalogue

    entries = catalogue.entries(kind)
    if as_json:
        print_json(entries)
        return
    width = max(len(entry["name"]) for entry in entries)
    for entry in entries:
        say(f"{entry['name']:<{width}}  {entry['summary']}")


def convert_model(
    model: Annotated[str, typer.Argument(help="A name on the hub, or a folder of save_pretrained.")],
    out: Annotated[Path, typer.Argument(help="The new folder.")],
    quantization: Annotated[
        str, typer.Option(metavar="int8|float16|float32|...", help="int8 is the fastest on a CPU.")
    ] = "int8",
    revision: Annotated[str | None, typer.Option(help="Commit, tag or branch of the hub.")] = None,
) -> None:
    """Convert a checkpoint of transformers for the engine ctranslate2, and print what to put in the spec."""
    from vqa_builder.translation.convert import convert

    say(convert(model, out, quantization=quantization, revision=revision).yaml, end="")


def doctor(
    out: Out = Path(),
    online: Annotated[
        bool, typer.Option("--online", help="Also ask the hub and OpenAI whether they can be reached.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Look at packages, GPU, disk, keys (never shown), memory and cache; ends with 1 if one is broken."""
    from vqa_builder import doctor

    findings = doctor.examine(out, online=online)
    if as_json:
        print_json([finding._asdict() for finding in findings])
    else:
        for finding in findings:
            say(f"{finding.mark:<7} {finding.name}: {finding.detail}")
    if doctor.broken(findings):
        raise typer.Exit(1)
