"""The data behind the threshold explorer: every row counted exactly, some rows to read.

A slider stops at *cuts*. A row is binned by where its score lies among the cuts, so that the page can tell
for every position of every slider, alone or together, how many rows are kept: no estimate, no row lost.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder.pictures import Shown
from vqa_builder.quality.rules import reason_codes
from vqa_builder.report.measures import Floats, Measure, kept

MOST_CUTS = 120
FEW_VALUES = 48
NO_SCORE = 255
MOST_BYTES = 3_000_000
NEAREST = 40
PICTURE_SIDE = 112
MOST_PICTURES = 400
TAILS = (0.001, 0.999)


def cuts(values: Floats, limits: Sequence[float], most: int = MOST_CUTS) -> list[float]:
    """Where the slider of a score stops: round numbers over its range, and the policy's own bounds.

    A score of few distinct values has those as its cuts. Each cut is a float32 as people write it.

    >>> cuts(np.array([0, 0, 1], np.float32), [0.5])
    [0.0, 0.5, 1.0]
    """
    distinct = np.unique(values[np.isfinite(values)])
    if len(distinct) <= min(FEW_VALUES, most):
        stops = distinct.astype(np.float64)
    else:
        low, high = np.quantile(values[np.isfinite(values)], TAILS)
        low, high = min(low, *limits, high), max(high, *limits, low)
        step = _round_step((high - low) / (most - 4))
        stops = np.arange(math.floor(low / step), math.ceil(high / step) + 1) * step
    every = np.unique(np.array([*stops, *limits], np.float32))
    return [float(str(stop)) for stop in every]


def codes(values: Floats, stops: Sequence[float]) -> NDArray[np.uint8]:
    """Where each value lies among the cuts: 2k below cut k, 2k + 1 on it, ``NO_SCORE`` for NaN.

    So a value is below cut k where its code is below 2k + 1, and above it where its code is above.

    >>> codes(np.array([0.1, 0.5, 0.7, np.nan], np.float32), [0.5, 0.6]).tolist()
    [0, 1, 4, 255]
    """
    edges = np.array(stops, np.float32)
    found = np.searchsorted(edges, values, "left") + np.searchsorted(edges, values, "right")
    return np.where(np.isnan(values), NO_SCORE, found).astype(np.uint8)


def data(
    rows: pa.Table,
    measures: Sequence[Measure],
    sample: int,
    seed: int = 0,
    pictures: Shown | None = None,
    texts_of: Callable[[NDArray[np.int64]], pa.Table] | None = None,
) -> dict[str, Any]:
    """Everything that the page's script reads, as JSON.

    Args:
        rows: as ``measures.gather`` returns them.
        measures: their numeric scores.
        sample: about how many rows to take along for reading; all of them if there are no more.
        seed: of the choice.
        pictures: gives those of some rows.
        texts_of: reads the texts of some rows; None where they stand in ``rows``.

    Returns:
        ``measures`` (name, bounds, cuts), ``joint`` (see ``_joint``) and ``rows`` (columns of the sample).
    """
    splits = rows["split"].unique().to_pylist()
    stops, joint = _joint(rows, measures, splits)
    chosen = choose(kept(rows), measures, stops, sample, seed)
    shown = rows.take(chosen)
    if texts_of is not None:
        texts = texts_of(chosen)
        shown = pa.table({name: table[name] for table in (shown, texts) for name in table.column_names})
    described = [
        {"name": measure.name, "low": measure.low, "high": measure.high, "cuts": at}
        for measure, at in zip(measures, stops, strict=True)
    ]
    return {
        "measures": described,
        "splits": splits,
        "joint": joint,
        "rows": _sample(shown, [measure.values[chosen] for measure in measures]),
        **_pictures(chosen, pictures),
    }


def choose(
    keep: NDArray[np.bool_],
    measures: Sequence[Measure],
    stops: Sequence[Sequence[float]],
    sample: int,
    seed: int = 0,
) -> NDArray[np.int64]:
    """Which rows to show: half by chance, kept and rejected alike; half spread over the range of every score.

    The rows nearest to each bound of the policy always come along.

    Returns:
        Row numbers, ascending; all of them if there are no more than ``sample``.
    """
    if len(keep) <= sample:
        return np.arange(len(keep))
    order = np.random.default_rng(seed).permutation(len(keep))
    taken = np.zeros(len(keep), bool)
    for side in (True, False):
        taken[order[keep[order] == side][: sample // 4]] = True
    spread = max(1, sample // 2 // max(1, sum(map(len, stops))))
    for measure, at in zip(measures, stops, strict=True):
        taken[_spread(codes(measure.values, at), order, spread)] = True
        for limit in measure.limits:
            taken[_nearest(measure.values, limit, order)] = True
    return np.flatnonzero(taken)


def _joint(
    rows: pa.Table, measures: Sequence[Measure], splits: Sequence[str]
) -> tuple[list[list[float]], dict[str, Any]]:
    """Rows of the same split, verdict and codes, counted once; coarser cuts where that would be too big.

    Each column is base64: bytes for split, ``fixed`` (rejected for what no slider moves) and the codes,
    32-bit numbers for the counts. ``loose`` counts rows kept although a recorded bound rejects them, which a
    sound release has none of.
    """
    keep = kept(rows)
    hit = np.zeros(len(keep), bool)
    for measure in measures:
        hit |= measure.rejects
    split = pc.index_in(rows["split"].cast(pa.string()), pa.array(splits)).to_numpy().astype(np.uint8)
    fixed = _fixed(rows, measures, hit)
    for most in (MOST_CUTS, MOST_CUTS // 2, MOST_CUTS // 4, MOST_CUTS // 8):
        stops = [cuts(measure.values, measure.limits, most) for measure in measures]
        binned = [codes(measure.values, at) for measure, at in zip(measures, stops, strict=True)]
        distinct, counts = _distinct(np.column_stack([split, fixed, *binned]))
        if distinct.nbytes + 4 * len(counts) <= MOST_BYTES:
            break
    columns = [_base64(column) for column in distinct.T]
    return stops, {
        "size": len(counts),
        "counts": _base64(counts.astype("<u4")),
        "split": columns[0],
        "fixed": columns[1],
        "codes": columns[2:],
        "loose": int((keep & hit).sum()),
    }


def _distinct(table: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The distinct rows in their order, and how often each stands there.

    >>> [found.tolist() for found in _distinct(np.array([[1, 0], [0, 2], [1, 0]], np.uint8))]
    [[[0, 2], [1, 0]], [1, 2]]
    """
    width = table.shape[1]
    found, counts = np.unique(np.ascontiguousarray(table).view(f"S{width}"), return_counts=True)
    return found.view(np.uint8).reshape(-1, width), counts


