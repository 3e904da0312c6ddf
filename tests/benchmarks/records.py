"""Memory and time of conversations by their number: python -m tests.benchmarks.records 10000 100000

Makes LLaVA conversations, each another one, of a pool of sentences, so that the engine has the same to do at
every size. Builds each size in a process of its own with the embedded engine, and prints the peak of its
memory, its CPU seconds with and without those of the engine, and the time of one more build of the same.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from vqa_builder.translation import phrasebook

SIZES = (1_000, 10_000)
ASSISTANT = (
    "The man is riding a horse.",
    "There are two dogs on the grass.",
    "A woman is holding an umbrella.",
    "The bus is parked near the building.",
    "He is wearing a blue shirt.",
    "The cat is sleeping on the bed.",
    "There is a red car in the street.",
    "The children are playing in the park.",
    "A bird is sitting on the fence.",
    "The table is made of wood.",
    "It is raining.",
    "The sky is blue.",
    "There are many people on the beach.",
    "The train is at the station.",
    "She is eating a sandwich.",
    "The clock is on the wall.",
)
SHORT = ("Yes.", "No.", "Red.", "Two.", "A cat.", "On the table.", "3", "Tennis")
SPEC = """
name: talks
languages: [ja]
source: {type: records, splits: {train: talks.json}, fields: {"conversations[*].value": turn}}
policy: lenient
release: {licence: cc-by-4.0}
"""


def talks(rows: int) -> list[dict[str, object]]:
    """Conversations in the form of LLaVA-Instruct."""
    chance = random.Random(0)
    questions = [f"{text.capitalize()}?" for text in list(phrasebook._read(phrasebook.FILE)["ja"])[:2_000]]
    made: list[dict[str, object]] = []
    for number in range(rows):
        turns = []
        for place in range(2 * chance.randint(1, 4)):
            if place % 2:
                long = chance.random() < 0.5
                said = (
                    " ".join(chance.sample(ASSISTANT, chance.randint(2, 6))) if long else chance.choice(SHORT)
                )
            else:
                said = ("" if place else "<image>\n") + chance.choice(questions)
            turns.append({"from": ("human", "gpt")[place % 2], "value": said})
        made.append({"id": f"{number:012}", "image": f"coco/{number:012}.jpg", "conversations": turns})
    return made


def measure(folder: Path) -> None:
    """Build in this process, and print what it took."""
    from vqa_builder import build, load_spec

    began = time.process_time()
    (release,) = build(load_spec(folder / "build.yaml"), folder, workers=1, overwrite=True)
    assert release.verification is None or release.verification.ok, release.verification
    used = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    kept = sum(release.manifest.counts["kept"].values())
    print(
        f"{peak:8,.0f} MiB {used:8.1f} s of CPU, engine {release.work.engine_seconds:6.1f} s, {kept:,} kept"
    )


def main() -> None:
    """Every size that the command names."""
    for rows in map(int, sys.argv[1:] or SIZES):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "build.yaml").write_text(SPEC, encoding="utf-8")
            (folder / "talks.json").write_text(json.dumps(talks(rows)), encoding="utf-8")
            for what in ("first", "again"):
                print(f"{rows:>9,} {what:<6}", end="", flush=True)
                subprocess.run([sys.executable, "-m", __spec__.name, "--in", name], check=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--in"]:
        measure(Path(sys.argv[2]))
    else:
        main()
