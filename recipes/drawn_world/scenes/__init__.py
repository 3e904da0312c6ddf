"""A drawn world to learn in: scenes, their pictures, and questions about them in three languages.

>>> import numpy as np
>>> scene = sample_scene(np.random.default_rng(7))
>>> draw(scene).size
(160, 120)
>>> caption(scene)["ja"]
'2個の青いランプ、ピンクのソファが写っている、夜の教室の写真です。'
>>> facts(scene)[0].text["hi"]
'यह तस्वीर कक्षा में ली गई थी।'
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
