"""What a very large job needs, and where it breaks first: python -m tests.benchmarks.scale [OPTIONS]

A simulation: what a string costs is measured here, on 20,000 questions of the phrasebook, by what really
runs, and carried on. ``--strings`` are distinct ones over all data sets, each translated into every language
and back; every data set is a build of its own, all builds of a language share one translation memory, and
``--shards`` are those of ``build --shard I/N``, each with a memory of its own until they are merged.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import tracemalloc
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from vqa_builder import segments
from vqa_builder.steps.translating import STRINGS_AT_ONCE
from vqa_builder.translation import phrasebook, run
from vqa_builder.translation.engines.mini import Mini
from vqa_builder.translation.memory import TranslationMemory
from vqa_builder.translation.request import Request

SAMPLE = 20_000
OPERATIONS = 2
"""Of the disk for an entry anywhere in a file larger than memory: its page is read and written."""
LARGEST_FILE = 281e12
"""Bytes of an SQLite file."""


class Measured(NamedTuple):
    """What one string costs on this machine.

    Attributes:
        state: bytes in memory while its run is under way.
        gathered: bytes in memory while distinct strings are gathered and found again.
        entry: bytes in the translation memory, one direction.
        store, lookup: CPU seconds of the memory, one direction.
    """

    state: float
    gathered: float
    entry: float
    store: float
    lookup: float


class Line(NamedTuple):
    """A resource: how much of it is needed, and there, and what was needed before runs came in parts."""

    name: str
    needed: float
    there: float
    unit: str
    before: float | None = None


def measure(count: int = SAMPLE) -> Measured:
    """The cost of a string."""
    texts = list(phrasebook._read(phrasebook.FILE)["ja"])[:count]
    nobody = pa.nulls(count, pa.list_(pa.struct([("answer", pa.string())])))
    columns = {"question": texts, "answers": nobody, "multiple_choice_answer": pa.nulls(count, pa.string())}
    pool, rows = pa.default_memory_pool(), pa.table(columns)
    there = pool.bytes_allocated()
    tracemalloc.start()
    segments.Places(segments.extract(rows))
    gathered = pool.max_memory() - there + tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    asked, mini = Request(texts, "en", "ja", "question"), Mini(Mini.Options())
    with tempfile.TemporaryDirectory() as folder, TranslationMemory(Path(folder) / "m.sqlite") as memory:
        began = time.process_time()
        memory.store(asked, texts, mini.signature)
        stored = time.process_time()
        memory.lookup(asked, mini.signature)
        looked_up = time.process_time()
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
        tracemalloc.start()
        run.translate(asked, [mini], memory)
        state = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    costs = (state, gathered, size, stored - began, looked_up - stored)
    return Measured(*(cost / count for cost in costs))


def needed(cost: Measured, asked: argparse.Namespace) -> list[Line]:
    """Every resource of one process, of one memory, and of the engines' side, the scarcest first."""
    of_build = asked.strings / asked.datasets
    of_shard = of_build / asked.shards
    of_memory = 2 * asked.strings / asked.shards
    file, ram = of_memory * cost.entry, asked.memory_gib * 2**30
    per_second = asked.disk / OPERATIONS if file > ram else 1 / cost.store
    requests = 2 * asked.strings * asked.languages / asked.strings_per_request
    rate = asked.shards * asked.languages * asked.at_once * 3600 / asked.seconds_per_request
    state = min(of_shard, STRINGS_AT_ONCE) * cost.state
    lines = [
        Line("a process: distinct strings gathered", of_build * cost.gathered, ram, "bytes"),
        Line("a process: state of a run", state, ram, "bytes", of_shard * cost.state),
        Line("a memory: its file", file, LARGEST_FILE, "bytes"),
        Line("a memory: hours to fill it", of_memory / per_second / 3600, asked.hours, "hours"),
        Line("engines: hours of requests", requests / rate, asked.hours, "hours"),
        Line("engines: requests an hour", requests / asked.hours, asked.requests_an_hour, "requests"),
    ]
    return sorted(lines, key=lambda line: line.there / line.needed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    for name, usual in (
        ("languages", 100),
        ("datasets", 50),
        ("strings", 1e9),
        ("shards", 1),
        ("memory-gib", 64),
        ("disk", 20_000),
        ("strings-per-request", 64),
        ("seconds-per-request", 2),
        ("at-once", 8),
        ("requests-an-hour", 1e6),
        ("hours", 720),
    ):
        parser.add_argument(f"--{name}", type=float, default=usual, help=f"{usual:,g} unless said")
    asked = parser.parse_args()
    cost = measure()
    print(", ".join(f"{name} {value:,.3g}" for name, value in cost._asdict().items()), "for each string here")
    size = asked.strings * asked.languages * 2 * cost.entry / 1e12
    print(
        f"{asked.languages:g} languages x {asked.datasets:g} data sets, {asked.strings:,.0f} strings in all, "
        f"{asked.shards:g} shards: {size:,.1f} TB of memories"
    )
    for line in needed(cost, asked):
        verdict = "breaks" if line.needed > line.there else "holds"
        before = f", before runs came in parts {line.before:,.3g}" if line.before else ""
        print(f"{verdict}  {line.name}: {line.needed:,.3g} of {line.there:,.3g} {line.unit}{before}")


if __name__ == "__main__":
    main()
