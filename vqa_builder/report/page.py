"""The page itself: tables and a manifest in, one HTML document out, the same bytes for the same release."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from vqa_builder.batches import Batches
from vqa_builder.escaping import on_page, terminal
from vqa_builder.pictures import Shown
from vqa_builder.report import answers, explorer, plots, statistics
from vqa_builder.report.measures import Measure, gather, kept, labels, measures, texts_of

FILE = "report.html"
SAMPLE = 6000
VALUES_SHOWN = 8
TEMPLATES = Path(__file__).parent / "templates"


def render(
    tables: Mapping[str, pa.Table | Batches],
    manifest: Mapping[str, Any],
    *,
    sample: int = SAMPLE,
    pictures: Shown | None = None,
) -> str:
    """The report of a release.

    Args:
        tables: the release's tables by their key: ``data/train``, ``rejected/train``, ``answers/answer_map``.
        manifest: its manifest: name, language, counts, signatures and policy.
        sample: about how many rows the page carries for reading; the counts are of all rows in any case.
        pictures: gives those of some rows; none are shown without it.

    Returns:
        An HTML document that loads nothing from anywhere; ``vqa-builder report`` writes it.
    """
    rows = gather(tables)
    policy = manifest.get("policy") or manifest.get("spec", {}).get("policy") or {}
    scores = measures(rows, policy, manifest["counts"].get("round_trip"))
    read_texts = partial(texts_of, tables)
    explored = explorer.data(rows, scores, sample, pictures=pictures, texts_of=read_texts)
    answer_map = tables.get("answers/answer_map")
    explored |= {"name": manifest["name"], "language": manifest["language"], "policy": policy}
    page: str = (
        environment()
        .get_template("report.html.j2")
        .render(
            m=manifest,
            language=manifest["language"],
            steps=statistics.steps(manifest["counts"]),
            splits=_splits(manifest["counts"]),
            total=rows.num_rows,
            kept=int(kept(rows).sum()),
            reasons=statistics.reasons(rows),
            answer_types=statistics.groups(rows, "answer_type"),
            question_types=statistics.groups(rows, "question_type"),
            cards=_cards(scores, rows, explored["measures"]),
            words=_words(rows),
            shown=len(explored["rows"]["id"]),
            loose=explored["joint"]["loose"],
            answers=answers.labels(
                None if answer_map is None else Batches.of(answer_map).table(), manifest["language"]
            ),
            coverage=answers.coverage(manifest["counts"]),
            drift=answers.drift(tables, manifest["language"]),
            engines=statistics.engines(rows),
            data=json_element(explored),
        )
    )
    return page


@cache
def environment() -> Any:
    """Jinja over this room's templates, with HTML escaped."""
    import jinja2

    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=on_page,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update(percent=_percent, count=lambda number: f"{number:,}", score=_score)
    made.globals["raw"] = lambda name: (TEMPLATES / name).read_text(encoding="utf-8")
    return made


def json_element(value: object) -> str:
    """JSON that may stand inside a script element.

    >>> json_element({"a": "</script>"})
    '{"a":"\\\\u003c/script>"}'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return terminal(text.replace("<", "\\u003c"))


def _percent(share: float) -> str:
    """A share to one place; one that is not zero is not shown as zero.

    >>> _percent(0.1234), _percent(0.0004), _percent(0)
    ('12.3 %', '<0.1 %', '0.0 %')
    """
    return "<0.1 %" if 0 < share < 0.0005 else f"{100 * share:.1f} %"


def _score(value: float | None) -> str:
    """A score in four digits, as the page's script writes it."""
    return "" if value is None else f"{value:.4g}"


def _splits(counts: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": split,
            "source": rows,
            "kept": counts["kept"].get(split, 0),
            "rejected": counts["rejected"].get(split, 0),
        }
        for split, rows in counts["source"].items()
    ]


def _cards(scores: list[Measure], rows: pa.Table, described: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A score's plots and sliders; a score without any bound may get either."""
    keep = kept(rows)
    cards = []
    for measure, facts in zip(scores, described, strict=True):
        stops = facts["cuts"]
        if not stops:
            continue
        sides = [side for side in ("low", "high") if facts[side] is not None] or ["low", "high"]
        plot = plots.histogram(measure, keep, stops)
        cards.append(
            {
                "name": measure.name,
                "at": described.index(facts),
                "linear": plot.linear,
                "log": plot.logarithmic,
                "axis": plots.span(stops),
                "nulls": int(np.isnan(measure.values).sum()),
                "last": len(stops) - 1,
                "sides": [{"side": side, "at": _stop(facts[side], stops)} for side in sides],
            }
        )
    return cards


def _stop(limit: float | None, stops: list[float]) -> int | None:
    """Which cut a bound is, in the precision of the cuts; None for no bound."""
    if limit is None:
        return None
    return min(range(len(stops)), key=lambda at: abs(stops[at] - limit))


def _words(rows: pa.Table) -> dict[str, list[statistics.Group]]:
    keep = kept(rows)
    return {name: statistics.tally(values, keep, VALUES_SHOWN) for name, values in labels(rows).items()}
