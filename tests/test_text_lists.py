from __future__ import annotations

import json

import pyarrow as pa
import pytest

from vqa_builder.text_lists import read_lists, write_lists

LISTS = [[], ["cat"], ["bird's egg", 'a "sign"', "5 m\n"], ["é", "犬"]]


@pytest.mark.parametrize("write", [repr, json.dumps, lambda items: json.dumps(items, ensure_ascii=False)])
def test_a_list_that_is_read_and_written_is_the_same_list(write: object) -> None:
    texts = pa.array([write(items) for items in LISTS] + [None], pa.string())  # type: ignore[operator]
    lists = read_lists(texts)
    assert lists.to_pylist() == [*LISTS, None]
    assert read_lists(write_lists(lists, texts)).to_pylist() == [*LISTS, None]
    if write is repr:
        assert write_lists(lists, texts).equals(texts)


@pytest.mark.parametrize(
    "text", ["", "cat", "['a', 1]", "[[", "['a'", "[" * 5000, "__import__('os')", "{'a': 1}"]
)
def test_other_texts_are_no_lists_and_stay(text: str) -> None:
    texts = pa.array([text])
    assert read_lists(texts).to_pylist() == [None]
    assert write_lists(read_lists(texts), texts).to_pylist() == [text]
