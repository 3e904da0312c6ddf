from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from vqa_builder import cli
from vqa_builder.errors import SpecError, UnknownNameError
from vqa_builder.metrics.evaluate import evaluate, settings_from


def write(path: Path, answers: dict[int, str]) -> Path:
    records = [{"question_id": key, "answer": answer} for key, answer in answers.items()]
    path.write_text(json.dumps(records, ensure_ascii=False), encoding="utf-8")
    return path


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """The exit code of a command."""
    monkeypatch.setattr(sys, "argv", ["vqa-builder", *map(str, arguments)])
    try:
        cli.main()
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


@pytest.fixture
def mine(tmp_path: Path, perfect: dict[int, str]) -> Path:
    return write(tmp_path / "mine.json", {**perfect, 14: "3"})


def test_the_table(
    release: Path, mine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "evaluate", mine, "--references", release, "--language", "ja") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[:2] == ["vqa_accuracy", "92.00"]
    assert [line.split()[0] for line in lines[2:5]] == ["other", "number", "yes/no"]
    assert lines[-1].startswith("signature: metric:vqa_accuracy|version:2|leave-out:annotator|language:ja|")


def test_json_and_another_system(
    release: Path,
    mine: Path,
    tmp_path: Path,
    perfect: dict[int, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = write(tmp_path / "other.json", perfect)
    code = run(monkeypatch, "evaluate", mine, "--references", release, "--against", other, "--json")
    assert code == 0
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert report["overall"] == 92
    assert report["against"]["overall"] == 100
    assert report["comparison"]["difference"] == -8
    assert (report["comparison"]["worse"], report["comparison"]["equal"]) == (1, 4)
    assert report["per_answer_type"]["number"]["n"] == 1


@pytest.mark.parametrize(
    ("metric", "expected"), [("vqa", 92.0), ("exact", 80.0), ("anls", 100.0), ("f1", 100.0)]
)
def test_every_metric(release: Path, mine: Path, metric: str, expected: float) -> None:
    assert evaluate(mine, release, metric=metric).result.overall == expected


def test_the_comparison_is_printed(release: Path, mine: Path, perfect: dict[int, str]) -> None:
    lines = list(evaluate(mine, release, against=perfect).lines())
    assert any(line.startswith("against: 100.00") for line in lines)
    assert any(line.startswith("difference: -8.00") and "randomisation" in line for line in lines)
    assert "better on 0, worse on 1, equal on 4" in lines


def test_exact_match_prints_its_factors(release: Path, mine: Path) -> None:
    assert "coverage: 100.00" in list(evaluate(mine, release, metric="exact").lines())


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (["--language", "hi"], "The references are not in this language"),
        (["--split", "dev"], "Unknown split 'dev'"),
        (["--metric", "bleu"], "Unknown metric 'bleu'"),
        (["--vocabulary", "answers.json"], "A vocabulary serves exact match alone"),
        (["--missing", "skip"], "An option has an unknown value"),
        (["--normaliser", "none"], "An option has an unknown value"),
    ],
)
def test_wrong_usage_ends_with_two(
    release: Path,
    mine: Path,
    change: list[str],
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(monkeypatch, "evaluate", mine, "--references", release, *change) == 2
    said = capsys.readouterr()
    assert expected in said.err
    assert said.out == ""


def test_predictions_in_another_language_are_refused(
    release: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    hindi = write(tmp_path / "hi.json", {11: "नारंगी", 12: "संतरा", 13: "बिल्ली", 14: "2", 15: "हाँ"})
    assert run(monkeypatch, "evaluate", hindi, "--references", release) == 2
    said = capsys.readouterr().err
    assert "The predictions are not in Japanese" in said
    assert "4 of 4 answers in another script, the first: नारंगी, संतरा, बिल्ली, हाँ" in said


def test_settings_from_the_command_line() -> None:
    assert settings_from(missing="wrong", split=None).missing == "wrong"
    with pytest.raises(SpecError, match="unknown value") as error:
        settings_from(answers_in="english")
    assert "auto, labels, text" in str(error.value)


def test_unknown_metric(release: Path, mine: Path) -> None:
    with pytest.raises(UnknownNameError, match="Unknown metric 'exakt'"):
        evaluate(mine, release, metric="exakt")
