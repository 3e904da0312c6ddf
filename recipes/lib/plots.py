"""Pictures of results: the curve over labels, bars by kind of answer, and what merged answers are taken for.

The same numbers give the same bytes. The format follows the suffix (.svg, .png, .pdf); all text is English,
so that every machine has the letters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recipes.lib.results import Summary, summary
from vqa_builder.errors import ReleaseError, SourceError, SpecError
from vqa_builder.languages.base import known_languages
from vqa_builder.metrics.inputs import vocabulary_form
from vqa_builder.metrics.predictions import in_order, load_predictions
from vqa_builder.metrics.references import References, load_references
from vqa_builder.store import atomic_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from recipes.lib.evaluate import Scores

OTHER = "(other)"
METADATA: dict[str, dict[str, None]] = {
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
STYLE = {
    "svg.hashsalt": "vqa-builder",
    "svg.fonttype": "none",
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.alpha": 0.25,
}
# Okabe and Ito's colours, which people with any colour vision tell apart, and one marker each
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")


@dataclass(frozen=True)
class Confusion:
    """What the answers of merged labels are taken for.

    Attributes:
        labels: the English labels that are shown, and ``(other)`` last: any label that is not.
        groups: the group of each of them: labels of one group have one answer in the target language.
        counts: (labels, labels) questions by the annotators' most frequent answer and the prediction.
        inside, outside: questions whose prediction is another label of the same group (right in the target
            language), or of none such.
    """

    labels: tuple[str, ...]
    groups: tuple[int, ...]
    counts: NDArray[np.int64]
    inside: int
    outside: int


def learning_curves(
    path: Path,
    records: Iterable[Mapping[str, Any]],
    rows: Sequence[str],
    languages: Sequence[str],
    *,
    value: str = "accuracy",
    share: str = "share",
    **where: Any,
) -> None:
    """Mean and standard deviation over seeds against the share of the labels, a panel per language.

    Args:
        path: the file to write, whole or not at all.
        records: as ``results.read`` gives them; ``share`` is from 0 to 1.
        rows: a line each; a row of one share, or of none, is a level line.
        languages: a panel each.
        value, share: fields of the records.
        **where: further conditions on the runs.

    Raises:
        SourceError: no run matches, or several of one seed do.
    """
    records = list(records)
    shares = sorted({record[share] for record in records if record.get(share) is not None})
    with _figure(path, 1.3 + 2.7 * len(languages), 2.7, 1, len(languages)) as (_, panels):
        for panel, language in zip(panels, languages, strict=True):
            drawn = [
                _curve(panel, records, row, place, shares, value, share, {"language": language, **where})
                for place, row in enumerate(rows)
            ]
            if not any(drawn):
                raise SourceError(
                    "No run matches", where=path, expected=f"rows {', '.join(rows)} in {language}"
                )
            panel.set_title(known_languages()[language][0])
            panel.set_xlabel("share of the labels")
            panel.set_xticks(range(len(shares)), [f"{100 * each:g} %" for each in shares])
        panels[0].set_ylabel(value.replace("_", " "))
        panels[-1].legend(frameon=False, fontsize=7, loc="upper left", bbox_to_anchor=(1, 1))


def answer_type_bars(path: Path, scores: Mapping[str, Scores]) -> None:
    """Accuracy by kind of answer, a group of bars for each system, with 95 % intervals.

    Args:
        path: the file to write.
        scores: system -> its scores, all of questions with the same kinds of answer.
    """
    if not scores:
        raise SpecError("There is nothing to draw", where=path, expected="the scores of one system or more")
    kinds = list(dict.fromkeys(kind for each in scores.values() for kind in each.by_answer_type))
    width = 0.8 / len(scores)
    with _figure(path, 1.6 + 1.1 * (len(kinds) + 1), 2.7, 1, 1) as (_, (panel,)):
        for place, (name, each) in enumerate(scores.items()):
            found = [each.overall, *(each.by_answer_type.get(kind) for kind in kinds)]
            at, bars = zip(*((x, bar) for x, bar in enumerate(found) if bar is not None), strict=True)
            panel.bar(
                np.array(at) + width * (place - (len(scores) - 1) / 2),
                [bar.value for bar in bars],
                width,
                yerr=[[b.value - b.low for b in bars], [b.high - b.value for b in bars]],
                label=name,
                color=COLOURS[place % len(COLOURS)],
                error_kw={"elinewidth": 0.8, "capsize": 1.5},
            )
        panel.set_xticks(range(len(kinds) + 1), ["all", *kinds])
        panel.set_ylabel("accuracy")
        panel.set_ylim(0, 100)
        panel.legend(frameon=False, fontsize=7, loc="upper left", bbox_to_anchor=(1, 1))


def merged_confusion(
    predictions: Any, release: Path | str | References, split: str | None, *, most: int = 12
) -> Confusion:
    """How labels whose translations merged are taken for one another.

    English labels such as "cat" and "cats" may have one Japanese answer; a student of Japanese questions can
    only guess which of the two an annotator of the English question wrote.

    Args:
        predictions: English labels, in any form of ``metrics.predictions.load_predictions``.
        release, split: whose answer map lists the merges.
        most: labels that are shown, those of the most questions.

    Raises:
        ReleaseError: the release has no answer map.
        SourceError: the predictions are not those of the split, or no question's answer is a merged label.
    """
    references = load_references(release, None, split if not isinstance(release, References) else None)
    predicted = in_order(load_predictions(predictions), references).to_pylist()
    winners = references.rows["multiple_choice_answer_en"].to_pylist()
    group_of = _groups(references)
    pairs: Counter[tuple[str, str]] = Counter()
    for winner, answer in zip(map(_form, winners), map(_form, predicted), strict=True):
        if winner in group_of:
            same = group_of.get(answer) == group_of[winner]
            pairs[winner, answer if same else OTHER] += 1
    if not pairs:
        raise SourceError(
            "No question's answer is a merged label",
            where=references.label,
            expected="merged_with in answers/answer_map.parquet",
        )
    inside = sum(count for (one, two), count in pairs.items() if two not in (one, OTHER))
    outside = sum(count for (_, two), count in pairs.items() if two == OTHER)
    labels = _most_frequent(pairs, group_of, most)
    place = {label: at for at, label in enumerate(labels)}
    counts = np.zeros((len(labels), len(labels)), np.int64)
    for (winner, answer), count in pairs.items():
        if winner in place:
            counts[place[winner], place.get(answer, place[OTHER])] += count
    groups = tuple(group_of.get(label, -1) for label in labels)
    return Confusion(labels, groups, counts, inside, outside)


def confusion_plot(path: Path, confusion: Confusion) -> None:
    """A confusion as shares of its rows, groups of merged labels framed.

    In a recipe::

        confusion_plot(Path("merged.svg"), merged_confusion(predictions, release, "validation"))
    """
    asked = confusion.counts.sum(axis=1, keepdims=True)
    shares = confusion.counts[:-1] / np.maximum(asked[:-1], 1)
    size = 1.3 + 0.3 * len(confusion.labels)
    with _figure(path, size + 1.2, size, 1, 1) as (figure, (panel,)):
        panel.grid(False)
        drawn = panel.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for (row, column), share in np.ndenumerate(shares):
            if share:
                colour = "white" if share > 0.5 else "black"
                panel.text(column, row, f"{100 * share:.0f}", ha="center", va="center", color=colour, size=6)
        panel.set_xticks(range(len(confusion.labels)), confusion.labels, rotation=60, ha="right")
        named = zip(confusion.labels[:-1], asked[:-1, 0], strict=True)
        panel.set_yticks(range(len(shares)), [f"{label} ({count:,})" for label, count in named])
        panel.set_xlabel("prediction")
        panel.set_ylabel("annotators' answer (questions)")
        _frame_groups(panel, confusion.groups[:-1])
        figure.colorbar(drawn, ax=panel, label="share of the questions", shrink=0.7)


@contextmanager
def _figure(
    path: Path, width: float, height: float, rows: int, columns: int
) -> Iterator[tuple[Figure, Sequence[Any]]]:
    """A figure in our style with its panels in a row; written, whole or not at all, if all goes well."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    kind = path.suffix.removeprefix(".").lower()
    if kind not in METADATA:
        raise SpecError(
            "A plot cannot be written in this format",
            where=path,
            expected=", ".join(f".{each}" for each in METADATA),
            found=path.suffix,
        )
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
        yield figure, figure.subplots(rows, columns, squeeze=False, sharey=True)[0]
        with atomic_file(path) as partial:
            figure.savefig(partial, format=kind, dpi=150, metadata=METADATA[kind])


