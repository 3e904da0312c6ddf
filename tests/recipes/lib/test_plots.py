"""Plots are files of the kind asked for, the same for the same numbers; confusions count what they say."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from recipes.lib.evaluate import Scores, score
from recipes.lib.plots import (
    OTHER,
    Confusion,
    answer_type_bars,
    confusion_plot,
    learning_curves,
    merged_confusion,
)
from tests.metrics.conftest import release
from vqa_builder.errors import ReleaseError, SourceError, SpecError

__all__ = ["release"]
ROWS = ["student", "no distillation", "translate-test"]
RUNS: list[dict[str, Any]] = [
    {"row": row, "language": language, "share": share, "seed": seed, "accuracy": base + 5 * share + seed}
    for row, base in (("student", 65.0), ("no distillation", 50.0))
    for language in ("ja", "hi")
    for share in (0.0, 0.01, 0.1, 1.0)
    for seed in (0, 1, 2)
] + [
    {"row": "translate-test", "language": language, "seed": seed, "accuracy": 60.0}
    for language in ("ja", "hi")
    for seed in (0, 1)
]
IDS = (11, 12, 13, 14, 15)


def scores(release: Path, *answers: str) -> Scores:
    predictions = [{"question_id": id_, "answer": each} for id_, each in zip(IDS, answers, strict=True)]
    return score(predictions, release, "validation", language="ja")


def _texts(svg: Path) -> set[str]:
    return {
        (element.text or "").strip() for element in ElementTree.parse(svg).iter() if "text" in element.tag
    }


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf"])
def test_the_same_numbers_give_the_same_bytes(tmp_path: Path, release: Path, suffix: str) -> None:
    bars = {"student": scores(release, "orange", "orange", "cats", "2", "no")}
    confusion = merged_confusion(dict.fromkeys(IDS, "cat"), release, "validation")
    for folder in ("one", "two"):
        learning_curves(tmp_path / folder / f"curve.{suffix}", RUNS, ROWS, ["ja", "hi"])
        answer_type_bars(tmp_path / folder / f"bars.{suffix}", bars)
        confusion_plot(tmp_path / folder / f"merged.{suffix}", confusion)
    one, two = ({path.name: path.read_bytes() for path in (tmp_path / n).iterdir()} for n in ("one", "two"))
    assert one == two and len(one) == 3


def test_learning_curves_say_what_they_show(tmp_path: Path) -> None:
    learning_curves(tmp_path / "curve.svg", RUNS, ROWS, ["ja", "hi"])
    assert {*ROWS, "Japanese", "Hindi", "0 %", "1 %", "10 %", "100 %", "accuracy"} <= _texts(
        tmp_path / "curve.svg"
    )


def test_a_row_of_one_share_is_a_level_line(tmp_path: Path) -> None:
    one_share = [{**run, "share": 0.0} if run["row"] == "translate-test" else run for run in RUNS]
    learning_curves(tmp_path / "without.svg", RUNS, ROWS, ["ja"])
    learning_curves(tmp_path / "with.svg", one_share, ROWS, ["ja"])
    assert (tmp_path / "with.svg").read_bytes() == (tmp_path / "without.svg").read_bytes()


def test_nothing_to_draw_is_an_error_and_no_file(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No run matches"):
        learning_curves(tmp_path / "curve.svg", RUNS, ["nobody"], ["ja"])
    with pytest.raises(SpecError, match="nothing to draw"):
        answer_type_bars(tmp_path / "bars.svg", {})
    with pytest.raises(SpecError, match="format"):
        learning_curves(tmp_path / "curve.bmp", RUNS, ROWS, ["ja"])
    assert [*tmp_path.iterdir()] == []


def test_bars_have_every_kind_and_system(tmp_path: Path, release: Path) -> None:
    both = {
        "student": scores(release, "orange", "orange", "cats", "2", "no"),
        "zero-shot": scores(release, "red", "2", "cats", "2", "yes"),
    }
    answer_type_bars(tmp_path / "bars.svg", both)
    assert {"student", "zero-shot", "all", "yes/no", "number", "other"} <= _texts(tmp_path / "bars.svg")


@pytest.mark.parametrize(
    ("answer", "inside", "outside"),
    [("cats", 0, 0), ("cat", 1, 0), ("The Cat", 1, 0), ("red", 0, 1), ("kitten", 0, 1)],
)
def test_merged_answers_are_told_from_others(release: Path, answer: str, inside: int, outside: int) -> None:
    predictions = dict.fromkeys(IDS, "yes") | {13: answer}
    found = merged_confusion(predictions, release, "validation")
    assert (found.inside, found.outside) == (inside, outside)
    assert found.labels == ("cats", OTHER) and int(found.counts.sum()) == 1


def test_a_confusion_of_groups_is_drawn(tmp_path: Path) -> None:
    import numpy as np

    labels = ("cat", "cats", "road", "street", OTHER)
    counts = np.array([[9, 4, 0, 0, 1], [3, 6, 0, 0, 0], [0, 0, 5, 5, 2], [0, 0, 1, 8, 0], [0, 0, 0, 0, 0]])
    confusion_plot(tmp_path / "merged.svg", Confusion(labels, (2, 2, 5, 5, -1), counts, 13, 3))
    assert {"cat (14)", "street (9)", "(other)", "prediction", "64"} <= _texts(tmp_path / "merged.svg")


def test_a_release_without_merges_has_no_confusion(release: Path) -> None:
    with pytest.raises(SourceError, match="No question's answer is a merged label"):
        merged_confusion({21: "no"}, release, "train")
    (release / "answers" / "answer_map.parquet").unlink()
    with pytest.raises(ReleaseError):
        merged_confusion(dict.fromkeys(IDS, "cat"), release, "validation")
