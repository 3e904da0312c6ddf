"""Histograms as SVG: the same numbers give the same bytes, the page gives the colours.

Text stays text and every colour is a CSS variable, so one plot serves dark and light.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vqa_builder.report.measures import Floats, Measure

BINS = 60
WIDTH, HEIGHT = 331.2, 122.4
LEFT, RIGHT, BOTTOM, TOP = 0.115 * WIDTH, 0.985 * WIDTH, 0.84 * HEIGHT, 0.05 * HEIGHT
X_TICKS, Y_TICKS = 9, 4
_STEPS = (1, 2, 2.5, 5, 10)
_UNITS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def span(stops: list[float]) -> tuple[float, float]:
    """The horizontal axis of a score's plot: from its first cut to its last, with room for a single value.

    >>> span([0.0, 1.0])
    (0.0, 1.0)
    """
    low, high = stops[0], stops[-1]
    return (low, high) if high > low else (low - 0.5, high + 0.5)


class Histogram(NamedTuple):
    """One score's plot as ``<svg>`` elements.

    Attributes:
        linear: with linear counts.
        logarithmic: the same with logarithmic counts.
    """

    linear: str
    logarithmic: str


def histogram(measure: Measure, keep: NDArray[np.bool_], stops: list[float]) -> Histogram:
    """Kept and rejected rows over one score, stacked.

    Args:
        measure: the score of all rows.
        keep: the verdict on all rows.
        stops: the score's cuts; what lies beyond them counts in the outermost bars.
    """
    low, high = span(stops)
    edges = np.linspace(low, high, BINS + 1)
    kept, rejected = (_counts(measure.values[side], edges) for side in (keep, ~keep))
    stacked = {"rejected": kept + rejected, "kept": kept}
    most = max(int(stacked["rejected"].max()), 1)
    powers = range(math.floor(math.log10(most * 1.4)) + 1)
    sparse = powers[:: -(-len(powers) // Y_TICKS)]
    return Histogram(
        _drawn(stacked, low, high, 0, most * 1.05, float, ticks(0, most * 1.05, Y_TICKS, whole=True)),
        _drawn(stacked, low, high, 0.7, most * 1.4, _logarithm, [10**power for power in sparse]),
    )


def ticks(low: float, high: float, most: int, *, whole: bool = False) -> list[float]:
    """At most so many round numbers of one distance that lie between two others.

    >>> ticks(0, 1, 5)
    [0.0, 0.25, 0.5, 0.75, 1.0]
    >>> ticks(0, 2.1, 4, whole=True)
    [0, 1, 2]
    """
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    for step in (scale * power for scale in (*_STEPS, 10 * _STEPS[1])):
        if whole and step != int(step):
            continue
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            return [int(at * step) if whole else round(at * step, 12) for at in range(first, last + 1)]
    return []


def _counts(values: Floats, edges: NDArray[np.float64]) -> NDArray[np.int64]:
    inside = np.clip(values[np.isfinite(values)].astype(np.float64), edges[0], edges[-1])
    return np.histogram(inside, edges)[0]


def _logarithm(value: float) -> float:
    return math.log10(max(value, 1e-9))


def _drawn(
    stacked: dict[str, NDArray[np.int64]],
    low: float,
    high: float,
    least: float,
    most: float,
    scale: Callable[[float], float],
    marks: Iterable[float],
) -> str:
    """Axes without a box, few ticks, thousands as k."""

    def across(value: float) -> str:
        return f"{LEFT + (RIGHT - LEFT) * (value - low) / (high - low):.1f}"

    def up(value: float) -> str:
        share = (scale(value) - scale(least)) / (scale(most) - scale(least))
        return f"{BOTTOM - (BOTTOM - TOP) * max(share, 0):.1f}"

    edges = np.linspace(low, high, BINS + 1)
    found = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true" font-size="8">']
    for name, counts in stacked.items():
        bars = (f"V{up(count)}H{across(edge)}" for count, edge in zip(counts, edges[1:], strict=True))
        floor = f"{BOTTOM:.1f}"
        path = f"M{across(low)} {floor}{''.join(bars)}V{floor}Z"
        found.append(f'<path class="{name}" d="{path}" fill="var(--{name})"/>')
    strokes = [f"M{LEFT:.1f} {BOTTOM:.1f}H{RIGHT:.1f}"]
    for value in ticks(low, high, X_TICKS):
        strokes.append(f"M{across(value)} {BOTTOM:.1f}v2")
        found.append(f'<text x="{across(value)}" y="{BOTTOM + 11:.1f}" text-anchor="middle">{value:g}</text>')
    for value in marks:
        strokes.append(f"M{LEFT:.1f} {up(value)}h-2")
        height = f"{float(up(value)) + 2.8:.1f}"
        found.append(f'<text x="{LEFT - 5:.1f}" y="{height}" text-anchor="end">{_count(value)}</text>')
    found.append(
        f'<path d="{"".join(strokes)}" fill="none" stroke="var(--ink-soft)" stroke-width=".6"/></svg>'
    )
    return "".join(found)


def _count(value: float) -> str:
    """A count as short as it can be.

    >>> _count(2500), _count(40)
    ('2.5k', '40')
    """
    scale, unit = next((pair for pair in _UNITS if value >= pair[0]), (1, ""))
    return f"{value / scale:g}{unit}"
