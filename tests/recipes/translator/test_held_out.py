"""The split: the same everywhere, and nothing like a held-out question in training."""

from __future__ import annotations

import pytest

from recipes.translator.held_out import content, drawn, key, split_questions

NOUNS = ["cat", "dog", "bus", "cup", "hat", "sign", "tree", "bird", "lamp", "desk"]
NOUNS += ["sofa", "boat", "kite", "bell", "coin", "drum", "fork", "gate", "horn", "jar"]


@pytest.fixture
def rows() -> list[dict[str, str]]:
    asked = [f"What color is the {noun}?" for noun in NOUNS]
    asked += [f"Is there a {one} on the {two}?" for one in NOUNS for two in NOUNS if one != two]
    return [{"en": text, "count": "9" if text == "What color is the cat?" else "1"} for text in asked]


def test_the_split_depends_on_the_question_alone(rows: list[dict[str, str]]) -> None:
    training, held = split_questions(rows)
    again_training, again_held = split_questions(rows[::-1])
    assert {row["en"] for row in held} == {row["en"] for row in again_held}
    assert {row["en"] for row in training} == {row["en"] for row in again_training}
    assert held


def test_no_training_question_has_the_content_words_of_a_held_out_one(rows: list[dict[str, str]]) -> None:
    training, held = split_questions(rows)
    assert not {content(row["en"]) for row in training} & {content(row["en"]) for row in held}


def test_frequent_questions_are_never_held_out(rows: list[dict[str, str]]) -> None:
    _, held = split_questions(rows)
    assert "What color is the cat?" not in {row["en"] for row in held}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("What color is the cat?", "What is the color of the cats?", True),
        ("Is the dog wearing a hat?", "Does the dog wear a hat?", False),
        ("What is this?", "What is that?", False),
    ],
)
def test_near_duplicates_share_their_content_words(one: str, other: str, same: bool) -> None:
    assert (content(one) == content(other)) is same


def test_about_one_text_in_twenty_is_drawn() -> None:
    share = sum(drawn(f"text {number}", "salt", 20) for number in range(20_000)) / 20_000
    assert 0.045 < share < 0.055
    assert key("Is it a ‘cat’ ?") == key("is it a cat")
