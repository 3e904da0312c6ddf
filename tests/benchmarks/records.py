"""Memory and time of conversations: python -m tests.benchmarks.records [--varied] 10000 100000

Makes LLaVA conversations, each another one. Their sentences come from a pool, so that the engine has the same
to do at every size; ``--varied`` makes most of them new, as in real data. Builds each size in a process of
its own with the embedded engine, and prints the peak of its memory, its CPU seconds, those that the engine
alone needs for the same strings in the same batches, the share of them, and the same of one more build.
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
from vqa_builder.translation.engines.base import Parts

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


NOUNS = [
    "cat",
    "dog",
    "horse",
    "bus",
    "train",
    "man",
    "woman",
    "child",
    "bird",
    "table",
    "boat",
    "clock",
    "bench",
    "sign",
    "truck",
    "bicycle",
]
LOOKS = [
    "red",
    "small",
    "old",
    "white",
    "large",
    "brown",
    "young",
    "green",
    "wooden",
    "dark",
    "clean",
    "yellow",
    "happy",
    "broken",
    "empty",
    "new",
]
DOES = ["standing", "sitting", "lying", "waiting", "parked", "visible", "placed", "moving", "seen", "shown"]
WHERE = ("next to", "behind", "in front of", "near", "under", "on", "beside", "above")


def new_sentence(chance: random.Random) -> str:
    """One of 5,242,880 statements."""
    one, other = (f"{chance.choice(LOOKS)} {chance.choice(NOUNS)}" for _ in range(2))
    return f"The {one} is {chance.choice(DOES)} {chance.choice(WHERE)} the {other}."


def talks(rows: int, varied: bool = False) -> list[dict[str, object]]:
    """Conversations in the form of LLaVA-Instruct."""
    chance = random.Random(0)
    questions = [f"{text.capitalize()}?" for text in list(phrasebook._read(phrasebook.FILE)["ja"])[:2_000]]
    made: list[dict[str, object]] = []
    for number in range(rows):
        turns = []
        for place in range(2 * chance.randint(1, 4)):
            if place % 2:
                said = chance.choice(SHORT)
                if chance.random() < 0.5:
                    several = chance.randint(2, 6)
                    some = [new_sentence(chance) for _ in range(several)] if varied else ()
                    said = " ".join(some or chance.sample(ASSISTANT, several))
            else:
                said = ("" if place else "<image>\n") + chance.choice(questions)
            turns.append({"from": ("human", "gpt")[place % 2], "value": said})
        made.append({"id": f"{number:012}", "image": f"coco/{number:012}.jpg", "conversations": turns})
    return made


def measure(folder: Path) -> None:
    """Build in this process, and print what it took."""
    from vqa_builder import build, load_spec
    from vqa_builder.translation.engines.mini import Mini
    from vqa_builder.translation.request import Request

    asked: list[Request] = []
    translate = Mini.translate_in_parts

    def noted(self: Mini, request: Request) -> Parts:
        asked.append(request)
        return translate(self, request)

    Mini.translate_in_parts = noted  # type: ignore[method-assign]
    began = time.process_time()
    (release,) = build(load_spec(folder / "build.yaml"), folder, workers=1, overwrite=True)
    assert release.verification is None or release.verification.ok, release.verification
    used = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    kept = sum(release.manifest.counts["kept"].values())
    began = time.process_time()
    with Mini(Mini.Options()) as engine:
        for request in asked:
            for _ in translate(engine, request):
                pass
    alone, strings = time.process_time() - began, sum(map(len, asked))
    print(
        f"{peak:8,.0f} MiB {used:8.1f} s of CPU, engine alone {alone:6.1f} s for {strings:,} strings,"
        f" {alone / used:.1%}, {kept:,} kept"
    )


def main() -> None:
    """Every size that the command names."""
    varied, sizes = "--varied" in sys.argv, [each for each in sys.argv[1:] if each != "--varied"]
    for rows in map(int, sizes or SIZES):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "build.yaml").write_text(SPEC, encoding="utf-8")
            (folder / "talks.json").write_text(json.dumps(talks(rows, varied)), encoding="utf-8")
            for what in ("first", "again"):
                print(f"{rows:>9,} {what:<6}", end="", flush=True)
                subprocess.run([sys.executable, "-m", __spec__.name, "--in", name], check=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--in"]:
        measure(Path(sys.argv[2]))
    else:
        main()
