"""What the page says in words and numbers: counts per step, reasons, groups, engines, answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder.report.rows import kept

FREQUENT_TYPES = 12
SHOWN_ANSWERS = 400
SHOWN_MERGES = 200


class Step(NamedTuple):
    """One step of the build and whether what went in came out.

    Attributes:
        name: the step.
        inside: how many went in, in words.
        outside: what became of them, in words.
        adds_up: whether the numbers agree.
    """

    name: str
    inside: str
    outside: str
    adds_up: bool


class Reason(NamedTuple):
    """How many rows one reason rejected.

    Attributes:
        reason: the code, such as ``chrf<35``.
        rows: rows that it applies to.
        alone: rows that it alone rejects: what giving it up would bring back.
        first: rows whose first reason it is; these add up to all rejected rows.
        running: rows left after this and all reasons above it.
    """

    reason: str
    rows: int
    alone: int
    first: int
    running: int


class Group(NamedTuple):
    """Kept and rejected rows of one value, such as a question type."""

    name: str
    kept: int
    rejected: int

    @property
    def share(self) -> float:
        """The kept share, 0 to 1."""
        return self.kept / max(1, self.kept + self.rejected)


def steps(counts: Mapping[str, Any]) -> list[Step]:
    """Every step that the manifest counted, with its sum."""
    source, keep, rejected = (sum(counts[name].values()) for name in ("source", "kept", "rejected"))
    bad = counts.get("bad_records", 0)
    found = [Step("Source", f"{source + bad:,} records", f"{source:,} questions + {bad:,} bad records", True)]
    translated = counts.get("translations", {})
    for role, strings in counts.get("segments", {}).items():
        states = translated.get(role, {})
        found.append(
            Step(
                f"Unique {role}s",
                f"{strings['rows']:,} {role}s",
                f"{strings['strings']:,} different strings, each translated once",
                role != "question" or strings["rows"] == source,
            )
        )
        found.append(
            Step(
                f"Translated {role}s",
                f"{strings['strings']:,} strings",
                " + ".join(f"{number:,} {state}" for state, number in states.items()),
                sum(states.values()) == strings["strings"],
            )
        )
    verdict = f"{keep:,} kept + {rejected:,} rejected"
    return [*found, Step("Verdict", f"{source:,} questions", verdict, source == keep + rejected)]


def reasons(rows: pa.Table) -> list[Reason]:
    """Every reason, the most frequent first."""
    lists = rows["reasons"].combine_chunks()
    lengths = lists.value_lengths().to_numpy(zero_copy_only=False)
    words = lists.flatten().dictionary_encode()
    if not len(words):
        return []
    names = words.dictionary.to_pylist()
    code = words.indices.to_numpy()
    place = np.lexsort((names, -np.bincount(code, minlength=len(names))))
    rank = np.empty(len(names), int)
    rank[place] = np.arange(len(names))
    owner = np.repeat(np.arange(len(lengths)), lengths)
    first = np.full(len(lengths), len(names))
    np.minimum.at(first, owner, rank[code])
    every = np.bincount(rank[code], minlength=len(names))
    alone = np.bincount(rank[code][lengths[owner] == 1], minlength=len(names))
    firsts = np.bincount(first, minlength=len(names) + 1)[: len(names)]
    left = len(lengths) - np.cumsum(firsts)
    return [
        Reason(names[word], int(every[at]), int(alone[at]), int(firsts[at]), int(left[at]))
        for at, word in enumerate(place)
    ]


def groups(rows: pa.Table, column: str, most: int = FREQUENT_TYPES) -> list[Group]:
    """Kept and rejected rows by the value of a column, the most frequent first; nulls are left out."""
    return tally(rows[column].combine_chunks(), kept(rows), most)


def tally(values: pa.Array, keep: NDArray[np.bool_], most: int) -> list[Group]:
    """Kept and rejected rows by value, the most frequent first; nulls are left out."""
    encoded = values.dictionary_encode()
    code = pc.fill_null(encoded.indices, -1).to_numpy()
    names = encoded.dictionary.to_pylist()
    keeps = np.bincount(code[keep & (code >= 0)], minlength=len(names))
    rejects = np.bincount(code[~keep & (code >= 0)], minlength=len(names))
    found = [
        Group(name, int(one), int(other)) for name, one, other in zip(names, keeps, rejects, strict=True)
    ]
    return sorted(found, key=lambda group: (-group.kept - group.rejected, group.name))[:most]


def answers(answer_map: pa.Table | None) -> dict[str, Any]:
    """The answer map in brief.

    Returns:
        ``labels``, ``methods`` [(method, labels, support, share of support)], ``merges`` [(answer, English
        answers)] and ``shown``, the labels of most support.
    """
    if answer_map is None:
        return {"labels": 0, "methods": [], "merges": [], "merged": 0, "shown": []}
    grouped = answer_map.group_by("method").aggregate([("label", "count"), ("support", "sum")])
    total = max(1, pc.sum(answer_map["support"]).as_py() or 0)
    methods = sorted(
        (
            (row["method"], row["label_count"], row["support_sum"] or 0, (row["support_sum"] or 0) / total)
            for row in grouped.to_pylist()
        ),
        key=lambda method: (-method[2], method[0]),
    )
    merges = merged(answer_map)
    order = pc.sort_indices(answer_map, [("support", "descending"), ("label", "ascending")])
    return {
        "labels": answer_map.num_rows,
        "methods": methods,
        "merges": merges[:SHOWN_MERGES],
        "merged": len(merges),
        "shown": answer_map.take(order[:SHOWN_ANSWERS]).to_pylist(),
    }


def merged(answer_map: pa.Table) -> list[tuple[str, list[str]]]:
    """Answers that several English labels share, the largest groups first."""
    english = dict(zip(answer_map["label"].to_pylist(), answer_map["answer_en"].to_pylist(), strict=True))
    found: dict[tuple[int, ...], str] = {}
    for row in answer_map.filter(pc.greater(pc.list_value_length(answer_map["merged_with"]), 0)).to_pylist():
        found.setdefault(tuple(sorted({row["label"], *row["merged_with"]})), row["answer"])
    pairs = [
        (answer, [str(english.get(label, label)) for label in labels]) for labels, answer in found.items()
    ]
    return sorted(pairs, key=lambda pair: (-len(pair[1]), pair[1]))


def engines(rows: pa.Table) -> list[Group]:
    """Kept and rejected questions by the engine that translated them."""
    named = pc.fill_null(rows["engine"], "no engine").combine_chunks()
    return tally(named, kept(rows), most=100)


def drift(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the build counted of answers that changed with the language, as (what, how many); may be empty."""
    found = manifest.get("drift") or manifest["counts"].get("drift") or {}
    return [(str(name).replace("_", " "), _written(value)) for name, value in _flat("", found)]


def _flat(prefix: str, value: Any) -> list[tuple[str, Any]]:
    if not isinstance(value, Mapping):
        return [(prefix, value)]
    return [pair for name, part in value.items() for pair in _flat(f"{prefix} {name}".strip(), part)]


def _written(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
