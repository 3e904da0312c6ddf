"""A request keeps together what belongs to a text."""

from __future__ import annotations

from typing import Any

import pytest

from vqa_builder.translation.request import Request, batches

ASKED = Request(
    ["orange", "bus", "left"],
    "en",
    "hi",
    "answer",
    ["What color is it?", "", "Which side?"],
    [{}, {"bus": "बस"}, {"left": "बाएँ"}],
)


def test_a_part_keeps_the_contexts_and_terms_of_its_texts() -> None:
    part = ASKED.take(iter([2, 0]))
    assert part == Request(
        ["left", "orange"], "en", "hi", "answer", ["Which side?", "What color is it?"], [{"left": "बाएँ"}, {}]
    )
    assert Request(["a", "b"], "en", "ja").take([1]) == Request(["b"], "en", "ja")
    assert len(ASKED.take([])) == 0


def test_pairs_are_texts_with_their_contexts() -> None:
    assert list(ASKED.pairs)[1:] == [("bus", ""), ("left", "Which side?")]
    assert list(Request(["a"], "en", "ja").pairs) == [("a", "")]


@pytest.mark.parametrize("beside", [{"contexts": ["x"]}, {"terms": [{}, {}, {}]}, {"contexts": []}])
def test_every_text_has_what_stands_beside_it(beside: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="for 2 texts"):
        Request(["a", "b"], "en", "ja", **beside)


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (1, [1]), (2, [2]), (5, [2, 2, 1])])
def test_batches(count: int, sizes: list[int]) -> None:
    found = list(batches(range(count), 2))
    assert [len(batch) for batch in found] == sizes
    assert [item for batch in found for item in batch] == list(range(count))
