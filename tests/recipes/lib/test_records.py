"""JSON and JSON lines, plain and compressed; what is wrong is named with its place."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from recipes.lib.records import field, json_lines, read_json
from vqa_builder.errors import SourceError


@pytest.mark.parametrize("zipped", [False, True])
def test_lines_are_read_with_their_places(tmp_path: Path, zipped: bool) -> None:
    path = tmp_path / ("a.jsonl.gz" if zipped else "a.jsonl")
    text = '{"text": "犬"}\n{"text": "猫"}\n'.encode()
    path.write_bytes(gzip.compress(text) if zipped else text)
    assert list(json_lines(path)) == [(f"{path}:1", {"text": "犬"}), (f"{path}:2", {"text": "猫"})]
    assert [where for where, _ in json_lines(path, holding="猫")] == [f"{path}:2"]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b'{"a": 1}\n{', "no JSON"), (b'{"a": 1}\n[1]', "no record"), (b'{"a": 1}\n\n', "no JSON")],
)
def test_a_wrong_line_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=said) as raised:
        list(json_lines(path))
    assert raised.value.details["where"] == f"{path}:2"


def test_a_whole_file_and_its_fields(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"images": []}')
    content = read_json(tmp_path / "a.json")
    assert field(content, "images", tmp_path) == []
    for record, found in ((content, "images"), ({}, "nothing"), ([], "list")):
        with pytest.raises(SourceError, match="'annotations' is missing") as raised:
            field(record, "annotations", tmp_path)
        assert raised.value.details["found"] == found
