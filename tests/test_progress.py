"""Progress goes to stderr, in lines where there is no terminal, and never to stdout."""

import io
import sys
import time

import pytest

from vqa_builder import progress


def test_silence_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.Progress().track("working", 2) as advance:
        advance(2)
    progress.Progress().say("a line")
    assert capsys.readouterr() == ("", "")


def test_a_line_when_a_step_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.LineProgress().track("working", 2000) as advance:
        advance(1500)
        advance(500)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("working: 2,000 of 2,000 in ")


def test_a_total_that_nobody_knows_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.LineProgress().track("reading", 0) as advance:
        advance(497)
    assert capsys.readouterr().err.startswith("reading: 497 in ")


def test_a_line_now_and_then_while_it_lasts(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 4.0, 12.0, 13.0, 20.0])
    monkeypatch.setattr("vqa_builder.progress.time.monotonic", lambda: next(clock))
    with progress.LineProgress().track("working", 100) as advance:
        for _ in range(3):
            advance(30)
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["working: 60 of 100, about 8 s left", "working: 90 of 100 in 20.0 s"]


def test_a_row_moves_and_a_line_stays_and_stdout_is_clean(capsys: pytest.CaptureFixture[str]) -> None:
    shown = progress.TableProgress()
    shown.spent = lambda: "0.12 USD"
    with shown.track("working", 3) as advance:
        advance(3)
    out, err = capsys.readouterr()
    assert out == ""
    assert "working: 3 of 3 in " in err
    assert "0.12 USD spent" in err


def test_a_part_of_a_step_has_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.LineProgress().track("scoring with chrf", 3, brief=True) as advance:
        advance(3)
    assert capsys.readouterr().err == ""


def test_nothing_stands_still_without_a_sign(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.05)
    shown = progress.LineProgress()
    with shown.watched(lambda: "rows-ja"):
        time.sleep(0.2)
        with shown.track("writing", 1):
            time.sleep(0.2)
    err = capsys.readouterr().err
    assert "still at rows-ja" in err
    assert "still at writing" in err
    time.sleep(0.1)
    assert capsys.readouterr().err == ""


def test_lines_are_chosen_where_stderr_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert type(progress.for_terminal()) is progress.LineProgress
