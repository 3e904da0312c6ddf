"""This package against its peers, in one table: python -m tests.benchmarks [--peers FOLDER] [--only WORDS]

Every line does the same work on the same strings twice, by us and by what people use for it today, one after
the other on this machine, and gives CPU seconds of all threads. OpusFilter and datatrove are installed by pip
into FOLDER (a temporary one unless said), and run in processes of their own; what does not install is left
out and named. Questions and translations are the phrasebook's; the last line goes to a hub on the loopback.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
import pyarrow as pa

from tests.benchmarks import peers, publish, row_by_row
from vqa_builder.translation import phrasebook

ROWS, PAIRS, DOCUMENTS = 200, 5_000, 20_000
FILTERS = ("length", "script", "numerals")


class Row(NamedTuple):
    """The same work by us and by a peer, in CPU seconds; None where the peer is not there."""

    work: str
    peer: str
    ours: float
    theirs: float | None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--only", default="", help="lines whose peer's name holds this")
    asked = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; CPU seconds\n")
    print("| work | peer | ours | peer's | times as fast |\n|---|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.peers or Path(temporary) / "peers"
        for measure in (translated, scored, filtered, written, pushed):
            if asked.only.lower() in measure.__name__:
                work, peer, ours, theirs = measure(folder)
                shown = "not installed | " if theirs is None else f"{theirs:.2f} | {theirs / ours:.1f}"
                print(f"| {work} | {peer} | {ours:.2f} | {shown} |", flush=True)


def translated(folder: Path) -> Row:
    """Rows with ten answers each, their strings as often as real ones are repeated."""
    from vqa_builder.translation.engines.mini import Mini
    from vqa_builder.translation.request import Request

    random = np.random.default_rng(0)
    known = list(phrasebook._read(phrasebook.FILE)["ja"])
    questions = [known[at] for at in random.zipf(1.5, ROWS) % len(known)]
    answers = [[known[at].split()[-1] for at in random.zipf(1.5, 10) % len(known)] for _ in range(ROWS)]
    with Mini(Mini.Options()) as mini:
        mini.translate(Request(questions[:8], "en", "ja"))
        given = [answer for row in answers for answer in row]
        ours = cpu(partial(row_by_row.as_a_build, mini, questions, given, "ja"))
    theirs = cpu(partial(row_by_row.row_by_row, questions, answers, "ja", False))
    return Row(f"{ROWS:,} rows with 10 answers translated", "a script over datasets.map", ours, theirs)


def scored(folder: Path) -> Row:
    """chrF, string by string."""
    from sacrebleu.metrics import CHRF

    table, metric = pairs(PAIRS), CHRF(word_order=0)
    texts = table["source"].to_pylist(), table["back_translation"].to_pylist()
    ours = cpu(partial(by_scorers, table, ["chrf"]))
    theirs = cpu(
        lambda: [metric.sentence_score(back, [text]).score for text, back in zip(*texts, strict=True)]
    )
    return Row(f"chrF of {PAIRS:,} pairs", "a loop over sacreBLEU", ours, theirs)


def filtered(folder: Path) -> Row:
    """Filters of parallel text, by their nearest names."""
    table = pairs(DOCUMENTS)
    ours = cpu(partial(by_scorers, table, FILTERS))
    return Row(
        f"{', '.join(FILTERS)} of {DOCUMENTS:,} pairs",
        "OpusFilter",
        ours,
        by_peer("opusfilter", folder, table),
    )


def written(folder: Path) -> Row:
    """Rows as compressed Parquet."""
    from vqa_builder.release.parquet import write_table

    table = pairs(DOCUMENTS)
    rows = table.append_column("question_id", pa.array(range(table.num_rows)))
    with tempfile.TemporaryDirectory() as out:
        ours = cpu(partial(write_table, rows, Path(out), "train"))
    return Row(
        f"{DOCUMENTS:,} rows written as Parquet",
        "datatrove's writer",
        ours,
        by_peer("datatrove", folder, table),
    )


def pushed(folder: Path) -> Row:
    """A release on a hub; ours is verified before, goes up in one commit, and is gated."""
    import datasets

    from vqa_builder import build, load_spec
    from vqa_builder.release.hub.publish import publish as push
    from vqa_builder.sample import sample_folder

    datasets.disable_progress_bars()
    datasets.logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as temporary:
        here = Path(temporary)
        (release,) = build(load_spec(sample_folder() / "build.yaml"), here / "out", languages=["ja"])
        configs = ("default", "rejected", "answers")
        cache = str(here / "cache")
        loaded = {name: datasets.load_dataset(str(release.folder), name, cache_dir=cache) for name in configs}
        with publish.loopback(here / "a", 1e9):
            ours = cpu(lambda: push(release.folder, "org/ours", reload=False))
        with (
            publish.loopback(here / "b", 1e9),
            mock.patch.object(datasets.config, "HF_ENDPOINT", os.environ["HF_ENDPOINT"]),
        ):
            theirs = cpu(lambda: [rows.push_to_hub("org/theirs", name) for name, rows in loaded.items()])
    return Row("the sample's release pushed, and verified before", "push_to_hub", ours, theirs)


def cpu(work: Callable[[], Any]) -> float:
    """CPU seconds of all threads."""
    began = time.process_time()
    work()
    return time.process_time() - began


def pairs(count: int) -> pa.Table:
    """Questions, their translations, and a way back that is another question now and then."""
    from vqa_builder.quality.scorers.base import PAIRS as COLUMNS

    known = list(phrasebook._read(phrasebook.FILE)["ja"].items())[:count]
    source, translation = ([pair[side] for pair in known] for side in (0, 1))
    back = [*source[1::7], *source][:count]
    ids = [str(at) for at in range(count)]
    columns = {"segment_id": ids, "role": ["question"] * count, "source": source}
    return pa.table({**columns, "translation": translation, "back_translation": back}).cast(COLUMNS)


def by_scorers(table: pa.Table, names: Iterator[str] | Any) -> None:
    """The table by some scorers, in this process."""
    from vqa_builder.quality.scoring import build

    for name in names:
        build(name, {}, "ja").score(table)


def by_peer(package: str, folder: Path, table: pa.Table) -> float | None:
    """CPU seconds of a function of ``peers`` in a process of its own; None if it does not install."""
    if not (folder / package).is_dir():
        command = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "-q",
            "--no-input",
            "--target",
            str(folder),
            package,
        ]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            return None
    done = subprocess.run(
        [sys.executable, "-P", peers.__file__, package],
        input=json.dumps({name: table[name].to_pylist() for name in ("source", "translation")}),
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    os.environ |= {"HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    main()
