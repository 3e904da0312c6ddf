from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from recipes.cvil.codemix import locate, mix, mixable

CAT_JA = ("黒い猫は何色ですか？", "What color is the black cat?", [(4, 0), (5, 1), (1, 4)], "ja")
BUS_HI = ("लाल बस कहाँ है?", "Where is the red bus?", [(3, 0), (4, 1), (0, 2), (1, 3)], "hi")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (CAT_JA, {0: "black", 1: "cat", 4: "color"}),
        (BUS_HI, {0: "red", 1: "bus", 2: "Where", 3: "is"}),
        (("猫", "cat", [], "ja"), {}),
        # one English word for two target words
        (("赤い赤いバス", "red bus", [(0, 0), (0, 1), (1, 2)], "ja"), {2: "bus"}),
        # a word that NLTK's rules write otherwise than the text has no place in it
        (("猫ですか？", 'Is it a "cat"?', [(4, 0)], "ja"), {0: "cat"}),
    ],
)
def test_candidates_are_words_that_stand_for_one_english_word(
    question: tuple[Any, ...], expected: dict[int, str]
) -> None:
    found = mixable(*question)
    assert {each.place: each.english for each in found.candidates} == expected
    for each in found.candidates:
        assert question[1][slice(*each.span)] == each.english


@pytest.mark.parametrize(
    ("question", "text"),
    [(CAT_JA, "black cat は何 color ですか？"), (BUS_HI, "red bus Where is?")],
)
def test_everything_mixed_reads_as_english_words_between_spaces(question: tuple[Any, ...], text: str) -> None:
    assert mix(mixable(*question), 1.0, np.random.default_rng(0)).text == text


@pytest.mark.parametrize("question", [CAT_JA, BUS_HI])
@pytest.mark.parametrize("share", [0.15, 0.5, 1.0])
def test_spans_name_the_mixed_words_on_both_sides(question: tuple[Any, ...], share: float) -> None:
    for seed in range(20):
        mixed = mix(mixable(*question), share, np.random.default_rng(seed))
        words = [mixed.text[slice(*own)] for own, _ in mixed.spans]
        assert words == [question[1][slice(*english)] for _, english in mixed.spans]
        wanted = max(1, round(share * len(mixable(*question).words)))
        assert len(words) == min(wanted, len(mixable(*question).candidates))


def test_the_words_are_drawn_anew_and_repeatably() -> None:
    question = mixable(*BUS_HI)
    drawn = [mix(question, 0.2, np.random.default_rng(seed)).text for seed in range(30)]
    assert len(set(drawn)) == 4
    assert drawn == [mix(question, 0.2, np.random.default_rng(seed)).text for seed in range(30)]


def test_without_code_mixing_the_question_is_as_it_was() -> None:
    question = "यह  क्या है?"
    assert (
        mix(mixable(question, "What is this?", [(0, 1)], "hi"), 0.0, np.random.default_rng(0)).text
        == question
    )


def test_a_token_that_is_written_differently_has_no_place() -> None:
    assert locate(["``", "cat", "''"], '"cat"') == [None, (1, 4), None]
