"""Times whole builds of real VQA v2 files: python tests/benchmarks/build.py VQA_FOLDER WORK_FOLDER

VQA_FOLDER holds vqa_{questions,annotatons}_{train,valid,test}.json.gz. Prints one line per measurement: wall
seconds, peak resident memory of the largest process, and what the build itself said.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

SPEC = """\
name: vqa
languages: [ja, hi]
source:
  type: vqa_json
  splits:
    train: {{questions: {0}/vqa_questions_train.json.gz, annotations: {0}/vqa_annotatons_train.json.gz}}
    validation: {{questions: {0}/vqa_questions_valid.json.gz, annotations: {0}/vqa_annotatons_valid.json.gz}}
    test: {{questions: {0}/vqa_questions_test.json.gz, annotations: {0}/vqa_annotatons_test.json.gz}}
answers: {{vocabulary: {{min_count: 9}}}}
"""


class Measured(NamedTuple):
    """What a command took: wall and CPU seconds, peak KiB of its largest process, and what it said."""

    wall: float
    cpu: float
    peak: int
    output: str


def measured(arguments: Sequence[str | Path]) -> Measured:
    """Run vqa-builder once; end with what it said if it fails."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "vqa_builder", *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"vqa-builder {' '.join(map(str, arguments))} failed\n{output}")
    return Measured(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, output)


def run(name: str, arguments: Sequence[str | Path]) -> Measured:
    """Run vqa-builder once; print and return what it took."""
    found = measured(arguments)
    print(
        f"{name}: {found.wall:.1f} s, {found.cpu:.1f} s of CPU, peak {found.peak / 2**20:.2f} GiB\n"
        f"{found.output}",
        flush=True,
    )
    return found


def alone(out: Path) -> tuple[float, float]:
    """Wall and CPU seconds of the engine alone for the strings that the build asked it for.

    All of a kind go in one call. Where others use the machine, too, CPU seconds are what can be compared.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    from vqa_builder.translation.engines.mini import Mini
    from vqa_builder.translation.request import Request

    def table(name: str) -> pa.Table:
        (path,) = (out / ".vqa-builder" / "steps").glob(f"{name}-*.arrow")
        return pa.ipc.open_file(str(path)).read_all()

    kinds = []
    for language in ("ja", "hi"):
        roles, english = (table(f"asked-{language}")[name] for name in ("role", "text"))
        found = table(f"back-translations-{language}")
        by_mini = pc.fill_null(pc.starts_with(found["engine"], "mini"), False)
        kinds += [("en", language, english.filter(by_mini), roles.filter(by_mini))]
        kinds += [(language, "en", found["text"], roles)]
    started, busy = time.perf_counter(), time.process_time()
    with Mini(Mini.Options()) as mini:
        for source, target, texts, role in kinds:
            for one in ("question", "answer"):
                strings = pc.drop_null(texts.filter(pc.equal(role, one))).unique().to_pylist()
                mini.translate(Request(strings, source, target, one))
    return time.perf_counter() - started, time.process_time() - busy


def main() -> None:
    """All measurements, in an order in which each feeds the next."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("work", type=Path)
    folders = parser.parse_args()
    work = folders.work
    work.mkdir(parents=True)
    spec = work / "build.yaml"
    spec.write_text(SPEC.format(folders.source.absolute()))
    cold = run("with mini", ["build", spec, "--out", work / "mini"])
    run("repeat, nothing changed", ["build", spec, "--out", work / "mini"])
    spec.write_text(SPEC.format(folders.source.absolute()) + "policy: {chrf: {min: 35}}\n")
    run("after a threshold change", ["build", spec, "--out", work / "mini"])
    spec.write_text(SPEC.format(folders.source.absolute()))
    for name, limit in (("6k", ["--limit", "2000"]), ("60k", [])):
        memory = work / name / ".vqa-builder" / "memory.sqlite"
        memory.parent.mkdir(parents=True)
        shutil.copy(work / "mini" / ".vqa-builder" / "memory.sqlite", memory)
        run(f"engine apart, {name}", ["build", spec, "--out", work / name, *limit])
    wall, cpu = alone(work / "mini")
    print(
        f"engine alone: {wall:.1f} s, {cpu:.1f} s of CPU; "
        f"the build takes {cold.wall / wall:.2f} times as long and {cold.cpu / cpu:.2f} times the CPU"
    )


if __name__ == "__main__":
    main()
