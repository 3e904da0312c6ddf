"""All forms of questions with their weights, by name."""

from __future__ import annotations

from recipes.lib.scenes import forms_actions, forms_colours, forms_counts, forms_places, forms_positions
from recipes.lib.scenes.questions import Form

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
