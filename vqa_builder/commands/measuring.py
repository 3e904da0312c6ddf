"""Scores of models: evaluate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vqa_builder.commands.options import Json, print_json, say

if TYPE_CHECKING:
    from vqa_builder.metrics.evaluate import Evaluation


def evaluate(
    predictions: Annotated[
        Path, typer.Argument(help="[{question_id, answer}, ...] as JSON, JSONL, CSV or TSV; may be gzipped.")
    ],
    references: Annotated[
        Path, typer.Option("--references", help="A release's folder, or a VQA annotation file.")
    ],
    language: Annotated[
        str | None,
        typer.Option(
            "--language",
            "-l",
            help="Compare in this language: the release's own, or en for the English it was made from.",
        ),
    ] = None,
    split: Annotated[str | None, typer.Option(help="A split of the release.")] = None,
    against: Annotated[
        Path | None, typer.Option("--against", help="Another system's predictions, to compare with.")
    ] = None,
    metric: Annotated[str, typer.Option(metavar="vqa|exact|anls|f1")] = "vqa",
    vocabulary: Annotated[
        Path | None, typer.Option(help="For exact match: JSON of the answers that the model can give.")
    ] = None,
    answers_in: Annotated[
        str,
        typer.Option(metavar="auto|labels|text", help="Predictions are English labels, or target text."),
    ] = "auto",
    missing: Annotated[
        str, typer.Option(metavar="error|wrong", help="Questions without a prediction.")
    ] = "error",
    unknown: Annotated[
        str, typer.Option(metavar="error|ignore", help="Predictions for other questions.")
    ] = "error",
    accept_merged: Annotated[
        bool, typer.Option("--accept-merged", help="In English, accept labels that the release merges.")
    ] = False,
    normaliser: Annotated[
        str | None,
        typer.Option(metavar="official|language|language-2|vizwiz-multilingual", help="Other rules."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the bootstrap and the tests.")] = 0,
    as_json: Json = False,
) -> None:
    """Score a model's answers: VQA accuracy, exact match, ANLS or token F1; with intervals and signature."""
    from vqa_builder.metrics import evaluate as scoring

    settings = scoring.settings_from(
        split=split,
        answers_in=answers_in,
        missing=missing,
        unknown=unknown,
        accept_merged=accept_merged,
        normaliser=normaliser,
        seed=seed,
    )
    options: dict[str, Any] = {"metric": metric, "against": against, "vocabulary": vocabulary}
    options["settings"] = settings
    _print(scoring.evaluate(predictions, references, language, **options), as_json)


def _print(evaluation: Evaluation, as_json: bool) -> None:
    if as_json:
        print_json(evaluation.to_json())
        return
    for line in evaluation.lines():
        say(line)
