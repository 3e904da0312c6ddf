"""Histograms: every row is drawn, on axes that people can read."""

from __future__ import annotations

import re

import numpy as np
import pytest

from vqa_builder.report import plots
from vqa_builder.report.measures import Measure


@pytest.mark.parametrize(
    ("low", "high", "most", "whole", "wanted"),
    [
        (0, 100, 9, False, [0, 20, 40, 60, 80, 100]),
        (-0.5, 0.5, 9, False, [-0.4, -0.2, 0, 0.2, 0.4]),
        (0.2, 0.21, 9, False, [0.2, 0.202, 0.204, 0.206, 0.208, 0.21]),
        (0, 1.05, 4, True, [0, 1]),
        (0, 41000, 4, True, [0, 20000, 40000]),
    ],
)
def test_ticks_are_round(low: float, high: float, most: int, whole: bool, wanted: list[float]) -> None:
    assert plots.ticks(low, high, most, whole=whole) == pytest.approx(wanted)


def test_bars_are_as_high_as_their_rows_are_many() -> None:
    values = np.array([0, 0, 0, 1, 7, np.nan], np.float32)
    plot = plots.histogram(Measure("chrf", values), np.array([1, 0, 0, 1, 1, 1], bool), [0.0, 1.0])
    logarithmic = np.log10(3 / 0.7) / np.log10(4.2 / 0.7)
    for drawn, share in ((plot.linear, 3 / 3.15), (plot.logarithmic, logarithmic)):
        tops = {name: _heights(drawn, name) for name in ("kept", "rejected")}
        assert len(tops["kept"]) == plots.BINS
        assert tops["rejected"][0] == pytest.approx(share, abs=0.001)
        assert tops["kept"][-1] == tops["rejected"][-1] > tops["kept"][0] > tops["kept"][1] == 0


def test_large_counts_are_short() -> None:
    keep = np.ones(200_000, bool)
    plot = plots.histogram(Measure("copy", np.zeros(200_000, np.float32)), keep, [0.0, 1.0])
    assert re.findall(">([^<]+)</text>", plot.linear)[-3:] == ["0", "100k", "200k"]
    assert re.findall(">([^<]+)</text>", plot.logarithmic)[-3:] == ["1", "100", "10k"]


def _heights(svg: str, name: str) -> list[float]:
    """How high every bar is, as a share of the plot."""
    (path,) = re.findall(f'class="{name}" d="([^"]+)"', svg)
    at = [float(up) for up in re.findall(r"V([\d.]+)H", path)]
    return [round((plots.BOTTOM - up) / (plots.BOTTOM - plots.TOP), 3) for up in at]
