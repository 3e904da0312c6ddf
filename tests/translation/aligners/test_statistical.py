"""Links by statistics of the pairs alone."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from vqa_builder import languages, schema
from vqa_builder.translation.aligners import statistical, words
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


def test_the_first_posteriors_are_those_of_the_formula() -> None:
    source = statistical.make_side([["a", "b"], ["A"]])
    target = statistical.make_side([["x", "y"], ["x"]])
    cells = statistical.make_cells(source, target, longest=10)
    assert cells.source.tolist() == [0, 1, 0, 1, 2]
    assert cells.target.tolist() == [0, 0, 1, 1, 2]
    assert list(zip(cells.source_of, cells.target_of, strict=True)) == [(0, 0), (1, 0), (0, 1), (1, 1)]
    agreed = statistical.agreed_posteriors(source, target, cells, rounds=0, empty=0.2)
    # t = 1/2 everywhere: 0.4 each beside two words, 0.8 beside one; the other direction is the same.
    assert agreed == pytest.approx(np.array([0.4, 0.4, 0.4, 0.4, 0.8]) ** 2)


def test_one_round_learns_from_the_pair_that_is_not_ambiguous() -> None:
    source = statistical.make_side([["a", "b"], ["a"]])
    target = statistical.make_side([["x", "y"], ["x"]])
    cells = statistical.make_cells(source, target, longest=10)
    agreed = statistical.agreed_posteriors(source, target, cells, rounds=1, empty=0.2)
    # Expected counts: a-x 0.16 + 0.64, a-y, b-x and b-y 0.16 each; tokens without a partner are left 1 - 0.32
    # twice, and 1 - 0.64. So t(x | a) = 0.8 / 0.96, t(x | b) = 1/2, t(x | none) = (0.68 + 0.36) / 1.72.
    a, b, none = 0.4 * 0.8 / 0.96, 0.4 * 0.5, 0.2 * 1.04 / 1.72
    assert agreed[0] == pytest.approx((a / (a + b + none)) ** 2)
    assert agreed[0] > agreed[1] == pytest.approx(agreed[2])
    assert agreed[4] > agreed[0]
