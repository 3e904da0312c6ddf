from __future__ import annotations

import gzip
import json
import time
from pathlib import Path

import msgspec
import pytest

from vqa_builder import vqa_accuracy

QUESTIONS = 214_354
SECONDS = 10


@pytest.mark.slow
def test_the_whole_validation_split_in_ten_seconds(shared: Path, tmp_path: Path) -> None:
    """As many questions as VQA v2 validation has, files read, intervals and all types included."""
    found = gzip.decompress((shared / "data/vqa_v2_60k/vqa_annotatons_train.json.gz").read_bytes())
    real = json.loads(found)["annotations"]
    annotations = [{**real[number % len(real)], "question_id": number} for number in range(QUESTIONS)]
    predictions = [
        {"question_id": number, "answer": each["answers"][number % 10]["answer"]}
        for number, each in enumerate(annotations)
    ]
    (tmp_path / "annotations.json").write_bytes(msgspec.json.encode({"annotations": annotations}))
    (tmp_path / "predictions.json").write_bytes(msgspec.json.encode(predictions))
    start = time.process_time()
    result = vqa_accuracy(tmp_path / "predictions.json", tmp_path / "annotations.json")
    assert time.process_time() - start < SECONDS
    assert result.n == QUESTIONS
    assert len(result.per_question_type) == 65
