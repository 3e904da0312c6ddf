"""Answers come in the order of the questions and are scored by the package's own metrics."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from recipes.lib.evaluate import (
    predict,
    questions_per_second,
    read_predictions,
    score,
    soft_accuracy,
    write_predictions,
)
from tests.metrics.conftest import MAP, release
from vqa_builder import vqa_accuracy
from vqa_builder.errors import ReleaseError, SourceError, SpecError
from vqa_builder.metrics.references import load_references

__all__ = ["release"]
VOCABULARY = list(dict.fromkeys(row[1] for row in MAP))
IDS = [11, 12, 13, 14, 15]
WINNERS = ["orange", "orange", "cats", "2", "yes"]


@dataclass
class Batches:
    """Questions whose only input is the label that ``Parrot`` shall say."""

    labels: Sequence[int]
    ids: Sequence[Any]
    order: Sequence[Sequence[int]]

    @property
    def questions(self) -> Any:
        return SimpleNamespace(question_id=list(self.ids))

    def epoch(self, number: int, start: int = 0) -> Iterator[dict[str, Any]]:
        assert number == 0
        for rows in self.order[start:]:
            labels = torch.tensor([self.labels[row] for row in rows])
            targets = torch.zeros(len(rows), len(VOCABULARY))
            targets[torch.arange(len(rows)), labels] = 0.9
            yield {"label": labels, "targets": targets, "index": torch.tensor(rows)}


class Parrot(nn.Module):
    """Says the label that it is given, with a logit of 3."""

    def __init__(self, size: int = len(VOCABULARY), as_object: bool = False) -> None:
        super().__init__()
        self.table = nn.Embedding.from_pretrained(4 * torch.eye(size) - 1)
        self.dropout = nn.Dropout(1.0)
        self.as_object = as_object

    def forward(self, label: Any) -> Any:
        assert not torch.is_grad_enabled()
        logits = self.dropout(self.table(label))
        return SimpleNamespace(logits=logits) if self.as_object else logits


def batches(
    answers: Sequence[str] = WINNERS, order: Sequence[Sequence[int]] = ((3, 1), (4, 0), (2,))
) -> Batches:
    return Batches([VOCABULARY.index(answer) for answer in answers], IDS, order)


@pytest.mark.parametrize("as_object", [False, True])
@pytest.mark.parametrize("training", [False, True])
def test_answers_come_in_the_order_of_the_questions(as_object: bool, training: bool) -> None:
    model = Parrot(as_object=as_object).train(training)
    found = predict(model, batches(), VOCABULARY)
    assert [each["question_id"] for each in found] == IDS
    assert [each["answer"] for each in found] == WINNERS
    assert [VOCABULARY[each["label"]] for each in found] == WINNERS
    assert found[0]["probability"] == pytest.approx(1 / (1 + math.exp(-3)))
    assert model.training is training and json.dumps(found)


def test_half_precision_gives_the_same_answers() -> None:
    found = predict(Parrot(), batches(), VOCABULARY, precision="bf16")
    assert [each["answer"] for each in found] == WINNERS


@pytest.mark.parametrize(
    ("order", "message"),
    [(((0, 1, 2),), "leave out"), (((0, 1, 2, 3), (3, 4)), "repeat"), (((0, 1, 2, 3, 4, 4),), "repeat")],
)
def test_every_question_once(order: Sequence[Sequence[int]], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        predict(Parrot(), batches(order=order), VOCABULARY)


def test_a_head_that_does_not_fit_the_vocabulary() -> None:
    with pytest.raises(SpecError, match="head does not fit") as caught:
        predict(Parrot(), batches(), VOCABULARY[:-1])
    assert caught.value.details["found"] == f"(2, {len(VOCABULARY)})"


def test_nan_is_named() -> None:
    model = Parrot()
    model.table.weight.data[VOCABULARY.index("yes")] = float("nan")
    with pytest.raises(SourceError, match="NaN") as caught:
        predict(model, batches(), VOCABULARY)
    assert "the first: 15" in caught.value.details["found"]


def test_soft_accuracy_is_the_mean_score_of_the_chosen_labels() -> None:
    assert soft_accuracy(Parrot(), batches()) == {"score": pytest.approx(90.0)}


def test_speed_is_measured() -> None:
    assert questions_per_second(Parrot(), batches()) > 0


def test_labels_are_scored_in_english_whatever_the_language_asked_in(release: Path) -> None:
    found = score(predict(Parrot(), batches(), VOCABULARY), release, "validation", language="ja")
    expected = vqa_accuracy(dict(zip(IDS, WINNERS, strict=True)), release, "en")
    assert found.overall == (expected.overall, expected.low, expected.high, 5)
    assert found.by_answer_type == expected.per_answer_type and {"other", "number", "yes/no"} == {
        *found.by_answer_type
    }
    assert "language:en|rules:official-vqa|predictions:labels" in found.result.signature
    record = found.record()
    assert (record["language"], record["questions"]) == ("ja", 5)
    assert record["accuracy_yes/no"] == expected.per_answer_type["yes/no"].value
    assert json.dumps(record, allow_nan=False)
    assert found.lines()[0].startswith("ja") and len(found.lines()) == 4


def test_labels_are_compared_in_the_target_language_where_asked(release: Path) -> None:
    predictions = predict(Parrot(), batches(), VOCABULARY)
    found = score(predictions, release, "validation", language="ja", answers_in="target")
    expected = {11: "オレンジ色", 12: "オレンジ", 13: "猫", 14: "2", 15: "はい"}
    assert found.overall.value == vqa_accuracy(expected, release, "ja").overall == 100.0
    assert "language:ja" in found.result.signature and "predictions:labels" in found.result.signature


def test_references_are_read_once_and_may_be_cut_down(release: Path) -> None:
    references = load_references(release, split="validation")
    predictions = predict(Parrot(), batches(), VOCABULARY)
    whole = score(predictions, references, None, language="ja")
    assert whole.overall == score(predictions, release, "validation", language="ja").overall
    part = score(predictions, references, None, language="ja", only=[12, 15])
    assert part.overall.n == 2 and part.overall.value == 100.0
    with pytest.raises(SourceError, match="not all there"):
        score(predictions, references, None, language="ja", only=[12, 99])
    with pytest.raises(SourceError, match="not all there"):
        score(predictions, references, None, language="ja", only=[])


def test_english_references_have_no_target(release: Path) -> None:
    references = load_references(release, "en", "validation")
    with pytest.raises(SpecError):
        score({}, references, None, language="ja", answers_in="target")
    with pytest.raises(ReleaseError):
        score([], release.parent, "validation", language="ja")


def test_the_official_file_goes_round(release: Path, tmp_path: Path) -> None:
    file = tmp_path / "out" / "predictions.json"
    predictions = predict(Parrot(), batches(), VOCABULARY)
    write_predictions(file, predictions)
    assert json.loads(file.read_bytes()) == [
        {"question_id": id_, "answer": answer} for id_, answer in zip(IDS, WINNERS, strict=True)
    ]
    assert read_predictions(file) == [
        {name: each[name] for name in ("question_id", "answer")} for each in predictions
    ]
    assert (
        score(file, release, "validation", language="ja").overall
        == score(predictions, release, "validation", language="ja").overall
    )


def test_string_ids_and_other_scripts_go_round(tmp_path: Path) -> None:
    written = [{"question_id": "VizWiz_val_1.jpg", "answer": "उत्तर नहीं दिया जा सकता", "label": 3}]
    write_predictions(tmp_path / "hi.json", written)
    assert read_predictions(tmp_path / "hi.json") == [
        {"question_id": "VizWiz_val_1.jpg", "answer": "उत्तर नहीं दिया जा सकता"}
    ]
    assert "उत्तर" in (tmp_path / "hi.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("content", ['{"a": 1}', '[{"question_id": 1}]', "[1]", "no"])
def test_what_is_no_file_of_predictions(tmp_path: Path, content: str) -> None:
    (tmp_path / "p.json").write_text(content)
    with pytest.raises(SourceError):
        read_predictions(tmp_path / "p.json")
