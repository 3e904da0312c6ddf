"""All forms of questions with their weights, and the asking of a scene in them."""

from __future__ import annotations

import numpy as np

from recipes.drawn_world.scenes import (
    forms_actions,
    forms_colours,
    forms_counts,
    forms_places,
    forms_positions,
)
from recipes.drawn_world.scenes.opened import opened
from recipes.drawn_world.scenes.questions import Draw, Form, Question
from recipes.drawn_world.scenes.views import View

FORMS: dict[str, tuple[Form, float]] = (
    forms_colours.FORMS
    | forms_counts.FORMS
    | forms_actions.FORMS
    | forms_places.FORMS
    | forms_positions.FORMS
)

SIMPLE = frozenset(
    {
        "what_colour",
        "colour_of",
        "is_colour",
        "how_many",
        "exists",
        "exists_coloured",
        "what_animal",
        "what_vehicle",
        "doing",
        "is_doing",
        "where_taken",
        "is_place",
        "time_of_day",
        "inside_or_outside",
    }
)
"""The forms that a model can answer by looking at one kind of thing, or at the whole picture."""


def ask(
    view: View, rng: np.random.Generator, count: int = 6, *, simple: bool = False, open_world: bool = False
) -> list[Question]:
    """Questions about a scene, no two with the same English words.

    Args:
        view: the scene.
        rng: all randomness there is.
        count: how many; fewer only where the scene allows no more.
        simple: of the forms ``SIMPLE`` alone, which ask for one property of one kind of thing.
        open_world: in many wordings, of which validation has some for itself; see ``opened``.

    >>> from recipes.drawn_world.scenes import sample_scene
    >>> scene = sample_scene(np.random.default_rng(7))
    >>> question = ask(View(scene), np.random.default_rng(0))[0]
    >>> question.text["ja"], question.answer
    ('写真に犬は何匹いますか？', '0')
    """
    draw, found, tries = Draw(rng), dict[str, Question](), 0
    forms = dict(value for name, value in FORMS.items() if name in SIMPLE or not simple)
    while len(found) < count and tries < 40 * count:
        tries += 1
        form = draw.weighted(forms)
        question = form(view, draw)
        if question and open_world:
            question = opened(question, draw, training=view.scene.split == "train")
        if question and question.text["en"] not in found:
            found[question.text["en"]] = question
            forms[form] *= 0.4
    return list(found.values())
