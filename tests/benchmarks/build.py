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

BATCH_TOKENS = 1024
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


def run(name: str, arguments: Sequence[str | Path]) -> float:
    """Run vqa-builder once; print what it took and return its wall time."""
    found = measured(arguments)
    print(
        f"{name}: {found.wall:.1f} s, {found.cpu:.1f} s of CPU, peak {found.peak / 2**20:.2f} GiB\n"
        f"{found.output}",
        flush=True,
    )
    return found.wall


def bare(out: Path) -> float:
    """Translate the same unique strings with CTranslate2 alone: sorted, same batch size and threads."""
    import pyarrow as pa
    import pyarrow.compute as pc

    def column(pattern: str, name: str) -> pa.ChunkedArray:
        path = next((out / ".vqa-builder" / "steps").glob(pattern))
        return pa.ipc.open_file(str(path)).read_all()[name]

    roles, total = column("segments-*", "role"), 0.0
    for source, target, texts in (
        ("en", "ja", column("segments-*", "text")),
        ("en", "hi", column("segments-*", "text")),
        ("ja", "en", column("back-translations-ja-*", "text")),
        ("hi", "en", column("back-translations-hi-*", "text")),
    ):
        for role in ("question", "answer"):
            of_role = pc.drop_null(texts.filter(pc.equal(roles, role)))
            strings = sorted(of_role.unique().to_pylist(), key=lambda text: (len(text), text))
            seconds = bare_seconds(strings, target)
            total += seconds
            print(f"  bare {source}-{target} {role}s: {len(strings)} strings, {seconds:.1f} s", flush=True)
    print(f"bare CTranslate2: {total:.1f} s", flush=True)
    return total


def bare_seconds(strings: list[str], target: str) -> float:
    """Seconds from strings to strings, the model loaded before."""
    import ctranslate2
    import sentencepiece

    from vqa_builder.translation.engines.mini import DIRECTIONS, MODELS

    threads, folder = os.cpu_count() or 1, MODELS / DIRECTIONS[f"en-{target}"]
    model = ctranslate2.Translator(str(folder), compute_type="int8", inter_threads=threads, intra_threads=1)
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "spm.model"))
    started = time.perf_counter()
    tokens = [[f"<2{target}>", *encoded] for encoded in pieces.encode(strings, out_type=str)]
    results = model.translate_batch(
        tokens,
        max_batch_size=BATCH_TOKENS,
        batch_type="tokens",
        beam_size=1,
        max_decoding_length=80,
        disable_unk=True,
    )
    pieces.decode([result.hypotheses[0] for result in results])
    return time.perf_counter() - started


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
    print(f"with mini / bare: {cold / bare(work / 'mini'):.3f}")


if __name__ == "__main__":
    main()
