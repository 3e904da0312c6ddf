"""Memory and time of builds by their number of rows.

    python -m tests.benchmarks.sizes VQA_FOLDER WORK_FOLDER [TIMES ...]

Each size holds the 48,061 questions of vqa_questions_train.json.gz with their answers so many times (1, 12
and 120 unless said: 0.05, 0.58 and 5.8 million questions), every copy under ids of its own, and is built into
Japanese in a process of its own whose memory knows every string: what is left is what grows with the rows.
WORK_FOLDER needs about 7 KB for each question; what a size has made is removed before the next one begins.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.build import Measured, measured

TIMES = (1, 12, 120)
COPY = 10_000_000_000
SPEC = """\
name: vqa
languages: [ja]
source: {type: vqa_json, splits: {train: {questions: questions.json, annotations: annotations.json}}}
answers: {vocabulary: {min_count: 9}}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("times", type=int, nargs="*", default=TIMES)
    asked = parser.parse_args()
    memory = asked.work / "memory.sqlite"
    if not memory.exists():
        built(asked.source, asked.work, 1, memory)
        shutil.copy(asked.work / "1" / ".vqa-builder" / memory.name, memory)
    for times in asked.times:
        rows, found = built(asked.source, asked.work, times, memory)
        print(
            f"{rows:,} questions: {found.wall:.0f} s, {found.cpu:.0f} s of CPU, "
            f"peak {found.peak / 2**10:,.0f} MiB",
            flush=True,
        )
        shutil.rmtree(asked.work / str(times))


def built(source: Path, work: Path, times: int, memory: Path) -> tuple[int, Measured]:
    """The number of questions, and what building them takes."""
    folder = work / str(times)
    shutil.rmtree(folder, ignore_errors=True)
    (folder / ".vqa-builder").mkdir(parents=True)
    if memory.exists():
        shutil.copy(memory, folder / ".vqa-builder" / memory.name)
    (folder / "build.yaml").write_text(SPEC, encoding="utf-8")
    for name, file in (("questions", "vqa_questions"), ("annotations", "vqa_annotatons")):
        with gzip.open(source / f"{file}_train.json.gz", "rt", encoding="utf-8") as text:
            records = json.load(text)[name]
        with (folder / f"{name}.json").open("w", encoding="utf-8") as out:
            out.writelines(copied(name, records, times))
    return len(records) * times, measured(["build", folder / "build.yaml", "--out", folder])


def copied(name: str, records: list[dict[str, Any]], times: int) -> Iterator[str]:
    """A file of the official format in pieces, every copy of its records under ids of its own."""
    texts = [(record.pop("question_id"), json.dumps(record, ensure_ascii=False)[1:]) for record in records]
    yield f'{{"{name}": ['
    for copy in range(times):
        parts = (f'{{"question_id": {number + copy * COPY}, {rest}' for number, rest in texts)
        yield (",\n" if copy else "") + ",\n".join(parts)
    yield "]}\n"


if __name__ == "__main__":
    main()
