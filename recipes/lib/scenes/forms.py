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
