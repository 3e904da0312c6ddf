"""Histograms as SVG by matplotlib: the same numbers give the same bytes, the page gives the colours.

Text stays text and every colour is a CSS variable, so one plot serves dark and light.
"""

from __future__ import annotations

import io
import re
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vqa_builder.report.measures import Floats, Measure

BINS = 60
WIDTH, HEIGHT = 4.6, 1.7
LEFT, RIGHT, BOTTOM, TOP = 0.115, 0.985, 0.16, 0.95
_COLOURS = {"#010101": "var(--kept)", "#020202": "var(--rejected)", "#030303": "var(--ink-soft)"}
_KEPT, _REJECTED, _INK = _COLOURS


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
    return _drawn(measure.name, low, high, kept, rejected)


def _counts(values: Floats, edges: NDArray[np.float64]) -> tuple[int, ...]:
    inside = np.clip(values[np.isfinite(values)].astype(np.float64), edges[0], edges[-1])
    return tuple(np.histogram(inside, edges)[0].tolist())


@lru_cache(maxsize=256)
def _drawn(name: str, low: float, high: float, kept: tuple[int, ...], rejected: tuple[int, ...]) -> Histogram:
    """Both scales on one figure, since drawing ticks is what takes the time."""
    import matplotlib
    from matplotlib.figure import Figure

    edges = np.linspace(low, high, BINS + 1)
    every = np.add(kept, rejected)
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update({"svg.hashsalt": name, "svg.fonttype": "none", "font.size": 8})
        figure = Figure(figsize=(WIDTH, HEIGHT))
        axes = figure.add_axes((LEFT, BOTTOM, RIGHT - LEFT, TOP - BOTTOM))
        axes.stairs(every, edges, fill=True, color=_REJECTED, baseline=kept)
        axes.stairs(kept, edges, fill=True, color=_KEPT)
        found = []
        for scale in Histogram._fields:
            _dress(axes, low, high, int(every.max()), scale == "logarithmic")
            written = io.StringIO()
            figure.savefig(written, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
            found.append(_inline(written.getvalue(), f"{name}-{scale}"))
    return Histogram(*found)


def _dress(axes: object, low: float, high: float, most: int, logarithmic: bool) -> None:
    """Axes without a box, few ticks, thousands as k."""
    from matplotlib.axes import Axes
    from matplotlib.ticker import EngFormatter, LogLocator, MaxNLocator, NullLocator

    assert isinstance(axes, Axes)
    axes.set_xlim(low, high)
    if logarithmic:
        axes.set_yscale("log")
        axes.set_ylim(0.7, max(most, 1) * 1.4)
        axes.yaxis.set_major_locator(LogLocator(numticks=5))
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        axes.set_ylim(0, max(most, 1) * 1.05)
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_major_formatter(EngFormatter(sep="", places=None))
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(_INK)
    axes.tick_params(colors=_INK, length=2, width=0.6)


def _inline(svg: str, name: str) -> str:
    """An SVG file as an element of a page: no prolog, no fixed size, ids of its own, colours by name."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<style.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*" height="[^"]*"', r'\1 aria-hidden="true"', svg, count=1)
    used = set(re.findall(r"#([\w-]+)\)|href=\"#([\w-]+)\"", svg))
    names = {one for pair in used for one in pair if one}
    svg = re.sub(r' id="([^"]+)"', lambda found: f' id="{name}-{found[1]}"' if found[1] in names else "", svg)
    svg = re.sub(r'(url\(#|href="#)', rf"\g<1>{name}-", svg)
    svg = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", svg)
    for sentinel, colour in _COLOURS.items():
        svg = svg.replace(sentinel, colour)
    return re.sub(r"\s*\n\s*", " ", svg)
