"""What the page says in words and numbers: counts per step, reasons, groups, engines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from vqa_builder.quality.rules import reason_codes
from vqa_builder.report.measures import kept

FREQUENT_TYPES = 12


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
    words = reason_codes(lists.flatten()).dictionary_encode()
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


def groups(rows: pa.Table, column: str) -> list[Group]:
    """Kept and rejected rows by the value of a column, the most frequent first; nulls are left out."""
    return tally(rows[column].combine_chunks(), kept(rows), FREQUENT_TYPES)


def tally(values: pa.Array, keep: NDArray[np.bool_], most: int, missing: str | None = None) -> list[Group]:
    """Kept and rejected rows by value, the most frequent first; nulls are left out, or counted by a name."""
    encoded = values.dictionary_encode()
    names = [*encoded.dictionary.to_pylist(), missing]
    code = pc.fill_null(encoded.indices, len(names) - 1).to_numpy()
    keeps, rejects = (np.bincount(code[side], minlength=len(names)).tolist() for side in (keep, ~keep))
    found = [
        Group(name, one, other)
        for name, one, other in zip(names, keeps, rejects, strict=True)
        if name is not None and one + other
    ]
    return sorted(found, key=lambda group: (-group.kept - group.rejected, group.name))[:most]


def engines(rows: pa.Table) -> list[Group]:
    """Kept and rejected questions by the engine that translated them."""
    return tally(rows["engine"].combine_chunks(), kept(rows), most=100, missing="no engine")
