"""Official types of questions and answers."""

from __future__ import annotations

import pytest

from recipes.drawn_world.vqa_format import answer_type, question_type


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("What color is the cat?", "what color is the"),
        ("What color are the eyes?", "what color are the"),
        ("Is there a window?", "is there a"),
        ("Is it raining?", "is it"),
        ("Did he hit the ball?", "none of the above"),
    ],
)
def test_question_types_are_the_longest_official_beginning(question: str, kind: str) -> None:
    assert question_type(question) == kind


@pytest.mark.parametrize(
    ("answer", "kind"), [("yes", "yes/no"), ("3", "number"), ("10:10", "other"), ("cat", "other")]
)
def test_answer_types(answer: str, kind: str) -> None:
    assert answer_type(answer) == kind
