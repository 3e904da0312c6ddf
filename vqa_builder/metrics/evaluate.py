"""The command ``vqa-builder evaluate``: one metric over one or two systems, as a table or as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, get_args

from vqa_builder.errors import SpecError, UnknownNameError
from vqa_builder.metrics.inputs import AnswersIn, Settings
from vqa_builder.metrics.normalisers import NAMES
from vqa_builder.metrics.predictions import Missing, Unknown
from vqa_builder.metrics.references import load_references
from vqa_builder.metrics.result import Paired, Result, Score, paired
from vqa_builder.metrics.text_match import anls, exact_match, token_f1
from vqa_builder.metrics.vqa_accuracy import vqa_accuracy

METRICS: dict[str, Callable[..., Result]] = {
    "vqa": vqa_accuracy,
    "exact": exact_match,
    "anls": anls,
    "f1": token_f1,
}
_CHOICES = {
    "answers_in": get_args(AnswersIn),
    "missing": get_args(Missing),
    "unknown": get_args(Unknown),
    "normaliser": NAMES,
}


@dataclass(frozen=True)
class Evaluation:
    """The result of one system, and its comparison with another one if there is one."""

    result: Result
    against: Result | None = None
    comparison: Paired | None = None

    def to_json(self) -> dict[str, Any]:
        """The machine form."""
        report = self.result.to_json()
        if self.against is not None and self.comparison is not None:
            report["against"] = self.against.to_json()
            report["comparison"] = self.comparison._asdict()
        return report

    def lines(self) -> Iterator[str]:
        """The table, line by line."""
        result = self.result
        overall = Score(result.overall, result.low, result.high, result.n)
        rows = {result.metric: overall, **result.per_answer_type, **result.per_question_type}
        width = max(map(len, rows))
        yield f"{'':<{width}}  {'score':>6}  {'95 % interval':>15}  {'questions':>9}"
        for name, score in rows.items():
            interval = f"{score.low:.2f} - {score.high:.2f}"
            yield f"{name:<{width}}  {score.value:>6.2f}  {interval:>15}  {score.n:>9,}"
        for name, value in result.details.items():
            yield f"{name.replace('_', ' ')}: {value:.2f}"
        yield f"signature: {result.signature}"
        if self.against is not None and self.comparison is not None:
            yield from _comparison_lines(self.against, self.comparison)


def evaluate(
    predictions: Any,
    references: Any,
    language: str | None = None,
    *,
    metric: str = "vqa",
    against: Any = None,
    settings: Settings | None = None,
    vocabulary: Path | None = None,
) -> Evaluation:
    """Score one system, or two and their difference.

    Args:
        predictions, references, language, settings: as for ``vqa_accuracy``.
        metric: ``vqa``, ``exact``, ``anls`` or ``f1``.
        against: another system's predictions for the same questions.
        settings: how to read and compare.
        vocabulary: for ``exact`` alone, the answers that the model can give.

    Raises:
        UnknownNameError: no such metric.
        SpecError: a vocabulary for another metric.
        SourceError, ReleaseError: an input is wrong.

    >>> ten = [{"answer": "猫", "answer_id": number} for number in range(10)]
    >>> references = [{"question_id": 1, "answers": ten}, {"question_id": 2, "answers": ten}]
    >>> found = evaluate({1: "猫", 2: "猫"}, references, "ja", against={1: "猫", 2: "犬"})
    >>> found.result.overall, found.against.overall, found.comparison.difference
    (100.0, 50.0, 50.0)
    """
    if metric not in METRICS:
        raise UnknownNameError("metric", metric, METRICS)
    if vocabulary is not None and metric != "exact":
        raise SpecError("A vocabulary serves exact match alone", expected="--metric exact", found=metric)
    score = METRICS[metric] if vocabulary is None else partial(exact_match, vocabulary=vocabulary)
    settings = settings or Settings()
    held = load_references(references, language, settings.split)
    result = score(predictions, held, language, settings)
    if against is None:
        return Evaluation(result)
    other = score(against, held, language, settings)
    return Evaluation(result, other, paired(result, other, seed=settings.seed))


def settings_from(**options: Any) -> Settings:
    """Settings from a command line, whose choices are plain strings.

    Raises:
        SpecError: an option has a value that it does not know.
    """
    for name, known in _CHOICES.items():
        if options.get(name) not in (None, *known):
            raise SpecError(
                "An option has an unknown value",
                where=f"--{name.replace('_', '-')}",
                expected=", ".join(known),
                found=options[name],
            )
    return Settings(**options)


def _comparison_lines(against: Result, comparison: Paired) -> Iterator[str]:
    yield f"against: {against.overall:.2f} ({against.low:.2f} - {against.high:.2f})"
    yield (
        f"difference: {comparison.difference:+.2f} ({comparison.low:+.2f} - {comparison.high:+.2f}), "
        f"p = {comparison.p_bootstrap:.4f} (bootstrap), {comparison.p_randomisation:.4f} (randomisation)"
    )
    yield f"better on {comparison.better:,}, worse on {comparison.worse:,}, equal on {comparison.equal:,}"
    yield f"signature: {comparison.signature}"
