"""Distillation: a teacher's questions, through the pipeline and its policy, into what training reads."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from recipes.translator import distil
from recipes.translator.annotate import read_rows
from recipes.translator.held_out import split_questions
from tests.tiny import write_vqa


def test_a_teacher_translates_what_a_spec_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = write_vqa(tmp_path, policy="balanced")
    monkeypatch.setattr(sys, "argv", ["distil", str(spec), str(tmp_path / "taught"), "--teacher", '"mini"'])
    distil.main()
    rows = {row["en"]: row for row in read_rows(tmp_path / "taught" / "questions.tsv")}
    cat = rows["What color is the cat?"]
    assert (cat["dataset"], cat["count"]) == ("tiny", "2")
    assert "猫" in cat["ja"] or "बिल्ली" in cat["hi"]
    assert "Frobnicate the quux over zyzzyva?" not in rows  # the policy throws out what does not come back
    training, held = split_questions(list(rows.values()))
    assert len(training) + len(held) <= len(rows)
