"""Schedules, and settings that cannot be."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from recipes.lib.settings import Settings


@pytest.mark.parametrize(
    ("changes", "factors"),
    [
        ({}, [1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]),
        ({"warmup": 0.2}, [0.5, 1.0, 1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125]),
        ({"schedule": "constant"}, [1.0] * 10),
        ({"schedule": "constant", "warmup": 0.25}, [1 / 3, 2 / 3] + [1.0] * 8),
        ({"schedule": "cosine"}, [1.0, 0.976, 0.905, 0.794, 0.655, 0.5, 0.345, 0.206, 0.095, 0.024]),
    ],
)
def test_the_rate_rises_and_falls(changes: dict[str, Any], factors: list[float]) -> None:
    settings = Settings(epochs=1, lr=1.0, **changes)
    assert [settings.factor(step, 10) for step in range(10)] == pytest.approx(factors, abs=5e-4)


@pytest.mark.parametrize(
    "changes",
    [
        *({"epochs": 0}, {"lr": 0}, {"warmup": 1.0}, {"accumulate": 0}, {"ema": 1.0}),
        *({"schedule": "step"}, {"precision": "int8"}, {"learning_rate": 0.1}),
    ],
)
def test_settings_that_cannot_be(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings(**{"epochs": 1, "lr": 0.1, **changes})


class Stage(BaseModel):
    epochs: int = 2
    lr: float = 0.1
    warmup: float = 0.25
    batch_size: int = 8  # the trainer has no such setting


def test_a_stage_gives_what_the_trainer_has_a_name_for_and_callers_come_first() -> None:
    assert Settings.of(Stage()) == Settings(epochs=2, lr=0.1, warmup=0.25)
    assert Settings.of(Stage(), epochs=5, seed=3) == Settings(epochs=5, lr=0.1, warmup=0.25, seed=3)
    calm = Settings.of(Stage(), quiet=True)
    assert (calm.log_every, calm.progress, calm.tensorboard) == (0, False, False)
    assert Settings.of(Stage(), quiet=True, tensorboard=True).tensorboard