def _fixed(rows: pa.Table, measures: Sequence[Measure], hit: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """1 where a row was rejected for a reason that no slider moves, such as a failed translation."""
    moved = {code for measure in measures for code in _codes_of(measure)}
    reasons = rows["reasons"].combine_chunks()
    words = reason_codes(reasons.flatten()).dictionary_encode()
    firm = np.array([word not in moved for word in words.dictionary.to_pylist()], bool)
    owner = np.repeat(np.arange(len(reasons)), reasons.value_lengths().to_numpy(zero_copy_only=False))
    found = ~kept(rows) & ~hit
    if len(words):
        found[owner[firm[words.indices.to_numpy()]]] = True
    return found.astype(np.uint8)


def _codes_of(measure: Measure) -> list[str]:
    """The reasons that a policy gives for the bounds of a score."""
    low = [f"{measure.name}<{measure.low:g}"] if measure.low is not None else []
    high = [measure.name, f"{measure.name}>{measure.high:g}"] if measure.high is not None else []
    return low + high


def _spread(code: NDArray[np.uint8], order: NDArray[np.int64], each: int) -> NDArray[np.int64]:
    """The first ``each`` rows of every code, in the order given."""
    by_code = order[np.argsort(code[order], kind="stable")]
    sorted_codes = code[by_code]
    first = np.searchsorted(sorted_codes, sorted_codes, "left")
    return by_code[np.arange(len(code)) - first < each]


def _nearest(values: Floats, limit: float, order: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rows just below and just above a bound."""
    distance = values[order].astype(np.float64) - limit
    below, above = order[distance < 0], order[distance >= 0]
    closest = below[np.argsort(-values[below], kind="stable")[:NEAREST]]
    return np.concatenate([closest, above[np.argsort(values[above], kind="stable")[:NEAREST]]])


def _pictures(chosen: NDArray[np.int64], pictures: Shown | None) -> dict[str, list[Any]]:
    """``pictures``, each once, and ``picture``: for each chosen row which one it has, or null."""
    if pictures is None:
        return {"pictures": [], "picture": []}
    shown = pictures(chosen.tolist(), PICTURE_SIDE, MOST_PICTURES)
    distinct = {address: place for place, address in enumerate(dict.fromkeys(shown.values()))}
    there = [distinct[shown[row]] if row in shown else None for row in chosen.tolist()]
    return {"pictures": list(distinct), "picture": there if distinct else []}


def _sample(rows: pa.Table, values: Sequence[Floats]) -> dict[str, Any]:
    """The chosen rows by column; words that repeat are numbers into ``words``."""
    words: dict[str, int] = {}
    reasons = [
        [words.setdefault(word, len(words)) for word in found or []] for found in rows["reasons"].to_pylist()
    ]
    texts: Mapping[str, str] = {
        "id": "question_id",
        "split": "split",
        "en": "question_en",
        "text": "question",
        "back": "question_back",
        "answer_en": "multiple_choice_answer_en",
        "answer": "multiple_choice_answer",
    }
    repeated = {"type": "answer_type", "engine": "engine"}
    return {
        **{short: rows[name].to_pylist() for short, name in texts.items()},
        **{short: _coded(rows[name]) for short, name in repeated.items()},
        "keep": [int(keep) for keep in rows["keep"].to_pylist()],
        "reasons": reasons,
        "words": list(words),
        "values": [_base64(column.astype("<f4")) for column in values],
    }


def _coded(column: pa.ChunkedArray) -> dict[str, list[Any]]:
    """Words that repeat: each once, and for every row which."""
    coded = column.combine_chunks().dictionary_encode()
    return {"words": coded.dictionary.to_pylist(), "rows": coded.indices.to_pylist()}


def _base64(column: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(column).tobytes()).decode("ascii")


def _round_step(step: float) -> float:
    """The next 1, 2 or 5 times a power of ten.

    >>> _round_step(0.83), _round_step(0.013)
    (1.0, 0.02)
    """
    power = 10.0 ** math.floor(math.log10(step))
    return next(power * times for times in (1, 2, 5, 10) if power * times >= step * (1 - 1e-9))
