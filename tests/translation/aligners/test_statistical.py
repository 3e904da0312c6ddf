"""Links by statistics of the pairs alone."""

from __future__ import annotations

import pyarrow as pa
import pytest

from vqa_builder import languages, schema
from vqa_builder.translation.aligners import words
from vqa_builder.translation.aligners.statistical import LONGEST, Statistical

NOUNS = {"bus": "バス", "cat": "猫", "dog": "犬", "train": "電車", "umbrella": "傘", "hat": "帽子"}
FRAMES = {
    "What color is the {}?": "{}は何色ですか？",
    "What is on the {}?": "{}の上には何がありますか？",
    "Is the {} red?": "{}は赤いですか？",
    "How many {} are there?": "{}はいくつありますか？",
    "Where is the {}?": "{}はどこですか？",
}
PAIRS = [
    (frame.format(noun), other.format(word))
    for frame, other in FRAMES.items()
    for noun, word in NOUNS.items()
]


def linked(pairs: list[tuple[str, str]], aligner: Statistical) -> list[set[tuple[str, str]]]:
    """The linked words of every pair."""
    sources, targets = [words(en, "en") for en, _ in pairs], [words(text, "ja") for _, text in pairs]
    found = aligner.align(sources, targets)
    assert found.type == pa.list_(schema.TOKEN_PAIR)
    return [
        {(one[link["en"]], other[link["target"]]) for link in row}
        for one, other, row in zip(sources, targets, found.to_pylist(), strict=True)
    ]


@pytest.fixture
def aligner() -> Statistical:
    return Statistical(languages.get("ja"))


def test_words_that_go_together_are_linked_wherever_they_stand(aligner: Statistical) -> None:
    links = dict(zip(PAIRS, linked(PAIRS, aligner), strict=True))
    assert {("color", "色"), ("cat", "猫"), ("?", "？")} <= links[
        "What color is the cat?", "猫は何色ですか？"
    ]
    assert {("red", "赤い"), ("hat", "帽子")} <= links["Is the hat red?", "帽子は赤いですか？"]
    assert ("Where", "どこ") in links["Where is the dog?", "犬はどこですか？"]


def test_marks_are_linked_with_marks_alone(aligner: Statistical) -> None:
    for links in linked(PAIRS, aligner):
        assert {target for en, target in links if en == "?"} == {"？"}
        assert {en for en, target in links if target == "？"} == {"?"}


def test_the_same_pairs_give_the_same_links_in_order(aligner: Statistical) -> None:
    sources, targets = [words(en, "en") for en, _ in PAIRS], [words(text, "ja") for _, text in PAIRS]
    first = aligner.align(sources, targets)
    assert aligner.align(sources, targets).equals(first)
    for row in first.to_pylist():
        places = [(link["target"], link["en"]) for link in row]
        assert places == sorted(places)


@pytest.mark.parametrize(
    ("sources", "targets", "lengths"),
    [
        ([], [], []),
        ([[]], [["犬"]], [0]),
        ([["dog"]], [[]], [0]),
        ([["dog"], [], ["cat"]], [["犬"], ["猫"], ["猫"]], [1, 0, 1]),
        ([["dog"] * (LONGEST + 1), ["cat"]], [["犬"], ["猫"]], [0, 1]),
    ],
)
def test_empty_and_very_long_texts_have_no_links(
    sources: list[list[str]], targets: list[list[str]], lengths: list[int], aligner: Statistical
) -> None:
    assert [len(row) for row in aligner.align(sources, targets).to_pylist()] == lengths


def test_a_higher_threshold_makes_fewer_links_and_another_signature(aligner: Statistical) -> None:
    strict = Statistical(languages.get("ja"), Statistical.Options(threshold=0.95))
    assert sum(map(len, linked(PAIRS, strict))) < sum(map(len, linked(PAIRS, aligner)))
    assert strict.signature != aligner.signature
