"""Records of known shapes with faults in their values: what hasty exports and several hands do to data."""

from __future__ import annotations

import copy
import csv
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.sources.shapes import SHAPES, features, hub_rows, write

_TEXTS = [
    "",
    " ",
    "\n\n",
    "?",
    "5",
    "<image>",
    "</b>",
    "<b>x",
    "\u200b",
    "a" * 5000,
    "\x07bell",
    "[",
    "['a', 1]",
    "#N/A",
]
_OTHERS: list[Any] = [None, 0, -1, 10**30, 1.5, True, [], {}, [[]], [None], {"a": {"b": [1]}}]


def mutated(name: str, count: int, seed: int = 0) -> list[Any]:
    """A whole record of a shape, and so many with one to three faults; equal seeds, equal faults."""
    chance = random.Random(f"{name} {seed}")
    rows = hub_rows(name) if SHAPES[name].form == "hub" else SHAPES[name].rows
    rows = list(rows.values()) if isinstance(rows, dict) else rows
    typed = SHAPES[name].form != "json"
    return [rows[0], *(_damaged(rows[at % len(rows)], chance, typed) for at in range(count))]


def write_mutated(name: str, count: int, folder: Path, seed: int = 0) -> dict[str, Any]:
    """The same as a file of the shape; what a spec says of it."""
    source, rows = write(name, folder), mutated(name, count, seed)
    if SHAPES[name].form == "hub":
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = features(name).arrow_schema
        pq.write_table(pa.Table.from_pylist(rows, schema), folder / "data" / "train-00000-of-00001.parquet")
        return source
    path = folder / source["splits"]["train"]
    if SHAPES[name].form == "tsv":
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter="\t", lineterminator="\n")
            writer.writerow(rows[0])
            writer.writerows(list(row.values())[: None if at % 9 else -1] for at, row in enumerate(rows, 1))
    elif name == "scienceqa_json":
        path.write_text(json.dumps({str(at): row for at, row in enumerate(rows)}))
    else:
        path.write_text(json.dumps({"data": rows} if name == "docvqa_json" else rows))
    return source


def _damaged(row: dict[str, Any], chance: random.Random, typed: bool) -> Any:
    if not typed and chance.random() < 0.02:
        return chance.choice(_OTHERS[1:])
    damaged = copy.deepcopy(row)
    for _ in range(chance.choice((1, 1, 2, 3))):
        places = list(_values(damaged))
        if not places:
            break
        holder, key = chance.choice(places)
        if not typed and chance.random() < 0.5:
            _mistype(holder, key, chance)
        else:
            holder[key] = _other(holder[key], chance, typed)
    return damaged


def _values(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place inside a value: what holds it, and its name or number there."""
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _values(value[key])


def _mistype(holder: Any, key: Any, chance: random.Random) -> None:
    """Another type, a name that is missing, or one that nobody knows."""
    kind = chance.randrange(4)
    if kind == 0:
        del holder[key]
    elif kind == 1 and isinstance(holder, dict):
        holder[f"{key}s"] = holder.pop(key)
    else:
        holder[key] = copy.deepcopy(chance.choice([*_OTHERS, [holder[key]], {"text": holder[key]}]))


def _other(value: Any, chance: random.Random, typed: bool) -> Any:
    """Another value of the same type, or none."""
    if chance.random() < 0.2:
        return None
    if isinstance(value, bytes):
        return chance.choice([b"", value[: len(value) // 2], value[:-12] + bytes(12), b"GIF89a"])
    if isinstance(value, str):
        start = chance.randrange(len(value) + 1)
        return chance.choice([*_TEXTS, value[:start], value + " " + value, value.upper(), f"</{value}>"])
    if isinstance(value, bool | int):
        return chance.choice([0, -1, 3, 99, 127] if typed else [0, -1, 99, 2**62])
    if isinstance(value, list):
        return chance.choice([[], value[1:], value * 2, value[::-1]])
    return value
