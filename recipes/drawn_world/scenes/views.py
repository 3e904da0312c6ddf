"""A scene as sentences need it: which things can be spoken of, and by which words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from recipes.drawn_world.scenes import kinds
from recipes.drawn_world.scenes.words import NOUNS, Phrase, colour
from recipes.drawn_world.scenes.world import Scene, Thing

CLASSES = {"animal": kinds.ANIMALS, "person": kinds.PEOPLE, "vehicle": kinds.VEHICLES}


@dataclass(frozen=True)
class Referent:
    """Things that one noun phrase names: "the dog", "the cups", "the car on the left".

    Attributes:
        indices: of the scene's things.
        first: one of them; they share colour, size and action.
        phrase: what to call them, without their colour.
    """

    indices: tuple[int, ...]
    first: Thing
    phrase: Phrase

    @property
    def kind(self) -> str:
        return self.first.kind

    @property
    def pair(self) -> tuple[str, str | None]:
        """Kind and colour, as ``kinds.HELD_OUT`` names them."""
        return self.first.kind, self.first.colour

    @property
    def is_person(self) -> bool:
        return self.kind in kinds.PEOPLE

    @property
    def garment(self) -> Phrase:
        """What shows a person's colour."""
        return Phrase(NOUNS["dress" if self.kind in ("woman", "girl") else "shirt"], self.phrase.many)

    @property
    def coloured(self) -> Phrase:
        """The phrase with its colour; people and hidden colours stay as they are."""
        if self.is_person or self.first.colour is None:
            return self.phrase
        return replace(self.phrase, adjective=colour(self.first.colour))


@dataclass(frozen=True)
class View:
    """A scene and its referents."""

    scene: Scene

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many there are of each kind."""
        counts: dict[str, int] = {}
        for thing in self.scene.things:
            counts[thing.kind] = counts.get(thing.kind, 0) + 1
        return counts

    @cached_property
    def referents(self) -> list[Referent]:
        """One for each kind whose things are alike; for others by side, where that tells them apart."""
        by_kind: dict[str, list[int]] = {}
        for index, thing in enumerate(self.scene.things):
            by_kind.setdefault(thing.kind, []).append(index)
        return [referent for indices in by_kind.values() for referent in self._of_kind(indices)]

    def named(self, names: Iterable[str]) -> list[Referent]:
        """The referents of some kinds."""
        wanted = set(names)
        return [referent for referent in self.referents if referent.kind in wanted]

    @property
    def single(self) -> list[Referent]:
        """The referents of one thing."""
        return [referent for referent in self.referents if len(referent.indices) == 1]

    def _of_kind(self, indices: list[int]) -> list[Referent]:
        things = [self.scene.things[index] for index in indices]
        noun = NOUNS[things[0].kind]
        alike = {(t.colour, t.size, t.action, t.hat, t.on is None, t.holder is None) for t in things}
        if len(alike) == 1:
            return [Referent(tuple(indices), things[0], Phrase(noun, len(indices) > 1))]
        sides = [thing.side for thing in things]
        return [
            Referent((index,), thing, Phrase(noun, side=thing.side))
            for index, thing in zip(indices, things, strict=True)
            if sides.count(thing.side) == 1
        ]
