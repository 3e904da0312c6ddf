"""N-grams counted for a whole batch, against counting them one by one."""

from collections import Counter

import pytest
from hypothesis import given, strategies as st

from vqa_builder.quality.scorers import _ngrams

TEXT = st.text(st.sampled_from("aab c猫ねक्या\u3000\n"), max_size=15)


def counted(hypothesis: str, reference: str, order: int) -> tuple[int, int, int]:
    sides = []
    for text in (hypothesis, reference):
        letters = "".join(text.split())
        sides.append(Counter(letters[at : at + order] for at in range(len(letters) - order + 1)))
    return (sides[0] & sides[1]).total(), sides[0].total(), sides[1].total()


@given(st.lists(st.tuples(TEXT, TEXT), max_size=8))
def test_every_order_is_counted_exactly(pairs: list[tuple[str, str]]) -> None:
    sides = _ngrams.characters([one for one, _ in pairs], [other for _, other in pairs])
    for order, found in enumerate(_ngrams.shared(sides, 6), 1):
        expected = [counted(*pair, order) for pair in pairs]
        assert list(zip(*(column.tolist() for column in found), strict=True)) == expected


@pytest.mark.parametrize("size", [40, 300, 2000])
def test_many_kinds_of_letters_give_the_same_as_few(size: int) -> None:
    """Beyond 64 bits per n-gram the orders are counted one after the other."""
    wide = "".join(chr(0x4E00 + number) for number in range(size))
    pairs = [("猫は何色ですか", "猫の色は何ですか"), (wide, wide[: size // 2]), ("abab", "abba"), ("", "a")]
    sides = _ngrams.characters(*map(list, zip(*pairs, strict=True)))
    for order, found in enumerate(_ngrams.shared(sides, 6), 1):
        assert found.matches.tolist() == [counted(*pair, order)[0] for pair in pairs]


def test_words_are_not_cut_into_letters() -> None:
    sides = _ngrams.words([["the", "cat", "the", "cat"]], [["the", "cat"]])
    assert [found.matches.tolist() for found in _ngrams.shared(sides, 3)] == [[2], [1], [0]]


def test_no_texts_at_all() -> None:
    assert [found.matches.tolist() for found in _ngrams.shared(_ngrams.characters([], []), 2)] == [[], []]
