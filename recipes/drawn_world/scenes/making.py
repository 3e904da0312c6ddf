"""A scene in the making: random choices, colours that can be seen, boxes that fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from recipes.drawn_world.scenes import kinds
from recipes.drawn_world.scenes.kinds import KINDS
from recipes.drawn_world.scenes.world import HEIGHT, WIDTH, Thing

SIDES = ("left", "middle", "right")
COLUMN = WIDTH / 3
MOST_THINGS = 8
HELD_OUT_SHARE = 0.35
_BACKGROUNDS = {
    "field": {"green"},
    "forest": {"green", "brown"},
    "desert": {"orange", "yellow"},
    "ski slope": {"white"},
    "beach": {"yellow"},
    "street": {"gray"},
    "bathroom": {"white"},
    "classroom": {"brown"},
}
"""Colours that would hardly be seen before the ground of a place."""


@dataclass
class Making:
    """A scene in the making."""

    rng: np.random.Generator
    place: str
    held_out: bool
    things: list[Thing] = field(default_factory=list)
    groups: int = 0

    @property
    def indoors(self) -> bool:
        return self.place in kinds.INDOORS

    @property
    def room(self) -> int:
        return MOST_THINGS - len(self.things)

    def pick(self, options: Sequence[str], weights: Sequence[float] | None = None) -> str:
        """One of some strings."""
        if weights is None:
            return options[int(self.rng.integers(len(options)))]
        shares = np.asarray(weights, float)
        return options[int(self.rng.choice(len(options), p=shares / shares.sum()))]

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def colour(self, kind: str) -> str:
        """A colour for a kind, visible at this place; held-out pairs only where they are allowed."""
        entry = KINDS[kind]
        if entry.two and self.chance(entry.two):
            return self.pick(kinds.TWO_COLOURS)
        hidden = _BACKGROUNDS.get(self.place, set())
        seen = [c for c in entry.colours if c not in hidden] or list(entry.colours)
        secret = [c for c in seen if (kind, c) in kinds.HELD_OUT]
        if self.held_out and secret and self.chance(HELD_OUT_SHARE):
            return secret[0]
        return self.pick([c for c in seen if c not in secret])

    def add(self, kind: str, box: tuple[float, float, float, float], **fields: object) -> int:
        """Put a thing into a box (x, y, width, height); the index of the thing."""
        x, y, width, height = box
        x = min(max(x, 1.0), WIDTH - 1 - width)
        y = min(max(y, 1.0), HEIGHT - 1 - height)
        edges = (round(x), round(y), round(x + width), round(y + height))
        side = SIDES[min(2, int((x + width / 2) // COLUMN))]
        given = {"colour": None, "size": "large", "action": None, "side": side, "group": self.groups}
        self.things.append(Thing(kind=kind, box=edges, **{**given, **fields}))  # type: ignore[arg-type]
        return len(self.things) - 1

    def next_group(self) -> None:
        """What follows stands apart from what came before."""
        self.groups += 1
