"""A model's answers, and how right they are: by language and by kind of answer, with confidence intervals.

Every system of the recipes answers with the English labels of the release's vocabulary, whatever language it
is asked in. So all systems and languages are compared by the official accuracy over the English answers; the
target language's own answers, through the answer map, and exact match × coverage are a switch away.

In a recipe::

    predictions = predict(model, batches, load_vocabulary(release))
    scores = score(predictions, release, "validation", language="ja")
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from recipes.lib import clock
from recipes.lib.precision import Precision, autocast
from vqa_builder.errors import SourceError, SpecError
from vqa_builder.metrics.evaluate import evaluate
from vqa_builder.metrics.inputs import Settings
from vqa_builder.metrics.references import References, load_references, some
from vqa_builder.metrics.result import Result, Score
from vqa_builder.store import write_text

Prediction = dict[str, Any]
AnswersIn = Literal["english", "target", "words"]
NOT_INPUTS = frozenset({"index", "targets"})


class _Answered(msgspec.Struct):
    question_id: int | str
    answer: str


class Batches(Protocol):
    """What is evaluated; ``recipes.lib.data.QuestionBatches`` is one.

    Attributes:
        questions: have their ``question_id``s; ``index`` of a batch says which of them it holds.
    """

    @property
    def questions(self) -> Any: ...

    def epoch(self, number: int, start: int = 0) -> Iterator[dict[str, Tensor]]: ...


@dataclass(frozen=True)
class Scores:
    """How right the answers to one language's questions are.

    Attributes:
        language: of the questions.
        answers_in: what was compared: English answers, those of the language, or words as they were said.
        result: the metric's own result, with the score of every question and the signature.
        groups: name -> ids of questions whose accuracy is also given on its own.
        notes: what else belongs to a run, such as the engine of a translate-test.
    """

    language: str
    answers_in: AnswersIn
    result: Result
    groups: Mapping[str, Collection[Any]] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def overall(self) -> Score:
        """Accuracy over all questions in per cent, its 95 % interval and their number."""
        return Score(self.result.overall, self.result.low, self.result.high, self.result.n)

    @property
    def by_answer_type(self) -> dict[str, Score]:
        """``yes/no``, ``number``, ``other`` -> the same."""
        return self.result.per_answer_type

    def record(self) -> dict[str, Any]:
        """The fields of a run for ``results.append``; ``accuracy_yes/no`` and so on by kind of answer.

        A group of questions gives ``accuracy_NAME`` and ``questions_NAME``, where any of it was asked.
        """
        kinds = {f"accuracy_{kind}": each.value for kind, each in self.by_answer_type.items()}
        for name, ids in self.groups.items():
            inside = pc.is_in(self.result.question_ids, pa.array(sorted(map(str, ids)), pa.string()))
            scores = self.result.scores[inside.to_numpy(zero_copy_only=False)]
            if len(scores):
                kinds |= {f"accuracy_{name}": round(100 * float(scores.mean()), 2)}
                kinds |= {f"questions_{name}": len(scores)}
        return {
            "language": self.language,
            "accuracy": self.result.overall,
            "accuracy_low": self.result.low,
            "accuracy_high": self.result.high,
            "questions": self.result.n,
            **kinds,
            **self.result.details,
            **self.notes,
            "signature": self.result.signature,
        }

    def lines(self) -> list[str]:
        """What people read.

        Such as::

            ja              71.42   70.80 - 72.03    2,941
              yes/no        80.12   79.01 - 81.20    1,102
        """
        rows = {self.language: self.overall, **{f"  {kind}": s for kind, s in self.by_answer_type.items()}}
        return [
            f"{name:<14} {s.value:>6.2f}   {s.low:5.2f} - {s.high:5.2f}   {s.n:>6,}"
            for name, s in rows.items()
        ]


def predict(
    model: nn.Module, batches: Batches, vocabulary: Sequence[str], *, precision: Precision = "fp32"
) -> list[Prediction]:
    """The most probable answer to every question.

    Args:
        model: called with a batch's tensors by name (but ``index`` and ``targets``); gives (B, labels)
            logits, or an object that has them as ``logits``. Runs where its weights are, and comes back as
            it was.
        batches: each question once; one epoch of it is read.
        vocabulary: the answer of each label.
        precision: of the forward pass.

    Returns:
        ``{"question_id", "answer", "label", "probability"}`` in the order of the questions, whatever the
        order of the batches; the probability is the sigmoid of the logit, as heads trained with BCE mean it.

    Raises:
        SpecError: the model has more or fewer labels than the vocabulary.
        SourceError: a logit is NaN, or the batches leave out or repeat a question.
    """
    ids = batches.questions.question_id
    labels = np.full(len(ids), -1, np.int64)
    probabilities = np.zeros(len(ids))
    for batch, logits in forward(model, batches, precision=precision):
        index = batch["index"].cpu().numpy()
        _check_logits(logits, len(vocabulary), ids, index)
        if (labels[index] >= 0).any() or len(np.unique(index)) < len(index):
            raise SourceError("The batches repeat questions", expected="each question once in an epoch")
        best = logits.float().max(dim=1)
        labels[index] = best.indices.cpu().numpy()
        probabilities[index] = best.values.sigmoid().cpu().numpy()
    if (left := np.flatnonzero(labels < 0)).size:
        raise SourceError(
            "The batches leave out questions",
            expected=f"all {len(ids):,}",
            found=f"{left.size:,} without a prediction, the first: {ids[left[0]]}",
        )
    found = zip(ids, labels.tolist(), probabilities.tolist(), strict=True)
    return [
        {"question_id": id_, "answer": vocabulary[label], "label": label, "probability": chance}
        for id_, label, chance in found
    ]


def forward(
    model: nn.Module, batches: Batches, *, precision: Precision = "fp32"
) -> Iterator[tuple[dict[str, Tensor], Tensor]]:
    """Batch after batch with its logits, without gradients, in evaluation mode."""
    with _evaluating(model), torch.inference_mode():
        for batch in batches.epoch(0):
            yield batch, _logits(model, batch, precision)


def soft_accuracy(model: nn.Module, batches: Batches, *, precision: Precision = "fp32") -> dict[str, float]:
    """``{"score": ...}``: the mean soft score, in per cent, of the labels that the model chooses.

    For ``trainer.train(validate=...)``: it needs no release and no strings. It is the official accuracy but
    for questions whose annotators' answers differ only in what the normaliser removes.

    In a recipe::

        train(model, loss, batches, settings, folder, validate=partial(soft_accuracy, batches=held_out))
    """
    right, asked = 0.0, 0
    for batch, logits in forward(model, batches, precision=precision):
        chosen = logits.argmax(dim=1, keepdim=True)
        right += float(batch["targets"].to(chosen.device).gather(1, chosen).sum())
        asked += len(chosen)
    return {"score": 100 * right / max(asked, 1)}


def questions_per_second(
    model: nn.Module, batches: Batches, *, precision: Precision = "fp32", most: int = 50, warm_up: int = 3
) -> float:
    """How many questions the model answers in a second, its batches ready in memory.

    Args:
        model, batches, precision: as for ``predict``.
        most: batches that are timed, at most.
        warm_up: of these, batches that run once before.
    """
    ready = list(islice(batches.epoch(0), most))
    with _evaluating(model), torch.inference_mode():
        for batch in ready[:warm_up]:
            _logits(model, batch, precision)
        _finish(model)
        started = clock.seconds()
        for batch in ready:
            _logits(model, batch, precision)
        _finish(model)
        seconds = clock.seconds() - started
    return sum(len(batch["index"]) for batch in ready) / seconds


def score(
    predictions: Iterable[Mapping[str, Any]] | Path,
    release: Path | str | References,
    split: str | None,
    *,
    language: str,
    answers_in: AnswersIn = "english",
    only: Iterable[Any] | None = None,
    groups: Mapping[str, Collection[Any]] | None = None,
    settings: Settings | None = None,
) -> Scores:
    """Official VQA accuracy of English labels.

    Args:
        predictions: as ``predict`` gives them, or a file in the official result format.
        release: the folder of the release whose questions were asked; or its references, read once by
            ``metrics.references.load_references`` for many calls.
        split: of the release.
        language: in which the questions were asked.
        answers_in: ``english`` compares the English answers, bit for bit as the official code does;
            ``target`` takes the labels through the release's answer map and compares in its language;
            ``words`` takes the predictions for words of ``language``, as a generative model says them.
        only: ids of the questions that count, such as those held out; None for all.
        groups: name -> ids of questions whose accuracy is recorded besides; see ``recipes.lib.wordings``.
        settings: of the metric; None for the defaults. Its split and its reading of answers are set here.

    Raises:
        SourceError, ReleaseError: the predictions are not those of the split, or the release is none.

    In a recipe::

        print(*score(predictions, "out/scenes-ja", "validation", language="ja").lines(), sep="\n")
    """
    said: Literal["text", "labels"] = "text" if answers_in == "words" else "labels"
    chosen = replace(settings or Settings(), split=split, answers_in=said)
    compared = "en" if answers_in == "english" or (answers_in == "words" and language == "en") else None
    references = load_references(release, compared, split if not isinstance(release, References) else None)
    if answers_in == "target" and references.language == "en":
        raise SpecError("English references have no answers in another language", where=references.label)
    if only is not None:
        references, chosen = _subset(references, only), replace(chosen, unknown="ignore")
    result = evaluate(_given(predictions), references, settings=chosen).result
    return Scores(language, answers_in, result, groups or {})


def write_predictions(path: Path, predictions: Iterable[Mapping[str, Any]]) -> None:
    """A file in the official result format, for the test server and ``vqa-builder evaluate``.

    A JSON list of ``{"question_id", "answer"}`` in the order given; ids keep their type. Whole or not at all.
    """
    kept = [{"question_id": each["question_id"], "answer": each["answer"]} for each in predictions]
    write_text(path, json.dumps(kept, ensure_ascii=False, separators=(",", ":")) + "\n")


def read_predictions(path: Path) -> list[Prediction]:
    """What ``write_predictions`` wrote, or another model's file in the official result format.

    Raises:
        SourceError: the file has another form.
    """
    try:
        found = msgspec.json.decode(path.read_bytes(), type=list[_Answered])
    except (OSError, msgspec.MsgspecError) as error:
        wanted = '[{"question_id": ..., "answer": "..."}, ...]'
        raise SourceError("These are no predictions", where=path, expected=wanted, found=error) from None
    return [{"question_id": each.question_id, "answer": each.answer} for each in found]


def _given(predictions: Iterable[Mapping[str, Any]] | Path) -> Any:
    """Predictions as the metrics take them: a file, or ids and answers alone."""
    if isinstance(predictions, str | Path):
        return predictions
    return [{"question_id": each["question_id"], "answer": each["answer"]} for each in predictions]


def _subset(references: References, ids: Iterable[Any]) -> References:
    """The references of some questions; an id that is not there is an error."""
    wanted = pa.array([str(id_) for id_ in ids], pa.string())
    unknown = wanted.filter(pc.invert(pc.is_in(wanted, value_set=references.question_ids)))
    if len(unknown) or not len(wanted):
        raise SourceError(
            "The questions that are to count are not all there",
            where=references.label,
            expected="ids of its questions, at least one",
            found=f"{len(unknown):,} of {len(wanted):,} unknown, {some(unknown)}",
        )
    kept = references.rows.filter(pc.is_in(references.question_ids, value_set=wanted))
    return replace(references, rows=kept)


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode, and afterwards whatever mode it was."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)


def _logits(model: nn.Module, batch: Mapping[str, Tensor], precision: Precision) -> Tensor:
    device = _device(model)
    inputs = {
        name: tensor.to(device, non_blocking=True) for name, tensor in batch.items() if name not in NOT_INPUTS
    }
    with autocast(device, precision):
        output = model(**inputs)
    return output if isinstance(output, Tensor) else output.logits


def _device(model: nn.Module) -> torch.device:
    return next(model.parameters(), torch.zeros(0)).device


def _finish(model: nn.Module) -> None:
    """Wait until the device has done what it was told."""
    if _device(model).type == "cuda":
        torch.cuda.synchronize()


def _check_logits(logits: Tensor, labels: int, ids: Sequence[Any], index: NDArray[np.int64]) -> None:
    if logits.shape != (len(index), labels):
        raise SpecError(
            "The model's head does not fit the vocabulary",
            expected=f"logits of shape ({len(index)}, {labels})",
            found=tuple(logits.shape),
            remedy="use the vocabulary that the model was trained with",
        )
    bad = torch.isnan(logits).any(dim=1).cpu().numpy()
    if bad.any():
        raise SourceError(
            "The model answers with NaN",
            expected="numbers",
            found=f"{int(bad.sum())} of {len(index)} questions of a batch, the first: {ids[index[bad][0]]}",
        )