def _curve(
    panel: Any,
    records: Sequence[Mapping[str, Any]],
    row: str,
    place: int,
    shares: Sequence[float],
    value: str,
    share: str,
    where: Mapping[str, Any],
) -> bool:
    """One row's line and band, or its level where it has one share or none; False where it has no run."""
    colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]
    found: dict[int, Summary] = {}
    for at, each in enumerate(shares):
        if held := summary(records, value, **{"row": row, share: each, **where}):
            found[at] = held
    if len(found) > 1:
        means = np.array([each.mean for each in found.values()])
        spread = np.array([each.deviation or 0.0 for each in found.values()])
        panel.plot([*found], means, color=colour, marker=marker, markersize=3.5, linewidth=1.2, label=row)
        panel.fill_between([*found], means - spread, means + spread, color=colour, alpha=0.15, linewidth=0)
        return True
    without = [record for record in records if record.get(share) is None]
    level = next(iter(found.values()), None) or summary(without, value, row=row, **where)
    if level:
        panel.axhline(level.mean, color=colour, linewidth=1, linestyle="--", label=row)
    return level is not None


def _groups(references: References) -> dict[str, int]:
    """English label in vocabulary form -> number of its group, for labels that are merged with another."""
    labels = references.labels
    if "merged_with" not in labels.column_names:
        raise ReleaseError("The answer map lists no merges", where=references.label, expected="merged_with")
    names = dict(zip(labels["label"].to_pylist(), labels["answer_en"].to_pylist(), strict=True))
    partners: dict[int, set[int]] = {}
    for label, others in zip(labels["label"].to_pylist(), labels["merged_with"].to_pylist(), strict=True):
        for other in others or ():
            partners.setdefault(label, set()).add(other)
            partners.setdefault(other, set()).add(label)
    groups: dict[int, int] = {}
    for start in sorted(partners):
        waiting = [start] if start not in groups else []
        while waiting:
            label = waiting.pop()
            groups[label] = start
            waiting += [other for other in partners[label] if other not in groups]
    return {vocabulary_form(names[label]): group for label, group in groups.items() if label in names}


def _form(answer: str | None) -> str:
    return vocabulary_form(answer or "")


def _most_frequent(
    pairs: Mapping[tuple[str, str], int], group_of: Mapping[str, int], most: int
) -> tuple[str, ...]:
    """The labels of the most questions, groups together, then ``(other)``."""
    asked: Counter[str] = Counter()
    for (winner, _), count in pairs.items():
        asked[winner] += count
    chosen = sorted(asked, key=lambda label: (-asked[label], label))[:most]
    weight = {group: sum(asked[x] for x in chosen if group_of[x] == group) for group in group_of.values()}
    ordered = sorted(chosen, key=lambda x: (-weight[group_of[x]], group_of[x], -asked[x], x))
    return (*ordered, OTHER)


def _frame_groups(panel: Any, groups: Sequence[int]) -> None:
    from matplotlib.patches import Rectangle

    for group in dict.fromkeys(groups):
        places = [at for at, each in enumerate(groups) if each == group]
        start, size = places[0] - 0.5, len(places)
        panel.add_patch(Rectangle((start, start), size, size, fill=False, edgecolor="#D55E00", linewidth=1))
