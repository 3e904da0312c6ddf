"""Every reader of JSON that people hand over refuses what nobody can mean, with an error of ours."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vqa_builder.answers import vocabulary
from vqa_builder.errors import VQABuilderError
from vqa_builder.metrics.predictions import load_predictions
from vqa_builder.metrics.references import load_references
from vqa_builder.quality.scorers import leak
from vqa_builder.release.manifest import parse_manifest
from vqa_builder.strict_json import decode, decode_lines

BAD: dict[str, bytes] = {
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000,
    "deep in a field that nobody reads": b'[{"question_id": 1, "z": ' + b"[" * 50_000 + b"]" * 50_000 + b"}]",
    "no UTF-8": b'{"question": "\xff"}',
    "half a surrogate": b'{"question": "\\ud83d"}',
    "no number": b'{"question": NaN}',
    "a number beyond all": b'{"question": 1e999}',
    "a number of 5,000 digits": b'{"question": ' + b"9" * 5000 + b"}",
    "cut off": b'{"question": "Wh',
}
READERS: dict[str, Callable[[Path], Any]] = {
    "predictions": load_predictions,
    "references": lambda path: load_references(path, "en"),
    "vocabulary": vocabulary.from_file,
    "benchmark of leaks": lambda path: [] if path.read_bytes()[:1] == b"[" else leak._read(path),
    "manifest": lambda path: parse_manifest(path.read_bytes(), path),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_json_is_a_value_error(name: str) -> None:
    for read in (decode, decode_lines):
        with pytest.raises(ValueError):
            read(BAD[name])


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", BAD)
def test_readers_say_what_is_wrong(tmp_path: Path, name: str, reader: str) -> None:
    path = tmp_path / "content.json"
    path.write_bytes(BAD[name])
    try:
        READERS[reader](path)
    except VQABuilderError as error:
        assert len(str(error)) < 3000 and str(path) in str(error)
    else:
        assert reader == "benchmark of leaks" and BAD[name][:1] == b"["


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b'question_id,answer\n1,"' + b"x" * 200_000 + b'"\n', "p.csv"),
        (b'{"1": "a", "2": [1]}', "p.json"),
    ],
)
def test_predictions_of_absurd_size_or_type(
    tmp_path: Path, content: bytes, name: str, request: pytest.FixtureRequest
) -> None:
    before = csv.field_size_limit(131_072)
    request.addfinalizer(lambda: csv.field_size_limit(before))
    (tmp_path / name).write_bytes(content)
    with pytest.raises(VQABuilderError, match="no predictions"):
        load_predictions(tmp_path / name)


def test_an_answer_id_beyond_32_bits_is_an_error_of_ours(tmp_path: Path) -> None:
    answers = '[{"answer": "x", "answer_confidence": "yes", "answer_id": 1099511627776}]'
    fields = '"multiple_choice_answer": "x", "question_type": "a", "answer_type": "other"'
    path = tmp_path / "annotations.json"
    path.write_text(f'[{{"question_id": 1, "answers": {answers}, {fields}}}]')
    with pytest.raises(VQABuilderError, match="no annotations"):
        load_references(path, "en")
