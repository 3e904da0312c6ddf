"""2,000 damaged records of every shape, built in Japanese and Hindi: none is lost, none ends in a traceback.

``python -m tests.benchmarks.mutated_records [SHAPE ...]`` prints how many records were
kept, rejected and set aside.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.records import write_mutated
from tests.sources.shapes import SHAPES
from tests.sources.test_shapes import spec_of
from vqa_builder import build, load_spec

RECORDS = 2000


def main(names: list[str]) -> None:
    for name in names or list(SHAPES):
        began = time.process_time()
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            source = write_mutated(name, RECORDS, folder)
            spec = load_spec(spec_of(folder, source))
            for release in build(spec, folder / "out", on_bad_record="skip", workers=1):
                assert release.verification is not None and release.verification.ok, release.verification
                counts = {
                    step: sum(found.values())
                    for step, found in release.manifest.counts.items()
                    if step in STEPS
                }
                bad = len((folder / "out" / "bad_records.jsonl").read_text().splitlines())
                assert counts["kept"] + counts["rejected"] + bad == RECORDS + 1
                told = f"{counts['kept']:5} kept {counts['rejected']:5} rejected {bad:5} set aside"
                print(f"{name:15} {release.language} {told} {time.process_time() - began:5.1f} s", flush=True)


STEPS = ("source", "kept", "rejected")

if __name__ == "__main__":
    main(sys.argv[1:])
