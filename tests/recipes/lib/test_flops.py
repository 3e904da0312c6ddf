"""Operations are counted as they are, without a trace in the run."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from recipes.lib import flops
from recipes.lib.flops import Meter, count, positions

ROWS, WIDTH, OUT = 8, 16, 4


def loss(model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    return {"loss": model(batch["x"]).square().mean()}


def batch(rows: int = ROWS) -> dict[str, Tensor]:
    return {"x": torch.ones(rows, WIDTH)}


def test_a_linear_layer_costs_what_it_must() -> None:
    model = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Dropout(0.5), nn.Linear(WIDTH, OUT))
    forward = 2 * ROWS * (WIDTH * WIDTH + WIDTH * OUT)
    of_weights = forward
    of_inputs = 2 * ROWS * WIDTH * OUT  # the first layer's input needs no gradient
    assert count(model, loss, batch()) == forward + of_weights + of_inputs


def test_counting_leaves_no_trace() -> None:
    model = nn.Sequential(nn.Linear(WIDTH, OUT), nn.Dropout(0.5), nn.BatchNorm1d(OUT)).train()
    before, state = torch.get_rng_state(), {k: v.clone() for k, v in model.state_dict().items()}
    count(model, loss, batch())
    assert model.training
    assert torch.equal(torch.get_rng_state(), before)
    assert all(weight.grad is None for weight in model.parameters())
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        ({"input_ids": (4, 12), "region_mask": (4, 8), "targets": (4, 99)}, 80),
        ({"input_ids": (4, 12), "patches": (4, 20, 64)}, 128),
        ({"x": (4, 16)}, 4),
    ],
)
def test_places_are_text_regions_and_patches(shapes: dict[str, tuple[int, ...]], expected: int) -> None:
    assert positions({name: torch.zeros(shape) for name, shape in shapes.items()}) == expected


def test_utilisation_is_a_share_of_the_peak() -> None:
    model = nn.Linear(WIDTH, OUT)
    meter = Meter(torch.device("cpu"), peak=1e-6)  # a million operations a second
    meter.see(model, loss, batch())
    meter.see(model, loss, batch(2 * ROWS))  # counted by its size
    one = 2 * 2 * ROWS * WIDTH * OUT
    assert meter.utilisation(2.0) == pytest.approx(3 * one / 2.0 / 1e6)
    assert meter.utilisation(2.0) == 0


def test_a_device_without_a_known_peak_is_not_measured() -> None:
    meter = Meter(torch.device("cpu"))
    meter.see(nn.Linear(WIDTH, OUT), loss, batch())
    assert meter.utilisation(1.0) is None


@pytest.mark.parametrize(
    ("name", "peak"),
    [
        ("NVIDIA H200", 989e12),
        ("NVIDIA H100 PCIe", 756e12),
        ("NVIDIA H100 80GB HBM3", 989e12),
        ("NVIDIA A100-SXM4-80GB", 312e12),
        ("NVIDIA L4", 121e12),
        ("NVIDIA L40S", 362e12),
        ("Tesla T4", 65e12),
        ("NVIDIA GeForce MX150", None),
    ],
)
def test_peaks_go_by_name(monkeypatch: pytest.MonkeyPatch, name: str, peak: float | None) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: name)
    assert flops.peak_flops(torch.device("cuda", 0)) == peak
