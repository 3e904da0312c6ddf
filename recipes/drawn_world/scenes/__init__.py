"""A drawn world to learn in: scenes, their pictures, and questions about them in three languages.

Example::

    scene = sample_scene(np.random.default_rng(7))
    draw(scene).save("scene.png")
    caption(scene)["ja"]
    [fact.text["hi"] for fact in facts(scene)]
"""

from __future__ import annotations

from recipes.drawn_world.scenes.drawing import draw
from recipes.drawn_world.scenes.sampling import sample_scene
from recipes.drawn_world.scenes.sentences import Fact, caption, facts, false_fact
from recipes.drawn_world.scenes.world import Scene, Thing, load_scenes

__all__ = [
    "Fact",
    "Scene",
    "Thing",
    "caption",
    "draw",
    "facts",
    "false_fact",
    "load_scenes",
    "sample_scene",
]
