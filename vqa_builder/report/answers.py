"""What became of the answers: coverage, methods, labels that read alike, and what drifted from English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from vqa_builder import languages
from vqa_builder.answers import merges, winners
from vqa_builder.batches import Batches

SHOWN_LABELS = 400
SHOWN_MERGES = 200
SHOWN_DRIFTS = 25
SHOWN_SENSES = 60
KINDS = {
    winners.CHANGED: "another answer is the most frequent one",
    winners.ROSE: "more people agree, since several English answers read alike",
    winners.FELL: "fewer people agree, since one English answer was read in several ways",
}
_COLUMNS = ("question_id", "question_en", "multiple_choice_answer", "multiple_choice_answer_en", "answers")


class Share(NamedTuple):
    """A part of the answers.

    Attributes:
        name: a method, a verdict, a split, an answer type.
        size: labels, or questions.
        part: people's answers, or those of the questions whose answer is a label.
        share: of all people's answers, or of ``size``; 0 to 1.
    """

    name: str
    size: int
    part: int
    share: float


class Merge(NamedTuple):
    """English labels that share one answer.

    Attributes:
        answer: in the target language.
        english: the labels' English answers.
        flagged: whether nobody has said that any two of them may read alike.
        why: what makes the others intended; "" for none.
    """

    answer: str
    english: list[str]
    flagged: bool
    why: str


class Sense(NamedTuple):
    """One sense of an English label that has several answers.

    Attributes:
        answer_en: the label.
        sense: what tells it from the others.
        answer: in the target language.
        support: how often people gave the answer in this sense.
        example: a question that it answers; "" for none.
    """

    answer_en: str
    sense: str
    answer: str
    support: int
    example: str


class Drifted(NamedTuple):
    """Rows of one kind of drift with the same answers.

    Attributes:
        winner_en: the English winner.
        before: how it is translated; None where nobody gave it.
        winner: the most frequent answer in the target language.
        rows: how many.
        question: the first of them.
        agreement_en, agreement: how many people gave the winner there, before and after.
    """

    winner_en: str
    before: str | None
    winner: str
    rows: int
    question: str
    agreement_en: int
    agreement: int


class Drift(NamedTuple):
    """One kind of drift.

    Attributes:
        kind: one of ``agreement``'s, such as ``winner changed``.
        meaning: what that says.
        rows: how many, over all splits.
        share: of the rows with answers, 0 to 1.
        shown: the most frequent ones.
    """

    kind: str
    meaning: str
    rows: int
    share: float
    shown: list[Drifted]


def labels(answer_map: pa.Table | None, language: str) -> dict[str, Any]:
    """The answer map in brief.

    Returns:
        ``labels`` (how many), ``methods`` and ``verdicts`` (``Share`` each), ``merges`` (``Merge``, flagged
        ones first), ``merged`` (how many of these there are), ``senses`` (``Sense``, a list for each label
        of several answers) and ``shown``, the entries of most support.
    """
    if answer_map is None:
        empty: dict[str, Any] = {name: [] for name in ("methods", "verdicts", "merges", "senses", "shown")}
        return {"labels": 0, "merged": 0, **empty}
    found = merged(answer_map, language)
    order = pc.sort_indices(answer_map, [("support", "descending"), ("label", "ascending")])
    return {
        "labels": answer_map.num_rows,
        "methods": _shares(answer_map, "method"),
        "verdicts": _shares(answer_map, "merge"),
        "merges": found[:SHOWN_MERGES],
        "merged": len(found),
        "senses": senses(answer_map),
        "shown": answer_map.take(order[:SHOWN_LABELS]).to_pylist(),
    }


def senses(answer_map: pa.Table) -> list[list[Sense]]:
    """The labels whose senses have different answers, those of most support first."""
    labels: dict[int, list[Sense]] = {}
    columns = ("label", "answer_en", "sense", "answer", "support", "examples")
    for label, english, sense, answer, support, examples in zip(
        *(answer_map[name].to_pylist() for name in columns), strict=True
    ):
        one = Sense(english, sense or "", answer, support or 0, next(iter(examples or []), ""))
        labels.setdefault(label, []).append(one)
    found = [group for group in labels.values() if len({one.answer for one in group}) > 1]
    found = [sorted(group, key=lambda one: (-one.support, one.sense)) for group in found]
    return sorted(found, key=lambda group: (-sum(one.support for one in group), group[0].answer_en))[
        :SHOWN_SENSES
    ]


def merged(answer_map: pa.Table, language: str) -> list[Merge]:
    """Answers that several English labels share: flagged ones first, then the largest groups."""
    names = dict(zip(answer_map["label"].to_pylist(), answer_map["answer_en"].to_pylist(), strict=True))
    judged = {(row["label"], row["partner"]): row for row in merges.merges(answer_map, language).to_pylist()}
    groups: dict[tuple[int, ...], str] = {}
    sharing = answer_map.filter(pc.greater(pc.list_value_length(answer_map["merged_with"]), 0))
    for row in sharing.to_pylist():
        groups.setdefault(tuple(sorted({row["label"], *row["merged_with"]})), row["answer"])
    found = []
    for group, answer in groups.items():
        pairs = [judged[pair] for pair in judged if set(pair) <= set(group)]
        why = dict.fromkeys(pair["reason"] for pair in pairs if pair["reason"])
        flagged = any(pair["verdict"] == merges.FLAGGED for pair in pairs)
        english = [str(names.get(label, label)) for label in group]
        found.append(Merge(answer, english, flagged, ", ".join(why)))
    return sorted(found, key=lambda merge: (not merge.flagged, -len(merge.english), merge.english))


def coverage(counts: Mapping[str, Any]) -> list[tuple[str, list[Share]]]:
    """How many questions have an answer that is a label, by split and by answer type, as the build counts."""
    found = counts.get("answers", {}).get("coverage", {})
    order = {split: place for place, split in enumerate(counts["source"])}
    shares = {
        title: [
            Share(name, one["rows"], one["inside"], one["inside"] / max(1, one["rows"]))
            for name, one in sorted(found.get(key, {}).items(), key=lambda pair: order.get(pair[0], 0))
        ]
        for title, key in (("split", "split"), ("answer type", "answer_type"))
    }
    return [(title, parts) for title, parts in shares.items() if parts]


def drift(tables: Mapping[str, pa.Table | Batches], language: str) -> list[Drift]:
    """The rows whose answers say something else than in English, kept and rejected, by kind.

    Args:
        tables: the release's tables by their key.
        language: ISO 639 code of the target language.

    Returns:
        All three kinds; an empty list for a release without answers.
    """
    answered, parts = 0, []
    for rows in [Batches.of(table) for key, table in tables.items() if not key.startswith("answers/")]:
        for piece in rows.read(_COLUMNS):
            piece = piece.filter(pc.is_valid(piece["answers"])).combine_chunks()
            answered += piece.num_rows
            parts.append(winners.drift(piece, languages.get(language)))
    if not answered:
        return []
    drifted = pa.concat_tables(parts)
    found = []
    for kind, meaning in KINDS.items():
        of_kind = drifted.filter(pc.equal(drifted["kind"], kind))
        share = of_kind.num_rows / answered
        found.append(Drift(kind, meaning, of_kind.num_rows, share, _most_frequent(of_kind)))
    return found


def _most_frequent(drifted: pa.Table) -> list[Drifted]:
    names = ["winner_en", "winner_before", "winner"]
    shown = ["question_en", "agreement_en", "agreement"]
    grouped = drifted.group_by(names, use_threads=False).aggregate(
        [("question_id", "count"), *((name, "first") for name in shown)]
    )
    order = [("question_id_count", "descending"), *((name, "ascending") for name in names)]
    columns = [*names, "question_id_count", *(f"{name}_first" for name in shown)]
    rows = grouped.sort_by(order).slice(0, SHOWN_DRIFTS).select(columns).to_pylist()
    return [Drifted(*row.values()) for row in rows]


def _shares(answer_map: pa.Table, column: str) -> list[Share]:
    """Labels and people's answers by value, those of most answers first; null counts as "none"."""
    values = pc.fill_null(answer_map[column], merges.NONE)
    table = pa.table({"name": values, "support": pc.fill_null(answer_map["support"], 0)})
    grouped = table.group_by("name").aggregate([("support", "count"), ("support", "sum")]).to_pylist()
    total = max(1, sum(row["support_sum"] for row in grouped))
    found = [
        Share(row["name"], row["support_count"], row["support_sum"], row["support_sum"] / total)
        for row in grouped
    ]
    return sorted(found, key=lambda share: (-share.part, share.name))
