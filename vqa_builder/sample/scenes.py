"""All pictures of the sample by image id."""

from __future__ import annotations

from collections.abc import Callable

from vqa_builder.sample import scenes_animals, scenes_indoors, scenes_people, scenes_streets
from vqa_builder.sample.canvas import Canvas

SCENES: dict[int, Callable[[Canvas], None]] = {
    **scenes_animals.SCENES,
    **scenes_streets.SCENES,
    **scenes_people.SCENES,
    **scenes_indoors.SCENES,
}
