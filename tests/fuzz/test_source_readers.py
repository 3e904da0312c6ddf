"""Damaged input files: every reader ends with rows, bad records or our own error, never with a traceback or
a signal.

``FUZZ_MUTATIONS=200000 pytest tests/fuzz`` runs for about an hour.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

MUTATIONS = int(os.environ.get("FUZZ_MUTATIONS", "150"))
ROWS: list[dict[str, Any]] = [
    {"question_id": number, "image_id": f"{number}.jpg", "question": f"What is it, {number}?"}
    | {"answers": [{"answer": word, "answer_confidence": "yes", "answer_id": 1} for word in ("cat", "dog")]}
    for number in range(3)
]
TABLE = pa.Table.from_pylist(ROWS)


def parquet(compression: str) -> bytes:
    sink = io.BytesIO()
    pq.write_table(TABLE, sink, compression=compression)
    return sink.getvalue()


def arrow(new: Callable[..., Any], compression: str | None = None) -> bytes:
    sink = io.BytesIO()
    with new(sink, TABLE.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(TABLE)
    return sink.getvalue()


def zipped(content: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rows.json", content)
    return sink.getvalue()


CSV = """question_id,image_id,question,answers
1,a,What?,"[""cat"", ""dog""]"
2,b,"Why, so?","['x']"
3,b,?,[y]
"""
JSON = json.dumps(ROWS).encode()
QUESTIONS = json.dumps({"questions": ROWS}).encode()
GQA = {
    str(number): {"imageId": "n1", "question": "Who?", "answer": "he", "types": {"structural": "query"}}
    for number in range(3)
}
GENOME = [{"image_id": 1, "qas": [{"qa_id": 1, "question": "Who?", "answer": "He."}]}]
AOKVQA = [
    {"question_id": "a", "image_id": 1, "question": "Who?", "choices": ["a", "b"], "correct_choice_idx": 1}
    | {"direct_answers": ["a"] * 10}
]
INPUTS: dict[str, tuple[str, str, bytes]] = {
    "jsonl": ("table", "rows.jsonl", "\n".join(json.dumps(row) for row in ROWS).encode()),
    "json": ("table", "rows.json", JSON),
    "json.gz": ("table", "rows.json.gz", gzip.compress(JSON)),
    "json.zip": ("table", "rows.json.zip", zipped(JSON)),
    "csv": ("table", "rows.csv", CSV.encode()),
    "parquet": ("table", "rows.parquet", parquet("none")),
    "parquet.zstd": ("table", "rows.parquet", parquet("zstd")),
    "arrow": ("table", "rows.arrow", arrow(pa.ipc.new_file)),
    "arrow.stream": ("table", "rows.arrow", arrow(pa.ipc.new_stream)),
    "arrow.zstd": ("table", "rows.arrow", arrow(pa.ipc.new_file, "zstd")),
    "vqa_json": ("vqa_json", "questions.json", QUESTIONS),
    "gqa": ("gqa", "gqa.json", json.dumps(GQA).encode()),
    "visual_genome": ("visual_genome", "qa.json", json.dumps(GENOME).encode()),
    "a_okvqa": ("a_okvqa", "aokvqa.json", json.dumps(AOKVQA).encode()),
}
READ = """
import sys
from pathlib import Path
from tests.fuzz.mutations import mutate
from vqa_builder import registry
from vqa_builder.errors import VQABuilderError

name, path, first, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
good = path.read_bytes()
files = {"questions": path} if name in ("vqa_json", "visual_genome") else path
plugin = registry.find("sources", name)
options = plugin.Options.model_validate({"splits": {"train": files}})
for seed in range(first, first + count):
    path.write_bytes(mutate(good, seed))
    print(seed, file=sys.stderr, flush=True)
    try:
        for batch in plugin(options).read(lambda record: str(record.error()).encode()):
            batch.validate(full=True)
    except VQABuilderError as error:
        str(error).encode()
"""


@pytest.mark.parametrize("kind", INPUTS)
def test_no_mutation_ends_in_a_traceback_or_a_signal(tmp_path: Path, kind: str) -> None:
    read_mutations(tmp_path, kind, 0, MUTATIONS)


def test_a_footer_that_contradicts_itself_is_damage(tmp_path: Path) -> None:
    """More levels counted than a column has: Arrow ends the process that asks for the column's size."""
    read_mutations(tmp_path, "parquet", 6282, 1)


def read_mutations(folder: Path, kind: str, first: int, count: int) -> None:
    name, file, content = INPUTS[kind]
    path = folder / file
    path.write_bytes(content)
    arguments = [name, str(path), str(first), str(count)]
    done = subprocess.run(
        [sys.executable, "-c", READ, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
