"""Questions about a scene in the forms of VQA v2, with the true answer and what else people would say.

Each form is a function of a view and a generator of random numbers that returns a question, or None where the
scene does not allow it. What is asked is balanced: yes or no is tossed for before a thing is looked for, and
rare counts are asked for more often than frequent ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from recipes.drawn_world.scenes.views import View
from recipes.drawn_world.scenes.words import Text

Pair = tuple[str, str | None]
T = TypeVar("T")


@dataclass(frozen=True)
class Question:
    """A question about one scene.

    Attributes:
        form: the name of its form.
        text: in "en", "ja" and "hi".
        answer: the true answer, as VQA writes answers.
        others: what else people may answer, with weights; their slips come on top (``annotators``).
        about: pairs of kind and colour that the question is about.
        reworded: other ways to ask it, for the open world; training never shows the last.
        new: what of it training never shows; see ``opened``.
    """

    form: str
    text: Text
    answer: str
    others: Mapping[str, float] = field(default_factory=dict)
    about: frozenset[Pair] = frozenset()
    reworded: tuple[Text, ...] = ()
    new: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Draw:
    """Random choices, in words."""

    rng: np.random.Generator

    def pick(self, options: Sequence[T]) -> T:
        """One of some options."""
        return options[int(self.rng.integers(len(options)))]

    def pick_or_none(self, options: Sequence[T]) -> T | None:
        """One of some options, if there are any."""
        return self.pick(options) if options else None

    def weighted(self, options: Mapping[T, float]) -> T:
        """One of some options by their weights."""
        names, shares = list(options), np.asarray(list(options.values()), float)
        return names[int(self.rng.choice(len(names), p=shares / shares.sum()))]

    def chance(self, share: float) -> bool:
        """True with this probability."""
        return bool(self.rng.random() < share)


Form = Callable[[View, Draw], Question | None]


def yes_or_no(truth: bool) -> str:
    """The answer to a yes/no question."""
    return "yes" if truth else "no"
