from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from recipes.lib import checkpoint, due
from recipes.lib.due import Due
from tests.recipes.lib.training import Net, run, without_clock


class Clock:
    """Goes on as it is told."""

    def __init__(self) -> None:
        self.now, self.asked = 100.0, 0

    def __call__(self) -> float:
        self.asked += 1
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("time.monotonic", made)
    return made


@pytest.mark.parametrize("pace", [0.001, 0.01, 0.3, 7, 45])
def test_a_checkpoint_comes_every_half_a_minute_and_the_clock_is_seldom_asked(
    clock: Clock, pace: float
) -> None:
    asks, last, seconds = Due(0), 100.0, []
    for step in range(1, int(400 / pace)):
        clock.now += pace
        if asks.now(step):
            seconds.append(clock.now - last)
            last = clock.now
            asks.saved(step, 0.01)
    assert len(seconds) >= (4 if pace == 45 else 10)
    assert all(due.SECONDS <= each <= due.SECONDS + max(2.0, 1.1 * pace) for each in seconds)
    assert clock.asked < 40 * (len(seconds) + 1)


def test_first_steps_that_a_device_only_takes_note_of_do_not_put_it_off(clock: Clock) -> None:
    asks = Due(0)
    for step in range(1, 300):
        clock.now += 0.001 if step < 10 else 0.5
        if asks.now(step):
            break
    assert due.SECONDS <= clock.now - 100 <= due.SECONDS + 2


def test_large_checkpoints_come_less_often(clock: Clock) -> None:
    asks = Due(0)
    asks.saved(0, 60)
    step = 0
    while not asks.now(step := step + 1):
        clock.now += 1
    assert clock.now - 100 == pytest.approx(60 / due.SHARE, abs=15)


def test_a_run_that_dies_goes_on_from_the_checkpoint_by_time_to_the_same_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "SECONDS", 0.0)
    monkeypatch.setattr(due, "SHARE", float("inf"))
    saved = []
    real = checkpoint.save

    def mortal(folder: Path, model: Net, state: dict[str, int], *rest: Any) -> None:
        real(folder, model, state, *rest)
        if folder.name == "last":
            saved.append(state["step"])
            if len(saved) == 7:
                raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "save", mortal)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "killed", Net(), save_every=0)
    assert saved == [1, 2, 3, 4, 5, 5, 6]  # every step is late, and the fifth ends an epoch
    again = run(tmp_path / "killed", Net(seed=3), save_every=0)
    monkeypatch.setattr(due, "SECONDS", 1000.0)
    assert without_clock(again.history) == without_clock(run(tmp_path / "calm", Net(), save_every=0).history)
