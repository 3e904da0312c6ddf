"""Times translation on two workers of Ray against one: python tests/benchmarks/on_ray.py QUESTIONS

QUESTIONS is a file of the official format, such as vqa_questions_train.json.gz. Each worker has one core, as
on a cluster. Workers have loaded the engine before the clock starts; what is timed is a whole run: memory
asked, engine asked, every piece committed. Prints the seconds of each round, and the ratio of the best ones.
The CPU time of this process is what more workers cannot make shorter.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
import time
from pathlib import Path

from vqa_builder.executors.ray import RayExecutor
from vqa_builder.translation import run
from vqa_builder.translation.distribute import DistributedEngine
from vqa_builder.translation.engines.mini import Mini
from vqa_builder.translation.memory import TranslationMemory
from vqa_builder.translation.request import Request


def unique_questions(path: Path, count: int) -> list[str]:
    """The first so many different questions."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        questions = json.load(file)["questions"]
    return list(dict.fromkeys(each["question"] for each in questions))[:count]


def seconds(texts: list[str], executor: RayExecutor) -> tuple[float, float]:
    """How long a run takes that finds nothing in the memory, and what it costs this process in CPU time."""
    options = Mini.Options(threads=1)
    with tempfile.TemporaryDirectory() as folder, Mini(options) as mini:
        engine = DistributedEngine(mini, "mini", options, executor)
        for _ in range(2 * executor.workers):
            engine.translate(Request([f"Are there {number} cars?" for number in range(64)], "en", "ja"))
        with TranslationMemory(Path(folder) / "memory.sqlite") as memory:
            started, busy = time.perf_counter(), time.process_time()
            outcome = run.translate(
                Request(texts, "en", "ja", "question"),
                [engine],
                memory,
                batch_size=run.BATCH_SIZE * executor.workers,
            )
            took, own = time.perf_counter() - started, time.process_time() - busy
    assert outcome.counts.remembered == 0
    return took, own


def main() -> None:
    """Rounds in turn, so that whatever else the machine does strikes both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--strings", type=int, default=8000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    texts = unique_questions(options.questions, options.strings)
    best: dict[int, float] = {}
    for _ in range(options.rounds):
        for workers in (1, 2):
            with RayExecutor(workers) as executor:
                took, own = seconds(texts, executor)
            best[workers] = min(took, best.get(workers, took))
            print(
                f"{workers} workers: {len(texts):,} strings in {took:.2f} s ({own:.2f} s of CPU here)",
                flush=True,
            )
    print(f"two workers are {best[1] / best[2]:.2f} times as fast as one")


if __name__ == "__main__":
    main()
