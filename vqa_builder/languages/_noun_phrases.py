"""Nouns with all that is said of them: red bag, man on left, dog holding ball, bathroom sink."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from functools import lru_cache
from typing import ClassVar

from vqa_builder.languages._phrase_table import PhraseTable
from vqa_builder.languages._words import (
    ADJECTIVE,
    ALIVE,
    EDIBLE,
    MATERIAL,
    PRONOUN,
    QUALIFIER,
    UNCLEAR,
    Forms,
    Word,
    words,
)

_DETERMINERS = frozenset(
    ["a", "an", "the", "his", "her", "their", "its", "my", "your", "our", "this", "that", "these", "those"]
)
LONGEST_WORD = 4


class NounPhrases(ABC):
    """The nouns of one language.

    Args:
        code: ISO 639 code.
        homographs: what tables know in several senses, so that it is no part of a phrase by itself.
    """

    agreements: ClassVar[tuple[Mapping[str, str], ...]] = ({},)
    """The words that agree with a noun behind them, for each form that an adjective has."""

    def __init__(self, code: str, homographs: Set[str]) -> None:
        self.code, self.homographs = code, homographs
        self.words, self.table = words(code), PhraseTable(code)
        self.noun = lru_cache(maxsize=1 << 16)(self._noun)
        self._parts: dict[str, Callable[[str], Forms | None]] = {}

    @abstractmethod
    def _act(self, text: str) -> Forms | None:
        """What somebody does."""

    @abstractmethod
    def noun_forms(self, modifiers: Sequence[Word], noun: Word) -> Forms:
        """A noun with what stands before it."""

    def _noun(self, text: str, *, of_any_sense: bool = False) -> Forms | None:
        """A noun with what qualifies it; determiners are left out."""
        return self._headed(text, (), of_any_sense) or self._qualified(text, ())

    def _headed(self, text: str, before: Sequence[Word], of_any_sense: bool = False) -> Forms | None:
        """A noun, perhaps with adjectives, colours, a material or another noun before it.

        Args:
            text: the English noun.
            before: what stands before all of that in the target language.
            of_any_sense: whether a noun of several senses is meant as a noun here.
        """
        words = text.split()
        while len(words) > 1 and words[0] in _DETERMINERS:
            words = words[1:]
        for size in range(min(LONGEST_WORD, len(words)), 0, -1):
            name, rest = " ".join(words[-size:]), words[:-size]
            is_clear = of_any_sense or name not in self.homographs
            for head in self.words.get(name, ()):
                if (
                    not head.is_noun
                    or ((rest or before) and head.kind == PRONOUN)
                    or not (is_clear or self._compounded(" ".join(rest), head))
                ):
                    continue
                modifiers = self._modifiers(rest, head)
                if modifiers is not None:
                    forms = self.noun_forms([*before, *modifiers], head)
                    forms["kind"] = head.kind
                    return forms
        return None

    def _qualified(self, text: str, before: Sequence[Word]) -> Forms | None:
        """A noun with what stands behind it in English ("dog holding ball", "man on left")."""
        words = text.split()
        for place in range(1, len(words)):
            is_act = words[place].endswith("ing") and words[place] != "wearing"
            is_act = is_act and self._noun_of(ALIVE, " ".join(words[:place])) is not None
            act = self._act(" ".join(words[place:])) if is_act else None
            if act is not None and "before" in act:
                said = tuple(act[name] for name in ("before", "before_oblique", "before_feminine"))
                return self._with(" ".join(words[:place]), [*before, Word(QUALIFIER, said, False)])
        for phrase, head, answer in self.table.qualifiers(text):
            parts = phrase.parts(text, self._parts, head)
            if parts is not None and (match := phrase.match(text)):
                said = tuple(answer.format(**{**parts, head: forms}).strip() for forms in self.agreements)
                return self._with(match[head], [*before, Word(QUALIFIER, said, False)])
        return None

    def _with(self, text: str, before: Sequence[Word]) -> Forms | None:
        """A noun and all that is said of it."""
        return self._headed(text, before) or self._qualified(text, before)

    def _thing(self, text: str) -> Forms | None:
        """A noun inside a phrase; of several senses it has that of the only thing it names."""
        last = text.split()[-1]
        nouns = [word for word in self.words.get(last, ()) if word.is_noun and word.kind != MATERIAL]
        return self.noun(text, of_any_sense=len(nouns) == 1 and last not in UNCLEAR)

    def _noun_of(self, kinds: frozenset[str] | None, text: str, but: frozenset[str] = ALIVE) -> Forms | None:
        """A noun of some kinds; None for all but some, such as those that live."""
        forms = self._thing(text)
        fits = forms and (forms["kind"] in kinds if kinds is not None else forms["kind"] not in but)
        return forms if fits else None

    def _food(self, text: str) -> Forms | None:
        """What is eaten; that an orange is a fruit then is clear."""
        forms = self.noun(text, of_any_sense=True)
        return forms if forms and forms["kind"] in EDIBLE else None

    def _modifiers(self, words: list[str], head: Word) -> list[Word] | None:
        """Adjectives, materials and owners, longest first, and what makes a compound with the head.

        None where anything else stands there.
        """
        found: list[Word] = []
        while words:
            sizes = range(min(LONGEST_WORD, len(words)), 0, -1)
            fitting = ((size, word) for size in sizes for word in self._entries(words[:size], head))
            size, word = next(fitting, (len(words), self._compounded(" ".join(words), head)))
            if word is None:
                return None
            found.append(word)
            words = words[size:]
        return found

    def _compounded(self, text: str, head: Word) -> Word | None:
        """A noun that says what kind of head it is, as a bathroom sink is a sink of bathrooms."""
        if text in self.homographs:
            return None
        return next((word for word in self.words.get(text, ()) if word.qualifies(head)), None)

    def _entries(self, words: list[str], head: Word) -> Iterator[Word]:
        """Adjectives, those for nouns of the head's kind before others; materials; owners with their 's."""
        text = " ".join(words)
        known = self.words.get(text, ())
        yield from (word for word in known if word.kind == f"{ADJECTIVE} {head.kind}")
        yield from (word for word in known if word.kind in (ADJECTIVE, MATERIAL))
        if text.endswith(("'s", "s'")):
            owner = text.removesuffix("'s") if text.endswith("'s") else text[:-1]
            yield from (word for word in self.words.get(owner, ()) if word.kind in ALIVE)
